"""Names, links, other sources and registries that mean harm: nothing is lost, nothing is written elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from pixelated.acquire.boxes import place_problems
from pixelated.acquire.fetch import Options, Outcome, fetch_source
from pixelated.acquire.listing import list_source
from pixelated.core.addresses import without_secrets
from pixelated.core.downloads.download import Job, download
from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.places import kaggle, place_of
from pixelated.core.presets import load_yaml
from pixelated.core.receipts import read_receipt
from pixelated.core.registry_file import read_registries
from pixelated.core.source import Acquisition, Source
from pixelated.inventory.document import read_inventory
from pixelated.inventory.known import state_folder
from pixelated.publish.shelf import parse_record
from publish_parts import run, write_dataset  # noqa: F401 - a fixture


def fill(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return folder


def zipped(path: Path, name: str = "z.txt", body: bytes = b"zip") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, body)


def source(location: Path, name: str = "s", path: str = "raw/s", **more: object) -> Source:
    return Source(id=name, path=path, acquire=Acquisition(location=str(location)), **more)  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, bytes]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def problems(outcome: Outcome) -> dict[str, str]:
    assert outcome.status == "incomplete"
    return dict(outcome.problems)


@pytest.mark.parametrize("name", ["...zip", "..zip", ".zip", "...tar.gz"])
def test_an_archive_whose_folder_would_be_another_is_refused(name: str, tmp_path: Path) -> None:
    there = fill(tmp_path / "there", **{"keep.txt": b"keep"})
    zipped(there / name)
    others = fill(tmp_path / "home/raw/other", **{"mine.txt": b"mine"})
    outcome = fetch_source(source(there), Options(tmp_path / "home"))
    assert list(problems(outcome)) == [name]
    assert tree(tmp_path / "home/raw") == {"other/mine.txt": b"mine", "s/keep.txt": b"keep"}
    assert others.is_dir()


def test_an_archive_does_not_push_the_files_beside_it_aside(tmp_path: Path) -> None:
    there = fill(tmp_path / "there/train", **{"a.jsonl": b"row"}).parent
    zipped(there / "train.zip")
    outcome = fetch_source(source(there), Options(tmp_path / "home"))
    assert "take the place of the files under train/" in problems(outcome)["train.zip"]
    assert tree(tmp_path / "home/raw/s") == {"train/a.jsonl": b"row"}
    chosen = source(there, exclude=("train/*",))
    assert fetch_source(chosen, Options(tmp_path / "other")).status == "complete"
    assert tree(tmp_path / "other/raw/s") == {"train/z.txt": b"zip"}


def test_two_archives_of_one_folder_do_not_take_turns(tmp_path: Path) -> None:
    zipped(tmp_path / "there/x.zip")
    with tarfile.open(tmp_path / "there/x.tar.gz", "w:gz") as archive:
        archive.add(__file__, "t.py")
    outcome = fetch_source(source(tmp_path / "there"), Options(tmp_path / "home"))
    assert "take the place of x.tar.gz" in problems(outcome)["x.zip"]
    assert list(tree(tmp_path / "home/raw/s")) == ["x/t.py"]


def test_what_a_bucket_may_call_its_objects_and_a_folder_may_not() -> None:
    here = Source(id="s", path="raw/s")
    found = place_problems(here, ["a", "a/b", "c.zip", "c/d.zip", "e.zip", "e", "f.txt"])
    assert set(found) == {"a", "c.zip", "e.zip"}
    whole = Source(id="s", path=".")
    found = place_problems(
        whole, [".acquired/x.json", ".staging/x/.lock", ".archives/a", ".acquired.zip", "x/.staging"]
    )
    assert set(found) == {".acquired/x.json", ".staging/x/.lock", ".archives/a", ".acquired.zip"}
    assert place_problems(here, [".staging/x"]) == {}


def test_a_source_forges_no_receipt_of_another(tmp_path: Path) -> None:
    there = fill(tmp_path / "there/.acquired", **{"victim.json": b"forged"}).parent
    receipts = fill(tmp_path / "home/.acquired", **{"victim.json": b"{}"})
    outcome = fetch_source(source(there, path="."), Options(tmp_path / "home"))
    assert "folder of this program" in problems(outcome)[".acquired/victim.json"]
    assert (receipts / "victim.json").read_bytes() == b"{}"


def test_two_sources_do_not_push_each_others_files_aside(tmp_path: Path) -> None:
    fill(tmp_path / "one", **{"f.txt": b"one", "same.txt": b"same", "x.zip": b""})
    zipped(tmp_path / "one/x.zip")
    fill(tmp_path / "two/x", **{"z.txt": b"two"})
    fill(tmp_path / "two/more", **{"f.txt": b"two"})
    (tmp_path / "two/f.txt").write_bytes(b"two")
    home = tmp_path / "home"
    assert fetch_source(source(tmp_path / "one", "one"), Options(home)).status == "complete"
    before = tree(home / "raw/s")
    found = problems(fetch_source(source(tmp_path / "two", "two"), Options(home)))
    assert set(found) == {"f.txt", "x/z.txt"}
    assert "source 'one' has a file of this path" in found["f.txt"]
    assert tree(home / "raw/s") == before | {"more/f.txt": b"two"}
    assert set(read_receipt(home, "two").files) == {"more/f.txt"}
    assert fetch_source(source(tmp_path / "one", "one"), Options(home)).status == "complete"


def test_two_addresses_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        fill(tmp_path / name / "data", **{"f.txt": name.encode()})
    done = pixelated("acquire", "./one/data", "./two/data", "--to", "home", folder=tmp_path)
    assert done.returncode == 2
    assert b"two of the addresses go to the folder data" in done.stderr
    assert not (tmp_path / "home").exists()


def pixelated(*arguments: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pixelated", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)


def test_a_signature_of_an_address_names_no_folder(tmp_path: Path) -> None:
    done = pixelated("acquire", "http://127.0.0.1:1/f.txt?token=planted", "--to", "home", folder=tmp_path)
    assert done.returncode == 3
    assert b"planted" not in done.stdout + done.stderr
    assert not [p for p in tmp_path.rglob("*") if "planted" in p.name]


def test_links_that_were_planted_are_not_written_through(tmp_path: Path) -> None:
    there = fill(tmp_path / "there/data", **{"f.txt": b"new"}).parent
    victim, outside = tmp_path / "victim", tmp_path / "outside"
    victim.write_bytes(b"precious")
    outside.mkdir()
    home = tmp_path / "home"
    (home / ".staging/s").mkdir(parents=True)
    (home / ".staging/s/.lock").symlink_to(victim)
    with pytest.raises(UsageError, match="is a link, which is not followed"):
        fetch_source(source(there), Options(home))
    (home / ".staging/s/.lock").unlink()
    (home / "raw/s").mkdir(parents=True)
    (home / "raw/s/data").symlink_to(outside)
    assert "over a link" in problems(fetch_source(source(there), Options(home)))["data/f.txt"]
    assert (victim.read_bytes(), list(outside.iterdir())) == (b"precious", [])


def test_a_part_that_is_a_link_is_begun_anew(tmp_path: Path) -> None:
    there = fill(tmp_path / "there", **{"f.txt": b"new bytes"})
    victim = tmp_path / "victim"
    victim.write_bytes(b"new")  # shorter, so that the download would go on in it
    place = place_of(str(there))
    [entry] = place.entries()
    job = Job(place, entry, tmp_path / "f.txt", tmp_path / "staging")
    job.staging.mkdir()
    job.part.symlink_to(victim)
    job.part.with_suffix(".json").write_text(
        json.dumps({"uri": place.uri, "name": "f.txt", "listed": entry.version})
    )
    download(job)
    assert victim.read_bytes() == b"new"
    assert (tmp_path / "f.txt").read_bytes() == b"new bytes"
    assert not (tmp_path / "f.txt").is_symlink()


def test_odd_names_of_a_folder_are_named_and_printed_harmlessly(tmp_path: Path) -> None:
    there = fill(tmp_path / "there", **{"ok.txt": b"x", "esc\x1b[31m\nforged: complete": b"x"})
    (there / "loop").symlink_to("loop")
    Path(os.fsdecode(os.fsencode(there) + b"/bad\xff.txt")).write_bytes(b"x")
    for flag in ("--quiet", "--json"):
        done = pixelated("acquire", "./there", "--to", "home", flag, folder=tmp_path)
        assert done.returncode == 3, done.stderr
        assert b"\x1b" not in done.stdout
        assert b"\nforged" not in done.stdout
        assert b"its name is no text" in done.stdout
    listed = pixelated("inventory", "./there", "--quiet", folder=tmp_path)
    assert b"\x1b" not in listed.stdout


@pytest.mark.parametrize(
    ("pattern", "name"), [("*a" * 20 + "*b", "a" * 200), ("**/" * 12 + "x", "/".join("a" * 60))]
)
def test_a_pattern_takes_no_longer_than_a_name_is_long(pattern: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "there" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    (tmp_path / "there/README").write_bytes(b"")
    began = time.monotonic()
    listing = list_source(source(tmp_path / "there", files=(pattern,)))
    assert list(listing.entries) == ["README"]
    assert time.monotonic() - began < 5


LAUGHS = "\n".join(
    ["a0: &a0 [lol, lol, lol]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))]
)
MERGES = "\n".join(
    ["m0: &m0 {k: 1}", *(f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 9)}]}}" for i in range(1, 12))]
)


@pytest.mark.parametrize("text", [LAUGHS, MERGES])
def test_aliases_that_stand_for_too_much_are_refused_unread(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(UsageError, match="stand for more than 1,000,000 values"):
        load_yaml(text, "registry.yaml")
    assert time.monotonic() - began < 5


def test_aliases_of_themselves_are_refused_and_others_are_taken() -> None:
    with pytest.raises(UsageError, match="what it is a part of"):
        load_yaml("a: &a {b: [*a]}", "registry.yaml")
    assert load_yaml("a: &a {b: 1}\nc: {<<: *a, d: *a}\n", "x") == {
        "a": {"b": 1},
        "c": {"b": 1, "d": {"b": 1}},
    }


@pytest.mark.parametrize("value", ["2026-13-45", "9" * 5000])
def test_a_date_or_number_that_is_none_is_named_with_its_line(value: str) -> None:
    with pytest.raises(UsageError, match=r"registry\.yaml, line 2"):
        load_yaml(f"sources:\n  s: {{retrieved_at: {value}}}\n", "registry.yaml")


@pytest.mark.parametrize(
    "path", [".acquired", ".staging/s", ".archives/s", "./.acquired", "raw/s\\0x", "a\\nb"]
)
def test_a_source_has_no_path_among_this_programs_own(path: str, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(f'sources: {{s: {{path: "{path}"}}}}')
    with pytest.raises(UsageError, match="cannot be used"):
        read_registries((str(tmp_path / "r.yaml"),))


def test_a_registry_takes_no_secret_into_the_uri_of_a_source(tmp_path: Path) -> None:
    place = "https://u:planted@host/a.jsonl?token=planted"
    (tmp_path / "r.yaml").write_text(
        json.dumps({"sources": {"s": {"path": "raw/s", "acquire": {"location": place}}}})
    )
    found = read_registries((str(tmp_path / "r.yaml"),))["s"]
    assert (found.uri, found.acquire.location) == ("https://host/a.jsonl", place)


def test_addresses_without_secrets_stay_as_they_are() -> None:
    plain = (
        "s3://bucket/a?b#c", "hf://datasets/owner/name@rev/x", "gdrive:folder, with comma/x", "./a,b=c/d", "/data",
        "sftp://user@host:22/x", "https://host:8443/x", "remote name:path",
    )  # fmt: skip
    assert [without_secrets(a) for a in plain] == list(plain)


@pytest.mark.parametrize(
    "change",
    [
        {"files": [{"name": 5}]}, {"files": [{"name": "a", "sha256": 7}]}, {"files": [{"name": "a", "size": -1}]},
        {"files": [{"name": "a", "size": "1"}]}, {"files": 5}, {"files": [5]}, {"place": 5}, {"endpoint": []},
        {"files": [{"name": "a", "size": True}]},
    ],
)  # fmt: skip
def test_an_inventory_of_other_kinds_of_values_is_damaged(change: dict[str, object], tmp_path: Path) -> None:
    fine = {
        "format": "pixelated-inventory/1",
        "place": "x",
        "layout": "",
        "counts": {"left_out": 0},
        "files": [],
    }
    (tmp_path / "i.json").write_text(json.dumps(fine))
    assert read_inventory(tmp_path / "i.json") is not None
    (tmp_path / "i.json").write_text(json.dumps(fine | change))
    with pytest.raises(UsageError, match="is damaged"):
        read_inventory(tmp_path / "i.json")


@pytest.mark.parametrize("said", [5, None, ["x"], {}])
def test_a_record_of_a_release_without_a_hash_is_refused(said: object) -> None:
    with pytest.raises(CheckFailedError, match="is not one that publish wrote"):
        parse_record(json.dumps({"release": "r", "manifest_sha256": said}).encode(), "r")


def test_a_record_that_was_there_hides_no_override(run, tmp_path: Path) -> None:  # noqa: F811
    dataset = write_dataset(tmp_path / "d", releasable=False)
    sha256 = hashlib.sha256((dataset / "manifest.json").read_bytes()).hexdigest()
    planted = fill(tmp_path / "out/releases/r")
    (planted / "release.json").write_text(json.dumps({"release": "r", "manifest_sha256": sha256}))
    done = run(dataset, tmp_path / "out", "--release", "r", "--allow-not-releasable", "--reason", "a test")
    assert done.code == 0, done
    pointer = json.loads((tmp_path / "out/current.json").read_text())
    assert pointer["override"]["reason"] == "a test"


@pytest.mark.parametrize(
    "arguments", [("publish", "x", "sftp://host:99999/x"), ("inventory", "https://host:99999/x")]
)
def test_a_port_that_is_none_is_bad_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert pixelated(*arguments, folder=tmp_path).returncode == 2


def test_a_folder_that_cannot_be_read_is_named_and_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = fill(tmp_path / "there/closed", **{"f.txt": b"x"}).parent
    (there / "open.txt").write_bytes(b"y")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    entries = list(place_of(str(there)).entries())
    assert [(e.name, e.problem) for e in entries] == [
        ("closed", "cannot be read: Permission denied"),
        ("open.txt", ""),
    ]


def test_a_user_without_a_home_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("KAGGLE_CONFIG_DIR", raising=False)
    with pytest.raises(UsageError, match="no home folder"):
        state_folder()
    with pytest.raises(UsageError, match="no home folder"):
        place_of("sftp://user@host.example/x")
    assert kaggle._headers() == {}  # a public dataset needs no key
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "pixelated/inventory"
