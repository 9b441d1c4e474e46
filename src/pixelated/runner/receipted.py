"""Files that were fetched are read only as they were fetched.

A file that `acquire` brought home has a receipt; one that is another file now (edited, cut by a power
failure) is an error that names it, and not a silent change of the dataset. Files without a receipt are the
user's own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pixelated.core.errors import IncompleteError
from pixelated.core.receipts import read_receipt
from pixelated.core.source import Source


class Receipted:
    """A hash of a source's files that compares them with the source's receipt."""

    def __init__(self, corpora: Path, source: Source, sha256: Callable[[Path], str]) -> None:
        self._root = corpora / source.path
        self._source, self._sha256 = source.id, sha256
        receipt = read_receipt(corpora, source.id)
        self._stated = {name: file.sha256 for name, file in receipt.files.items()}

    def __call__(self, path: Path) -> str:
        """Return the hex SHA-256 of a file.

        Raises:
            IncompleteError: `file_changed`, it is not what was fetched.
        """
        digest = self._sha256(path)
        name = path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else ""
        if self._stated.get(name, digest) != digest:
            raise IncompleteError(
                "file_changed",
                f"source {self._source!r}: {path} is not the file that was fetched",
                f"fetch it again: pixelated acquire {self._source} --verify --recipe RECIPE "
                "(edited files: another source)",
            )
        return digest
