"""Repair text and redact structured personal identifiers; nothing is dropped but what is empty."""

from pixelated.clean.encoding import ENCODING_VERSION, repair_table
from pixelated.clean.folder import repair_folder
from pixelated.clean.pii import PII_VERSION, not_searched_types, redact_table, searched_types

__all__ = [
    "ENCODING_VERSION",
    "PII_VERSION",
    "not_searched_types",
    "redact_table",
    "repair_folder",
    "repair_table",
    "searched_types",
]
