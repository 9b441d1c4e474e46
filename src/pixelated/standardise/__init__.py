"""Raw files to records: formats read bytes, shapes map fields, what is not certain is quarantined."""

from pixelated.standardise.files import list_files
from pixelated.standardise.formats import FORMATS, Format
from pixelated.standardise.reading import read_bytes, read_unit
from pixelated.standardise.records import TRANSFORM
from pixelated.standardise.standalone import sniff_source, standardise_path
from pixelated.standardise.units import Piece, Unit, plan_units

__all__ = [
    "FORMATS",
    "TRANSFORM",
    "Format",
    "Piece",
    "Unit",
    "list_files",
    "plan_units",
    "read_bytes",
    "read_unit",
    "sniff_source",
    "standardise_path",
]
