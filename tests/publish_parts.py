"""Parts of the tests of publishing: a tiny dataset, the command in this process or in one that is killed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from pixelated.cli.output import run_app
from pixelated.cli.publish import publish

COMMAND = "import sys, typer; from pixelated.cli.output import run_app; from pixelated.cli.publish import publish; app = typer.Typer(add_completion=False); app.command()(publish); sys.exit(run_app(app, sys.argv[1:]))"


def write_dataset(
    folder: Path,
    seed: int = 1,
    *,
    big: int = 0,
    releasable: bool = True,
    more: dict[str, bytes] | None = None,
) -> Path:
    """Write what publish looks at: a manifest that declares a few files, one of `big` random bytes."""
    rng = random.Random(seed)
    files = {
        "README.md": f"# built {seed}\n".encode(),
        "verdicts.json": json.dumps({"all_gates_passed": releasable}).encode(),
        "shards/train/train_000.jsonl": b"".join(b'{"id": "%d"}\n' % rng.getrandbits(64) for _ in range(50)),
        **(more or {}),
    }
    if big:
        files["shards/train/train_000.parquet"] = rng.randbytes(big)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    release = {"releasable": releasable, "reasons": [] if releasable else ["gate leakage failed"]}
    listed = {
        n: {"size_bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in sorted(files.items())
    }
    manifest = {"name": f"built-{seed}", "scope": "full", "release": release, "files": listed}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return folder


@dataclass
class Ran:
    """What a run of the command gave: its exit code, what it printed as JSON, its standard error."""

    code: int
    out: dict[str, Any]
    err: str


Runner = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfdbinary: Any) -> Runner:
    """Run `publish` in this process, with its notes in the test's own folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def go(*arguments: object) -> Ran:
        app = typer.Typer(add_completion=False)
        app.command()(publish)
        capfdbinary.readouterr()
        code = run_app(app, [*map(str, arguments), "--json"])
        out, err = capfdbinary.readouterr()
        return Ran(code, json.loads(out), err.decode())

    return go


def kill_itself(before: str, arguments: list[str], environment: dict[str, str]) -> None:
    """Run `publish` in a process of its own, after Python text that makes it SIGKILL itself."""
    source = str(Path(__file__).resolve().parent.parent / "src")
    done = subprocess.run(
        [sys.executable, "-c", before + COMMAND, *arguments, "--quiet"],
        env={**os.environ, **environment, "PYTHONPATH": source},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done


def kill_when(condition: Callable[[], bool], arguments: list[str], environment: dict[str, str]) -> None:
    """Run `publish` in a process of its own and SIGKILL it as soon as the condition holds."""
    command = [sys.executable, "-c", COMMAND, *arguments, "--quiet"]
    source = str(Path(__file__).resolve().parent.parent / "src")
    with subprocess.Popen(
        command, env={**os.environ, **environment, "PYTHONPATH": source}, stderr=subprocess.PIPE
    ) as process:
        limit = time.monotonic() + 60
        while not condition():
            assert process.poll() is None, f"it ended before it was killed: {process.communicate()[1]!r}"
            assert time.monotonic() < limit, "the moment to kill it never came"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.returncode == -signal.SIGKILL
