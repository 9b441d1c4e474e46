"""Hostile archives are refused by name and leave nothing; honest ones of every kind come out byte for byte."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import pickle
import random
import signal
import stat
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile_archives import COMPRESS, LINES, Part, deflate, raw_zip, tar, tar_block, zstd
from pixelated.core import archives
from pixelated.core.archives import ArchiveRefusedError, Budget, Limits, kind_of, unpack
from pixelated.core.errors import EXIT_INCOMPLETE, UsageError

KB = 10_000  # not 1,000: what is read ahead (256 KiB) must be small beside the limits
SMALL = Limits(members=50, total_bytes=200 * KB, member_bytes=100 * KB, ratio=20, ratio_from=30 * KB)
NOISE = random.Random(5).randbytes(60 * KB)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def put(folder: Path, data: bytes, name: str = "a.bin") -> dict[str, bytes]:
    """Unpack bytes and return the files, which must be the ones that `unpack` says."""
    (folder / name).write_bytes(data)
    found = unpack(folder / name, folder / "out")
    files = tree(folder / "out")
    assert [(u.name, u.size, u.sha256) for u in found] == [
        (n, len(b), hashlib.sha256(b).hexdigest()) for n, b in sorted(files.items())
    ]
    return files


def refusal(folder: Path, data: bytes, limits: Limits | None = None, name: str = "a.bin") -> tuple[str, str]:
    """Return (reason, member) of what is refused; nothing may be left behind."""
    (folder / name).write_bytes(data)
    with pytest.raises(ArchiveRefusedError) as caught:
        unpack(folder / name, folder / "out", limits)
    error = caught.value
    assert sorted(p.name for p in folder.iterdir()) == [name], "something was left behind"
    assert error.code == "archive_refused"
    assert error.exit_code == EXIT_INCOMPLETE
    assert name in error.message
    assert error.reason in error.message
    assert error.remedy
    assert error.member in error.message
    assert error.message.isprintable()
    return error.reason, error.member


NAMES = [
    (b"../x", "path_traversal"), (b"a/../../x", "path_traversal"), (b"..", "path_traversal"),
    (b"/etc/x", "path_absolute"), (b"//x", "path_absolute"), (b"C:x", "path_drive"), (b"c:/x", "path_drive"),
    (b"a\\..\\x", "path_backslash"), (b"\\\\host\\x", "path_backslash"), (b"a\xffb", "name_not_utf8"),
    (b"\xed\xa0\x80", "name_not_utf8"), (b"a\nb", "name_control"), (b"a\x1b[2J", "name_control"),
    ("a\u202egpj.txt".encode(), "name_control"), (b"x" * 256, "name_too_long"), ("ü".encode() * 128, "name_too_long"),
    (b"/".join([b"d" * 200] * 6), "name_too_long"), (b"a/" * 40 + b"x", "name_too_long"), (b".", "name_empty"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reason"), NAMES)
@pytest.mark.parametrize("kind", ["zip", "tar", "gnu"])
def test_no_name_leads_out_or_misleads(tmp_path: Path, kind: str, name: bytes, reason: str) -> None:
    if kind == "zip":
        data = raw_zip([Part(b"good.txt"), Part(name)])
    else:
        layout = tarfile.PAX_FORMAT if kind == "tar" else tarfile.GNU_FORMAT
        text = name.decode("utf-8", "surrogateescape")
        data = tar([("good.txt", b"x"), (text, b"y")], format=layout)
    found, member = refusal(tmp_path, data)
    assert found == reason
    assert member


def test_a_nul_in_a_name_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, raw_zip([Part(b"a.txt\0.exe")]))[0] == "name_control"
    assert refusal(tmp_path, tar([("x", b"")], pax_headers={"path": "a\0b"}))[0] == "name_control"


def test_a_folder_with_a_bad_name_is_refused_too(tmp_path: Path) -> None:
    assert refusal(tmp_path, raw_zip([Part(b"../out/", b"", 0)]))[0] == "path_traversal"
    assert refusal(tmp_path, tar([("../out", None)], type=tarfile.DIRTYPE))[0] == "path_traversal"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "symbolic_link"),
        ({"type": tarfile.SYMTYPE, "linkname": "good"}, "symbolic_link"),
        ({"type": tarfile.LNKTYPE, "linkname": "good"}, "hard_link"),
        ({"type": tarfile.CHRTYPE}, "device"),
        ({"type": tarfile.BLKTYPE}, "device"),
        ({"type": tarfile.FIFOTYPE}, "device"),
        ({"type": b"S"}, "sparse_file"),
        ({"pax_headers": {"GNU.sparse.major": "1"}}, "sparse_file"),
        ({"type": b"Z"}, "unknown_type"),
    ],
)
def test_what_is_no_plain_file_in_a_tar_is_refused(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    assert refusal(tmp_path, tar([("it", None)], **fields)) == (reason, "'it'")
    assert refusal(tmp_path, COMPRESS["xz"](tar([("it", None)], **fields))) == (reason, "'it'")


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (stat.S_IFLNK, "symbolic_link"),
        (stat.S_IFIFO, "device"),
        (stat.S_IFCHR, "device"),
        (stat.S_IFSOCK, "device"),
    ],
)
def test_what_is_no_plain_file_in_a_zip_is_refused(tmp_path: Path, mode: int, reason: str) -> None:
    data = raw_zip([Part(b"it", b"/etc/passwd", mode=mode | 0o777)])
    assert refusal(tmp_path, data) == (reason, "'it'")


def test_setuid_and_open_modes_are_dropped(tmp_path: Path) -> None:
    for number, data in enumerate(
        (tar([("d/run", b"#!")], mode=0o6777), raw_zip([Part(b"d/run", mode=0o106777)]))
    ):
        archive, out = tmp_path / f"{number}.bin", tmp_path / str(number)
        archive.write_bytes(data)
        unpack(archive, out)
        assert stat.S_IMODE((out / "d" / "run").stat().st_mode) == 0o600
        assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE((out / "d").stat().st_mode) == 0o700


def bomb(kind: str, size: int) -> bytes:
    data = bytes(size)
    if kind == "zip":
        return raw_zip([Part(b"zeros", data)])
    if kind.startswith("tar."):
        return COMPRESS[kind[4:]](tar([("zeros", data)]))
    return COMPRESS[kind](data)


KINDS = ["gz", "bz2", "xz", "zst", "zip", "tar.gz", "tar.zst"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, kind: str) -> None:
    reason, member = refusal(tmp_path, bomb(kind, 90 * KB), SMALL, f"zeros.{kind}")
    assert (reason, member) == ("ratio_too_high", "'zeros'")
    (tmp_path / "small").write_bytes(bomb(kind, 15 * KB))
    assert len(unpack(tmp_path / "small", tmp_path / "out", SMALL)) == 1, "small files may be repetitive"


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_and_the_whole_may_be_no_bigger_than_the_limits(tmp_path: Path, kind: str) -> None:
    loose = {"ratio": 10**6, "ratio_from": 10**9}
    member = Limits(member_bytes=50 * KB, **loose)
    total = Limits(total_bytes=50 * KB, **loose)
    assert refusal(tmp_path, bomb(kind, 60 * KB), member, f"zeros.{kind}") == ("member_too_big", "'zeros'")
    assert refusal(tmp_path, bomb(kind, 60 * KB), total, f"zeros.{kind}")[0] == "too_many_bytes"


def test_many_small_members_add_up(tmp_path: Path) -> None:
    parts = [Part(b"%d" % k, NOISE[: 10 * KB], 0) for k in range(30)]
    assert refusal(tmp_path, raw_zip(parts), SMALL) == ("too_many_bytes", "'20'")
    members = [(str(k), NOISE[: 10 * KB]) for k in range(30)]
    assert refusal(tmp_path, tar(members), SMALL)[0] == "too_many_bytes"
    assert refusal(tmp_path, COMPRESS["gz"](tar(members)), SMALL)[0] == "too_many_bytes"


def test_a_bomb_can_not_hide_behind_members_that_do_not_pack(tmp_path: Path) -> None:
    """The ratio of the whole is 2.5; that of the one member is 1,000."""
    parts = [Part(b"noise", NOISE, 0), Part(b"zeros", bytes(90 * KB))]
    assert refusal(tmp_path, raw_zip(parts), SMALL) == ("ratio_too_high", "'zeros'")


def test_a_bomb_can_not_be_cut_into_many_members(tmp_path: Path) -> None:
    """Each member is below the size from which its ratio counts; the whole is not."""
    parts = [Part(b"%d" % k, bytes(15 * KB)) for k in range(10)]
    assert refusal(tmp_path, raw_zip(parts), SMALL)[0] == "ratio_too_high"


def test_sizes_are_counted_and_not_believed(tmp_path: Path) -> None:
    """The headers say that the member is small, so that a reader that trusts them stops too late."""
    lie = {"size": 10}
    data = raw_zip([Part(b"zeros", bytes(90 * KB), local=lie, central=lie)])
    assert refusal(tmp_path, data, SMALL)[0] in {"header_mismatch", "ratio_too_high"}
    assert refusal(tmp_path, raw_zip([Part(b"x", b"abc" * 99, local=lie, central=lie)])) == (
        "header_mismatch",
        "'x'",
    )
    big = {"size": 400}
    assert refusal(tmp_path, raw_zip([Part(b"x", b"abc" * 99, local=big, central=big)])) == (
        "header_mismatch",
        "'x'",
    )


def test_a_zip_never_gives_more_bytes_than_it_states() -> None:
    lie = {"size": 300 * KB}
    data = raw_zip([Part(b"zeros", bytes(800 * KB), local=lie, central=lie)])
    (member,) = archives.open_archive(io.BytesIO(data), "a.zip", Budget("a.zip", len(data))).members
    given: list[int] = []
    with pytest.raises(ArchiveRefusedError, match="header_mismatch"):
        given.extend(len(piece) for piece in member.chunks())
    assert 0 < sum(given) <= 300 * KB


def test_the_default_limits_stop_a_gigabyte_of_zeros_early(tmp_path: Path) -> None:
    archive = tmp_path / "zeros.gz"
    archive.write_bytes(COMPRESS["gz"](bytes(30_000_000)) * 34)
    budget = Budget("zeros.gz", archive.stat().st_size)
    with archive.open("rb") as file:
        (member,) = archives.open_archive(file, "zeros.gz", budget).members
        with pytest.raises(ArchiveRefusedError, match="ratio_too_high"):
            assert max(len(piece) for piece in member.chunks()) <= 1 << 18
    assert 100_000_000 < budget.unpacked < 101_000_000


def test_too_many_members_are_refused_before_any_is_read(tmp_path: Path) -> None:
    parts = [Part(b"%d" % k, b"", 0) for k in range(51)]
    assert refusal(tmp_path, raw_zip(parts), SMALL)[0] == "too_many_members"
    members = [(str(k), b"") for k in range(51)]
    assert refusal(tmp_path, tar(members), SMALL) == ("too_many_members", "'50'")
    assert refusal(tmp_path, tar(members, type=tarfile.DIRTYPE), SMALL)[0] == "too_many_members"
    assert len(put(tmp_path, raw_zip(parts[:50]))) == 50


def test_endless_extended_headers_are_refused(tmp_path: Path) -> None:
    record = b"11 comment=x\n".replace(b"11", b"13")
    block = tar_block(b"h", b"%011o" % len(record), b"x") + record.ljust(512, b"\0")
    assert refusal(tmp_path, block * 60, SMALL)[0] == "too_many_members"
    huge = tar_block(b"h", b"%011o" % (2 << 20), b"L") + bytes(2 << 20)
    assert refusal(tmp_path, huge)[0] == "header_too_big"


TWICE = [
    ("a", "a"),
    ("d/A.txt", "D/a.TXT"),
    ("caf\u00e9", "cafe\u0301"),
    ("stra\u00dfe", "STRASSE"),
    ("./a", "a"),
]


@pytest.mark.parametrize(("first", "second"), TWICE)
def test_two_members_of_one_name_are_refused(tmp_path: Path, first: str, second: str) -> None:
    data = raw_zip([Part(first.encode()), Part(b"b"), Part(second.encode())])
    assert refusal(tmp_path, data)[0] == "duplicate_name"
    assert refusal(tmp_path, tar([(first, b"x"), (second, b"x")]))[0] == "duplicate_name"


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("A/b/c", "a/B")])
def test_a_file_and_a_folder_of_one_name_are_refused(tmp_path: Path, first: str, second: str) -> None:
    assert refusal(tmp_path, tar([(first, b"x"), (second, b"x")]))[0] == "name_conflict"


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    for flags in (0x1, 0x41):
        fields = {"flags": flags}
        data = raw_zip([Part(b"a"), Part(b"secret", local=fields, central=fields)])
        assert refusal(tmp_path, data) == ("encrypted", "'secret'")
    aes = {"method": 99}
    assert refusal(tmp_path, raw_zip([Part(b"s", local=aes, central=aes)])) == ("encrypted", "'s'")


def test_a_method_that_is_not_known_is_named(tmp_path: Path) -> None:
    for method in (9, 14, 98):  # deflate64, LZMA, PPMd
        assert refusal(tmp_path, raw_zip([Part(b"a", method=method)])) == ("method_unsupported", "'a'")


@pytest.mark.parametrize(
    "lie", [{"name": b"evil"}, {"name": b"goo"}, {"size": 3}, {"packed": 3}, {"crc": 1}, {"method": 0}, {"flags": 1}]
)  # fmt: skip
def test_a_local_header_that_says_otherwise_is_refused(tmp_path: Path, lie: dict[str, object]) -> None:
    data = raw_zip([Part(b"good", local=lie)])
    assert refusal(tmp_path, data) == ("header_mismatch", "'good'")


def test_sizes_may_stand_after_the_data(tmp_path: Path) -> None:
    local = {"flags": 0x808, "size": 0, "packed": 0, "crc": 0}
    data = raw_zip([Part(b"a", LINES, local=local, central={"flags": 0x808})], gap=bytes(16))
    assert put(tmp_path, data) == {"a": LINES}


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    kernel = Part(b"a", bytes(1000))
    twice = raw_zip([kernel, Part(b"b", bytes(1000), offset=0)])
    assert refusal(tmp_path, twice)[0] == "overlapping_entries"
    # The "better zip bomb": the first entry's bytes quote the local header of the second and go on in it.
    inner = raw_zip([Part(b"b", bytes(1000))])
    header = inner[: 30 + 1]
    quoted = (
        b"\x00" + len(header).to_bytes(2, "little") + (0xFFFF - len(header)).to_bytes(2, "little") + header
    )
    packed = quoted + deflate(bytes(1000))
    first = Part(b"a", header + bytes(1000), packed=packed)
    at = 30 + 1 + 5
    data = raw_zip([first, Part(b"b", bytes(1000), offset=at)])
    assert refusal(tmp_path, data)[0] == "overlapping_entries"
    alone = raw_zip([first])
    assert put(tmp_path, alone) == {"a": header + bytes(1000)}, "without the second entry the zip is sound"


def test_an_entry_that_lies_outside_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, raw_zip([Part(b"a"), Part(b"b", offset=10**6)]))[0] == "corrupt"
    assert refusal(tmp_path, raw_zip([Part(b"a"), Part(b"b", offset=3)]))[0] in {"header_mismatch", "corrupt"}
    assert refusal(tmp_path, raw_zip([Part(b"a"), Part(b"b")], count=1))[0] == "corrupt"
    assert refusal(tmp_path, raw_zip([Part(b"a")], count=2))[0] == "corrupt"


def test_a_zip_with_two_ends_is_refused(tmp_path: Path) -> None:
    inner = raw_zip([Part(b"other")])
    assert refusal(tmp_path, raw_zip([Part(b"a")], comment=inner[-22:]))[0] == "corrupt"
    assert put(tmp_path, raw_zip([Part(b"a")], comment=b"a comment")) == {"a": b"text"}


def honest(kind: str) -> bytes:
    files = [("d/a.jsonl", LINES), ("b", b""), ("c.txt", b"word")]
    if kind in COMPRESS:
        return COMPRESS[kind](LINES)
    if kind == "zip":
        return raw_zip([Part(n.encode(), b) for n, b in files])
    plain = tar(files, format=tarfile.USTAR_FORMAT)
    return plain if kind == "tar" else COMPRESS[kind[4:]](plain)


ALL = ["gz", "bz2", "xz", "zst", "zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst"]


def read_all(data: bytes, name: str = "a.bin") -> dict[str, bytes]:
    """Read an archive as unpack does, without a disk."""
    opened = archives.open_archive(io.BytesIO(data), name, Budget(name, len(data)))
    found = {}
    for member in opened.members:
        if member.refused is not None:
            raise member.refused
        found[member.name] = b"".join(member.chunks())
    return found


@pytest.mark.parametrize("kind", ALL)
def test_every_cut_is_noticed(kind: str) -> None:
    """Only a tar may lose something: blocks of zeros after its end mark."""
    data = honest(kind)
    whole = read_all(data)
    end = len(data.rstrip(b"\0")) + 511 & ~511 if kind == "tar" else len(data)
    enough = end + 512 if kind == "tar" else len(data)
    step = 1 if len(data) < 3000 else 7
    for cut in [*range(0, len(data) - 40, step), *range(max(0, len(data) - 40), len(data))]:
        if cut >= enough:
            assert read_all(data[:cut]) == whole
            continue
        with pytest.raises(ArchiveRefusedError) as caught:
            read_all(data[:cut])
        early = {"not_an_archive"} if cut < 512 else set()
        assert caught.value.reason in {"truncated", "trailing_data", "corrupt"} | early, cut


@pytest.mark.parametrize("kind", [k for k in ALL if k not in {"tar", "zst", "tar.zst"}])
def test_every_changed_byte_is_noticed_or_harmless(kind: str) -> None:
    """A tar has no checksums of its data, and pyarrow writes none into zstd (see the test below)."""
    data = honest(kind)
    whole = list(read_all(data).values())
    noticed = 0
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]
        try:
            found = list(read_all(changed).values())
        except ArchiveRefusedError:
            noticed += 1
        else:
            assert found == whole, at
    assert noticed > len(data) * 0.6


def test_the_checksum_of_a_zstd_frame_is_checked(tmp_path: Path) -> None:
    frame = bytes.fromhex("28b52ffd045829000068656c6c6fa36d9f88")  # "hello" by `zstd`, with a checksum
    assert read_all(frame) == {"a.bin": b"hello"}
    assert refusal(tmp_path, frame[:-1] + b"\x89")[0] == "bad_checksum"


def read_or_none(data: bytes) -> dict[str, bytes] | None:
    try:
        return read_all(data)
    except ArchiveRefusedError:
        return None


def test_wrong_checksums_are_named(tmp_path: Path) -> None:
    gz = COMPRESS["gz"](LINES)
    assert refusal(tmp_path, gz[:-8] + bytes([gz[-8] ^ 1]) + gz[-7:])[0] == "bad_checksum"
    wrong = {"crc": 1}
    assert refusal(tmp_path, raw_zip([Part(b"a", local=wrong, central=wrong)])) == ("bad_checksum", "'a'")
    header = bytearray(tar([("a", b"x")]))
    header[0] ^= 1
    assert refusal(tmp_path, bytes(header))[0] == "corrupt"


@pytest.mark.parametrize("kind", ALL)
def test_trailing_garbage_is_refused(tmp_path: Path, kind: str) -> None:
    for garbage in (b"garbage", b"\0\0\0\0garbage", LINES):
        assert refusal(tmp_path, honest(kind) + garbage)[0] in {"trailing_data", "corrupt"}
    assert refusal(tmp_path, honest("tar") + tar([("hidden", b"x")]))[0] == "trailing_data"


@pytest.mark.parametrize("kind", sorted(COMPRESS))
def test_streams_of_several_parts_are_read_whole(tmp_path: Path, kind: str) -> None:
    pack = COMPRESS[kind]
    data = b"".join(pack(part) for part in (LINES, b"", NOISE, b"end"))
    assert put(tmp_path, data, f"x.jsonl.{kind}") == {"x.jsonl": LINES + NOISE + b"end"}


def test_padding_that_the_formats_allow_is_read(tmp_path: Path) -> None:
    assert put(tmp_path, COMPRESS["gz"](b"x") + bytes(512), "a.gz") == {"a": b"x"}
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    assert read_all(skippable + zstd(b"x") + skippable + zstd(b"y"), "b.zst") == {"b": b"xy"}
    assert read_all(COMPRESS["xz"](b"x") + bytes(4), "c.xz") == {"c": b"x"}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "7z x"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(99), "unrar x"),
        (b"\x04\x22\x4d\x18" + bytes(99), "lz4 -d"),
    ],
)
def test_kinds_that_are_not_read_are_named_with_what_reads_them(
    tmp_path: Path, data: bytes, what: str
) -> None:
    assert refusal(tmp_path, data) == ("not_supported", "")
    with pytest.raises(ArchiveRefusedError, match=what):
        unpack(tmp_path / "a.bin", tmp_path / "out")


def test_text_is_no_archive(tmp_path: Path) -> None:
    for data in (b"", LINES, b"BZh text", b"\x1f\x8b", bytes(2000), b"x" * 600):
        assert kind_of(data[:512]) is None
    assert refusal(tmp_path, LINES) == ("not_an_archive", "")


def test_what_desktops_leave_behind_is_skipped_and_counted(tmp_path: Path) -> None:
    names = ["__MACOSX/._a.txt", "a.txt", "d/.DS_Store", "d/Thumbs.db", "d/._b"]
    (tmp_path / "a.zip").write_bytes(raw_zip([Part(n.encode()) for n in names]))
    skipped: list[str] = []
    assert [u.name for u in unpack(tmp_path / "a.zip", tmp_path / "out", skipped=skipped)] == ["a.txt"]
    assert skipped == [n for n in names if n != "a.txt"]
    assert (
        refusal(tmp_path / "out", raw_zip([Part(b"__MACOSX/../../x")]), name="a.txt")[0] == "path_traversal"
    )


def test_a_refusal_survives_the_way_back_from_a_worker() -> None:
    error = ArchiveRefusedError("a.zip", "symbolic_link", "a symbolic link", "'x'")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in this line
    assert (again.message, again.reason, again.member, again.remedy) == (
        error.message,
        error.reason,
        error.member,
        error.remedy,
    )


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(honest("zip"))
    (tmp_path / "out").mkdir()
    assert len(unpack(tmp_path / "a.zip", tmp_path / "out")) == 3, "an empty folder may be filled"
    before = tree(tmp_path / "out")
    with pytest.raises(UsageError, match="is there already"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert tree(tmp_path / "out") == before
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"):
        unpack(tmp_path / "a.zip", tmp_path / "link")
    with pytest.raises(UsageError, match=r"none\.zip"):
        unpack(tmp_path / "none.zip", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_link_planted_in_the_staging_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(honest("zip"))
    victim = tmp_path / "victim"
    victim.mkdir()
    (tmp_path / ".out.unpacking").mkdir()
    (tmp_path / ".out.unpacking" / "d").symlink_to(victim)
    unpack(tmp_path / "a.zip", tmp_path / "out")
    assert list(victim.iterdir()) == []
    assert (tmp_path / "out" / "d" / "a.jsonl").read_bytes() == LINES


def test_a_staging_folder_that_another_run_takes_away_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run renames it to its place between our opening and our locking it."""
    (tmp_path / "a.zip").write_bytes(honest("zip"))
    real, calls = fcntl.flock, []

    def flock(descriptor: int, how: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            (tmp_path / ".out.unpacking").rename(tmp_path / "taken")
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert len(unpack(tmp_path / "a.zip", tmp_path / "out")) == 3
    assert len(calls) == 2
    assert list((tmp_path / "taken").iterdir()) == []


RUN = """
import sys
from pathlib import Path
from pixelated.core.archives import unpack
print(len(unpack(Path(sys.argv[1]), Path(sys.argv[2]))))
"""


def start(archive: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, str(archive), str(out)], stdout=subprocess.PIPE)


def wait_for_files(staging: Path, process: subprocess.Popen[bytes], count: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if staging.is_dir() and sum(1 for _ in os.scandir(staging)) >= count:
            return
        time.sleep(0.001)
    raise AssertionError("the program ended before it could be killed")


def test_a_killed_run_leaves_only_its_staging_folder_and_the_next_ends_like_a_clean_one(
    tmp_path: Path,
) -> None:
    members = [(f"{k:05}.txt", NOISE[: k % 3000]) for k in range(4000)]
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(COMPRESS["gz"](tar(members, format=tarfile.USTAR_FORMAT)))
    out, staging = tmp_path / "out", tmp_path / ".out.unpacking"
    for count in (1, 1000):
        process = start(archive, out)
        wait_for_files(staging, process, count)
        with pytest.raises(UsageError, match="another run"):
            unpack(archive, out)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert sorted(p.name for p in tmp_path.iterdir()) == [".out.unpacking", "a.tar.gz"]
        assert stat.S_IMODE(staging.stat().st_mode) == 0o700
        assert 0 < len(tree(staging)) < len(members)
    again = unpack(archive, out)
    assert again == unpack(archive, tmp_path / "clean")
    assert tree(out) == tree(tmp_path / "clean") == dict(members)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar.gz", "clean", "out"]


PARTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf"), exclude_characters="/\\:"
    ),
    min_size=1,
    max_size=12,
).filter(lambda p: p not in {".", ".."} and not p.startswith("._") and p not in {"Thumbs.db", ".DS_Store"})
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
BODIES = st.one_of(st.binary(max_size=2000), st.integers(0, 5000).map(lambda n: b"line of text\n" * n))


def plain_paths(files: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out paths that one file system or another takes for the same, or for a folder and a file."""
    kept: dict[str, bytes] = {}
    seen: set[str] = set()
    folders: set[str] = set()
    for path, body in files.items():
        parts = archives.folded(path).split("/")
        above = {"/".join(parts[:k]) for k in range(1, len(parts))}
        whole = "/".join(parts)
        if whole not in seen | folders and not above & seen:
            kept[path] = body
            seen.add(whole)
            folders |= above
    return kept


def packed(kind: str, files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    if kind.startswith("zip"):
        method = {"zip": 8, "zip0": 0, "zip12": 12}[kind]
        with zipfile.ZipFile(stream, "w", method) as out:
            for name, body in files.items():
                out.writestr(zipfile.ZipInfo(name), body, method)
        return stream.getvalue()
    layout = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT}.get(
        kind.split(".", maxsplit=1)[0], tarfile.PAX_FORMAT
    )
    plain = tar(files.items(), format=layout)
    return COMPRESS[kind.split(".")[1]](plain) if "." in kind else plain


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.dictionaries(PATHS, BODIES, max_size=6).map(plain_paths), st.randoms(use_true_random=False))
def test_any_tree_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], rng: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    order = list(files.items())
    rng.shuffle(order)
    for kind in ("zip", "zip0", "zip12", "tar", "gnu", "tar.gz", "tar.bz2", "gnu.xz", "tar.zst"):
        if kind.startswith(("tar", "gnu")) and not files:
            continue  # a tar of nothing is zeros
        data = packed(kind, dict(order))
        archive = folder / kind
        archive.write_bytes(data)
        found = unpack(archive, folder / f"out-{kind}")
        assert tree(folder / f"out-{kind}") == files
        assert {u.name: u.sha256 for u in found} == {
            n: hashlib.sha256(b).hexdigest() for n, b in files.items()
        }


@settings(max_examples=60, deadline=None)
@given(st.lists(BODIES, min_size=1, max_size=4), st.sampled_from(sorted(COMPRESS)))
def test_any_bytes_come_back_from_any_compression(bodies: list[bytes], kind: str) -> None:
    data = b"".join(COMPRESS[kind](body) for body in bodies)
    assert read_all(data, f"x.{kind}") == {"x": b"".join(bodies)}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALL), st.data())
def test_damage_of_any_kind_is_refused_or_read_and_never_crashes(kind: str, data: st.DataObject) -> None:
    whole = bytearray(honest(kind))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
        if not whole:
            return
    read_or_none(bytes(whole))


def test_zip64_and_foreign_zips_are_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        with out.open("big.txt", "w", force_zip64=True) as member:
            member.write(LINES)
        out.writestr("d/", b"")
        out.mkdir("e")
    assert put(tmp_path, stream.getvalue()) == {"big.txt": LINES}
    wide = b"\x01\x00\x18\x00" + b"".join(
        n.to_bytes(8, "little") for n in (len(LINES), len(deflate(LINES)), 0)
    )
    none = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": wide[:20].replace(b"\x18", b"\x10", 1)}
    data = raw_zip([Part(b"a", LINES, local=none, central=none)])
    assert read_all(data) == {"a": LINES}
