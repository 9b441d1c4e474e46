"""The data source matrix: one row a source, the mission's columns in their order, and its rules.

Lists are joined by ';', truth values are `true` and `false`. The `license` column is a judgement by the
licence table: `permissive` where it allows training, redistribution and commercial use; `proprietary` where
it refuses one of them; `unclear` where nothing shows it. A contract makes it `contracted`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pixelated.core.addresses import without_secrets
from pixelated.core.errors import UsageError
from pixelated.core.source import Source
from pixelated.registry.checks import USES, Finding, Licenses

COLUMNS = (
    "source_name", "url", "license", "allowed_uses", "prohibited_uses", "pii_present",
    "deidentification_required", "provenance_required", "risk_level", "acceptance_criteria",
    "approval_status", "reviewer", "review_date", "notes",
)  # fmt: skip
LISTS = ("allowed_uses", "prohibited_uses")
TRUTHS = ("pii_present", "deidentification_required", "provenance_required")
OPTIONAL = ("reviewer", "review_date", "notes")
WORDS = {
    "license": ("permissive", "contracted", "proprietary", "unclear"),
    "risk_level": ("low", "medium", "high"),
    "approval_status": ("pending", "approved", "rejected"),
}
MITIGATED = "contract or mitigation: "  # how the notes of a row name it


def matrix_rows(sources: Iterable[Source], licenses: Licenses) -> list[dict[str, Any]]:
    """Return one row a source, sorted by id: lists as lists, truth values as such."""
    return [_row(s, licenses) for s in sorted(sources, key=lambda s: s.id)]


def matrix_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows as CSV with the columns in order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[c]) for c in COLUMNS])
    return text.getvalue()


def read_matrix(text: str, where: str) -> list[dict[str, Any]]:
    """Return the rows of a matrix, their cells as lists, truth values and text; bad cells stay text.

    Raises:
        UsageError: the columns are not the matrix's, or a line has more or fewer cells.
    """
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    if not lines or tuple(lines[0]) != COLUMNS:
        raise UsageError("bad_matrix", f"{where}: the columns differ", f"give these: {','.join(COLUMNS)}")
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        if not cells:
            continue
        if len(cells) != len(COLUMNS):
            message = f"{where}, row {number}: {len(cells)} cells, {len(COLUMNS)} expected"
            raise UsageError("bad_matrix", message, "quote cells that hold commas")
        rows.append({c: _value(c, cell) for c, cell in zip(COLUMNS, cells, strict=True)})
    return rows


def check_rows(rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return the rules that rows break: the schema first, then what the columns say together."""
    out: list[Finding] = []
    for row in rows:
        name = str(row.get("source_name") or "(a row without a name)")
        broken = _schema(row)
        out += [Finding("matrix_schema", name, what) for what in broken]
        if not broken:
            out += [Finding(rule, name, what) for rule, what in _decisions(row)]
    return out


def _row(source: Source, licenses: Licenses) -> dict[str, Any]:
    governance = source.governance
    for use in (*governance.allowed_uses, *governance.prohibited_uses):
        if ";" in use or use != use.strip() or not use:
            message = f"{source.id}: the use {use!r} can't stand in a list joined by ';'"
            raise UsageError("bad_matrix", message, "use a plain word")
    mitigation = f"{MITIGATED}{governance.contract}" if governance.contract else ""
    parts = (f"{source.license}: {source.license_evidence}".rstrip(": "), mitigation, source.notes)
    stated = {c: getattr(governance, c) for c in COLUMNS if hasattr(governance, c)}
    return stated | {
        "source_name": source.id,
        "url": source.uri or without_secrets(source.acquire.location),
        "license": license_word(source, licenses),
        "allowed_uses": list(governance.allowed_uses),
        "prohibited_uses": list(governance.prohibited_uses),
        "notes": " | ".join(p for p in parts if p),
    }


def license_word(source: Source, licenses: Licenses) -> str:
    """Return the matrix's word for a source's licence."""
    uses = licenses.get(source.license, {})
    shown = [uses.get(u) for u in USES]
    if all(shown):
        return "permissive"
    if source.governance.contract.startswith("contract:"):
        return "contracted"
    return "proprietary" if False in shown else "unclear"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, list) else str(value)


def _value(column: str, cell: str) -> Any:
    if column in LISTS:
        return [part.strip() for part in cell.split(";") if part.strip()]
    if column in TRUTHS:
        return {"true": True, "false": False}.get(cell.strip().lower(), cell)
    return cell


def _schema(row: Mapping[str, Any]) -> list[str]:
    out = [f"no column {c}" for c in COLUMNS if c not in row and c not in OPTIONAL]
    out += [f"{c} is {row[c]!r}, not one of {', '.join(w)}" for c, w in WORDS.items() if row.get(c) not in w]
    out += [f"{c} is {row[c]!r}, not true or false" for c in TRUTHS if not isinstance(row.get(c), bool)]
    if not row.get("source_name"):
        out.append("source_name is empty")
    return out


def _decisions(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if row["pii_present"] and not row["deidentification_required"]:
        yield "pii_needs_deidentification", "holds personal data, and de-identification is not required"
    if row["approval_status"] == "approved":
        if row["license"] == "unclear":
            yield "unclear_licence_never_approved", "approved under an unclear licence"
        if not row.get("reviewer") or not row.get("review_date"):
            yield "approved_needs_reviewer", "approved without a reviewer and a date"
    if row.get("review_date") and not _is_date(row["review_date"]):
        yield "review_date_is_a_date", f"{row['review_date']!r} is no date (2026-01-31)"
    mitigated = row["license"] == "contracted" or MITIGATED in row.get("notes", "")
    if row["risk_level"] == "high" and row["approval_status"] != "rejected" and not mitigated:
        yield "high_risk_needs_mitigation", "high risk without a contract or a written mitigation"


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
