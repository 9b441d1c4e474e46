"""One entry of a tar or a zip, before its name is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """An entry as the archive states it.

    Attributes:
        name: the bytes of its name.
        size: unpacked bytes that the archive states.
        folder: whether it is a folder.
        refused: (reason, detail) of an entry of a kind that is not taken.
        chunks: yields its bytes once; raises where they are not what the archive states.
    """

    name: bytes
    size: int
    folder: bool
    refused: tuple[str, str] | None
    chunks: Callable[[], Iterator[bytes]]
