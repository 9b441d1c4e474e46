"""What the data of a run says, decided once for every page: verdicts, release, balance, composition.

Missing is never zero, and never passed: a gate without a verdict counts as failed, a run that does
not say it is releasable is not, and a count that is not there is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pixelated.report.wording import is_number, number, visible

Data = Mapping[str, Any]

GATES = {
    "coverage": "every required family is there",
    "leakage": "no duplicate or group in two splits",
    "distribution": "shares as asked, outside holdouts",
    "pii": "none left, every required type searched",
    "provenance": "source, licence, history of each record",
    "hash": "files and records are what they claim",
    "split": "holdouts stand in test only",
    "stats": "figures of the manifest are the shards'",
}
FAMILIES = (
    "edge_case_generator",
    "edge_case_resulting_chats",
    "edge_case_synthetic",
    "long_running_therapy",
    "mental_health_datasets",
    "video_transcripts",
    "voice_persona",
    "safety_guardrails_annihilator",
    "sarcasm",
    "cptsd",
    "addiction",
    "experimental",
    "roleplay_simulator",
    "dpo_preference",
)
# Areas in data order: stored ledgers lose the order of their steps.
AREAS = ("standardise", "clean", "score", "label", "dedup", "curate", "compile")
SPLITS = ("train", "val", "test")
PASSED, FAILED, UNMEASURED = "passed", "FAILED", "NOT MEASURED"
SCORE_CLAIM = "for data curation; not for triage, diagnosis or monitoring of clients"
PII_CLAIM = "automated redaction"
NOT_RELEASABLE = "not releasable"


@dataclass(frozen=True)
class Gate:
    """One gate as shown: its state is "passed", "FAILED" or "NOT MEASURED"."""

    name: str
    claim: str
    state: str
    measured: Any = None
    required: Any = None
    errors: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    remedy: str = ""


@dataclass(frozen=True)
class Balance:
    """Counts of records of one step or run; any may be None where it was not measured."""

    rows_in: int | None
    added: int | None
    kept: int | None
    dropped: int | None
    quarantined: int | None

    @property
    def counts(self) -> tuple[int | None, ...]:
        """Return the five counts in the order of the equation."""
        return (self.rows_in, self.added, self.kept, self.dropped, self.quarantined)

    @property
    def lost(self) -> int | None:
        """Return how many rows went nowhere: 0 balances, negative means rows from nowhere."""
        if any(count is None for count in self.counts):
            return None
        rows_in, added, kept, dropped, quarantined = (count or 0 for count in self.counts)
        return rows_in + added - kept - dropped - quarantined

    @property
    def equation(self) -> str:
        """Return the balance as one line of words and figures."""
        rows_in, added, kept, dropped, quarantined = (number(c) for c in self.counts)
        return (
            f"{rows_in} rows in + {added} added = {kept} kept + {dropped} dropped + {quarantined} quarantined"
        )

    @property
    def verdict(self) -> str:
        """Return whether it balances, in words."""
        if self.lost is None:
            return "balance not measured"
        if self.lost == 0:
            return "balances"
        kind = "lost" if self.lost > 0 else "from nowhere"
        return f"does not balance: {abs(self.lost):,} rows {kind}"


def table(data: object, *path: str) -> dict[str, Any]:
    """Return the object at `path`, or an empty one where it is missing or something else."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return dict(data) if isinstance(data, Mapping) else {}


def rows(data: Data, key: str) -> list[dict[str, Any]]:
    """Return the objects in the list `data[key]`, or none."""
    found = data.get(key)
    return [dict(row) for row in found if isinstance(row, Mapping)] if isinstance(found, list | tuple) else []


def strings(value: object) -> list[str]:
    """Return a list of lines from a list, a single value or nothing."""
    if value is None or value == "":
        return []
    items = value if isinstance(value, list | tuple) else [value]
    return [visible(item) for item in items]


def count(data: Mapping[str, Any], key: str) -> int | None:
    """Return `data[key]` where it is a number, else None (missing is never zero)."""
    value = data.get(key)
    return int(value) if value is not None and is_number(value) else None


def title(data: Data) -> str:
    """Return the name of the dataset."""
    name = data.get("title") or table(data, "manifest").get("name") or table(data, "recipe").get("name")
    return visible(name or "Unnamed dataset")


def gates(data: Data) -> list[Gate]:
    """Return the eight gates in their order, then any others by name; one without a verdict is there too."""
    verdicts = table(data, "verdicts")
    others = sorted(str(name) for name in verdicts if name not in GATES)
    return [_gate(visible(name), verdicts.get(name)) for name in (*GATES, *others)]


def _gate(name: str, verdict: object) -> Gate:
    claim = GATES.get(name, "")
    if not isinstance(verdict, Mapping) or not isinstance(verdict.get("passed"), bool):
        return Gate(name, claim, UNMEASURED, errors=["there is no verdict for this gate"])
    return Gate(
        name,
        claim,
        PASSED if verdict["passed"] else FAILED,
        verdict.get("measured"),
        verdict.get("required"),
        strings(verdict.get("errors")),
        strings(verdict.get("examples")),
        visible(verdict.get("remedy") or ""),
    )


def release(data: Data) -> tuple[bool, list[str]]:
    """Return (releasable, reasons why not).

    Fail closed: what the run says is believed only where all gates passed and the scope is full.
    """
    manifest = table(data, "manifest")
    said = table(data, "release") or table(manifest, "release")
    reasons = strings(said.get("reasons"))
    for gate in gates(data):
        named = re.compile(rf"\b{re.escape(gate.name)}\b")
        if gate.state != PASSED and not any(named.search(reason) for reason in reasons):
            word = "failed" if gate.state == FAILED else "was not measured"
            reasons.append(f"gate {gate.name} {word}")
    scope = manifest.get("scope")
    if scope is not None and scope != "full" and not any("scope" in reason for reason in reasons):
        reasons.append(f"the scope was reduced: {visible(scope)}")
    if said.get("releasable") is not True and not reasons:
        reasons.append("the run did not decide whether this may be released")
    return not reasons, reasons


def step_balance(ledger: Mapping[str, Any]) -> Balance:
    """Return the five counts of a step's ledger."""
    names = ("rows_in", "added", "kept", "dropped", "quarantined")
    return Balance(*(count(ledger, name) for name in names))


def steps(data: Data) -> list[tuple[str, dict[str, Any]]]:
    """Return (name, ledger) of the steps in data order; one of no known area stays after its neighbour."""
    found = [(visible(name), dict(v)) for name, v in table(data, "steps").items() if isinstance(v, Mapping)]
    ranks: list[int] = []
    for name, _ in found:
        ranks.append(_area(name, ranks[-1] if ranks else 0))
    order = sorted(range(len(found)), key=lambda k: ranks[k])
    return [found[k] for k in order]


def _area(step: str, neighbour: int) -> int:
    ranks = (rank for rank, area in enumerate(AREAS) if step == area or step.startswith(f"{area}_"))
    return next(ranks, neighbour)


def run_balance(data: Data) -> Balance | None:
    """Return the whole run's balance: `data["run"]` if it is there, else from the steps.

    From the steps: in = the first step's, kept = the last step's, the rest summed; a row lost between
    two steps shows as a difference. None where there are no steps.
    """
    if table(data, "run"):
        return step_balance(table(data, "run"))
    found = [step_balance(ledger) for _, ledger in steps(data)]
    if not found:
        return None
    sums = [_sum([getattr(step, name) for step in found]) for name in ("added", "dropped", "quarantined")]
    return Balance(found[0].rows_in, sums[0], found[-1].kept, sums[1], sums[2])


def _sum(counts: list[int | None]) -> int | None:
    return None if any(c is None for c in counts) else sum(c or 0 for c in counts)


def split_counts(data: Data) -> dict[str, int | None]:
    """Return records per split, the contract's three first, from `splits` or the manifest."""
    found = table(data, "splits") or table(data, "manifest", "splits")
    out: dict[str, int | None] = {}
    for name in (*SPLITS, *(n for n in found if n not in SPLITS)):
        value = found.get(name)
        out[name] = count(value, "conversations") if isinstance(value, Mapping) else count(found, name)
    return out if found else {}


def family_counts(data: Data) -> dict[str, int]:
    """Return records per family, all 14 in their order (absent is 0: the manifest lists those there are)."""
    found = table(data, "manifest", "source_families")
    if not found:
        return {}
    names = (*FAMILIES, *sorted(n for n in found if n not in FAMILIES))
    return {name: count(table(found, name), "conversations") or 0 for name in names}


def compiled_licenses(data: Data) -> list[str]:
    """Return the sorted licences of the sources that have records in the dataset."""
    sources = table(data, "manifest", "sources")
    found = {table(sources, s).get("license") for s in sources if count(table(sources, s), "conversations")}
    return sorted(visible(license_id or "NOASSERTION") for license_id in found)


def files(data: Data) -> set[str]:
    """Return the paths of the dataset's files, from `files` (list or object) or the manifest."""
    listed = data.get("files")
    if isinstance(listed, list | tuple | set | frozenset | Mapping):
        return {str(path) for path in listed}
    return set(table(data, "manifest", "files"))
