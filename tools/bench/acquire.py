"""`make bench`: one object of 1 GB through S3 on loopback, `rclone copy` and `pixelated acquire` in one run.

Both fetch the same object from the same server, one after the other, several times; the table holds the
medians. What counts is the ratio: both share the machine with the server.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench import page  # noqa: E402

from servers.moto_server import MotoServer  # noqa: E402
from servers.rclone_servers import RcloneS3, rclone, remote  # noqa: E402


@dataclass
class Took:
    """What one command took."""

    wall: float
    cpu: float
    memory_mb: float


def timed(command: list[str], environment: dict[str, str]) -> Took:
    """Run a command; it has to succeed."""
    start = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed with {status}")
    return Took(time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def compare(
    server: MotoServer | RcloneS3, repeats: int, size: int, folder: Path
) -> tuple[list[Took], list[Took]]:
    """Return what rclone and pixelated took, alternately."""
    given = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "RCLONE_"))}
    environment = given | server.client_environment
    keys = {
        "access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    theirs = environment | remote(
        "r", type="s3", provider="Other", endpoint=server.url, force_path_style="true", **keys
    )
    ours = [sys.executable, "-m", "pixelated", "acquire", "s3://bench/big.bin", "--quiet", "--to"]
    rclones, pixelateds = [], []
    for _ in range(repeats):
        for command, env, into in (
            ([rclone(), "copy", "r:bench/big.bin"], theirs, rclones),
            (ours, environment, pixelateds),
        ):
            there = folder / "there"
            shutil.rmtree(there, ignore_errors=True)
            os.sync()  # neither pays for pages that the other left to be written
            into.append(timed([*command, str(there)], env))
            [got] = [p for p in there.rglob("big.bin") if p.is_file()]
            if got.stat().st_size != size:
                sys.exit("not the whole object came")
    return rclones, pixelateds


def row(name: str, took: list[Took]) -> str:
    """Return a line of the table."""
    wall, cpu = (statistics.median(getattr(t, k) for t in took) for k in ("wall", "cpu"))
    return f"{name} | {wall:.2f} | {cpu:.2f} | {max(t.memory_mb for t in took):.0f}"


def main() -> None:
    """Run both servers and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    size = arguments.mb << 20
    lines = [
        "| server | client | wall s | CPU s | peak MB | speed, rclone = 1 |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "served").mkdir()
        body = folder / "body.bin"
        with body.open("wb") as file:  # not in memory: a child's peak counts its parent's at the fork
            for _ in range(arguments.mb):
                file.write(os.urandom(1 << 20))
        for label, server in (("moto 5", MotoServer()), ("rclone serve s3", RcloneS3(folder / "served"))):
            with server:
                server.fill("bench", {})
                server.client().upload_file(str(body), "bench", "big.bin")
                rclones, pixelateds = compare(server, arguments.repeats, size, folder)
            ratio = statistics.median(t.wall for t in rclones) / statistics.median(t.wall for t in pixelateds)
            lines.append(f"| {label} | {row('rclone copy', rclones)} | 1 |")
            lines.append(f"| {label} | {row('pixelated acquire', pixelateds)} | {ratio:.2f} |")
    page.write("acquire", lines)


if __name__ == "__main__":
    main()
