"""Files made from the shards for trainers: what they hold must stand in the shards, in the right split.

A dataset whose shards are clean is not clean if the file that is trained on holds a test record. A
compiled line is looked up by its bytes; any other line by its exact texts, then by the two hashes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pixelated.verify.findings import Findings
from pixelated.verify.hashes import DIGEST, Texts, contract_digest, key, strict_digest
from pixelated.verify.jsonl import parse, read_blocks
from pixelated.verify.keys import Keys, digest_array, missing
from pixelated.verify.paths import Files
from pixelated.verify.record import export_payload, read_texts
from pixelated.verify.shards import SPLITS

COMPILED = "compiled/final_training_dataset.jsonl"
FOLDERS = ("compiled", "stages", "preference")
_KINDS = ("dialogue", "preference", "text")


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
    faults = ExportFaults()
    for name, is_link in files.walk():
        if name.split("/")[0] in FOLDERS and name.endswith(".jsonl") and not is_link:
            _read_export(name, files, keys, faults)
    if files.fact(COMPILED).problem:
        faults.integrity.add(f"the compiled export {files.fact(COMPILED).problem}", COMPILED)
    return faults


def _read_export(name: str, files: Files, keys: Keys, faults: ExportFaults) -> None:
    if files.fact(name).problem:
        return  # the hash gate names it
    in_preference = name.startswith("preference/")
    split = name.removeprefix("preference/").removesuffix(".jsonl") if in_preference else "train"
    if split not in SPLITS:
        faults.integrity.add("a preference file is named after no split", name)
        return
    export = _Export(name, split, keys, faults)
    number = 0
    try:
        for block in read_blocks(files.path(name)):
            export.see(block, number)
            number += len(block)
    except OSError as error:
        faults.integrity.add(f"cannot be read to its end ({error.strerror})", name)
    if name.startswith("compiled/"):
        export.complete()


class _Export:
    """One export under comparison with the shards of its split."""

    def __init__(self, name: str, split: str, keys: Keys, faults: ExportFaults) -> None:
        self._name, self._split, self._keys, self._faults = name, split, keys, faults
        self._compiled = name.startswith("compiled/")
        rows, others = keys.in_split(split), keys.outside(split)
        self._lines = np.sort(keys.column("line")[rows])
        self._payloads = np.sort(keys.column("payload")[rows])
        self._others = {name: np.sort(keys.column(name)[others]) for name in ("payload", "content", "strict")}
        self._seen, self._read = bytearray(), bytearray()

    def see(self, block: list[bytes], before: int) -> None:
        """Compare one block of lines; only compiled lines can be known by their bytes."""
        unknown = list(range(len(block)))
        if self._compiled:
            digests = b"".join(key(raw) for raw in block)
            self._seen += digests
            unknown = missing(digest_array(digests), self._lines).tolist()
        parsed = [p for i in unknown if (p := self._parse(block[i], before + i + 1))]
        payloads = b"".join(p.payload for p in parsed)
        self._read += payloads
        absent = set(missing(digest_array(payloads), self._payloads).tolist())
        for i, line in enumerate(parsed):
            if i in absent:
                self._absent(line)
            elif self._compiled:
                self._faults.integrity.add("a compiled line is not the line of its shard", line.name)

    def complete(self) -> None:
        """File the train records that the compiled export lacks."""
        keys, rows = self._keys, self._keys.in_split("train")
        lacking = rows[missing(keys.column("line")[rows], np.sort(digest_array(self._seen)))]
        lacking = lacking[missing(keys.column("payload")[lacking], np.sort(digest_array(self._read)))]
        for row in lacking.tolist():
            self._faults.integrity.add("the compiled export lacks a train record", keys.name(row))

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
        """File a line whose texts do not stand in the shards of its split."""
        if self._elsewhere(line):
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
