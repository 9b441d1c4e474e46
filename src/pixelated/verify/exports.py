"""Files made from the shards for trainers: each holds exactly the records it is named for, once each.

A dataset whose shards are clean is not clean if the file that is trained on holds a test record, lacks
half of the records or holds one five hundred times. A compiled line is looked up by its bytes; any other
line by its exact texts, then by the two hashes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pixelated.verify.findings import Findings, shown
from pixelated.verify.hashes import DIGEST, Texts, contract_digest, key, strict_digest
from pixelated.verify.jsonl import parse, read_blocks
from pixelated.verify.keys import Keys, Rows, digest_array, missing
from pixelated.verify.paths import Files
from pixelated.verify.record import export_payload, read_texts
from pixelated.verify.shards import SPLITS

COMPILED = "compiled/final_training_dataset.jsonl"
FOLDERS = ("compiled", "stages", "masked", "preference")
_KINDS = ("dialogue", "preference", "text")
_LACKS = "an export lacks a record"
_SURPLUS = "an export holds a record more than once"


@dataclass
class ExportFaults:
    """What is wrong with exports: records of another split (leakage), and anything else (hash)."""

    leaks: Findings = field(default_factory=Findings)
    integrity: Findings = field(default_factory=Findings)


@dataclass
class _Line:
    """An export line that was not found by its bytes."""

    name: str
    payload: bytes
    texts: tuple[Texts, Texts, Texts]


def read_exports(files: Files, keys: Keys) -> ExportFaults:
    """Compare every export with the shards."""
    faults, required = ExportFaults(), {COMPILED, *keys.exports()}
    for name, is_link in files.walk():
        if name.split("/")[0] in FOLDERS and not is_link:  # the hash gate names links
            _read_export(name, files, keys, faults, expected=name in required)
    for name in sorted(required):
        if files.fact(name).problem:
            faults.integrity.add(f"an export that the records require {files.fact(name).problem}", name)
    return faults


def _read_export(name: str, files: Files, keys: Keys, faults: ExportFaults, *, expected: bool) -> None:
    if not expected:
        remedy = "remove it, or compile again"
        faults.integrity.add("a file among the exports is of no stage or split", shown(name, 200), remedy)
    if files.fact(name).problem or not name.endswith(".jsonl"):
        return  # the hash gate names it
    in_preference = name.startswith("preference/")
    split = name.removeprefix("preference/").removesuffix(".jsonl") if in_preference else "train"
    if split not in SPLITS:
        return
    export = _Export(name, split, keys, faults)
    number = 0
    try:
        for block in read_blocks(files.path(name)):
            export.see(block, number)
            number += len(block)
    except OSError as error:
        faults.integrity.add(f"cannot be read to its end ({error.strerror})", name)
    export.complete()


class _Export:
    """One export under comparison with the shards of its split."""

    def __init__(self, name: str, split: str, keys: Keys, faults: ExportFaults) -> None:
        self._name, self._split, self._keys, self._faults = name, split, keys, faults
        self._compiled = name == COMPILED
        in_split, others = keys.in_split(split), keys.outside(split)
        rows = in_split if self._compiled else keys.of_export(name)
        self._rows = np.intersect1d(rows, keys.present("payload"), assume_unique=True)
        payloads = keys.column("payload")
        self._wanted, self._first, self._at, self._counts = np.unique(
            payloads[self._rows], return_index=True, return_inverse=True, return_counts=True
        )
        self._seen = np.zeros(len(self._wanted), np.int64)
        lines = keys.column("line")[self._rows]
        self._by_line = np.argsort(lines, kind="stable")
        self._lines = lines[self._by_line]
        self._in_split = np.sort(payloads[in_split])
        self._others = {name: np.sort(keys.column(name)[others]) for name in ("payload", "content", "strict")}

    def see(self, block: list[bytes], before: int) -> None:
        """Compare one block of lines; only compiled lines can be known by their bytes."""
        unknown = self._known_by_bytes(block) if self._compiled else list(range(len(block)))
        parsed = [p for i in unknown if (p := self._parse(block[i], before + i + 1))]
        digests = digest_array(b"".join(p.payload for p in parsed))
        absent = missing(digests, self._wanted)
        known = np.setdiff1d(np.arange(len(parsed)), absent)
        self._count(np.searchsorted(self._wanted, digests[known]))
        if self._compiled:
            for i in known.tolist():
                self._faults.integrity.add("a compiled line is not the line of its shard", parsed[i].name)
        for i in absent.tolist():
            self._absent(parsed[i])

    def complete(self) -> None:
        """File what the export lacks, and what it holds more often than the shards do."""
        for reason, wrong in ((_LACKS, self._seen < self._counts), (_SURPLUS, self._seen > self._counts)):
            for i in np.flatnonzero(wrong).tolist():
                name = self._keys.name(int(self._rows[self._first[i]]))
                self._faults.integrity.add(f"{reason}: {shown(self._name)}", name)

    def _known_by_bytes(self, block: list[bytes]) -> list[int]:
        """Count the lines that are lines of the shards; return the positions of the others."""
        digests = digest_array(b"".join(key(raw) for raw in block))
        unknown = missing(digests, self._lines)
        known = np.setdiff1d(np.arange(len(block)), unknown)
        self._count(self._at[self._by_line[np.searchsorted(self._lines, digests[known])]])
        return list(unknown.tolist())

    def _count(self, positions: Rows) -> None:
        np.add.at(self._seen, positions, 1)

    def _parse(self, raw: bytes, number: int) -> _Line | None:
        line = parse(raw)
        texts = None if line.row is None else _texts(line.row)
        if line.row is None or texts is None:
            reason = line.problem or "an exported line holds no readable text"
            self._faults.integrity.add(reason, f"{self._name}:{number}")
            return None
        identity = line.row.get("id")
        who = identity[:200] if isinstance(identity, str) and identity else f"{self._name}:{number}"
        joined = line.row.get("kind") == "text" or isinstance(line.row.get("text"), str)
        return _Line(who, export_payload("text" if joined else "", *texts), texts)

    def _absent(self, line: _Line) -> None:
        """File a line whose texts are not among those that its file has to hold."""
        if not len(missing(digest_array(line.payload), self._in_split)):
            self._faults.integrity.add(f"a record does not belong in {shown(self._name)}", line.name)
        elif self._elsewhere(line):
            self._faults.leaks.add(f"an export of {self._split} holds a record of another split", line.name)
        else:
            self._faults.integrity.add("an exported text stands in no shard", line.name)

    def _elsewhere(self, line: _Line) -> bool:
        """Say whether another split holds the line's texts, exactly or by either hash."""
        stricts = b"".join(strict_digest(kind, *line.texts)[0][:DIGEST] for kind in _KINDS)
        found = {
            "payload": line.payload,
            "content": contract_digest(line.texts[0])[:DIGEST],
            "strict": stricts,
        }
        return any(
            len(missing(digest_array(digests), self._others[column])) < len(digests) // DIGEST
            for column, digests in found.items()
        )


def _texts(row: dict[str, Any]) -> tuple[Texts, Texts, Texts] | None:
    """Return the texts of a line as `messages`, `prompt` and answers, or one `text`."""
    text = row.get("text")
    if isinstance(text, str) and "messages" not in row:
        return [("assistant", text)], [], []
    messages = row.get("messages", row.get("prompt"))
    return read_texts({"messages": messages, "chosen": row.get("chosen"), "rejected": row.get("rejected")})
