"""Repair text and redact structured personal identifiers; nothing is dropped but what is empty."""

from pixelated.clean.encoding import ENCODING_VERSION, repair_table
from pixelated.clean.folder import repair_folder

__all__ = ["ENCODING_VERSION", "repair_folder", "repair_table"]
