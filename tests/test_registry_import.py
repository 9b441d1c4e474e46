"""The mission's own files become registry entries; every item of them ends somewhere, with a reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from pixelated.cli import registry as commands
from pixelated.cli.output import run_app
from pixelated.core.errors import InternalError, UsageError
from pixelated.core.registry_file import load_families, read_registry
from pixelated.registry import Import, import_files, importer
from pixelated.registry.entry import Tables, slug
from pixelated.registry.items import items_of

FAMILIES = load_families("default")

OLDER: dict[str, Any] = {
    "description": "a registry of the same shape, written here",
    "canonical_storage": {"type": "s3", "bucket": "pixel-data", "prefixes": {"raw": "raw"}},
    "datasets": {
        "cot_reasoning": {
            "Thinking About Weather": {
                "path": "s3://pixel-data/cot/weather.json",
                "fallback_paths": {"gdrive": "/mnt/gdrive/datasets/weather/weather.json"},
                "size_mb": 4.5,
                "type": "chain_of_thought",
                "focus": "weather",
                "stage": "stage2_therapeutic_expertise",
                "quality_profile": "cot_reasoning",
            }
        },
        "wendy_curated_sets": {
            "gold": {"path": "s3://pixel-data/old/gold.jsonl", "type": "curated_gold", "tier": 1},
            "lost": {"status": "TBD", "tier": 1},
        },
    },
    "edge_case_sources": {
        "edge_case_generator": {"path": "s3://pixel-data/edge/out.jsonl", "type": "synthetic_edge"},
        "deep": {"deeper": {"deepest": {"path": "s3://pixel-data/r/x.csv", "type": "raw_forum"}}},
    },
    "training_strategy": {"stage_1": {"datasets": ["gold"], "status": "fine"}},
}
NEWER: dict[str, Any] = {
    "datasets": {
        "wendy_curated_sets": {
            "gold": {
                "path": "s3://pixel-data/new/gold.jsonl",
                "type": "curated_gold",
                "status": "active",
                "fallback_paths": {"gdrive_dir": "/mnt/gdrive/datasets/shared"},
            }
        }
    }
}


def write(folder: Path, **files: Any) -> list[Path]:
    out = []
    for name, data in files.items():
        out.append(folder / f"{name}.json")
        out[-1].write_text(json.dumps(data), encoding="utf-8")
    return out


def run(folder: Path, **files: Any) -> Import:
    imported = import_files(write(folder, **files), FAMILIES)
    ends = Counter((e["file"], e["key"]) for e in (*imported.placed, *imported.unplaced, *imported.ignored))
    assert sum(ends.values()) == imported.items
    assert max(ends.values()) == 1  # nothing ends twice
    return imported


def reasons(imported: Import) -> dict[str, str]:
    return {u["key"]: u["reason"] for u in imported.unplaced}


def routing(**families: str | None) -> dict[str, Any]:
    named = {
        n: {"s3_path": p, "status": "available" if p else "needs_generation"} for n, p in families.items()
    }
    return {"generated_at": "2025", "families": named}


def registry(**entries: Any) -> dict[str, Any]:
    return {"datasets": {"cot_reasoning": entries}}


def test_entries_of_any_depth_are_placed(tmp_path: Path) -> None:
    imported = run(tmp_path, older=OLDER)
    assert sorted(imported.sources) == ["deepest", "edge_case_generator", "gold", "thinking_about_weather"]
    weather = imported.sources["thinking_about_weather"]
    assert weather["families"] == ["mental_health_datasets"]  # cot_reasoning is an alias
    assert weather["tier"] == 3
    assert weather["acquire"]["location"] == "s3://pixel-data/cot/weather.json"
    assert weather["acquire"]["fallbacks"] == ["gdrive:weather/weather.json"]
    assert weather["acquire"]["approx_mb"] == 4.5
    assert weather["license"] == "NOASSERTION"
    assert "missing" in weather["license_evidence"]
    assert reasons(imported) == {"datasets.wendy_curated_sets.lost": "status TBD: nobody has seen it"}
    assert imported.exit_code == 3
    ignored = {i["key"]: i["reason"] for i in imported.ignored}
    assert ignored.keys() == {"description", "canonical_storage", "training_strategy"}
    assert "no dataset" in ignored["canonical_storage"]


def test_the_generator_is_role_reversed_and_grants_the_bypass(tmp_path: Path) -> None:
    sources = run(tmp_path, older=OLDER).sources
    assert sources["edge_case_generator"]["mapping"]["role_reversed"] is True
    assert [i for i, s in sources.items() if s.get("edge_bypass")] == ["edge_case_generator"]


def test_a_later_file_wins_and_the_older_place_becomes_a_fallback(tmp_path: Path) -> None:
    gold = run(tmp_path, a=OLDER, b=NEWER).sources["gold"]
    assert gold["acquire"]["location"] == "s3://pixel-data/new/gold.jsonl"
    assert gold["acquire"]["fallbacks"] == ["gdrive:shared", "s3://pixel-data/old/gold.jsonl"]
    assert gold["acquire"]["status"] == "active"
    other = run(tmp_path, b=NEWER, a=OLDER).sources["gold"]
    assert other["acquire"]["location"] == "s3://pixel-data/old/gold.jsonl"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"path": "s3://pixel-data/{split}/x.json", "type": "professional"}, "is a template"),
        ({"path": "s3://pixel-data/x/dataset_info.json", "type": "professional"}, "about data"),
        ({"path": "s3://pixel-data/x/filter_test_report.json", "type": "professional"}, "about data"),
        ({"path": "ftp://host/x.json", "type": "professional"}, "no location of a known form"),
        ({"path": "s3://pixel-data/x.json", "type": "professional", "status": "odd"}, "status 'odd' is none"),
        ({"path": "s3://pixel-data/x.json", "type": "professional", "status": "TBD"}, "TBD"),
        ({"path": ["a", "b"], "type": "professional"}, "is no text"),
        ({"type": "professional", "status": "missing"}, r"no location \(status missing\)"),
    ],
)
def test_what_cannot_be_placed_says_why(tmp_path: Path, entry: dict[str, Any], reason: str) -> None:
    imported = run(tmp_path, a=registry(odd=entry, fine={"path": "s3://pixel-data/y.json"}))
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(reasons(imported)["datasets.cot_reasoning.odd"])
    assert list(imported.sources) == ["fine"]


def test_a_family_that_nothing_tells_is_not_guessed(tmp_path: Path) -> None:
    data = {"datasets": {"bits": {"numbers": {"path": "s3://pixel-data/n.csv", "type": "figures"}}}}
    data["datasets"]["bits"]["sarcastic_lines"] = {"path": "s3://pixel-data/s.csv"}
    imported = run(tmp_path, a=data)
    assert "family unknown: type 'figures', group 'datasets.bits'" in reasons(imported).values()
    guessed = imported.sources["sarcastic_lines"]
    assert guessed["families"] == ["sarcasm"]
    assert "guessed" in guessed["notes"]


def test_a_stated_family_that_is_none_is_an_error_with_its_key(tmp_path: Path) -> None:
    odd = {"path": "s3://pixel-data/x.json", "family": "horoscopes"}
    for files in (
        {"a": registry(odd=odd)},
        {"a": routing(horoscopes="a.json")},
        {"a": {"curriculum_version": "1", "phase_b": {"datasets": {"horoscopes": 1.0}}}},
        {"a": {"curriculum_version": "1", "validation": {"test_holdout_families": ["horoscopes"]}}},
    ):
        with pytest.raises(UsageError, match=r"a\.json: .*horoscopes") as caught:
            run(tmp_path, **files)
        assert "alias" in caught.value.remedy


def test_a_routed_file_is_placed_only_where_its_name_supports_the_family(tmp_path: Path) -> None:
    table = routing(
        sarcasm="s/sarcasm_data.json",
        voice_persona="p/primates.json",
        dpo_preference="hh/dataset_dict.json",
        addiction="new/gold.jsonl",
        cptsd=None,
    )
    imported = run(tmp_path, table=table, newer=NEWER)
    assert imported.sources["sarcasm_data"]["acquire"]["location"] == "s3://pixel-data/s/sarcasm_data.json"
    why = reasons(imported)
    assert "nothing in the name" in why["families.voice_persona"]
    assert "about data" in why["families.dpo_preference"]
    assert "is the source gold of mental_health_datasets; addiction is said" in why["families.addiction"]
    assert why["families.cptsd"] == "no location (status needs_generation)"
    assert len(why) == 4


def test_curriculum_weights_name_their_families(tmp_path: Path) -> None:
    stages = {
        "stage1": {"datasets": {"professional_therapeutic": 0.6, "cptsd": 0.4}, "epochs": 2},
        "stage3": {"datasets": {"edge_case_generator": 1.0}},
    }
    paths = ["s3://pixel-data/v/video_talks/", "s3://pixel-data/v/other/"]
    curriculum = {
        "curriculum_version": "1",
        "phase_a": {"datasets": {"video_transcripts": {"weight": 1.0, "s3_paths": paths}}},
        "phase_b": {"stages": stages},
        "validation": {"test_holdout_families": ["edge_case_crisis"]},
    }
    imported = run(tmp_path, c=curriculum)
    assert imported.weights["phase_b.stage1"] == [
        {"name": "professional_therapeutic", "families": ["mental_health_datasets"], "weight": 0.6},
        {"name": "cptsd", "families": ["cptsd"], "weight": 0.4},
    ]
    assert list(imported.sources) == ["video_talks"]
    assert len(imported.unplaced) == 1
    holdout = next(p for p in imported.placed if p["key"].endswith("edge_case_crisis"))
    assert holdout["families"] == "edge_case_generator, edge_case_resulting_chats, edge_case_synthetic"


def test_a_policy_manifest_with_hub_ids(tmp_path: Path) -> None:
    manifest = {
        "manifest_version": "1.0",
        "stages": {"stage1_foundation": {"target_percentage": 0.4, "quality_profile": {"min_empathy": 0.5}}},
        "datasets": {
            "found": {
                "total_found": 3,
                "good": {"owner/talks": {"category": "therapeutic", "license": "mit", "downloads": 9}},
                "bare": {"no_owner": {"downloads": 1, "category": "therapeutic"}},
                "more": ["owner/counsel-two", "not an id"],
            }
        },
    }
    imported = run(tmp_path, m=manifest)
    assert sorted(s["acquire"]["location"] for s in imported.sources.values()) == [
        "hf://datasets/owner/counsel-two",
        "hf://datasets/owner/talks",
    ]
    assert imported.sources["owner_talks"]["license"] == "MIT"
    assert imported.sources["owner_talks"]["acquire"]["upstream_license"] == "mit"
    assert reasons(imported) == {"datasets.found.bare.no_owner": "no location"}
    assert run(tmp_path, m=manifest | {"datasets": {}}).sources == {}


def test_a_name_that_stands_twice_in_a_file_is_two_sources(tmp_path: Path) -> None:
    entry = {"type": "professional"}
    groups = {g: {"same": entry | {"path": f"s3://pixel-data/{g}.json"}} for g in ("one", "two")}
    assert sorted(run(tmp_path, a={"datasets": groups}).sources) == ["same", "two_same"]


@pytest.mark.parametrize("text", ["[]", "{", '{"hello": 1}', '{"datasets": ' + '{"a":' * 60 + "1" + "}" * 61])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UsageError, match=r"a\.json"):
        import_files([tmp_path / "a.json"], FAMILIES)
    with pytest.raises(UsageError, match="no file"):
        import_files([tmp_path / "b.json"], FAMILIES)


def test_an_item_that_gets_lost_is_an_internal_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tmp_path, a=OLDER)
    monkeypatch.setattr(importer, "_settle", lambda *_: None)
    with pytest.raises(InternalError, match="items in"):
        import_files(files, FAMILIES)
    monkeypatch.setattr("pixelated.registry.items._node", lambda *_: iter(()))
    with pytest.raises(InternalError, match="Thinking About Weather"):
        items_of(OLDER, "a.json", {})


def command(*arguments: str | Path) -> int:
    app = typer.Typer(rich_markup_mode=None)
    app.command("import")(commands.import_)
    app.command("matrix")(commands.matrix)
    app.command("check")(commands.check)
    return run_app(app, [str(a) for a in arguments])


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older, newer = write(tmp_path, older=OLDER, newer=NEWER)
    out, report, table = tmp_path / "out/registry.yaml", tmp_path / "report.json", tmp_path / "m.csv"
    assert command("import", newer, "--output", out) == 0
    assert command("import", older, newer, "--output", out, "--report", report) == 3
    said = capsys.readouterr().out
    assert "not placed: older.json: datasets.wendy_curated_sets.lost: status TBD" in said
    assert json.loads(report.read_text())["counts"] == {"placed": 5, "unplaced": 1, "ignored": 3}
    assert len(read_registry(str(out), Path("/"), *FAMILIES)) == 4
    first = out.read_bytes()
    command("import", older, newer, "--output", out)
    assert out.read_bytes() == first
    assert command("check", "--registry", out, "--json") == 0
    capsys.readouterr()
    assert command("matrix", "--registry", out, "--output", table) == 0
    assert command("check", "--registry", out, "--matrix", table) == 0
    edited = table.read_text().replace(",pending,,", ",approved,,", 1)
    table.write_text(edited)
    assert command("check", "--registry", out, "--matrix", table) == 1
    said = capsys.readouterr().out
    assert "unclear_licence_never_approved" in said
    assert "approved_needs_reviewer" in said
    assert (
        "4 not pinned, so not releasable: deepest, edge_case_generator, gold, thinking_about_weather" in said
    )


def test_check_of_a_registry_with_a_broken_rule_exits_1(tmp_path: Path) -> None:
    entry = {"license": "MIT", "acquire": {"location": "s3://bucket/x", "expected": {"f": {"sha256": "12"}}}}
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump({"sources": {"a": entry}}))
    assert command("check", "--registry", path) == 1
    assert command("check", "--registry", tmp_path / "none.yaml") == 2
    assert command("check") == 0  # what is shipped


@pytest.mark.corpora
def test_the_missions_two_registries_are_placed_whole(corpora: Path) -> None:
    folder = corpora / "pixelated/config_imports"
    imported = import_files([folder / f"dataset_registry.{d}.json" for d in ("dec2025", "jan2026")], FAMILIES)
    assert (imported.unplaced, imported.exit_code) == ([], 0)
    assert len(imported.sources) == 49
    ours = read_registry("mission", Path(), *FAMILIES)
    for source_id, source in imported.sources.items():  # the shipped entries say nothing else
        mine = ours.get(source_id) or ours[f"mission_{source_id}"]
        stated = {source["acquire"]["location"], *source["acquire"].get("fallbacks", [])}
        assert stated <= {mine.acquire.location, *mine.acquire.fallbacks}, source_id


@pytest.mark.corpora
def test_all_of_the_missions_files_together(corpora: Path, tmp_path: Path) -> None:
    folder = corpora / "pixelated/config_imports"
    names = """training_policy_manifest.full.2025-12-15 training_policy_manifest dataset_registry.dec2025
        dataset_registry.jan2026 dataset_routing_config.dec2025 dataset_routing_config.jan2026
        training_curriculum_2025"""
    out = tmp_path / "registry.yaml"
    files = [folder / f"{n}.json" for n in names.split()]
    assert command("import", *files, "--output", out, "--report", tmp_path / "r.json") == 3
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["counts"] == {"placed": 177, "unplaced": 27, "ignored": 93}
    why = {f"{u['file'].split('.')[1]} {u['key']}": u["reason"] for u in report["unplaced"]}
    assert "about data" in why["dec2025 families.voice_persona"]  # a test report
    assert "about data" in why["dec2025 families.mental_health_datasets"]  # dataset_info.json
    assert "nothing in the name" in why["jan2026 families.voice_persona"]  # primates
    assert "decide" in why["jan2026 families.roleplay_simulator"]
    assert len(report["weights"]) == 9
    stage6 = report["weights"]["phase_b_sft_curriculum.stage6_specialized_domains"]
    assert {w["name"]: w["weight"] for w in stage6}["cptsd"] == 0.4
    assert sum(w["weight"] for w in stage6) == pytest.approx(1)
    assert len(read_registry(str(out), Path("/"), *FAMILIES)) == len(report["sources"]) == 91


def test_a_name_becomes_an_id() -> None:
    assert slug("SoulChat2.0") == "soulchat2_0"
    assert slug("ToT-RPSD-V2") == "tot-rpsd-v2"
    assert slug("//") == "unnamed"
    assert Tables({}, (), {}).shared == set()
