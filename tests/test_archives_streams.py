"""Streams and archives of every kind come back byte for byte; what is cut, changed or appended is noticed."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile_archives import (
    ALL,
    COMPRESS,
    LINES,
    NOISE,
    Part,
    deflate,
    honest,
    put,
    raw_zip,
    read_all,
    read_or_none,
    refusal,
    tar,
    tree,
    zstd,
)
from pixelated.core import archives
from pixelated.core.archives import ArchiveRefusedError, unpack


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
