"""A download that is killed again and again ends whole, and asks for hardly any byte twice."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from servers.http_server import HttpServer
from servers.moto_server import MotoServer

KILLS = 20
SIZE = 16_000_000


def body(size: int = SIZE, seed: int = 5) -> bytes:
    return random.Random(seed).randbytes(size)


def acquire(address: str, root: Path, *flags: str, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pixelated", "acquire", address, "--to", str(root), "--quiet", *flags]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment}
    )


def part_size(root: Path) -> int:
    return sum(p.stat().st_size for p in root.rglob("*.part"))


def kill_often(address: str, root: Path, seed: int, **environment: str) -> int:
    """Kill the download while bytes are coming, until it was killed `KILLS` times; return how often it was."""
    chance, kills = random.Random(seed), 0
    while kills < KILLS:
        before = part_size(root)
        child = acquire(address, root, **environment)
        # at least some bytes of this process, then a moment that nobody chose
        while child.poll() is None and part_size(root) <= before:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.05)
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            kills += 1
        child.communicate()
        if child.returncode == 0:
            break
        assert not list(root.glob("a_bin/*")), "a half-written file has its final name"
    return kills


@pytest.mark.slow
@pytest.mark.parametrize("ranges", ["good", "status_200"])
def test_a_download_killed_20_times_is_whole_and_fetched_once(tmp_path: Path, ranges: str) -> None:
    data = body()
    with HttpServer() as server:
        server.add("/a.bin", data, rate=20_000_000, ranges=ranges)
        kills = kill_often(f"{server.url}/a.bin", tmp_path, seed=11)
        last = acquire(f"{server.url}/a.bin", tmp_path)
        out, err = last.communicate(timeout=60)
        assert last.returncode == 0, err + out
        sent = server.sent["/a.bin"]
    assert kills == KILLS
    [got] = [p for p in (tmp_path / "a_bin").iterdir() if p.is_file()]
    assert hashlib.sha256(got.read_bytes()).hexdigest() == hashlib.sha256(data).hexdigest()
    assert sent <= 1.2 * len(data), sent / len(data)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
def test_a_download_from_s3_goes_on_after_kills(tmp_path: Path, moto: MotoServer) -> None:
    data = body(6_000_000, seed=6)
    moto.fill("kills", {"set/a.bin": data})
    environment = dict(moto.client_environment)
    address, sizes = "s3://kills/set/a.bin", [0]
    for _ in range(4):
        child = acquire(address, tmp_path, "--limit-rate", "2M", **environment)
        while child.poll() is None and part_size(tmp_path) <= sizes[-1] + 200_000:
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        sizes.append(part_size(tmp_path))
    assert sizes == sorted(set(sizes)), "each run goes on where the last one was killed"
    last = acquire(address, tmp_path, "--json", **environment)
    out, err = last.communicate(timeout=60)
    assert last.returncode == 0, err + out
    [told] = json.loads(out)["sources"]
    assert (told["resumed_bytes"], told["fetched_bytes"]) == (sizes[-1], len(data) - sizes[-1])
    assert hashlib.sha256((tmp_path / "a_bin/a.bin").read_bytes()).digest() == hashlib.sha256(data).digest()


def test_an_interrupted_download_says_so_and_keeps_its_part(tmp_path: Path) -> None:
    with HttpServer() as server:
        server.add("/a.bin", body(2_000_000), rate=50_000)  # slow: it is interrupted long before its end
        child = acquire(f"{server.url}/a.bin", tmp_path)
        while child.poll() is None and not part_size(tmp_path):
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    assert b"run the same command again" in err
    assert part_size(tmp_path) > 0
    assert not list((tmp_path / "a_bin").glob("*"))


def test_two_downloads_of_one_source_do_not_write_one_part(tmp_path: Path) -> None:
    with HttpServer() as server:
        server.add("/a.bin", body(1_000_000), rate=300_000)
        first = acquire(f"{server.url}/a.bin", tmp_path)
        while first.poll() is None and not part_size(tmp_path):
            time.sleep(0.02)
        second = acquire(f"{server.url}/a.bin", tmp_path)
        _, err = second.communicate(timeout=30)
        assert second.returncode == 2
        assert b"another process is fetching" in err
        assert first.wait(timeout=30) == 0
        first.communicate()
