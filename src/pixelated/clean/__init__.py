"""Repair text and redact structured personal identifiers; nothing is dropped but what is empty."""

from pixelated.clean.audit import judged
from pixelated.clean.encoding import ENCODING_VERSION, repair_table
from pixelated.clean.file import redact_file, redact_record
from pixelated.clean.folder import repair_folder
from pixelated.clean.pii import PII_VERSION, not_searched_types, redact_table, searched_types
from pixelated.clean.scan import COUNTED, scan_table

__all__ = [
    "COUNTED",
    "ENCODING_VERSION",
    "PII_VERSION",
    "judged",
    "not_searched_types",
    "redact_file",
    "redact_record",
    "redact_table",
    "repair_folder",
    "repair_table",
    "scan_table",
    "searched_types",
]
