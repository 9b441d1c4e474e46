"""What the dataset is like: composition, scores, identifiers, duplicates, evaluation sets, edge cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelated.report import facts
from pixelated.report.charts import family_chart, histogram, split_chart, stage_chart
from pixelated.report.facts import Data
from pixelated.report.markup import Html, code, facts_list, join, section, stated, tag
from pixelated.report.page_records import by_count
from pixelated.report.page_splits import split_tables
from pixelated.report.tables import Column, data_table, figure_columns, text_columns
from pixelated.report.wording import NOT_MEASURED, label, number, plain, share, visible

REQUIRED_PER_FAMILY = 3  # the coverage gate's rule (docs/dataset-format.md)


def composition(data: Data) -> Html:
    """Return the charts of splits, families and stages, and the holdouts."""
    stages = {n: facts.table(v) for n, v in facts.table(data, "stages").items() if isinstance(v, Mapping)}
    charts = [
        ("Splits", split_chart(facts.split_counts(data))),
        ("Families", family_chart(facts.family_counts(data), REQUIRED_PER_FAMILY)),
        ("Stages against their target", stage_chart(stages)),
    ]
    parts: list[Html] = []
    for heading, chart in charts:
        parts += [tag("h3", heading), chart or tag("p", NOT_MEASURED, class_="missing")]
    tables = [("Holdouts", _holdouts(data)), *split_tables(facts.table(data, "manifest", "split_assignment"))]
    parts += [part for heading, body in tables if body for part in (tag("h3", heading), body)]
    return section("composition", "Composition", *parts)


def _holdouts(data: Data) -> Html | None:
    found = facts.table(data, "manifest", "holdout_families")
    body = [
        (family, visible(entry.get("mode") or "full"), visible(entry.get("rationale") or ""))
        for family, entry in sorted((name, facts.table(found, name)) for name in found)
    ]
    columns = [Column("Family"), Column("In test"), Column("Why", wide=True)]
    return data_table("Families held out for the test split", columns, body, css="narrow")


def scores(data: Data) -> Html:
    """Return one figure per scorer with its histogram and statistics."""
    found = {name: facts.table(data, "scores", name) for name in sorted(facts.table(data, "scores"))}
    if not found:
        return section("scores", "Scores", None)
    figures = [_score(name, statistics) for name, statistics in found.items()]
    claim = tag(
        "p", f"Scores are {facts.SCORE_CLAIM}. A record that could not be judged has no score, never 0."
    )
    return section("scores", "Scores", claim, tag("div", *figures, class_="scores"))


def _score(name: str, statistics: Mapping[str, Any]) -> Html:
    bins = statistics.get("histogram")
    drawing = histogram(name, bins, statistics.get("mean")) if isinstance(bins, list | tuple) else None
    rows = [(key, number(statistics.get(key))) for key in ("count", "nulls", "mean", "min", "max")]
    terms = {"count": "records", "nulls": "not judged"}
    return tag(
        "figure",
        tag("figcaption", code(name)),
        drawing or tag("span", "no histogram: ", NOT_MEASURED, class_="plot missing"),
        facts_list([(terms.get(key, key), value) for key, value in rows], class_="figures"),
    )


def identifiers(data: Data) -> Html:
    """Return what the automated redaction replaced, what it searched for and what it did not."""
    searched = facts.table(data, "manifest", "pii")
    claim = (
        f"This is {facts.PII_CLAIM}. It replaces identifiers that a pattern can find; "
        "it does not show that a text is free of them."
    )
    lists = facts_list(
        [
            ("Types searched", _types(searched.get("searched"))),
            ("Types not searched", _types(searched.get("not_searched"))),
        ],
        class_="lists",
    )
    replaced = _counts("Identifiers replaced, by type", "Type", "Replaced", facts.table(data, "pii"))
    status = _counts("Records by redaction status", "Status", "Records", facts.table(data, "pii_status"))
    tables = tag(
        "div", replaced or _unmeasured("Identifiers replaced"), status or _unmeasured("Status"), class_="pair"
    )
    return section("identifiers", "Personal identifiers", tag("p", claim), lists, tables)


def _types(value: object) -> Html | str:
    if value is None:
        return NOT_MEASURED
    return join((code(name) for name in facts.strings(value)), ", ") or "none"


def _unmeasured(what: str) -> Html:
    return tag("p", f"{what}: {NOT_MEASURED}", class_="missing")


def duplicates(data: Data) -> Html:
    """Return the figures of deduplication, and which pairs of sources shared records."""
    found = facts.table(data, "dedup")
    if not found:
        return section("duplicates", "Duplicates", None)
    flat = {key: value for key, value in found.items() if not isinstance(value, Mapping | list | tuple)}
    figures = facts_list(
        [(label(k), share(v) if k.startswith("rate") else plain(v)) for k, v in flat.items()],
        class_="figures",
    )
    return section("duplicates", "Duplicates", figures, _collisions(found), _shared(found))


def _collisions(found: Mapping[str, Any]) -> Html | None:
    entry = facts.table(found, "collisions")
    if not entry:
        return None
    words = (
        f"Records that share their content hash with a different record: {number(entry.get('records'))}. "
        "Both are kept, in the same split."
    )
    ids = join((code(name) for name in facts.strings(entry.get("examples"))), " ")
    return join([tag("p", words), tag("p", "Examples: ", ids, class_="examples") if ids else None])


def _shared(found: Mapping[str, Any]) -> Html | None:
    pairs = facts.rows(found, "by_sources")
    if not pairs:
        return _counts("Duplicates by pair of sources", "Pair", "Records", facts.table(found, "by_pair"))
    body = [(code(p.get("removed", "?")), code(p.get("kept", "?")), number(p.get("records"))) for p in pairs]
    columns = [*text_columns("Removed from", "Kept in"), Column("Records", figures=True)]
    return data_table("Duplicates by pair of sources", columns, body, css="narrow")


def evaluation(data: Data) -> Html:
    """Return evaluation sets and how many records of other sources were refused because of each."""
    found = facts.table(data, "evaluation") or facts.table(data, "manifest", "evaluation_sets")
    columns = [Column("Evaluation set"), *figure_columns("Records", "Matched and removed")]
    body = [
        (code(name), number(entry.get("records")), number(entry.get("matched_in_training_data")))
        for name, entry in sorted((name, facts.table(found, name)) for name in found)
    ]
    caption = (
        "Evaluation sets; every record of the other sources is held against them before splits are assigned, "
        "and what matches reaches neither train, val nor test"
    )
    return section("evaluation", "Evaluation sets", data_table(caption, columns, body, css="narrow"))


def safety_filters(data: Data) -> Html:
    """Return the safety filters, and what each dropped, masked and reported."""
    found = facts.table(data, "safety") or facts.table(data, "manifest", "safety")
    if not found:
        return section("safety", "Safety filters", None)
    if found.get("policy") is None:
        off = "The policy turned the safety filters off: no client turn and no reply was judged by them."
        return section("safety", "Safety filters", tag("p", stated("fail", off)))
    columns = [
        *text_columns("Filter", "Turns of", "Limit", "What it does"),
        *figure_columns("Dropped", "Masked", "Bypassed", "Reported", "Not judged"),
    ]
    filters = facts.table(found, "filters")
    body = [_safety_row(name, facts.table(filters, name), found) for name in sorted(filters)]
    caption = (
        f"Safety filters, policy {plain(found['policy'])}, over {number(found.get('looked_at'))} admitted "
        "conversations; records, and for the bypass turns. Not judged: no turn that the scorer could judge"
    )
    return section("safety", "Safety filters", data_table(caption, columns, body, css="narrow"))


def _safety_row(name: str, one: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Any, ...]:
    limit = (
        f"above {plain(one['most'])}" if one.get("most") is not None else f"below {plain(one.get('least'))}"
    )
    acts = "masks or drops" if one.get("role") == "assistant" else "drops"
    counts = (
        facts.table(found, "dropped"),
        facts.table(found, "masked", "by_filter"),
        facts.table(found, "bypass", "by_filter"),
        facts.table(found, "reported"),
        facts.table(found, "unjudged"),
    )
    does = "reports" if one.get("report_only") else acts
    role = "the therapist" if one.get("role") == "assistant" else "the client"
    return (
        code(name),
        role,
        f"{visible(one.get('scorer'))} {limit}",
        does,
        *(number(c.get(name, 0)) for c in counts),
    )


def edge_cases(data: Data) -> Html:
    """Return how often the bypass for training edge cases was used and refused."""
    found = facts.table(data, "edge_bypass")
    if not found:
        return section("edge", "Edge cases", None)
    text = (
        "A record tagged as a training edge case by a source that may do so skips the crisis and toxicity "
        "filters on its client turns, and nothing else. Every other tag is refused. Each use stands in "
        "bypass_audit.jsonl: record, filter, turn, score."
    )
    parts = facts_list([(label(key), plain(value)) for key, value in found.items()], class_="figures")
    return section("edge", "Edge cases", tag("p", text), parts)


def made(data: Data) -> Html:
    """Return what is needed to make the same bytes again."""
    manifest, recipe = facts.table(data, "manifest"), facts.table(data, "recipe")
    keys = ("generated_at", "recipe_fingerprint", "code_version", "seed", "scope", "split_ratio", "policy")
    pairs = [(label(key), plain(manifest[key])) for key in keys if key in manifest]
    named = {f"recipe {label(key)}": plain(value) for key, value in sorted(recipe.items())}
    pairs += [(name, value) for name, value in named.items() if (name, value) not in pairs]
    return section(
        "made", "How it was made", facts_list(pairs, class_="lists") if manifest or recipe else None
    )


def next_step(data: Data) -> Html:
    """Return the command to type next."""
    command = data.get("next")
    block = tag("pre", tag("code", visible(command))) if command else None
    return section("next", "Next", block)


def _counts(caption: str, heading: str, figure: str, counts: Mapping[str, Any]) -> Html | None:
    body = [(_status(name), number(value)) for name, value in by_count(counts)]
    return data_table(caption, [Column(heading), Column(figure, figures=True)], body, css="narrow")


def _status(name: str) -> Html:
    return stated("unknown", name) if name == "requires_review" else code(name)
