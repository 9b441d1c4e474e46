"""What is known and decided about sources: the mission's own files read, the matrix, the checks.

An area of its own, beside `acquire`: it moves no bytes and opens no connection, and what it writes (registry
entries, a matrix) is read by people before anything is fetched.
"""

from pixelated.registry.checks import Finding, check_sources, unpinned
from pixelated.registry.importer import Import, import_files
from pixelated.registry.locations import kind_of
from pixelated.registry.matrix import COLUMNS, check_rows, matrix_csv, matrix_rows, read_matrix

__all__ = [
    "COLUMNS",
    "Finding",
    "Import",
    "check_rows",
    "check_sources",
    "import_files",
    "kind_of",
    "matrix_csv",
    "matrix_rows",
    "read_matrix",
    "unpinned",
]
