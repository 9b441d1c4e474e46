"""The shipped registries hold what the mission names; broken entries, matrices and approvals are found."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

import pixelated
from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset
from pixelated.core.registry_file import load_families, read_registry, registry_schema
from pixelated.core.source import Source
from pixelated.recipe import load_policy
from pixelated.registry import (
    COLUMNS,
    check_rows,
    check_sources,
    matrix_csv,
    matrix_rows,
    read_matrix,
    unpinned,
)
from servers.http_server import HttpServer

ROOT = Path(__file__).resolve().parent.parent
PRESETS = ROOT / "src/pixelated/presets/registry"
SHIPPED = ("mission", "huggingface", "research", "public", "corpora")
FAMILIES, ALIASES = load_families("default")
LICENSES = load_policy("default").licenses
# FACTS 1.3, the paragraph of hub ids
HUB_IDS = [
    "Amod/mental_health_counseling_conversations",
    "EmoCareAI/Psych8k",
    "thu-coai/esconv",
    "declare-lab/MELD",
    "facebook/empathetic_dialogues",
    "bavard/personachat_truecased",
    "nbertagnolli/counsel-chat",
    "heliosbrahma/mental_health_chatbot_dataset",
    "to-be/annomi-motivational-interviewing-therapy-conversations",
    "Estwld/empathetic_dialogues_llm",
    "arafatanam/Student-Mental-Health-Counseling-10K",
    "arafatanam/Student-Mental-Health-Counseling-20K",
    "arafatanam/Student-Mental-Health-Counseling-50K",
    "arafatanam/Student-Mental-Health-Counseling-100K",
    "tcabanski/mental_health_counseling_responses",
    "tcabanski/mental_health_counseling_conversations_rated",
    "MaggiePai/mental_health_counseling_conversations",
    "Felladrin/pretrain-mental-health-counseling-conversations",
    "vnovaai19/VNOVA_AI_EMOTIONAL_SUPPORT_DATASET_V1",
    "Adapting/empathetic_dialogues_v2",
    "mlx-community/Human-Like-DPO",
    "flammenai/character-roleplay-DPO",
    "PJMixers/unalignment_toxic-dpo-v0.2-ShareGPT",
    "samhog/psychology-10k",
    "wesley7137/formatted_annotated_addiction_counseling_csv_SFT",
    "Locutusque/hercules-v6.9",
    "ChaoticNeutrals/Synthetic-Dark-RP",
    "UnfilteredAI/dan_remixed",
    "jondurbin/gutenberg-dpo-v0.1",
    "Gryphe/Sonnet3.5-SlimOrcaDedupCleaned-20k",
    "iqrakiran/customized-mental-health-snli2",
    "typosonlr/MentalHealthPreProcessed",
    "ShreyaR/DepressionDetection",
    "Anthropic/hh-rlhf",
]
CATALOGUE = [
    "daic_woz",
    "clpsych",
    "erisk",
    "bbrd",
    "research_annomi",
    "research_esconv",
    "memo",
    "mi_tags",
    "mh_crisis_benchmark",
    "mentalbench_align",
    "psychosis_bench",
    "vera_mh",
    "empath",
]


def shipped(*names: str) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for name in names or SHIPPED:
        more = read_registry(name, Path(), FAMILIES, ALIASES)
        assert not found.keys() & more.keys(), name
        found |= more
    return found


def places(sources: dict[str, Source]) -> set[str]:
    return {p for s in sources.values() for p in (s.acquire.location, *s.acquire.fallbacks)}


def test_the_shipped_registries_break_no_rule() -> None:
    sources = shipped()
    rows = read_matrix(matrix_csv(matrix_rows(sources.values(), LICENSES)), "matrix")
    assert check_sources(sources.values(), LICENSES) == []
    assert check_rows(rows) == []
    assert len(rows) == len(sources) > 140


def test_every_file_fits_the_published_schema() -> None:
    validator = jsonschema.Draft202012Validator(registry_schema())
    files = sorted(PRESETS.glob("*.yaml"))
    assert len(files) > 9
    for path in files:
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"sources": {"a": {"licence": "MIT"}}})


def test_every_hub_id_and_catalogue_name_is_there() -> None:
    located = places(shipped())
    assert [i for i in HUB_IDS if f"hf://datasets/{i}" not in located] == []
    assert sum(1 for p in located if p.startswith("hf://datasets/moremilk/CoT_")) == 4
    assert any(p.endswith("/daily_dialog") for p in located)
    assert "kaggle://rickyzou/nlp-for-mental-health-text-data" in located
    assert [n for n in CATALOGUE if n not in shipped("research")] == []


def test_what_is_not_shown_is_not_claimed() -> None:
    for source in shipped("mission", "huggingface", "research").values():
        assert source.governance.approval_status == "pending", source.id
        if source.license == "NOASSERTION":
            assert "missing" in source.license_evidence, source.id
            assert "train" not in source.governance.allowed_uses, source.id
        if "voice_persona" in source.families:
            assert "voice_imitation" in source.governance.prohibited_uses, source.id
            assert not source.governance.consents, source.id


def test_no_licence_is_called_consent_and_no_tag_a_permission() -> None:
    for source in shipped("mission", "huggingface", "research", "public").values():
        of_people = source.origin in ("human", "transcript") and source.governance.pii_present
        assert not (of_people and source.consent_basis), source.id
        if "hub tag" in source.license_evidence:
            assert not {"train", "redistribute", "commercial"} & set(source.governance.allowed_uses), (
                source.id
            )
    toxic = shipped("huggingface")["hf_pjmixers_unalignment_toxic-dpo-v0_2-sharegpt"]
    assert toxic.use == "evaluation"  # its chosen side is the harmful one


def test_only_sources_of_the_edge_families_grant_the_bypass() -> None:
    granted = sorted(s.id for s in shipped().values() if s.edge_bypass)
    assert granted == ["edge_case_dialogues", "edge_case_generator", "edge_case_synthetic"]
    assert shipped("mission")["edge_case_generator"].mapping.role_reversed


def _entries(node: Any, name: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Find every entry of a registry of the mission with no code of the importer."""
    if not isinstance(node, dict):
        return []
    here = [(name, node)] if isinstance(node.get("path"), str) else []
    return here + [e for key, value in node.items() for e in _entries(value, key)]


@pytest.mark.corpora
@pytest.mark.parametrize("file", ["dataset_registry.dec2025", "dataset_registry.jan2026"])
def test_no_entry_of_the_missions_registries_is_dropped(corpora: Path, file: str) -> None:
    data = json.loads((corpora / "pixelated/config_imports" / f"{file}.json").read_text())
    entries = _entries(data)
    located = places(shipped("mission"))
    stated = [
        (n, p.replace("/mnt/gdrive/datasets/", "gdrive:"))
        for n, e in entries
        for p in [e["path"], *e.get("fallback_paths", {}).values()]
    ]
    assert len(entries) >= 40
    assert [s for s in stated if s[1] not in located] == []


@pytest.mark.corpora
def test_where_the_two_registries_differ_the_newer_place_comes_first(corpora: Path) -> None:
    folder = corpora / "pixelated/config_imports"
    old, new = (
        dict(_entries(json.loads((folder / f"dataset_registry.{d}.json").read_text())))
        for d in ("dec2025", "jan2026")
    )
    moved = {n for n in old.keys() & new.keys() if old[n]["path"] != new[n]["path"]}
    by_place = {s.acquire.location: s for s in shipped("mission").values()}
    assert len(moved) == 4
    for name in moved:
        assert old[name]["path"] in by_place[new[name]["path"]].acquire.fallbacks


@pytest.mark.corpora
def test_the_archived_manifest_and_the_routing_tables_name_nothing_unknown(corpora: Path) -> None:
    located = places(shipped("mission", "huggingface"))
    folder = corpora / "pixelated/config_imports"
    manifest = json.loads((folder / "training_policy_manifest.full.2025-12-15.json").read_text())
    stated = [e["path"] for _, e in _entries(manifest)]
    assert len(stated) > 30
    assert [p for p in stated if p.replace("/mnt/gdrive/datasets/", "gdrive:") not in located] == []
    routed = [
        f"s3://pixel-data/{e['s3_path']}"
        for d in ("dec2025", "jan2026")
        for e in json.loads((folder / f"dataset_routing_config.{d}.json").read_text())["families"].values()
        if e["s3_path"]
        and not e["s3_path"].endswith(("dataset_info.json", "dataset_dict.json", "_report.json"))
    ]
    assert len(routed) > 15
    assert [p for p in routed if p not in located] == []


@pytest.mark.corpora
def test_the_missions_own_schema_accepts_every_row(corpora: Path) -> None:
    folder = corpora / "pixelated/governance"
    schema = json.loads((folder / "data_source_matrix.schema.json").read_text())
    header = (folder / "data_source_matrix.csv").read_text().splitlines()[0]
    assert tuple(header.split(",")) == COLUMNS
    rows = read_matrix(matrix_csv(matrix_rows(shipped().values(), LICENSES)), "matrix")
    for row in rows:
        jsonschema.validate(row, schema)
    theirs = read_matrix((folder / "data_source_matrix.csv").read_text(), "theirs")
    assert {f.rule for f in check_rows(theirs)} == set()  # the high risk is rejected, so it needs no contract


@pytest.mark.corpora
def test_the_pins_of_the_public_sets_are_those_of_the_bytes(corpora: Path) -> None:
    held = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in corpora.rglob("*") if p.is_file()}
    sources = shipped("public").values()
    assert len({s.uri for s in sources}) >= 5
    assert unpinned(sources) == []
    for source in sources:
        assert source.revision in source.acquire.location
        assert LICENSES[source.license] == {"train": True, "redistribute": True, "commercial": True}
        for name, expected in source.acquire.expected.items():
            assert held[expected.sha256].name == name
            assert held[expected.sha256].stat().st_size == expected.size


@pytest.mark.corpora
@pytest.mark.slow
def test_two_commands_reproduce_the_public_dataset(
    corpora: Path, tmp_path: Path, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real registry entries, fetched by the real command from a mirror of the web server that they name."""
    held = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in corpora.rglob("*") if p.is_file()}
    for source in shipped("public").values():
        for name, expected in source.acquire.expected.items():
            path = urlsplit(source.acquire.location + name).path
            http_server.add(path, held[expected.sha256].read_bytes())
    monkeypatch.setenv("PIXELATED_MIRRORS", f"https://raw.githubusercontent.com={http_server.url}")
    recipe = ROOT / "recipes/public.yaml"
    data = tmp_path / "data"
    command = [sys.executable, "-m", "pixelated"]
    fetched = subprocess.run(
        [*command, "acquire", "--recipe", recipe, "--to", data, "--json"], capture_output=True, check=False
    )
    assert fetched.returncode == 0, fetched.stderr
    outcomes = json.loads(fetched.stdout)["sources"]
    assert sum(o["files"] for o in outcomes) == sum(
        len(s.acquire.expected) for s in shipped("public").values()
    )
    assert all(o["status"] == "complete" and not o["unchecked"] for o in outcomes)
    built = subprocess.run(
        [*command, "build", recipe, "--corpora", data, "--runs", tmp_path / "runs", "--json"],
        capture_output=True,
        check=False,
    )
    assert built.returncode == 1, built.stderr
    summary = json.loads((tmp_path / "runs/public/dataset/verdicts.json").read_bytes())
    expect = pixelated.load_recipe(recipe, data).recipe.expect
    assert expect is not None
    failed = {name for name, verdict in summary["verdicts"].items() if not verdict["passed"]}
    assert failed == set(expect.failed)  # provenance among those that pass: every licence is shown


# what a registry file may say


def write(folder: Path, **data: Any) -> str:
    (folder / "r.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return "r.yaml"


def test_defaults_stand_under_every_source(tmp_path: Path) -> None:
    name = write(
        tmp_path,
        defaults={
            "license": "MIT",
            "governance": {"risk_level": "low", "reviewer": "a"},
            "families": ["cptsd"],
        },
        sources={"a": None, "b": {"license": "CC0-1.0", "governance": {"risk_level": "high"}}},
    )
    found = read_registry(name, tmp_path, FAMILIES, ALIASES)
    assert found["a"].license == "MIT"
    assert found["b"].license == "CC0-1.0"
    assert found["b"].families == ("cptsd",)
    assert (found["b"].governance.risk_level, found["b"].governance.reviewer) == ("high", "a")


def test_parts_are_read_together_and_may_not_repeat_or_contain_themselves(tmp_path: Path) -> None:
    for part in ("x", "y"):
        (tmp_path / f"{part}.yaml").write_text(f"sources: {{{part}: {{license: MIT}}}}\n")
    name = write(tmp_path, parts=["x.yaml", "y.yaml"], sources={"z": None})
    assert sorted(read_registry(name, tmp_path, FAMILIES, ALIASES)) == ["x", "y", "z"]
    with pytest.raises(UsageError, match="two registries"):
        read_registry(write(tmp_path, parts=["x.yaml"], sources={"x": None}), tmp_path, FAMILIES, ALIASES)
    with pytest.raises(UsageError, match="part of itself"):
        read_registry(write(tmp_path, parts=["r.yaml"]), tmp_path, FAMILIES, ALIASES)
    with pytest.raises(UsageError, match="'parts' and 'defaults'"):
        read_registry(write(tmp_path, sources={}, part=["x.yaml"]), tmp_path, FAMILIES, ALIASES)


def test_a_family_may_be_an_alias_and_nothing_else(tmp_path: Path) -> None:
    name = write(tmp_path, sources={"a": {"families": ["cptsd", "edge_case_crisis", "edge_case_synthetic"]}})
    found = read_registry(name, tmp_path, FAMILIES, ALIASES)["a"].families
    assert found == (
        "cptsd", "edge_case_generator", "edge_case_resulting_chats", "edge_case_synthetic",
    )  # fmt: skip
    name = write(tmp_path, sources={"a": {"families": ["edge_case_crises"]}})
    with pytest.raises(UsageError, match="edge_case_crises"):
        read_registry(name, tmp_path, FAMILIES, ALIASES)


@pytest.mark.parametrize("preset", sorted(p.stem for p in PRESETS.glob("*.yaml") if p.stem != "mission"))
def test_a_typo_in_a_shipped_preset_is_an_error(preset: str, tmp_path: Path) -> None:
    text = (PRESETS / f"{preset}.yaml").read_text(encoding="utf-8")
    (tmp_path / "typo.yaml").write_text(text.replace("families: [", "families: [mental_helth, ", 1))
    with pytest.raises(UsageError, match="mental_helth"):
        read_registry("typo.yaml", tmp_path, FAMILIES, ALIASES)


def test_an_alias_of_no_family_is_an_error_and_every_alias_has_a_reason(tmp_path: Path) -> None:
    data = load_preset("families", "default")
    assert data["aliases"].keys() == data["reasons"].keys()
    assert not data["aliases"].keys() & data["families"].keys()
    data["aliases"]["edge_case_crisis"] = ["edge_case_generater"]
    (tmp_path / "f.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(UsageError, match=r"alias edge_case_crisis.*edge_case_generater"):
        load_families("f.yaml", tmp_path)
