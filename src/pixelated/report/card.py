"""The dataset card: README.md of a dataset, with the front matter that the Hugging Face Hub reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelated.report import card_prose, facts
from pixelated.report.card_front import SPLIT_NAMES, front_matter, shard_splits, stages
from pixelated.report.facts import Data
from pixelated.report.markdown import Md, bullets, code, prose, table
from pixelated.report.wording import NOT_MEASURED, number, one_line, plain, share, visible


def render_card(data: Mapping[str, Any]) -> str:
    """Return README.md of the dataset: YAML front matter, then the card.

    Args:
        data: as for `render_report`; `files` lists the dataset's files (default: the manifest's), and
            decides which configurations the front matter names.
    """
    sections = [
        ("Status", _status(data)),
        ("Composition", _composition(data)),
        ("Sources and licences", _sources(data)),
        ("How it was made", _made(data)),
        ("Splits and holdouts", _splits(data)),
        ("Personal identifiers", _identifiers(data)),
        ("Gates", _gates(data)),
        ("Intended use", card_prose.INTENDED_USE),
        ("Out of scope", card_prose.OUT_OF_SCOPE),
        ("Jurisdictions", card_prose.JURISDICTIONS),
        ("Known limits", _limits()),
        ("How to load it", _loading(data)),
    ]
    body = "\n\n".join(f"## {heading}\n\n{text or NOT_MEASURED}" for heading, text in sections)
    return f"{front_matter(data)}\n# {prose(facts.title(data))}\n\n{_summary(data)}\n\n{body}\n"


def _summary(data: Data) -> str:
    manifest = facts.table(data, "manifest")
    records, words = number(manifest.get("total_conversations")), number(manifest.get("total_tokens_approx"))
    return (
        f"A corpus of {records} records ({words} words) for training a language model that helps therapists "
        "to practise difficult conversations. Built and checked by `pixelated`."
    )


def _status(data: Data) -> str:
    releasable, reasons = facts.release(data)
    if releasable:
        return "**releasable**: all gates passed at full scope."
    return f"**{facts.NOT_RELEASABLE}**\n\n{bullets(reasons)}"


def _composition(data: Data) -> str:
    manifest = facts.table(data, "manifest")
    total = manifest.get("total_conversations")
    families = facts.family_counts(data)
    parts: list[str] = []
    if families:
        parts.append(_counted("Family", families, total))
        parts.append("A record counts for each of its families; 0 means that the family is missing.")
    found = facts.table(manifest, "stages")
    if found:
        counts = {name: facts.table(found, name).get("conversations") for name in found}
        parts.append(_counted("Stage", counts, total))
    if kinds := facts.table(manifest, "kinds"):
        parts.append(_counted("Kind", kinds, total))
    return "\n\n".join(parts)


def _counted(heading: str, counts: Mapping[str, Any], total: object) -> Md:
    body = [(code(name), number(value), share(value, total)) for name, value in counts.items()]
    return table((heading, "Records", "Share"), body, figures=2)


def _sources(data: Data) -> str:
    found = facts.rows(data, "sources") or _manifest_sources(data)
    if not found:
        return ""
    body = [
        (
            _source_name(source),
            source.get("license") or "NOASSERTION",
            source.get("origin") or NOT_MEASURED,
            number(source.get("compiled")),
        )
        for source in found
    ]
    note = (
        "Each record names its own licence in `metadata.license`, and it binds whoever uses the record. "
        "`NOASSERTION` means that no licence was found: nothing is permitted by it."
    )
    return f"{table(('Source', 'Licence', 'Origin', 'Records here'), body, figures=1)}\n\n{note}"


def _source_name(source: Mapping[str, Any]) -> Md:
    title = f" {prose(source['title'])}" if source.get("title") else ""
    return Md(f"{code(source.get('id', '?'))}{title}")


def _manifest_sources(data: Data) -> list[dict[str, Any]]:
    found = facts.table(data, "manifest", "sources")
    tables = ((name, facts.table(found, name)) for name in sorted(found))
    return [{"id": name, **entry, "compiled": entry.get("conversations")} for name, entry in tables]


def _made(data: Data) -> str:
    manifest, recipe = facts.table(data, "manifest"), facts.table(data, "recipe")
    fingerprint = manifest.get("recipe_fingerprint") or recipe.get("fingerprint") or NOT_MEASURED
    lines = [
        f"- Recipe fingerprint: {code(fingerprint)}",
        f"- Code version: {code(manifest.get('code_version') or NOT_MEASURED)}",
        f"- Seed: {plain(manifest.get('seed'))}",
        f"- Dated {code(manifest.get('generated_at') or NOT_MEASURED)}, by its sources and not by a clock",
    ]
    balance = facts.run_balance(data)
    if balance is not None:
        lines.append(f"- {balance.equation}: {balance.verdict}")
    body = [(code(name), *map(number, facts.step_balance(step).counts)) for name, step in facts.steps(data)]
    headings = ("Step", "Rows in", "Added", "Kept", "Dropped", "Quarantined")
    steps = f"\n\n{table(headings, body, figures=5)}" if body else ""
    safety = _safety(data)
    return "\n".join(lines) + steps + (f"\n\n### Safety filters\n\n{safety}" if safety else "")


def _splits(data: Data) -> str:
    counts = facts.split_counts(data)
    if not counts:
        return ""
    total = sum(value or 0 for value in counts.values())
    body = [(code(n), code(SPLIT_NAMES.get(n, n)), number(v), share(v, total)) for n, v in counts.items()]
    parts: list[str] = [table(("Split", "Name on the Hub", "Records", "Share"), body, figures=2)]
    leakage = next(gate.state for gate in facts.gates(data) if gate.name == "leakage")
    parts.append(
        "A group (session, author, question) and exact duplicates are kept in one split. "
        f"The gate that checks it, `leakage`: {leakage}."
    )
    found = facts.table(data, "manifest", "holdout_families")
    held = [(code(n), *_holdout(facts.table(found, n))) for n in sorted(found)]
    parts.append(
        table(("Held-out family", "In test", "Why"), held)
        if held
        else "No family is held out for the test split."
    )
    return "\n\n".join(parts)


def _holdout(entry: Mapping[str, Any]) -> tuple[str, str]:
    return (visible(entry.get("mode") or "full"), visible(entry.get("rationale") or NOT_MEASURED))


def _identifiers(data: Data) -> str:
    types = facts.table(data, "manifest", "pii")
    counts = facts.table(data, "pii")
    replaced = ", ".join(f"{code(name)} {number(counts[name])}" for name in sorted(counts))
    lines = [
        f"Identifiers were replaced by {facts.PII_CLAIM}. Texts may still hold some.",
        "",
        f"- Searched: {_names(types.get('searched'))}",
        f"- Not searched: {_names(types.get('not_searched'))}",
        f"- Replaced: {replaced or (NOT_MEASURED if 'pii' not in data else 'none')}",
    ]
    return "\n".join(lines)


def _names(value: object) -> str:
    if value is None:
        return NOT_MEASURED
    return ", ".join(code(name) for name in facts.strings(value)) or "none"


def _safety(data: Data) -> str:
    found = facts.table(data, "safety") or facts.table(data, "manifest", "safety")
    if not found:
        return ""
    if found.get("policy") is None:
        return card_prose.SAFETY_OFF
    filters = {name: facts.table(found, "filters", name) for name in facts.table(found, "filters")}
    reports = [name for name, one in sorted(filters.items()) if one.get("report_only")]
    masked, bypass = facts.table(found, "masked"), facts.table(found, "bypass")
    turns, used = number(masked.get("turns")), number(bypass.get("uses"))
    lines = [
        f"Filters {code(found['policy'])}, by role, {facts.SCORE_CLAIM}:",
        "",
        f"- Dropped: {_tally(found, 'dropped')}",
        f"- Records with masked replies: {number(masked.get('records'))} ({turns} replies)",
        f"- Reported as tags `safety_...`, neither dropped nor masked: {_tally(found, 'reported')}",
        f"- Filters that only report: {_names(reports)}",
        f"- Client turns that the bypass of edge cases let pass, each in `bypass_audit.jsonl`: {used}",
        f"- Tags of edge cases that were refused: {number(found.get('tags_refused'))}",
        "",
        card_prose.MASKED,
    ]
    return "\n".join(lines)


def _tally(found: Mapping[str, Any], name: str) -> str:
    counts = facts.table(found, name)
    return ", ".join(f"{code(key)} {number(counts[key])}" for key in sorted(counts)) or "none"


def _gates(data: Data) -> str:
    body = [
        (code(gate.name), gate.state, one_line(gate.measured), one_line(gate.required))
        for gate in facts.gates(data)
    ]
    return table(("Gate", "Verdict", "Measured", "Required"), body)


def _limits() -> str:
    claim = facts.PII_CLAIM
    return card_prose.KNOWN_LIMITS.format(score_claim=facts.SCORE_CLAIM, pii_claim_capital=claim.capitalize())


def _loading(data: Data) -> str:
    found, files = stages(data), facts.files(data)
    splits = ", ".join(code(name) for _, name in shard_splits(data))
    pairs = "preference/train.jsonl" in files
    sft = card_prose.LOAD_SFT.format(stage=found[0]) if found else card_prose.LOAD_SFT_DEFAULT
    lines = [card_prose.LOAD_HEAD, sft, *([card_prose.LOAD_PREFERENCE] if pairs else []), "```"]
    parts = ["\n".join(lines), f"Splits with records: {splits or 'none'}.", card_prose.TRL_SFT]
    return "\n\n".join([*parts, *([card_prose.TRL_DPO] if pairs else [])])
