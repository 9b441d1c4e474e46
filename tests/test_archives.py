"""Hostile archives are refused by name and leave nothing."""

from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path

import pytest

from hostile_archives import COMPRESS, KB, LINES, NOISE, Part, deflate, put, raw_zip, refusal, tar, tar_block
from pixelated.core import archives
from pixelated.core.archives import ArchiveRefusedError, Budget, Limits, kind_of, unpack

SMALL = Limits(members=50, total_bytes=200 * KB, member_bytes=100 * KB, ratio=20, ratio_from=30 * KB)


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
