"""A folder with every format that is read, mistakes planted in more than half of the files.

Each file comes with what must be made of it: source rows, records, and every mistake with its place and
reason. The numbers are counted while the file is written, never taken from what reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Turn = tuple[str, str]
Timed = tuple[str | None, float | None, float | None]


@dataclass(frozen=True)
class Planted:
    """A file and what must be made of it.

    Attributes:
        name: its path in the folder.
        data: its bytes.
        raw_rows: source rows, those of its mistakes among them.
        refused: (place, reason) of each mistake, in the order of the rows.
        dialogues: (role, content) of the messages of each record, in order; of text files None.
        words: of text files all the words of its records in order.
        passages: of text files the number of records.
        timed: (speaker, start, end) of the turns of all records, where the file has times or names.
        formats: what its records say that they were written in.
        groups: the number of different groups among its records; None where each is its own.
    """

    name: str
    data: bytes
    raw_rows: int
    refused: Sequence[tuple[str, str]] = ()
    dialogues: Sequence[Sequence[Turn]] | None = None
    words: str | None = None
    passages: int = 0
    timed: Sequence[Timed] | None = None
    formats: Sequence[str] = ()
    groups: int | None = None

    @property
    def kept(self) -> int:
        """The number of records."""
        return self.passages if self.dialogues is None else len(self.dialogues)


def refused(name: str, data: bytes, reason: str, raw_rows: int = 1) -> Planted:
    """Return a file of which nothing is read."""
    return Planted(name, data, raw_rows, [("file", reason)])


def pair(number: int) -> list[Turn]:
    """Return an exchange that no other number has."""
    return [
        ("user", f"What helps on day {number}, when nothing does?"),
        ("assistant", f"On day {number} a walk may help; what would make {number} minutes possible?"),
    ]


def fields(number: int) -> dict[str, str]:
    """Return the same exchange as a row of a table."""
    (_, prompt), (_, response) = pair(number)
    return {"prompt": prompt, "response": response}


def sentences(count: int, seed: int) -> str:
    """Return sentences of ten words that no other seed has."""
    return " ".join(
        f"Person {seed} said that the {k} th evening felt quieter." for k in range(count)
    )  # ten words each


def write(planted: Sequence[Planted], folder: Path, *, backwards: bool = False) -> Path:
    """Write the files into a folder, in their order or in the opposite one."""
    for one in planted[::-1] if backwards else planted:
        path = folder / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.data)
    return folder
