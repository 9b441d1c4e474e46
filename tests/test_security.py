"""Secrets reach no output, and nothing that comes from a data set is ever executed."""

from __future__ import annotations

import ast
import base64
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import ROOT, dialogue
from servers.hub_server import HubServer
from servers.kaggle_server import KaggleServer
from servers.moto_server import MotoServer

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "plantedAwsSecretKey0123456789abcdefghijk",
    "AWS_SESSION_TOKEN": "plantedAwsSessionToken",
    "HF_TOKEN": "hf_plantedHubToken",
    "KAGGLE_KEY": "plantedKaggleKey",
    "RCLONE_SFTP_PASS": "plantedObscuredPassword",
    "GOOGLE_API_KEY": "plantedGoogleKey",
}
SIGNATURES = ("X-Amz-Signature", "X-Amz-Credential", "Authorization", "Bearer ", "AWSAccessKeyId")


def chats(start: int) -> bytes:
    lines = (
        json.dumps({"messages": [{"role": r, "content": c} for r, c in dialogue(i)]})
        for i in range(start, start + 12)
    )
    return ("\n".join(lines) + "\n").encode()


class Session:
    """Runs commands with the planted secrets in the environment, and keeps all that they print."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.printed = folder, b""
        self.environment = (
            {k: v for k, v in os.environ.items() if k not in ("HF_TOKEN", "HF_HUB_DISABLE_IMPLICIT_TOKEN")}
            | environment
            | SECRETS
        )

    def run(self, *arguments: object, code: int | None = 0) -> bytes:
        command = [sys.executable, "-m", "pixelated", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, env=self.environment, cwd=self.folder, check=False
        )
        self.printed += done.stdout + done.stderr
        assert code is None or done.returncode == code, done.stderr + done.stdout
        return done.stdout


def found(data: bytes) -> list[str]:
    wanted = [
        *SECRETS.values(),
        base64.b64encode(b"planted-user:" + SECRETS["KAGGLE_KEY"].encode()).decode(),
        *SIGNATURES,
    ]
    return [secret for secret in wanted if secret.encode() in data]


@pytest.mark.slow
def test_a_full_run_writes_and_prints_no_secret(
    moto: MotoServer, hub: HubServer, kaggle: KaggleServer, tmp_path: Path
) -> None:
    client = moto.fill("secrets", {"raw/chats.jsonl": chats(0)})
    client.create_bucket(Bucket="published")
    hub.add_user(SECRETS["HF_TOKEN"], "reader", opens=["acme/gated"])
    hub.add_repo("acme/gated", {"chats.jsonl": chats(100)}, license="mit", gated="manual")
    kaggle.keys["planted-user"] = SECRETS["KAGGLE_KEY"]
    kaggle.add_dataset("acme/talks", {"chats.jsonl": chats(200)}, license_name="CC0-1.0")
    entry = {
        "license": "CC0-1.0",
        "license_evidence": "ours",
        "families": ["cptsd"],
        "tier": 2,
        "origin": "synthetic",
    }
    places = {
        "one": "s3://secrets/raw", "two": "hf://datasets/acme/gated", "three": "kaggle://acme/talks",
        "gone": "s3://secrets-that-are-not-there/x", "away": "sftp://user@127.0.0.1:1/path",
    }  # fmt: skip
    sources = {n: entry | {"path": f"raw/{n}", "acquire": {"location": at}} for n, at in places.items()}
    (tmp_path / "registry.yaml").write_text(yaml.safe_dump({"sources": sources}))
    recipe = {
        "name": "run",
        "corpora": "data",
        "registry": ["registry.yaml"],
        "sources": ["one", "two", "three"],
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    environment = moto.client_environment | hub.client_environment
    environment.pop("HF_HUB_DISABLE_IMPLICIT_TOKEN")
    session = Session(
        tmp_path,
        **environment,
        KAGGLE_USERNAME="planted-user",
        PIXELATED_KAGGLE_URL=f"{kaggle.url}/api/v1",
        XDG_STATE_HOME=str(tmp_path / "state"),
        RCLONE_CONFIG=os.devnull,
    )
    session.run("acquire", "check", "--registry", "registry.yaml", "--output", "check.json", code=3)
    session.run("acquire", "--registry", "registry.yaml", "--to", "data", "--output", "acquired.json", code=3)
    told = json.loads((tmp_path / "acquired.json").read_bytes())["sources"]
    assert {o["source"] for o in told if o["status"] == "complete"} == {"one", "two", "three"}
    session.run("build", "recipe.yaml", code=1)
    dataset = tmp_path / "runs/run/dataset"
    session.run("report", "run", "--output", "page.html", code=0)
    session.run("publish", dataset, "s3://published/set", code=1)
    session.run(
        "publish", dataset, "s3://published/set", "--allow-not-releasable", "--reason", "a test", code=0
    )
    session.run("inventory", "s3://published/set", "--output", "far.json", code=0)
    session.run("build", "recipe.yaml", "--corpora", "no-such-folder", code=2)
    assert found(session.printed) == []
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) > 30
    assert {p.name: found(p.read_bytes()) for p in files if found(p.read_bytes())} == {}
    published = client.list_objects_v2(Bucket="published")["Contents"]
    for item in published:
        body = client.get_object(Bucket="published", Key=item["Key"])["Body"].read()
        assert found(body) == [], item["Key"]


def test_what_the_grep_looks_for_is_found_where_it_is() -> None:
    assert found(b"key: " + SECRETS["AWS_SECRET_ACCESS_KEY"].encode()) == [SECRETS["AWS_SECRET_ACCESS_KEY"]]
    assert found(b"https://x/?X-Amz-Signature=1") == ["X-Amz-Signature"]


class Marker:
    """Unpickling one writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (os.system, (f"touch {self.path}",))


def test_code_and_pickles_of_a_dataset_are_bytes_and_are_never_run(hub: HubServer, tmp_path: Path) -> None:
    marker = tmp_path / "was-run"
    code = f"open({str(marker)!r}, 'w').write('x')\n".encode()
    files = {
        "evil.py": code, "dataset_loading_script.py": code, "setup.py": code, "data/rows.pkl": pickle.dumps(Marker(marker)),
        "data/rows.jsonl": pickle.dumps(Marker(marker)), "data/chats.jsonl": chats(0),
        "data/cells.csv": b"id,messages\n1,\"[__import__('os').system('touch " + str(marker).encode() + b"')]\"\n",
        "notes.yaml": b"!!python/object/apply:os.system ['touch " + str(marker).encode() + b"']\n",
    }  # fmt: skip
    hub.add_repo("acme/evil", files, license="mit")
    session = Session(tmp_path, **hub.client_environment)
    session.run("acquire", "hf://datasets/acme/evil", "--to", "data")
    session.run("standardise", "data/evil", "--output", "out")
    assert not marker.exists()
    assert len((tmp_path / "out/records.jsonl").read_bytes().splitlines()) == 12
    refused = [json.loads(line) for line in (tmp_path / "out/quarantine.jsonl").read_bytes().splitlines()]
    assert {"evil.py", "setup.py", "data/rows.pkl", "data/rows.jsonl", "data/cells.csv"} <= {
        r["file"] for r in refused
    }


FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.relative_to(ROOT / "src").as_posix()
)
def test_the_source_unpickles_and_evaluates_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {a.name.split(".")[0] for a in node.names} & FORBIDDEN_MODULES
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in FORBIDDEN_MODULES
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            assert name not in FORBIDDEN_CALLS, f"line {node.lineno}: {name}"
            for keyword in node.keywords:
                assert keyword.arg not in ("trust_remote_code", "allow_pickle"), f"line {node.lineno}"
