"""Archives and compressed files from strangers: read as bounded streams, under limits that refuse by name.

| file | what |
|---|---|
| `kinds.py` | which kind a file is, by its first bytes |
| `limits.py` | the limits, what has been used of them, the error |
| `names.py` | which member names are taken |
| `streams.py` | gzip, bzip2, xz, zstd and the methods of zip, decompressed piece by piece |
| `tars.py`, `zips.py` | the members of a tar or a zip |
| `opening.py` | one way to open them all |
| `unpacking.py` | an archive to a folder: whole, or not at all |
"""

from pixelated.core.archives.kinds import foreign, inner_name, kind_of
from pixelated.core.archives.limits import BOMBS, READING, ArchiveRefusedError, Budget, Limits
from pixelated.core.archives.names import folded, shown
from pixelated.core.archives.opening import Archive, Member, open_archive
from pixelated.core.archives.unpacking import Unpacked, unpack

__all__ = [
    "BOMBS",
    "READING",
    "Archive",
    "ArchiveRefusedError",
    "Budget",
    "Limits",
    "Member",
    "Unpacked",
    "folded",
    "foreign",
    "inner_name",
    "kind_of",
    "open_archive",
    "shown",
    "unpack",
]
