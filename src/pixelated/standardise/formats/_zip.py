"""Zip containers of documents, opened by `core/archives`: its checks, and what they mean for a document."""

from __future__ import annotations

import io
from dataclasses import dataclass

from pixelated.core.archives import ArchiveRefusedError, Budget, Limits, Member, kind_of, open_archive

LIMITS = Limits(members=20_000, total_bytes=1 << 29, member_bytes=1 << 27)  # total: of what is read
_TOO_LARGE = frozenset({"too_many_bytes", "too_many_members", "ratio_too_high", "member_too_big"})
_BAD_NAMES = frozenset({"duplicate_name", "name_conflict", "name_control"})


class ContainerError(Exception):
    """The container can't be read; `reason` is one of `damaged`, `encrypted`, `too_large`, `bad_name`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Container:
    """The entries of a zip file by name."""

    entries: dict[str, Member]

    def read(self, name: str) -> bytes:
        """Return the bytes of an entry.

        Raises:
            KeyError: there is no such entry.
            ContainerError: it is damaged, encrypted, or too large.
        """
        member = self.entries[name]
        if member.refused is not None:
            raise _error(member.refused)
        try:
            return b"".join(member.chunks())
        except ArchiveRefusedError as error:
            raise _error(error) from None


def open_container(data: bytes) -> Container:
    """Return the entries of a zip file.

    Raises:
        ContainerError: it is no whole zip file, breaks a limit, or has a name that is not taken.
    """
    if kind_of(data) != "zip":
        raise ContainerError("damaged", "no zip file")
    try:
        members = list(open_archive(io.BytesIO(data), "", Budget("", len(data), LIMITS)).members)
    except ArchiveRefusedError as error:
        raise _error(error) from None
    for member in members:
        reason = member.refused.reason if member.refused is not None else ""
        if reason.startswith("path_") or reason in _BAD_NAMES:
            raise ContainerError(
                "bad_name", "the name of an entry stands twice or leads out of the container"
            )
    return Container({member.name: member for member in members})


def _error(error: ArchiveRefusedError) -> ContainerError:
    kinds = {"encrypted": "encrypted", **dict.fromkeys(_TOO_LARGE, "too_large")}
    return ContainerError(kinds.get(error.reason, "damaged"), f"{error.detail} ({error.reason})")
