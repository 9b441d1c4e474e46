"""Safety: masks fit the replies they are for, the bypass was used where it holds, nothing gross is left.

Nothing here asks a scorer. What the build says it did is held against the records: each line of the audit
must be of a record that is tagged, in an edge stage and from a source that grants the bypass, and of a filter
that can be bypassed; each masked position must be a reply; and a short list of wordings is searched in every
reply that a model is to learn from.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset
from pixelated.verify.findings import Findings
from pixelated.verify.hashes import Texts
from pixelated.verify.jsonl import parse, read_blocks
from pixelated.verify.paths import Files
from pixelated.verify.record import Record, mapping, natural, sequence

AUDIT = "bypass_audit.jsonl"
MANIFEST = "manifest.json"
_LINE = {"id", "source", "filter", "turn", "score"}
_SENTENCES = re.compile(r"[^.!?\n]+[.!?]*")
_QUOTED = re.compile(r"[\"\u201c][^\"\u201c\u201d\n]*[\"\u201d]")
_SPACES = re.compile(r"\s+")
_ALLOWED = "the bypass was used where it does not hold"


class SafetyCheck:
    """What a dataset says of its safety filters, held against its records."""

    def __init__(
        self, manifest: dict[str, Any], files: Files, wanted: str | None, findings: Findings
    ) -> None:
        self._said = mapping(manifest.get("safety"))
        self._files, self._findings, self._wanted = files, findings, wanted
        self._filters = {n: mapping(f) for n, f in mapping(self._said.get("filters")).items()}
        self._sources = set(_texts(self._said.get("granting_sources")))
        self._stages = _edge_stages(manifest) or set(_texts(self._said.get("edge_stages")))
        self._harm = _wordings() if self._said.get("policy") is not None else []
        self._uses: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._by_filter: Counter[str] = Counter()
        self._bypassed = self._masked = self._turns = self._replies = 0
        self._states_masks = False
        self._masks: dict[str, tuple[int, ...]] = {}
        self._read_audit()

    @property
    def measured(self) -> dict[str, Any]:
        """Return the counts."""
        return {
            "policy": self._said.get("policy"),
            "replies_searched": self._replies,
            "masked_records": self._masked,
            "masked_turns": self._turns,
            "bypass_uses": self._by_filter.total(),
        }

    def see(self, record: Record) -> None:
        """Hold masks and uses of the bypass against one record, and search its replies."""
        if record.texts is None:
            return  # the hash gate names it
        messages, chosen, _ = record.texts
        masked = self._see_masks(record, messages)
        tagged = record.metadata.get("is_training_edge_case") is True
        if tagged and self._said and record.text_of("source_key") not in self._sources:
            self._findings.add("a record is tagged whose source may not grant the bypass", record.name)
        lines = self._uses.pop(record.id, [])
        for line in lines:
            self._see_use(line, record, messages)
        self._bypassed += bool(lines)
        replies = [text for n, (role, text) in enumerate(messages) if role == "assistant" and n not in masked]
        replies += [text for role, text in chosen if role == "assistant"]
        if self._harm and record.row.get("kind") != "text":
            self._replies += len(replies)
            for kind in sorted({k for text in replies for k in self._gross(text)}):
                self._findings.add(f"a reply to learn from is harmful ({kind})", record.name)

    def judge(self) -> None:
        """Hold the counts against the manifest, and the masked export against the masks."""
        if self._states_masks and not self._said:
            self._findings.add("the manifest does not say which safety filters were applied", MANIFEST)
        elif self._said and self._wanted and self._said.get("policy") is None:
            self._findings.add("the policy asks for safety filters, and none were applied", MANIFEST)
        for lines in self._uses.values():
            for line in lines:
                self._findings.add("the bypass was used for no record of the dataset", _name(line))
        counted: dict[str, dict[str, Any]] = {
            "bypass": {"uses": self._by_filter.total(), "records": self._bypassed,
                       "by_filter": dict(sorted(self._by_filter.items()))},
            "masked": {"records": self._masked, "turns": self._turns},
        }  # fmt: skip
        for part, counts in counted.items():
            said = mapping(self._said.get(part))
            for name, value in counts.items():
                if value and not self._said:
                    self._findings.add(f"the manifest does not count {part} {name}", MANIFEST)
                elif self._said.get("policy") is not None and said.get(name) != value:
                    self._findings.add(f"safety.{part}.{name} is not what the records give", MANIFEST)
        self._see_export()

    def _see_masks(self, record: Record, messages: Texts) -> set[int]:
        stated = record.metadata.get("masked_turns")
        self._states_masks |= stated is not None
        places = [natural(place) for place in sequence(stated)]
        masked = {place for place in places if place is not None}
        replies = {n for n, (role, _) in enumerate(messages) if role == "assistant"}
        if places != sorted(masked) or not masked <= replies:
            self._findings.add("masked_turns are not positions of replies, each once", record.name)
            return set()
        if masked and replies == masked and record.row.get("kind") == "dialogue":
            self._findings.add("every reply of a record is masked", record.name)
        self._masked += bool(masked)
        self._turns += len(masked)
        if masked and record.split == "train":
            self._masks[record.id] = tuple(sorted(masked))
        return masked

    def _read_audit(self) -> None:
        fact = self._files.fact(AUDIT)
        if fact.problem:
            if self._said.get("policy") is not None:
                self._findings.add(f"the audit of the bypass {fact.problem}", AUDIT)
            return
        for block in read_blocks(self._files.path(AUDIT)):
            for raw in block:
                row = parse(raw).row or {}
                if set(row) != _LINE or not isinstance(row.get("id"), str):
                    self._findings.add("a line of the audit is malformed or holds more than it may", AUDIT)
                    continue
                self._uses[row["id"]].append(row)

    def _see_use(self, line: dict[str, Any], record: Record, messages: Texts) -> None:
        one, at = self._filters.get(str(line["filter"]), {}), natural(line["turn"])
        self._by_filter[str(line["filter"])] += 1
        source = record.text_of("source_key")
        if record.metadata.get("is_training_edge_case") is not True:
            self._findings.add(f"{_ALLOWED}: the record is not tagged", record.name)
        if record.text_of("phase") not in self._stages:
            self._findings.add(f"{_ALLOWED}: the record is in no edge stage", record.name)
        if source not in self._sources or line["source"] != source:
            self._findings.add(f"{_ALLOWED}: its source may not grant it", record.name)
        if one.get("role") != "user" or one.get("bypass") is not True:
            self._findings.add(f"{_ALLOWED}: the filter is none of client turns", record.name)
        if at is None or at >= len(messages) or messages[at][0] != "user":
            self._findings.add(f"{_ALLOWED}: the turn is none of the client", record.name)

    def _gross(self, text: str) -> set[str]:
        found = set()
        lowered = _QUOTED.sub(" ", text.replace("\u2019", "'")).lower()
        for sentence in _SENTENCES.findall(lowered):
            plain = _SPACES.sub(" ", sentence).strip(" -*\"'(),")
            if not plain.endswith("?"):  # "Kill yourself? Since when?" asks
                found |= {kind for kind, pattern in self._harm if pattern.search(plain)}
        return found

    def _see_export(self) -> None:
        """Hold every `train` of the masked export against the masks of its record."""
        names = [n for n, is_link in self._files.walk() if n.startswith("masked/") and not is_link]
        for name in names:
            if self._files.fact(name).problem:
                continue  # the hash gate names it
            for block in read_blocks(self._files.path(name)):
                for raw in block:
                    row = parse(raw).row or {}
                    masked = self._masks.get(str(row.get("id")), ())
                    for at, message in enumerate(map(mapping, sequence(row.get("messages")))):
                        learn = message.get("role") == "assistant" and at not in masked
                        if message.get("train") is not learn:
                            self._findings.add("a masked export trains on other turns", _name(row))


def _texts(value: object) -> list[str]:
    return [text for text in sequence(value) if isinstance(text, str)]


def _name(line: dict[str, Any]) -> str:
    return str(line.get("id"))[:200]


def _wordings() -> list[tuple[str, re.Pattern[str]]]:
    table = load_preset("gates", "harm")
    return [(name, re.compile(pattern)) for name, patterns in table.items() for pattern in patterns]


def _edge_stages(manifest: dict[str, Any]) -> set[str]:
    """Return the edge stages of the shipped curriculum that a manifest names, if there is one."""
    name = mapping(manifest.get("policy")).get("curriculum")
    if not isinstance(name, str) or not name.replace("_", "").isalnum():
        return set()
    try:
        stages = load_preset("curriculum", name)["stages"]
    except UsageError:
        return set()  # a curriculum of the user's own
    return {stage["name"] for stage in stages if stage.get("edge")}
