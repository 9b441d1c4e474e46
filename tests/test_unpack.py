"""An archive is unpacked whole or not at all: staging, kills, links, two runs at once."""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from hostile_archives import COMPRESS, LINES, NOISE, Part, honest, raw_zip, refusal, tar, tree
from pixelated.core.archives import ArchiveRefusedError, unpack
from pixelated.core.errors import UsageError


def test_setuid_and_open_modes_are_dropped(tmp_path: Path) -> None:
    for number, data in enumerate(
        (tar([("d/run", b"#!")], mode=0o6777), raw_zip([Part(b"d/run", mode=0o106777)]))
    ):
        archive, out = tmp_path / f"{number}.bin", tmp_path / str(number)
        archive.write_bytes(data)
        unpack(archive, out)
        assert stat.S_IMODE((out / "d" / "run").stat().st_mode) == 0o600
        assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE((out / "d").stat().st_mode) == 0o700


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
