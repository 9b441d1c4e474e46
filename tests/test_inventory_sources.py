"""`pixelated inventory sources`: of each registered source how to get it, what it must be, and what is there."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from inventory_tools import inventory, sha256, state, use, write
from pixelated.core.source import Acquisition, Source
from pixelated.inventory.commands import plain_command, without_secrets
from servers.moto_server import MotoServer

__all__ = ["state"]
ONE, TWO = b"one\n" * 9, b"two\n" * 7


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Five sources: fetched from a folder, pinned by the registry, unpinned, not to be had, generated."""
    write(tmp_path / "far/fetched", {"a.jsonl": ONE, "b.jsonl": TWO})
    write(tmp_path / "data/pinned", {"p.jsonl": ONE})
    write(tmp_path / "data/loose", {"l.jsonl": ONE})
    entry = {"license": "CC0-1.0", "families": ["mental_health_datasets"], "tier": 2, "origin": "human"}
    pinned = {
        "location": "s3://bucket/pinned/",
        "expected": {"p.jsonl": {"size": len(ONE), "sha256": sha256(ONE)}},
    }
    sources = {
        "fetched": {"path": "fetched", "acquire": {"location": str(tmp_path / "far/fetched")}},
        "pinned": {"path": "pinned", "acquire": pinned, "revision": "2026-01"},
        "loose": {"path": "loose", "acquire": {"location": "gdrive:loose"}},
        "gone": {"path": "gone", "acquire": {"location": "hf://datasets/acme/gone"}},
        "later": {"path": "later", "acquire": {"status": "needs_generation"}},
    }
    path = tmp_path / "registry.yaml"
    path.write_text(yaml.safe_dump({"sources": {k: entry | v for k, v in sources.items()}}))
    return path


def look(registry: Path) -> tuple[int, dict[str, dict]]:
    output = registry.parent / "dataset_inventory.json"
    code, _ = inventory(
        "sources", "--registry", registry, "--root", registry.parent / "data", "--output", output
    )
    return code, {row["id"]: row for row in json.loads(output.read_bytes())["datasets"]}


def fetch(rows: dict[str, dict], name: str) -> subprocess.CompletedProcess[str]:
    """Run the command that the inventory names."""
    words = shlex.split(rows[name]["download"]["command"])
    assert words[0] == "pixelated"
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_that_is_named_makes_the_source_whole(registry: Path) -> None:
    code, rows = look(registry)
    assert code == 3
    statuses = {name: row["status"] for name, row in rows.items()}
    assert statuses == {
        "fetched": "missing", "pinned": "whole", "loose": "unverified", "gone": "missing", "later": "missing",
    }  # fmt: skip
    done = fetch(rows, "fetched")
    assert done.returncode == 0, done.stderr
    _, rows = look(registry)
    row = rows["fetched"]
    assert row["status"] == "whole"
    assert row["size"] == len(ONE) + len(TWO)
    assert [f["expected"] for f in row["files"]] == [
        {"size": len(ONE), "sha256": sha256(ONE), "said_by": "receipt"},
        {"size": len(TWO), "sha256": sha256(TWO), "said_by": "receipt"},
    ]
    assert rows["pinned"]["files"][0]["expected"]["said_by"] == "registry"
    assert rows["pinned"]["revision"] == "2026-01"
    assert row["license"] == "CC0-1.0"
    assert rows["later"]["can_be_fetched"] is False


def test_a_file_that_was_changed_since_is_found_by_its_hash(registry: Path) -> None:
    _, rows = look(registry)
    fetch(rows, "fetched")
    changed = registry.parent / "data/fetched/a.jsonl"
    changed.write_bytes(b"two\n" * 9)  # as many bytes
    code, rows = look(registry)
    assert code == 1
    assert rows["fetched"]["status"] == "changed"
    assert rows["fetched"]["problems"] == ["a.jsonl: changed"]
    changed.unlink()
    code, rows = look(registry)
    assert (code, rows["fetched"]["status"]) == (3, "incomplete")


def test_a_download_that_did_not_end_is_incomplete(registry: Path) -> None:
    from pixelated.core.receipts import read_receipt, write_receipt

    _, rows = look(registry)
    fetch(rows, "fetched")
    root = registry.parent / "data"
    receipt = read_receipt(root, "fetched")
    assert receipt.complete
    del receipt.files["b.jsonl"]  # as after a kill between the two files
    receipt.complete = False
    write_receipt(root, receipt)
    _, rows = look(registry)
    assert rows["fetched"]["status"] == "incomplete"
    assert rows["fetched"]["problems"] == ["its download did not end"]


def test_a_part_in_staging_and_a_total_that_is_not_reached_are_incomplete(registry: Path) -> None:
    write(registry.parent / "data/.staging/pinned", {"0123.part": b"half"})
    _, rows = look(registry)
    assert rows["pinned"]["status"] == "incomplete"
    value = yaml.safe_load(registry.read_text())
    value["sources"]["loose"]["acquire"]["total_bytes"] = 1_000_000
    registry.write_text(yaml.safe_dump(value))
    _, rows = look(registry)
    assert rows["loose"]["problems"] == [f"{len(ONE):,} bytes are there, the registry names 1,000,000"]


def test_it_is_the_same_each_time_and_unchanged_files_are_not_read_again(
    registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixelated.inventory.reading as module

    look(registry)
    first = (registry.parent / "dataset_inventory.json").read_bytes()
    monkeypatch.setattr(module, "read_digests", lambda *_: pytest.fail("it was read again"))
    look(registry)
    assert (registry.parent / "dataset_inventory.json").read_bytes() == first


def test_no_hash_inventories_take_digests_from_receipts(registry: Path) -> None:
    _, rows = look(registry)
    fetch(rows, "fetched")
    _, value = inventory(registry.parent / "data", "--no-hash")
    files = {f["name"]: f for f in value["inventories"][0]["files"]}
    assert files["fetched/a.jsonl"]["sha256"] == sha256(ONE)
    assert files["fetched/a.jsonl"]["by"] == "receipt"
    assert "sha256" not in files["loose/l.jsonl"]
    assert not [n for n in files if n.startswith(".acquired")]


@pytest.mark.parametrize(
    ("location", "more", "command"),
    [
        ("s3://b/p/", {}, "aws s3 cp s3://b/p/ data/x/ --recursive"),
        (
            "s3://b/p/a.csv",
            {"endpoint": "https://e"},
            "aws s3 cp s3://b/p/a.csv data/x/ --endpoint-url https://e",
        ),
        (
            "hf://datasets/o/n@abc",
            {},
            "hf download o/n --repo-type dataset --revision abc --local-dir data/x",
        ),
        ("kaggle://o/n@3", {}, "kaggle datasets download -d o/n -p data/x --unzip"),
        ("gdrive:a b", {}, "rclone copy 'gdrive:a b' data/x"),
        ("gs://b/p", {}, "gcloud storage cp -r gs://b/p data/x"),
        ("sftp://u@h:22/p", {}, "scp -r -P 22 u@h:/p data/x"),
        ("https://h/a.csv?X-Sig=s3cr3t", {}, "curl -fL -C - --create-dirs -o data/x/a.csv https://h/a.csv"),
        ("/mnt/a", {}, "cp -R /mnt/a data/x"),
        ("", {}, ""),
    ],
)
def test_the_plain_tools_command(location: str, more: dict, command: str) -> None:
    assert plain_command(Source("x", acquire=Acquisition(location=location, **more)), "data/x") == command


def test_addresses_are_written_down_without_secrets() -> None:
    assert without_secrets(":s3,access_key_id=AKIA,secret_access_key=s3cr3t:b/p") == ":s3:b/p"
    assert without_secrets("https://h/a?token=s3cr3t") == "https://h/a"
    assert without_secrets("sftp://u:s3cr3t@h/p") == "sftp://h/p"
    assert without_secrets("sftp://u@h/p") == "sftp://u@h/p"


def test_a_source_in_a_bucket_is_fetched_by_the_command(
    registry: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pixelated acquire` from the bucket that the registry names, then by hash the same file."""
    moto.fill("inv-sources", {"set/p.jsonl": ONE})
    use(monkeypatch, moto.client_environment)
    value = yaml.safe_load(registry.read_text())
    value["sources"]["pinned"]["acquire"]["location"] = "s3://inv-sources/set/"
    registry.write_text(yaml.safe_dump(value))
    (registry.parent / "data/pinned/p.jsonl").unlink()
    _, rows = look(registry)
    assert rows["pinned"]["status"] == "missing"
    assert fetch(rows, "pinned").returncode == 0
    assert look(registry)[1]["pinned"]["status"] == "whole"
