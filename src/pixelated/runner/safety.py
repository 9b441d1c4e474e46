"""Safety filters over files: records screened with an audit of the bypass, and a red team's cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import UsageError
from pixelated.core.lines import BOM, RefusedLineError, record_of, write_lines
from pixelated.core.source import Source
from pixelated.core.store import LocalStore
from pixelated.curate.policy import Curriculum
from pixelated.curate.safety import (
    DROP,
    MASKED,
    PASS,
    Grant,
    Look,
    SafetyPolicy,
    Seen,
    audit_lines,
    decide_record,
    load_safety,
)
from pixelated.runner.screen import look
from pixelated.score import SCORERS
from pixelated.score.limits import limits_of

KEPT, DROPPED, AUDIT, REFUSED = "kept.jsonl", "dropped.jsonl", "bypass_audit.jsonl", "tags_refused.jsonl"
REPORTED = "reported"
OUTCOMES = (PASS, DROP, MASKED, REPORTED)


def looker(policy: SafetyPolicy) -> Look:
    """Return what looks at a record by the filters of a policy."""
    limits = limits_of(policy.limits())

    def seen(messages: Sequence[Mapping[str, Any]], own: int) -> Seen:
        return look(messages[:own], messages[own:], limits)

    return seen


def check_scorers(policy: SafetyPolicy, names: Sequence[str] | None = None) -> None:
    """Raise `UsageError` for a filter that there is not, or whose scorer there is not."""
    for name in names if names is not None else policy.filters:
        if name not in policy.filters:
            known = ", ".join(sorted(policy.filters))
            raise UsageError("unknown_filter", f"there is no filter {name!r}", f"choose from: {known}")
        one = policy.filters[name]
        for scorer in (one.scorer, *([one.after.scorer] if one.after else [])):
            SCORERS.get(scorer)


@dataclass
class _Screen:
    """The counts and findings of one screening."""

    policy: SafetyPolicy
    sources: Mapping[str, Source]
    curriculum: Curriculum
    audit: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    bypassed: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)

    def kept(self, path: Path) -> Iterator[dict[str, Any]]:
        """Yield the records that may be used, with the positions that are masked."""
        seen = looker(self.policy)
        for record in _records(path, self.counts):
            outcome = decide_record(self._labelled(record), self._grant(record), self.policy, seen)
            self.counts[outcome.decision] += 1
            self.reasons.update(outcome.reasons)
            self.unjudged.update(outcome.unjudged)
            self.reported.update(outcome.reported)
            self.bypassed.update(finding.filter for finding in outcome.bypassed)
            self.audit += audit_lines(record["id"], outcome)
            if outcome.tag_refused:
                self.refused.append({"id": record["id"], "source": record.get("source")})
            if outcome.decision == DROP:
                self.dropped.append({"id": record["id"], "reasons": outcome.reasons})
            else:
                yield record | {"masked": outcome.masked}

    def _labelled(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record with origin and kind, which filters spare; the source's where it has none."""
        source = self.sources.get(str(record.get("source")))
        kind = "preference" if record.get("chosen") else "dialogue"
        return {"origin": source.origin if source else "", "kind": kind} | dict(record)

    def _grant(self, record: Mapping[str, Any]) -> Grant:
        source = self.sources.get(str(record.get("source")))
        kind, families = str(record.get("kind") or "dialogue"), list(record.get("families") or ())
        stage = self.curriculum.stage_of(kind, families, source.stage if source else "")
        edge = any(one.edge for one in self.curriculum.stages if one.name == stage)
        tagged = record.get("is_training_edge_case") is True
        return Grant(tagged, source is not None and source.edge_bypass, edge)


def screen_file(
    path: Path, output: Path, sources: Mapping[str, Source], curriculum: Curriculum, safety: str = "default"
) -> dict[str, Any]:
    """Screen records by safety filters; return what `--json` prints.

    `kept.jsonl` repeats each usable record with `masked`, the positions of turns to take no loss from;
    `dropped.jsonl` has ids and reasons, `bypass_audit.jsonl` each use of the bypass (id, filter, turn,
    score), `tags_refused.jsonl` the records whose source may not tag them.

    Raises:
        UsageError: no such file, or a scorer of a filter is not there.
    """
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    policy = load_safety(safety)
    check_scorers(policy)
    run, store = _Screen(policy, sources, curriculum), LocalStore(output, private=True)
    store.write(KEPT, lambda f: write_lines(f, run.kept(path)))
    for name, lines in ((DROPPED, run.dropped), (AUDIT, run.audit), (REFUSED, run.refused)):
        store.write(name, lambda f, lines=lines: write_lines(f, lines))  # type: ignore[misc]
    decided = {name: run.counts[name] for name in (PASS, DROP, MASKED)}
    return {
        "rows_in": sum(decided.values()) + run.counts["refused_lines"],
        "kept": run.counts[PASS] + run.counts[MASKED],
        "dropped": run.counts[DROP],
        "quarantined": run.counts["refused_lines"],
        "masked": run.counts[MASKED],
        "reasons": dict(sorted(run.reasons.items())),
        "reported": dict(sorted(run.reported.items())),
        "bypass": {"uses": len(run.audit), "by_filter": dict(sorted(run.bypassed.items()))},
        "tags_refused": len(run.refused),
        "unjudged": dict(sorted(run.unjudged.items())),
        "output": str(output),
    }


def _records(path: Path, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().removeprefix(BOM).splitlines():
        if not line.strip():
            continue
        try:
            record = record_of(line)
            for name in ("messages", "chosen"):
                _check_messages(record.get(name) or [])
        except RefusedLineError:
            counts["refused_lines"] += 1
            continue
        yield record


def _check_messages(value: Any) -> None:
    good = isinstance(value, list) and all(
        isinstance(m, dict) and isinstance(m.get("role"), str) and isinstance(m.get("content"), str)
        for m in value
    )
    if not good:
        raise RefusedLineError("bad_message")


def redteam_file(path: Path, safety: str = "default") -> dict[str, Any]:
    """Run a red team's cases; return what `--json` prints, with each expectation that was not met.

    A line has an `id`, `messages` and `expect`, a mapping from filters to pass, drop, masked or reported;
    with `"edge_case": true` it is a record that the bypass holds for. Each filter is run by itself.

    Raises:
        UsageError: no such file, or a line that is no case, by its number.
    """
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    policy = load_safety(safety)
    cases = [
        _case(line, policy, f"{path}, line {n}")
        for n, line in enumerate(path.read_bytes().removeprefix(BOM).splitlines(), 1)
        if line.strip()
    ]
    check_scorers(policy, sorted({name for case in cases for name in case["expect"]}))
    failures, checks = [], 0
    for case in cases:
        holds = case.get("edge_case") is True
        grant = Grant(tagged=holds, source_grants=holds, edge_stage=holds)
        for name, expected in sorted(case["expect"].items()):
            one = SafetyPolicy(policy.name, {name: policy.filters[name]})
            outcome = decide_record(case, grant, one, looker(one))
            # By itself a filter of replies masks: that nothing remains is a matter of the whole record.
            found = MASKED if outcome.masked else REPORTED if outcome.reported else outcome.decision
            checks += 1
            if found != expected:
                unjudged = bool(outcome.unjudged)
                line = {"id": case["id"], "filter": name, "expected": expected, "found": found}
                failures.append(line | {"unjudged": unjudged})
    return {"cases": len(cases), "checks": checks, "failures": failures, "passed": not failures}


def _case(line: bytes, policy: SafetyPolicy, where: str) -> dict[str, Any]:
    remedy = 'a line is {"id", "messages", "expect": {"<filter>": "pass" | "drop" | "masked" | "reported"}}'
    try:
        case = record_of(line)
        _check_messages(case.get("messages"))
    except RefusedLineError as refused:
        raise UsageError("bad_case", f"{where}: {refused}", remedy) from None
    expect = case.get("expect")
    if not isinstance(expect, dict) or not expect or not case["messages"]:
        raise UsageError("bad_case", f"{where}: no expectation or no messages", remedy)
    for name, outcome in expect.items():
        if name not in policy.filters or outcome not in OUTCOMES:
            known = ", ".join(sorted(policy.filters))
            raise UsageError(
                "bad_case", f"{where}: no such expectation {name}: {outcome}", f"filters: {known}"
            )
    return case


def read_scores(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file of scores.

    Raises:
        UsageError: no such file, or a line that is none.
    """
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    lines = []
    for n, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            one = orjson.loads(line)
            lines.append({"id": one["id"], "scores": dict(one["scores"]), **_labels(one)})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise UsageError(
                "bad_scores", f"{path}, line {n}: no id and scores", "give the output of `pixelated score`"
            ) from None
    return lines


def _labels(one: Mapping[str, Any]) -> dict[str, Any]:
    families = one.get("families")
    return {"source": one.get("source"), "families": families if isinstance(families, list) else []}


def tune(
    scores: Path, scorer: str, old: float, new: float, *, keep_low: bool = False, records: Path | None = None
) -> dict[str, Any]:
    """Return which records another threshold would let in and keep out: ids and counts, never text.

    Args:
        scores: output of `pixelated score`; lines may carry `source` and `families`.
        scorer: whose values are read.
        old: threshold now.
        new: threshold to try.
        keep_low: a record is admitted at or below the threshold (harm, crisis) rather than at or above.
        records: the scored records, for their `source` and `families`.

    Raises:
        UsageError: no such file, or no line has a value of that scorer.
    """
    lines = read_scores(scores)
    if not any(scorer in line["scores"] for line in lines):
        names = sorted({name for line in lines for name in line["scores"]})
        raise UsageError(
            "unknown_scorer", f"no scores of {scorer!r} in {scores}", f"there are: {', '.join(names)}"
        )
    known = {r["id"]: _labels(r) for r in _records(records, Counter())} if records else {}
    found: dict[str, list[Any]] = {"let_in": [], "keep_out": []}
    counts: dict[str, dict[str, Counter[str]]] = {
        change: {"by_source": Counter(), "by_family": Counter()} for change in found
    }
    nulls = stay = admitted = 0
    for line in lines:
        value = line["scores"].get(scorer)
        if value is None:
            nulls += 1
            continue
        before, after = _admits(value, old, keep_low=keep_low), _admits(value, new, keep_low=keep_low)
        admitted += after
        if before == after:
            stay += 1
            continue
        change = "let_in" if after else "keep_out"
        labels = known.get(line["id"], line)
        found[change].append(line["id"])
        counts[change]["by_source"][str(labels["source"] or "unknown")] += 1
        counts[change]["by_family"].update(map(str, labels["families"] or ["unknown"]))
    sides = {
        change: {"count": len(ids), "ids": ids}
        | {name: dict(sorted(tally.items())) for name, tally in counts[change].items()}
        for change, ids in found.items()
    }
    return {"scorer": scorer, "from": old, "to": new, "rows": len(lines), "unchanged": stay, "nulls": nulls,
            "admitted": admitted} | sides  # fmt: skip


def _admits(value: float, threshold: float, *, keep_low: bool) -> bool:
    return value <= threshold if keep_low else value >= threshold
