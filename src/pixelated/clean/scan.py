"""The row step `scan`: counts of twelve kinds of identifiers and of the terms of three word lists, by record.

Counts are for looking at a corpus, and for nothing else: the patterns have none of the checks of the step
`pii` (check digits, ranges, words around), which alone says what is redacted, and a term counts whatever the
sentence does with it. Texts are looked at once by a kernel; the patterns run over those that show an `@`, a
link or four digits, and only there is anything counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.clean.texts import Array, Index, collect
from pixelated.core import schema
from pixelated.core.kernels import bytes_of, kernels_in
from pixelated.core.presets import load_preset
from pixelated.core.step import StepResult

KERNELS = "pixelated.clean._scan_kernels"
LISTS = ("crisis", "distress", "harsh")  # of presets/scan/lexicons.yaml
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
# Kind -> the sign that a text with one shows, and its pattern (RE2, linear, boundaries of ASCII).
PATTERNS = {
    "email": ("AT", r"[A-Za-z0-9._%+'\-]+ ?@ ?(?:[A-Za-z0-9_\-]+\.)+[A-Za-z]{2,24}\b"),
    "handle": ("AT", r"(?:^|[^A-Za-z0-9._@/])@[A-Za-z0-9_]{2,30}\b"),
    "url": ("LINK", r"(?i)\b(?:https?|ftp)://[^\s<>\"]+|\bwww\d?\.[^\s<>\"]+"),
    "phone": (
        "NUMBER",
        (
            r"(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .\-])[0-9]{3}[ .\-][0-9]{4}\b"
            r"|\+[1-9][0-9]{0,2}(?:[ .\-]?\(?[0-9]{2,5}\)?){2,5}\b"
            r"|\b0[0-9]{2,4}[ \-]?[0-9]{3}[ \-]?[0-9]{3,4}\b"
        ),
    ),
    "ssn": ("NUMBER", r"\b[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}\b"),
    "card": ("NUMBER", r"\b(?:[0-9]{4}[ -]?){3}[0-9]{1,7}\b|\b3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{5}\b"),
    "iban": ("NUMBER", r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
    "ip": ("NUMBER", rf"\b(?:{_OCTET}\.){{3}}{_OCTET}\b"),
    "date": (
        "NUMBER",
        (
            r"(?i)\b[0-3]?[0-9][/.\-][0-3]?[0-9][/.\-](?:[0-9]{4}|[0-9]{2})\b"
            r"|\b(?:19|20)[0-9]{2}-[01]?[0-9]-[0-3]?[0-9]\b"
            rf"|\b{_MONTH}\.? [0-3]?[0-9](?:st|nd|rd|th)?,? (?:19|20)[0-9]{{2}}\b"
            rf"|\b[0-3]?[0-9](?:st|nd|rd|th)?(?: of)? {_MONTH},? (?:19|20)[0-9]{{2}}\b"
        ),
    ),
    "zip": ("NUMBER", r"\b[A-Z]{2},? [0-9]{5}\b|\b[0-9]{5}-[0-9]{4}\b"),
    "vehicle": ("NUMBER", r"\b[A-HJ-NPR-Z0-9]{13}[0-9]{4}\b"),
    "record": (
        "NUMBER",
        (
            r"(?i)\b(?:mrn|medical record|patient|chart|member|policy|account|acct|case|licen[cs]e"
            r"|passport)\b[ #:.a-z]{0,20}[0-9](?:-?[0-9]){3}"
        ),
    ),
}
IDENTIFIERS = pa.field("identifiers", pa.struct([(kind, pa.int32()) for kind in PATTERNS]))
TERMS = pa.field("terms", pa.struct([(name, pa.int32()) for name in LISTS]))
COUNTED = (IDENTIFIERS.name, TERMS.name)
_TABLE = 4096  # slots: a power of two, well above the number of entries
_SEEN = 65_536  # bits


def scan_table(table: pa.Table, settings: dict[str, Any], seed: int) -> StepResult:
    """Append `identifiers` and `terms`: counts over messages, chosen and rejected; keep every row.

    Args:
        table: records with `messages`, `chosen` and `rejected`.
        settings: none are known.
        seed: not used; counting is not random.

    Returns:
        StepResult: `measured` holds the sums, `identifiers` and `terms`.
    """
    del settings, seed
    kernels = kernels_in(KERNELS)
    texts = collect(table, np.zeros(0, np.int64))
    seen, entries = _lists()
    terms = np.zeros((table.num_rows, len(LISTS)), np.int64)
    signs = np.zeros(len(texts.values), np.uint8)
    kernels.scan(*bytes_of(texts.values), texts.rows, seen, entries, terms, signs)
    found = _identifiers(texts.values, texts.rows, signs, table.num_rows)
    said = {name: terms[:, k] for k, name in enumerate(LISTS)}
    for field, counts in ((IDENTIFIERS, found), (TERMS, said)):
        table = schema.set_column(table, field, _struct(field, counts.values()))
    return StepResult(table, measured={"identifiers": _sums(found), "terms": _sums(said)})


def _identifiers(values: Array, rows: Index, signs: Index, records: int) -> dict[str, Index]:
    """Return how often each kind occurs in each record, counted in texts with its sign alone."""
    found: dict[str, Index] = {}
    for sign in sorted({sign for sign, _ in PATTERNS.values()}):
        positions = np.flatnonzero(signs & getattr(kernels_in(KERNELS), sign))
        chosen, owners = values.take(pa.array(positions)), rows[positions]
        for kind, (shown, pattern) in PATTERNS.items():
            if shown == sign:
                counts = pc.count_substring_regex(chosen, pattern).to_numpy(zero_copy_only=False)
                found[kind] = np.bincount(owners, counts, records).astype(np.int64)
    return {kind: found[kind] for kind in PATTERNS}


def _struct(field: pa.Field, counts: Iterable[Index]) -> Array:
    arrays = [pa.array(c.astype(np.int32)) for c in counts]
    return pa.StructArray.from_arrays(arrays, fields=list(field.type))


def _sums(counts: dict[str, Index]) -> dict[str, int]:
    return {name: int(values.sum()) for name, values in counts.items()}


@cache
def _lists() -> tuple[Any, Any]:
    """Return the table of the terms, as the kernel reads it, and the bits of its entries' hashes."""
    hash_of = kernels_in(KERNELS).hash_of
    entries: dict[tuple[int, int, int], int] = {}
    states = 0
    preset = load_preset("scan", "lexicons")
    for position, name in enumerate(LISTS):
        for term in preset[name]:
            state = 0
            words = str(term).split()
            for number, word in enumerate(words, 1):
                key = (state, *_halves(word))
                if number == len(words):
                    entries[key] = entries.get(key, 0) | 1 << position
                elif not entries.get(key, 0) >> 8:
                    states += 1
                    entries[key] = entries.get(key, 0) | states << 8
                state = entries[key] >> 8
    seen, table = np.zeros(_SEEN // 8, np.uint8), np.zeros((_TABLE, 4), np.uint64)
    for key, value in entries.items():
        hashed = int(hash_of(*map(np.uint64, key)))
        bit = hashed % _SEEN
        seen[bit >> 3] |= 1 << (bit & 7)
        slot = (hashed >> 16) % _TABLE
        while table[slot, 3]:
            slot = (slot + 1) % _TABLE
        table[slot] = (*key, value)
    return seen, table


def _halves(word: str) -> tuple[int, int]:
    data = word.encode("ascii").ljust(kernels_in(KERNELS).LONGEST, b"\0")
    return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:], "little")
