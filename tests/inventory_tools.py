"""What the tests of `pixelated inventory` share: the command in this process, folders, stores filled with files."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pixelated.cli.app import app
from pixelated.cli.output import run_app

FILES = {
    "raw/local/notes/one.txt": b"first words\n",
    "raw/local/notes/two.txt": b"other words\n",
    "processed/a b/talk.jsonl": b'{"text": "hello"}\n' * 40,
    "processed/empty.json": b"",
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def inventory(*arguments: object) -> tuple[int, Any]:
    """Run `pixelated inventory ... --json` in this process; return its exit code and what it printed."""
    printed = io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(printed):
        code = run_app(app, ["inventory", *map(str, arguments), "--json"])
    printed.flush()
    return code, json.loads(printed.buffer.getvalue())  # type: ignore[attr-defined]


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, this program's own left out."""
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {n: d for n, d in found.items() if not n.startswith((".staging/", ".acquired/"))}


def objects(client: Any, bucket: str) -> dict[str, bytes]:
    listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {o["Key"]: client.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in listed}


def use(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what killed runs leave inside the test's folder."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder
