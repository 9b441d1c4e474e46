"""Bucket layouts: each key placed exactly once or named with its reason; the mission's manifest read and written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inventory_tools import FILES, inventory, state, use, write
from pixelated.core.errors import UsageError
from pixelated.inventory.file import File
from pixelated.inventory.layouts import DEFAULT, OLDER, layout_of, load_layout, map_files
from servers.moto_server import MotoServer

__all__ = ["state"]

PLACES = {
    "acquired/kaggle/posts/a.csv": "raw/kaggle/acquired/posts/a.csv",
    "acquired/books/a.pdf": "raw/local/acquired/books/a.pdf",
    "datasets/gdrive/raw/CoT/a.json": "raw/gdrive/CoT/a.json",
    "gdrive/processed/cot_reasoning/a.jsonl": "processed/cot_reasoning/a.jsonl",
    "gdrive/processed/professional_therapeutic/a.jsonl": "processed/professional_therapeutic/a.jsonl",
    "gdrive/processed/priority/a.jsonl": "processed/priority/a.jsonl",
    "datasets/gdrive/processed/edge_cases/cptsd/a.jsonl": "processed/edge_cases/cptsd/a.jsonl",
    "gdrive/processed/phase_3/a.jsonl": "processed/gdrive/phase_3/a.jsonl",
    "gdrive/tier4/a.txt": "raw/gdrive/other/tier4/a.txt",
    "lightning/a": "processed/lightning/a",
    "voice/a.json": "processed/voice/a.json",
    "pixel_voice/a.json": "processed/pixel_voice/a.json",
    "edge_cases/a.jsonl": "processed/edge_cases_2025/a.jsonl",
    "dual_persona/a.json": "processed/dual_persona/a.json",
    "config/a.yaml": "processed/config/a.yaml",
    "final_dataset/train/train_000.jsonl": "exports/final_dataset/train/train_000.jsonl",
    "exports/releases/v2026-01-31/a.jsonl": "exports/releases/v2026-01-31/a.jsonl",
    "datasets//home/someone/datasets/consolidated/reddit/a.csv": "raw/gdrive/consolidated/reddit/a.csv",
    "datasets/consolidated/processed/a.json": "processed/consolidated/processed/a.json",
}


def test_each_prefix_of_the_older_bucket_has_its_place() -> None:
    mapped = map_files([File(name, 1) for name in PLACES], load_layout(OLDER))
    assert {a: b for a, b, _ in mapped.placed} == PLACES
    assert (mapped.unplaced, mapped.left_out, mapped.collisions) == ([], [], {})


def test_every_key_stands_in_exactly_one_list() -> None:
    names = [
        *PLACES,
        "nowhere/a",
        "loose.txt",
        "voice/",
        "a.csv.terabox.uploading.cfg",
        "datasets/voice/a.json",
    ]
    mapped = map_files([File(name, 1) for name in names], load_layout(OLDER))
    told = [a for a, _, _ in mapped.placed] + [n for n, _ in mapped.left_out + mapped.unplaced]
    told += [n for keys in mapped.collisions.values() for n in keys]
    assert sorted(told) == sorted(names)
    assert mapped.as_json()["counts"]["keys"] == len(names)
    assert [n for n, _ in mapped.unplaced] == ["loose.txt", "nowhere/a", "voice/"]
    assert mapped.collisions == {"processed/voice/a.json": ["datasets/voice/a.json", "voice/a.json"]}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(File("voice/a", 1, "x"), File("datasets/voice/a", 1, "x"), "yes"),
     (File("voice/a", 1, "x"), File("datasets/voice/a", 1, "y"), "no"),
     (File("voice/a", 1, "x"), File("datasets/voice/a", 2), "no"),
     (File("voice/a", 1, "x"), File("datasets/voice/a", 1), "unknown")],
)  # fmt: skip
def test_two_keys_for_one_name_are_named_with_whether_they_are_the_same(
    one: File, other: File, same: str
) -> None:
    mapped = map_files([one, other], load_layout(OLDER))
    assert mapped.placed == []
    assert mapped.as_json()["collisions"] == [
        {"to": "processed/voice/a", "from": ["datasets/voice/a", "voice/a"], "same_bytes": same}
    ]


def test_a_segment_whose_object_is_not_listed_is_no_spare_copy() -> None:
    whole = "datasets/consolidated/reddit/big.csv"
    files = [File(whole, 2), File(f"seg/{whole}/000000", 1), File("seg/datasets/voice/lost.wav/000000", 1)]
    mapped = map_files(files, load_layout(OLDER))
    assert [n for n, _ in mapped.left_out] == [f"seg/{whole}/000000"]
    [(name, reason)] = mapped.unplaced
    assert name == "seg/datasets/voice/lost.wav/000000"
    assert "its bytes are only here" in reason


def test_no_key_of_an_older_prefix_can_take_anothers_place_by_rule() -> None:
    """Every rule, with the same file under it: all new names are different and in an area of the default layout."""
    layout, areas = load_layout(OLDER), load_layout(DEFAULT).areas
    mapped = map_files([File(f"{prefix}same/name.jsonl", 1) for prefix in layout.rules], layout)
    assert len(mapped.placed) == len(layout.rules)
    assert all(any(to.startswith(a + "/") for a in areas) for _, to, _ in mapped.placed)


def test_the_layout_of_a_listing_is_found_out() -> None:
    assert layout_of([File(name) for name in PLACES]) == OLDER
    assert layout_of([File(name) for name in FILES]) == DEFAULT
    assert layout_of([File("a"), File("b/c")]) == ""
    assert layout_of([]) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rules: {a/: nowhere/}", "in no area"),
        ("rules: {a/: processed/x/, b/: processed/x/}", "two rules lead to one folder"),
        ("rules: {a: processed/x/}", "end both with /"),
        ("rules: {a/: processed/x/}\nrulez: {}", "unknown key 'rulez'"),
        ("description: nothing", "needs either areas or rules"),
    ],
)
def test_a_wrong_layout_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(UsageError, match=why):
        load_layout(str(tmp_path / "own.yaml"))


def test_the_map_of_a_bucket(moto: MotoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    moto.fill("inv-map", dict.fromkeys(PLACES, b"x"))
    use(monkeypatch, moto.client_environment)
    code, value = inventory("map", "s3://inv-map", "--layout", OLDER, "--output", tmp_path / "map.json")
    assert code == 0
    assert {row["from"]: row["to"] for row in value["placed"]} == PLACES
    assert json.loads((tmp_path / "map.json").read_bytes()) == value
    moto.fill("inv-map", {"nowhere/a": b"x"})
    assert inventory("map", "s3://inv-map")[0] == 1


@pytest.mark.corpora
def test_the_real_keys_of_the_older_bucket(corpora: Path) -> None:
    """415 objects: 338 have a place, 73 are segments of large objects, 4 were left by uploads that never ended."""
    code, value = inventory("map", corpora / "pixelated/reports/ovh_52gb_discovery.json", "--layout", OLDER)
    assert code == 0
    assert value["counts"] == {"keys": 415, "placed": 338, "left_out": 77, "unplaced": 0, "colliding": 0}
    assert len({row["to"] for row in value["placed"]}) == 338


def test_the_missions_manifest_is_written_and_read_back(
    moto: MotoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    moto.fill("inv-mission", {name: name.encode() for name in PLACES if "//" not in name})
    use(monkeypatch, moto.client_environment)
    manifest = tmp_path / "s3_manifest.json"
    code, _ = inventory("s3://inv-mission", "--format", "s3-manifest", "--output", manifest)
    assert code == 0
    value = json.loads(manifest.read_bytes())
    assert value["bucket"] == "inv-mission"
    assert value["total_objects"] == len(PLACES) - 1
    assert value["total_size_bytes"] == sum(len(n) for n in PLACES if "//" not in n)
    assert value["categories"]["gdrive"]["processed"]["cot_reasoning"]["count"] == 1
    assert value["categories"]["acquired"]["count"] == 2
    assert value["categories"]["metadata"]["consolidation"]["count"] == 1
    [raw] = value["categories"]["gdrive"]["raw"]["objects"]
    assert raw.keys() >= {"key", "size", "size_formatted", "last_modified", "etag"}
    first = manifest.read_bytes()
    inventory("s3://inv-mission", "--format", "s3-manifest", "--output", manifest)
    assert manifest.read_bytes() == first
    assert inventory("diff", manifest, "s3://inv-mission")[0] == 0
    assert inventory("map", manifest)[1]["counts"]["placed"] == len(PLACES) - 1


def test_a_manifest_of_etags_alone_is_compared_and_a_wrong_count_refused(
    moto: MotoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = moto.fill("inv-etags", FILES)
    use(monkeypatch, moto.client_environment)
    manifest = tmp_path / "s3_manifest.json"
    inventory("s3://inv-etags", "--no-hash", "--format", "s3-manifest", "--output", manifest)
    assert "sha256" not in manifest.read_text()
    code, value = inventory("diff", manifest, write(tmp_path / "a", FILES))
    assert (code, value["same_by"]) == (0, {"etag": len(FILES)})
    client.put_object(Bucket="inv-etags", Key="raw/local/notes/one.txt", Body=b"FIRST words\n")
    code, value = inventory("diff", manifest, "s3://inv-etags")
    assert (code, [f["name"] for f in value["unknown"]]) == (3, ["raw/local/notes/one.txt"])
    broken = json.loads(manifest.read_bytes())
    broken["total_objects"] += 1
    manifest.write_text(json.dumps(broken))
    assert inventory("diff", manifest, tmp_path / "a")[0] == 2


def test_a_manifest_of_a_folder_is_refused(tmp_path: Path) -> None:
    code, error = inventory(write(tmp_path / "a", FILES), "--format", "s3-manifest")
    assert (code, error["error"]["code"]) == (2, "no_bucket")
