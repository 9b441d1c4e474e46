"""Broken entries, broken approvals and broken rows of the matrix are found, each by its rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pixelated.core.errors import UsageError
from pixelated.core.source import Acquisition, Expected, Governance, Source
from pixelated.recipe import load_policy
from pixelated.registry import (
    COLUMNS,
    check_rows,
    check_sources,
    kind_of,
    matrix_csv,
    matrix_rows,
    read_matrix,
    unpinned,
)

LICENSES = load_policy("default").licenses
SHA = "0" * 64
FINE = Source(
    id="a",
    path="raw/a",
    license="MIT",
    license_evidence="LICENSE file",
    revision="1f0c",
    families=("cptsd",),
    acquire=Acquisition(kind="s3", location="s3://bucket/key", expected={"f": Expected(1, SHA)}),
    governance=Governance(allowed_uses=("train",), prohibited_uses=("commercial",)),
)


def rules(*sources: Source) -> set[str]:
    return {f.rule for f in check_sources(sources, LICENSES)}


def acquire(**changes: Any) -> Source:
    return replace(FINE, acquire=replace(FINE.acquire, **changes))


def govern(**changes: Any) -> Source:
    return replace(FINE, governance=replace(FINE.governance, **changes))


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (acquire(location="ftp://host/x", kind=""), "location_parses"),
        (replace(FINE, consent_basis="cc-by"), "consent_is_shown"),
        (replace(FINE, consent_basis="licensed"), "consent_is_shown"),
        (replace(FINE, consent_basis="public_domain", origin="transcript"), "consent_is_shown"),
        (replace(FINE, consent_basis="synthetic"), "consent_is_shown"),
        (replace(FINE, consent_basis="written_specific"), "consent_is_shown"),
        (replace(FINE, families=("voice_persona",)), "persona_needs_consent"),
        (replace(FINE, stage="stage4_voice_persona"), "persona_needs_consent"),
        (acquire(location="s3:/bucket/x", kind="s3"), "kind_fits_location"),
        (acquire(fallbacks=("http://user:secret@host/x",)), "location_parses"),
        (acquire(kind="gcs"), "kind_fits_location"),
        (acquire(location="", fallbacks=("gdrive:x",)), "fallback_of_nothing"),
        (acquire(fallbacks=("s3://bucket/key",)), "fallbacks_differ"),
        (acquire(expected={"f": Expected(1, "abc")}), "expected_sha256"),
        (acquire(expected={"f": Expected(1, SHA.replace("0", "G"))}), "expected_sha256"),
        (acquire(expected={"../f": Expected(1, SHA)}), "expected_name"),
        (acquire(expected={"f": Expected(-1, SHA)}), "expected_size"),
        (replace(FINE, license="NOASSERTION"), "allowed_by_licence"),
        (replace(FINE, license="CC-BY-NC-ND-4.0"), "allowed_by_licence"),
        (replace(FINE, license="NOASSERTION", license_evidence=" "), "licence_evidence"),
        (govern(prohibited_uses=("train",)), "allowed_or_prohibited"),
        (replace(FINE, edge_bypass=True), "bypass_of_edge_families"),
        (
            replace(
                govern(approval_status="approved"),
                revision="",
                acquire=Acquisition(location="s3://bucket/key"),
            ),
            "approved_is_pinned",
        ),
    ],
)
def test_a_broken_entry_is_found(source: Source, rule: str) -> None:
    assert rules(FINE) == set()
    assert rule in rules(source)


def test_two_sources_may_not_write_into_one_another() -> None:
    assert rules(FINE, replace(FINE, id="b")) == {"paths_differ"}
    assert rules(FINE, replace(FINE, id="b", path="raw/a/deeper")) == {"paths_differ"}
    assert rules(FINE, replace(FINE, id="b", path="raw/ab")) == set()
    assert rules(FINE, replace(FINE, id="b", acquire=Acquisition())) == set()  # fetched by nobody


def test_a_source_is_pinned_by_revision_or_by_all_hashes() -> None:
    loose = replace(FINE, id="loose", revision="")
    half = replace(loose, acquire=replace(FINE.acquire, expected={"f": Expected(1, SHA), "g": Expected(1)}))
    none = replace(loose, id="none", acquire=Acquisition(location="s3://bucket/key"))
    assert unpinned([FINE, loose]) == []
    assert unpinned([half, none]) == ["loose", "none"]


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("hf://datasets/owner/name@1f0c", "huggingface"), ("kaggle://owner/name@3", "kaggle"),
        ("s3://bucket/a b/c.json", "s3"), ("gs://bucket", "gcs"), ("https://host/x", "http"),
        ("sftp://me@host/x", "sftp"), ("file:///data/x", "local"), ("gdrive:folder/x", "gdrive"),
        ("other:folder", "rclone"), ("~/datasets/x", "local"), ("/data/x", "local"),
        ("hf://owner/name", None), ("s3://", None), ("weird://x", None), ("", None), ("a\nb", None),
    ],
)  # fmt: skip
def test_the_form_of_a_location_says_its_kind(location: str, kind: str | None) -> None:
    assert kind_of(location) == kind


# the matrix


def row(**changes: Any) -> dict[str, Any]:
    return matrix_rows([FINE], LICENSES)[0] | changes


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"pii_present": True, "deidentification_required": False}, "pii_needs_deidentification"),
        ({"license": "unclear", "approval_status": "approved"}, "unclear_licence_never_approved"),
        ({"approval_status": "approved", "reviewer": "r"}, "approved_needs_reviewer"),
        ({"approval_status": "approved", "review_date": "2026-01-31"}, "approved_needs_reviewer"),
        ({"review_date": "soon"}, "review_date_is_a_date"),
        ({"risk_level": "high"}, "high_risk_needs_mitigation"),
        ({"risk_level": "dire"}, "matrix_schema"),
        ({"pii_present": "maybe"}, "matrix_schema"),
        ({"source_name": ""}, "matrix_schema"),
    ],
)
def test_a_row_that_breaks_a_rule_is_found(changes: dict[str, Any], rule: str) -> None:
    assert check_rows([row()]) == []
    assert rule in {f.rule for f in check_rows([row(**changes)])}


def test_a_mitigated_or_rejected_high_risk_stands() -> None:
    mitigated = govern(risk_level="high", contract="docs/registry.md#forum-posts")
    assert check_rows(matrix_rows([mitigated], LICENSES)) == []
    assert check_rows([row(risk_level="high", approval_status="rejected")]) == []


def test_the_matrix_survives_its_csv() -> None:
    source = govern(allowed_uses=("train", "evaluate"), acceptance_criteria='of "all", files; line\nbreak')
    rows = matrix_rows([source, replace(FINE, id="b")], LICENSES)
    assert read_matrix(matrix_csv(rows), "m") == rows
    with pytest.raises(UsageError, match="joined by ';'"):
        matrix_rows([govern(allowed_uses=("a;b",))], LICENSES)
    with pytest.raises(UsageError, match="columns differ"):
        read_matrix("name,url\n", "m")
    with pytest.raises(UsageError, match="row 2: 3 cells"):
        read_matrix(",".join(COLUMNS) + "\na,b,c\n", "m")


@pytest.mark.parametrize(
    ("license_id", "contract", "word"),
    [
        ("MIT", "", "permissive"), ("CC-BY-NC-4.0", "", "proprietary"), ("NOASSERTION", "", "unclear"),
        ("LicenseRef-OpenRAIL", "", "unclear"), ("NOASSERTION", "contract:2026-01", "contracted"),
        ("NOASSERTION", "docs/registry.md#forum-posts", "unclear"),
    ],
)  # fmt: skip
def test_the_word_for_a_licence_comes_from_the_table(license_id: str, contract: str, word: str) -> None:
    source = replace(govern(contract=contract), license=license_id)
    assert matrix_rows([source], LICENSES)[0]["license"] == word
