"""Croissant metadata: every file with its hash, record fields that exist, dates of the manifest."""

import json

from pixelated.report import croissant
from test_report_sample import releasable, sample


def test_every_file_of_the_manifest_but_its_own_is_described_with_size_and_hash():
    data = sample()
    data["manifest"]["files"]["croissant.json"] = {"size_bytes": 1, "sha256": "c" * 64}
    objects = [d for d in croissant(data)["distribution"] if d["@type"] == "cr:FileObject"]
    assert [o["@id"] for o in objects] == sorted(sample()["manifest"]["files"])
    assert all(o["sha256"] == "b" * 64 and o["contentSize"] == "2048 B" for o in objects)
    kinds = {o["@id"].rpartition(".")[2]: o["encodingFormat"] for o in objects}
    assert kinds == {"jsonl": "application/jsonlines", "parquet": "application/x-parquet"}


def test_the_record_set_reads_nested_turns_from_the_shards():
    (records,) = croissant(sample())["recordSet"]
    fields = {field["@id"]: field for field in records["field"]}
    assert fields["records/id"]["source"]["extract"] == {"column": "id"}
    assert fields["records/metadata/license"]["source"]["transform"] == {"jsonPath": "license"}
    for column in ("messages", "chosen", "rejected"):
        parts = fields[f"records/{column}"]["subField"]
        assert [part["source"]["transform"]["jsonPath"] for part in parts] == ["[*].role", "[*].content"]
    sets = {d["@id"] for d in croissant(sample())["distribution"] if d["@type"] == "cr:FileSet"}
    assert {field["source"]["fileSet"]["@id"] for field in fields.values() if "source" in field} == sets


def test_identifiers_are_unique():
    found = croissant(sample())
    (records,) = found["recordSet"]
    names = [d["@id"] for d in found["distribution"]] + [f["@id"] for f in records["field"]]
    assert len(names) == len(set(names))


def test_dates_come_from_the_manifest_or_not_at_all():
    assert croissant(sample())["datePublished"] == "2024-06-19"
    data = sample()
    data["manifest"]["generated_at"] = "some day"
    assert "datePublished" not in croissant(data)


def test_licences_are_those_of_the_compiled_sources():
    assert croissant(sample())["license"] == ["https://spdx.org/licenses/CC-BY-4.0.html", "NOASSERTION"]


def test_status_and_responsible_use_are_stated():
    found = croissant(sample())
    assert "not releasable" in found["description"]
    assert "not releasable" not in croissant(releasable())["description"]
    assert "Types not searched: PERSON." in found["rai:personalSensitiveInformation"]
    assert any("Not therapy" in use for use in found["rai:dataUseCases"])
    assert any("not for triage" in limit for limit in found["rai:dataLimitations"])
    assert "harbour_letters, night_line" in found["rai:dataCollection"]


def test_metadata_of_nothing_is_valid_json_without_files():
    found = json.loads(json.dumps(croissant({})))
    assert found["distribution"] == []
    assert found["recordSet"] == []
