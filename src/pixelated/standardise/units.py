"""What one worker reads at a time: ranges of big JSON-lines files, whole files, or several small ones.

The records do not depend on how files are cut: every decision about a file rests on its first MiB, and
only files whose rows are records by themselves are cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pixelated.core.archives import kind_of
from pixelated.core.errors import IncompleteError
from pixelated.core.kernels import kernels_in
from pixelated.core.source import Source
from pixelated.standardise.containers import is_container
from pixelated.standardise.files import list_files, locate
from pixelated.standardise.formats import recognise
from pixelated.standardise.formats.json_lines import splittable
from pixelated.standardise.profile import head_values
from pixelated.standardise.rows import HEAD_BYTES, Sample
from pixelated.standardise.shapes import utterances

_KERNELS = "pixelated.standardise._chat_id_kernels"
_READ = 1 << 20  # bytes read at a time into one buffer: fresh memory is dear
_PACKED = 8  # times that text is bigger than its archive, roughly: units are shared out by it
_KIND_BYTES = 512  # that tell an archive


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a range of one.

    Attributes:
        file: path relative to the source's root.
        sha256: hash of the whole file.
        start: first byte of a range; None for a whole file.
        end: byte after the range; None for a whole file.
        first_row: ordinal in the file of the first row of the range, blank lines not counted.
        first_line: number of lines of the file before the range.
    """

    file: str
    sha256: str
    start: int | None = None
    end: int | None = None
    first_row: int = 0
    first_line: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """A share of a source for one worker, and the hashes of the files that are joined to its rows."""

    source: str
    index: int
    pieces: tuple[Piece, ...]
    joined: tuple[tuple[str, str], ...] = ()


def plan_units(source: Source, corpora: Path, part_bytes: int, sha256: Callable[[Path], str]) -> list[Unit]:
    """Return the units of a source, in the order of its files.

    Args:
        source: the registry entry.
        corpora: the folder that `source.path` starts from.
        part_bytes: JSON-lines files above this size are cut near it; smaller files are read together.
        sha256: the hash of a file's bytes.

    Raises:
        UsageError: see `list_files`.
        IncompleteError: a file is not there or can't be read.
    """
    join_files = sorted({join.file for join in source.mapping.joins})
    joined = tuple((name, sha256(locate(source, corpora, name))) for name in join_files)
    shares: list[tuple[Piece, ...]] = []
    together: list[Piece] = []
    size = 0
    for file in list_files(source, corpora):
        path = locate(source, corpora, file)
        try:
            pieces, length = _cut(source, path, file, part_bytes, sha256), _weight(path)
        except OSError as error:
            raise _unreadable(source, path, error) from error
        if together and (size + length > part_bytes or len(pieces) > 1):
            shares.append(tuple(together))
            together, size = [], 0
        if len(pieces) > 1:
            shares.extend((piece,) for piece in pieces)
        else:
            together, size = [*together, *pieces], size + length
    if together:
        shares.append(tuple(together))
    return [Unit(source.id, index, pieces, joined) for index, pieces in enumerate(shares)]


def read_sample(path: Path, file: str) -> Sample:
    """Return the start of a file."""
    with path.open("rb") as f:
        return Sample(file, f.read(HEAD_BYTES), path.stat().st_size)


def read_piece(path: Path, piece: Piece) -> bytes:
    """Return the bytes of a piece."""
    if piece.start is None or piece.end is None:
        return path.read_bytes()
    with path.open("rb") as f:
        f.seek(piece.start)
        return f.read(piece.end - piece.start)


def _cut(
    source: Source, path: Path, file: str, part_bytes: int, sha256: Callable[[Path], str]
) -> list[Piece]:
    digest = sha256(path)
    if path.stat().st_size <= part_bytes or not _may_cut(source, read_sample(path, file)):
        return [Piece(file, digest)]
    return [Piece(file, digest, *span) for span in _ranges(path, part_bytes)]


def _weight(path: Path) -> int:
    """Return the bytes of a file, roughly, once it is unpacked."""
    with path.open("rb") as f:
        return path.stat().st_size * (1 if kind_of(f.read(_KIND_BYTES)) is None else _PACKED)


def _may_cut(source: Source, sample: Sample) -> bool:
    """Say whether every row of the file is a record by itself and can be read without the others."""
    if source.mapping.joins or is_container(sample) or not splittable(sample):
        return False
    return recognise(sample) == "jsonl" and utterances.find(head_values(sample), source.mapping) is None


def _ranges(path: Path, part_bytes: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (start, end, first row, first line) of ranges of about `part_bytes` that end at line ends."""
    count_lines = kernels_in(_KERNELS).count_lines
    buffer, state = bytearray(_READ), np.zeros(3, np.int64)
    bytes_ = np.frombuffer(buffer, np.uint8)
    start = at = first_row = first_line = 0
    with path.open("rb", buffering=0) as f:
        while length := f.readinto(buffer):
            done = 0
            while (end := _line_end(buffer, start + part_bytes - 1 - at, done, length)) >= 0:
                yield start, at + end, first_row, first_line
                count_lines(bytes_, done, end, state)
                start, first_line, first_row, done = at + end, int(state[0]), int(state[1]), end
            count_lines(bytes_, done, length, state)
            at += length
    if at > start:
        yield start, at, first_row, first_line


def _line_end(buffer: bytearray, wanted: int, done: int, length: int) -> int:
    """Return the byte behind the first line end at `wanted` or after, -1 where the buffer has none."""
    return buffer.find(b"\n", max(wanted, done), length) + 1 or -1


def _unreadable(source: Source, path: Path, error: OSError) -> IncompleteError:
    return IncompleteError(
        "file_unreadable",
        f"source {source.id!r}: cannot read {path}: {error.strerror}",
        "check that the file is there and may be read",
    )
