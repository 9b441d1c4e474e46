"""Where records went: steps, sources, drops, quarantine, and what stood out in the raw files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pixelated.report import facts
from pixelated.report.facts import Data
from pixelated.report.markup import Html, bullets, code, join, section, stated, tag, text, word
from pixelated.report.page_overview import balanced
from pixelated.report.tables import Column, data_table, figure_columns, text_columns
from pixelated.report.wording import NOT_MEASURED, number, visible

QUARANTINE_SHOWN = 200
OPEN_UP_TO = 20
REASONS_SHOWN = 6
FILES_SHOWN = 40
_COUNTS = ("rows_in", "kept", "dropped", "quarantined")


def steps(data: Data) -> Html:
    """Return the ledger table: the balance of every step, and why rows went."""
    columns = [
        Column("Step"),
        *figure_columns("Rows in", "Added", "Kept", "Dropped", "Quarantined"),
        Column("Balance"),
        Column("Reasons", wide=True),
    ]
    ledgers = facts.steps(data)
    body = [_step(name, ledger) for name, ledger in ledgers]
    caption = "Rows in + added = kept + dropped + quarantined, for each step; a dialogue is one record"
    raw = [facts.count(ledger, "raw_rows") for _, ledger in ledgers]
    first = next((value for value in raw if value), None)
    note = tag("p", f"Source rows behind the records: {number(first)}.", class_="quiet") if first else None
    return section("steps", "Steps", data_table(caption, columns, body), note)


def _step(name: str, ledger: Mapping[str, Any]) -> tuple[Any, ...]:
    found = facts.step_balance(ledger)
    counts = [number(value) for value in found.counts]
    return (code(name), *counts, balanced(found), _reasons(facts.table(ledger, "reasons")))


def _reasons(reasons: Mapping[str, Any]) -> Html | str:
    ranked = by_count(reasons)
    shown = [f"{name} {number(value)}" for name, value in ranked[:REASONS_SHOWN]]
    if len(ranked) > REASONS_SHOWN:
        shown.append(f"and {len(ranked) - REASONS_SHOWN} more")
    return join(tag("span", item, class_="line") for item in shown) if shown else "none"


def sources(data: Data) -> Html:
    """Return the table of sources with licence, use and counts."""
    columns = [
        Column("Source", wide=True),
        Column("Licence"),
        Column("Origin, use"),
        Column("Families"),
        *figure_columns("Rows in", "Kept", "Dropped", "Quarantined"),
    ]
    found = facts.rows(data, "sources")
    totals = [_total(found, name) for name in _COUNTS]
    caption = "Sources: what each brought, under which licence, and how much of it is in the dataset"
    table = data_table(caption, columns, map(_source, found), ("All sources", "", "", "", *totals), "sources")
    return section("sources", "Sources", table)


def _source(source: Mapping[str, Any]) -> tuple[Any, ...]:
    notes = [tag("span", source[key], class_="note") for key in ("title", "note") if source.get(key)]
    license_id = visible(source.get("license") or "NOASSERTION")
    licence: Html | str = stated("fail", license_id) if license_id == "NOASSERTION" else license_id
    use = join(tag("span", source[key], class_="line") for key in ("origin", "use") if source.get(key))
    families = join(tag("span", word(name), class_="line") for name in facts.strings(source.get("families")))
    counts = [number(source.get(name)) for name in _COUNTS]
    return (join([code(source.get("id", "?")), *notes]), licence, use, families or "none", *counts)


def _total(found: list[dict[str, Any]], name: str) -> str:
    values = [facts.count(source, name) for source in found]
    return NOT_MEASURED if any(v is None for v in values) else number(sum(v or 0 for v in values))


def dropped(data: Data) -> Html:
    """Return records dropped by step and reason."""
    columns = [*text_columns("Step", "Reason"), Column("Records", figures=True)]
    found = facts.table(data, "dropped")
    body = [
        (code(step), reason, number(value))
        for step in found
        for reason, value in by_count(facts.table(found, step))
    ]
    table = data_table("Records dropped, by step and reason", columns, body, css="narrow")
    none = tag("p", "No record was dropped.") if "dropped" in data and not body else None
    return section("dropped", "Dropped", table, none)


def quarantine(data: Data) -> Html:
    """Return refused rows: counts by reason and file of all, and the first 200 one by one.

    Where only part of the rows is handed over, `quarantine_by_reason` and `quarantine_by_file` count all.
    """
    if not isinstance(data.get("quarantine"), list | tuple):
        return section("quarantine", "Quarantined", None)
    found = sorted(facts.rows(data, "quarantine"), key=_place)
    if not found:
        return section("quarantine", "Quarantined", tag("p", "No row was quarantined."))
    reasons = facts.table(data, "quarantine_by_reason") or Counter(_reason(row) for row in found)
    files = facts.table(data, "quarantine_by_file") or Counter(_file(row) for row in found)
    total = sum(facts.count(reasons, name) or 0 for name in reasons)
    by_reason = _counted("Quarantined records by reason", "Reason", reasons)
    by_file = _counted("Quarantined records by file", "File", files)
    both = tag("div", by_reason, by_file, class_="pair")
    return section("quarantine", "Quarantined", both, _listed(found, total))


def _listed(found: list[dict[str, Any]], total: int) -> Html:
    columns = [*text_columns("Source", "File", "Place", "Reason")]
    columns.append(Column("Detail", wide=True))
    body = [_refused(row) for row in found[:QUARANTINE_SHOWN]]
    shown = f"{len(body):,} of {total:,} quarantined records, one by one"
    open_ = "" if len(body) <= OPEN_UP_TO else None
    return tag("details", tag("summary", shown), data_table(shown, columns, body), open=open_)


def _refused(row: Mapping[str, Any]) -> tuple[Any, ...]:
    number_of = number(row["row"]) if row.get("row") is not None else "whole file"
    place = visible(row["locator"]) if row.get("locator") else number_of
    file, detail = code(row.get("file") or "?"), visible(row.get("detail") or "")
    return (code(row.get("source") or "?"), file, place, word(_reason(row)), detail)


def flags(data: Data) -> Html:
    """Return what was noticed in the raw files without refusing anything."""
    if data.get("flags") is None:
        return section("flags", "Flags", None)
    found = facts.strings(data.get("flags"))
    return section("flags", "Flags", bullets(found) if found else tag("p", "Nothing was flagged."))


def repairs(data: Data) -> Html:
    """Return encoding repairs per file."""
    columns = [Column("File", wide=True), Column("Repair"), Column("Count", figures=True)]
    found = facts.table(data, "fixed")
    body = [
        (code(file), kind.replace("_", " "), number(value))
        for file in sorted(found)
        for kind, value in by_count(facts.table(found, file))
    ]
    none = tag("p", "No text needed a repair.") if "fixed" in data and not body else None
    return section(
        "repairs",
        "Encoding repairs",
        data_table("Repairs of text, by file", columns, body, css="narrow"),
        none,
    )


def planted(data: Data) -> Html | None:
    """Return what the demo corpus planted beside what was found, or None outside the demo."""
    if not facts.rows(data, "planted"):
        return None
    columns = [Column("What", wide=True), *figure_columns("Planted", "Found"), Column("Result")]
    body = [_planted(row) for row in facts.rows(data, "planted")]
    note = tag("p", "These faults were put into the demo corpus on purpose; they are not real data.")
    table = data_table("Faults planted in the demo corpus", columns, body, css="narrow")
    return section("planted", "Planted and found", note, table)


def _planted(row: Mapping[str, Any]) -> tuple[Any, ...]:
    put, found = row.get("planted"), row.get("found")
    if put is None or found is None:
        result = stated("unknown", NOT_MEASURED)
    else:
        result = stated("pass", "all found") if put == found else stated("fail", "differs")
    shown = [number(v) if isinstance(v, int | float) or v is None else visible(v) for v in (put, found)]
    return (visible(row.get("what", "?")), *shown, result)


def by_count(counts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return (name, count) with the largest first, then by name; what is no number goes last."""
    ranked = sorted(counts.items(), key=lambda item: (-(facts.count(counts, item[0]) or 0), str(item[0])))
    return [(visible(name), value) for name, value in ranked]


def _counted(caption: str, heading: str, counts: Mapping[str, Any]) -> Html | None:
    ranked = by_count(counts)
    body = [(code(name), number(value)) for name, value in ranked[:FILES_SHOWN]]
    if len(ranked) > FILES_SHOWN:
        rest = sum(facts.count(counts, name) or 0 for name, _ in ranked[FILES_SHOWN:])
        body.append((text(f"{len(ranked) - FILES_SHOWN} more"), number(rest)))
    return data_table(caption, [Column(heading), Column("Records", figures=True)], body, css="narrow")


def _reason(row: Mapping[str, Any]) -> str:
    return visible(row.get("reason") or "?")


def _file(row: Mapping[str, Any]) -> str:
    return "/".join(visible(row[key]) for key in ("source", "file") if row.get(key)) or "?"


def _place(row: Mapping[str, Any]) -> tuple[str, str, int, str]:
    place = facts.count(row, "row")
    return (
        str(row.get("source")),
        str(row.get("file")),
        -1 if place is None else place,
        str(row.get("reason")),
    )
