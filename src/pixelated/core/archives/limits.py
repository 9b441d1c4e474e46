"""How much an archive may hold, what is used of that so far, and the error that names what was refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from pixelated.core.archives.names import shown
from pixelated.core.errors import IncompleteError

# Reasons that condemn an archive with all that it is packed in, wherever in it they are found.
BOMBS = frozenset({"too_many_bytes", "too_many_members", "ratio_too_high"})
_LIMITS = BOMBS | {"member_too_big", "nested_too_deep"}


@dataclass(frozen=True)
class Limits:
    """What an archive may hold; beyond it nothing of it is taken.

    The ratio: 16 public corpora of over 1 MB pack by xz to a fifth (the median) or, the most repetitive of
    them, to a fortieth; a bomb aims at 1,000, the most that deflate reaches. 200 parts them with room on
    both sides. Only rows repeated as they are pack further. Small files may be as repetitive as they like:
    the ratio counts from `ratio_from` on.

    Attributes:
        members: entries, folders and skipped ones included.
        total_bytes: unpacked, over all members, and over archives in the archive.
        member_bytes: unpacked, of one member.
        ratio: unpacked to packed bytes, counted while unpacking, of any stream and of the whole.
        ratio_from: unpacked bytes from which the ratio is looked at.
        depth: archives in archives, the outermost counted; a compressed tar is one.
    """

    members: int = 100_000
    total_bytes: int = 200 * 10**9
    member_bytes: int = 200 * 10**9
    ratio: int = 200
    ratio_from: int = 100 * 10**6
    depth: int = 3


READING = Limits(total_bytes=2 << 30, member_bytes=2 << 30)  # what is read without unpacking it


class ArchiveRefusedError(IncompleteError):
    """An archive, or one member of it, is not taken.

    Attributes:
        reason: a code, such as "symbolic_link".
        detail: one line for a person, without the member's name.
        member: name of the member, fit to be shown; "" for the archive itself.
        whole: nothing after this can be read, so the whole archive is refused.
    """

    def __init__(self, archive: str, reason: str, detail: str, member: str = "", whole: bool = False) -> None:
        self.archive, self.reason, self.detail, self.member, self.whole = (
            archive,
            reason,
            detail,
            member,
            whole,
        )
        where = f"{archive}: member {member}" if member else archive
        super().__init__("archive_refused", f"{where}: {detail} ({reason})", _remedy(reason))

    def __reduce__(self) -> tuple[type, tuple[str, str, str, str, bool]]:  # type: ignore[override]
        """Survive the trip back from a worker process."""
        return (type(self), (self.archive, self.reason, self.detail, self.member, self.whole))


def _remedy(reason: str) -> str:
    if reason in _LIMITS:
        return "if its publisher can be trusted, unpack it by hand and put the files there"
    if reason in {"truncated", "trailing_data", "bad_checksum", "corrupt"}:
        return "fetch the archive again and compare its hash with its publisher's"
    if reason in {"not_supported", "method_unsupported", "encrypted", "not_an_archive"}:
        return "unpack it with the program that made it and put the files there"
    return "ask its publisher for an archive of plain files, or unpack it by hand and look at what it holds"


@dataclass
class Budget:
    """What has been used of the limits, over an outermost archive and all that is in it.

    Attributes:
        archive: name of the file, for errors.
        packed: bytes of the file.
        limits: the limits.
        depth: how deep the archive being read lies; 1 for the outermost.
    """

    archive: str
    packed: int
    limits: Limits = field(default_factory=Limits)
    depth: int = 1
    members: int = 0
    unpacked: int = 0

    def refuse(
        self, reason: str, detail: str, member: bytes | str = "", *, whole: bool = False
    ) -> ArchiveRefusedError:
        """Return the error to raise."""
        return ArchiveRefusedError(self.archive, reason, detail, shown(member) if member else "", whole)

    def enter(self, member: bytes | str) -> None:
        """Count one entry."""
        self.members += 1
        if self.members > self.limits.members:
            detail = f"more than {self.limits.members:,} members"
            raise self.refuse("too_many_members", detail, member, whole=True)

    def charge(self, size: int) -> None:
        """Count unpacked bytes."""
        self.unpacked += size
        if self.unpacked > self.limits.total_bytes:
            detail = f"unpacks to more than {self.limits.total_bytes:,} bytes"
            raise self.refuse("too_many_bytes", detail, whole=True)
        self.compare(self.unpacked, self.packed)

    def compare(self, unpacked: int, packed: int) -> None:
        """Refuse a ratio above the limit."""
        limits = self.limits
        if unpacked > limits.ratio_from and unpacked > limits.ratio * packed:
            detail = (
                f"unpacks to more than {limits.ratio} times its size ({packed:,} to over {unpacked:,} bytes)"
            )
            raise self.refuse("ratio_too_high", detail, whole=True)


@dataclass
class Meter:
    """Packed and unpacked bytes of one compressed stream, counted as they pass."""

    budget: Budget
    packed: int = 0
    unpacked: int = 0

    def took(self, data: bytes) -> bytes:
        """Count packed bytes, and return them."""
        self.packed += len(data)
        return data

    def gave(self, data: bytes) -> bytes:
        """Count unpacked bytes, and return them."""
        self.unpacked += len(data)
        self.budget.charge(len(data))
        self.budget.compare(self.unpacked, self.packed)
        return data
