"""Find records that hold an evaluation set's text: word n-gram containment, in both directions.

A message matches an evaluation text where at least `containment` of the n-grams of either stand in
the other (a copy, a copy inside a longer text, a shortened copy); a text shorter than n words
matches where the whole texts are equal (five words or more). A record also matches where its messages
one after the other hold that much of an evaluation text, which may be cut over several turns.

It is asked of every record of every source but the evaluation sets, before splits are assigned: what
matches reaches neither train, val nor test. Words are runs of letters and digits of the case-folded NFKC
text (words.py), so that lower-casing and re-tokenising hide nothing. Only words that an evaluation text
uses can be part of a match; the rest of a text is passed over as whole columns.
Source: the 13-gram overlap of Brown et al. 2020 (GPT-3), appendix C, made a containment so that a
helpline sentence in common is not a match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.curate.words import Hashes, Ints, Windows, split_words, word_hashes

MIN_WHOLE_WORDS = 5
_FILTER_ROOM = 16  # bits of the first look per n-gram: one in 16 look-ups passes by chance
_NOBODY = pa.array([], pa.string())


@dataclass(frozen=True)
class EvaluationIndex:
    """N-gram hashes of the evaluation texts of all sources, sorted, with the text each belongs to."""

    ngram: int
    containment: float
    words: pa.Array  # that the evaluation texts use, each once
    grams: Hashes  # sorted; one entry per text and distinct n-gram
    owners: Ints  # parallel to grams: number of the text
    sizes: Ints  # distinct n-grams of each text
    sources: tuple[str, ...]  # of each text: its evaluation source
    whole: dict[int, tuple[str, ...]]  # hash of a text shorter than n words -> evaluation sources


def build_index(texts: Mapping[str, Iterable[str]], ngram: int, containment: float) -> EvaluationIndex:
    """Index evaluation texts (prompts and replies, each a text of its own) by evaluation source."""
    pairs = [(source, text) for source in sorted(texts) for text in sorted(set(texts[source]))]
    tokens, lengths = split_words(pa.array([text for _, text in pairs], pa.string()))
    words = pc.unique(tokens)
    hashed = word_hashes(words)[pc.index_in(tokens, value_set=words).to_numpy()]
    windows = Windows(hashed, lengths)
    grams: list[Hashes] = []
    sources: list[str] = []
    whole: dict[int, set[str]] = {}
    for number, (source, _) in enumerate(pairs):
        if lengths[number] >= ngram:
            start, end = windows.ends[number], windows.ends[number + 1]
            grams.append(np.unique(windows.grams(np.arange(start, end - ngram + 1), ngram)))
            sources.append(source)
        elif lengths[number] >= MIN_WHOLE_WORDS:
            whole.setdefault(int(windows.wholes()[number]), set()).add(source)
    sizes = np.array([len(g) for g in grams], np.int64)
    owners = np.repeat(np.arange(len(grams), dtype=np.int64), sizes)
    flat = np.concatenate(grams) if grams else np.empty(0, np.uint64)
    order = np.argsort(flat, kind="stable")
    short = {key: tuple(sorted(names)) for key, names in whole.items()}
    return EvaluationIndex(
        ngram, containment, words, flat[order], owners[order], sizes, tuple(sources), short
    )


def matching_ids(table: pa.Table, index: EvaluationIndex) -> dict[str, list[str]]:
    """Return the ids of records that match, by evaluation source; system prompts do not count."""
    texts, rows = _texts(table)
    found: dict[str, set[int]] = {}
    for number, sources in _match(texts, rows, index):
        for source in sources:
            found.setdefault(source, set()).add(number)
    ids = table.column("id")
    return {
        source: sorted(ids.take(pa.array(sorted(numbers))).to_pylist())
        for source, numbers in sorted(found.items())
    }


def match_texts(texts: list[str], index: EvaluationIndex) -> dict[int, set[str]]:
    """Return, by position in `texts`, the evaluation sources that the text matches; most texts have none."""
    found: dict[int, set[str]] = {}
    for number, sources in _match(pa.array(texts, pa.string()), np.arange(len(texts)), index):
        found.setdefault(number, set()).update(sources)
    return found


def _match(texts: pa.Array, rows: Ints, index: EvaluationIndex) -> list[tuple[int, set[str]]]:
    """Return (row, evaluation sources) of every match; `rows` says which record each text belongs to."""
    if not len(texts) or not len(index.words):
        return []
    tokens, lengths = split_words(texts)
    codes = pc.fill_null(pc.index_in(tokens, value_set=index.words), -1).to_numpy(zero_copy_only=False)
    table = np.concatenate([word_hashes(index.words), np.zeros(1, np.uint64)])  # the last: any other word
    windows = Windows(table[codes], lengths, codes < 0)
    out = [(int(rows[n]), set(sources)) for n, sources in _match_short(windows, index)]
    starts, grams = _hits(windows, index)
    texts_of = windows.owner[starts]
    inside = windows.inside(starts, index.ngram, windows.owner)
    sizes = _Sizes(tokens, windows, index.ngram)
    in_text = _shared(texts_of[inside], grams[inside], index)
    for text, evaluation, shared in in_text:
        if shared >= index.containment * min(index.sizes[evaluation], sizes.of(text)):
            out.append((int(rows[text]), {index.sources[evaluation]}))
    in_record = windows.inside(starts, index.ngram, rows[windows.owner])
    for row, evaluation, shared in _shared(rows[texts_of[in_record]], grams[in_record], index):
        if shared >= index.containment * index.sizes[evaluation]:
            out.append((row, {index.sources[evaluation]}))
    return out


def _match_short(windows: Windows, index: EvaluationIndex) -> list[tuple[int, tuple[str, ...]]]:
    if not index.whole:
        return []
    wanted = np.sort(np.array(list(index.whole), np.uint64))
    short = (windows.lengths >= MIN_WHOLE_WORDS) & (windows.lengths < index.ngram) & windows.all_known()
    numbers = np.flatnonzero(short)
    wholes = windows.wholes()[numbers]
    at = np.searchsorted(wanted, wholes).clip(max=len(wanted) - 1)
    same = wanted[at] == wholes
    return [
        (n, index.whole[int(w)]) for n, w in zip(numbers[same].tolist(), wholes[same].tolist(), strict=True)
    ]


def _hits(windows: Windows, index: EvaluationIndex) -> tuple[Ints, Hashes]:
    """Return where windows of known words start that are n-grams of an evaluation text, and these."""
    starts = windows.known_runs(index.ngram)
    if not len(starts) or not len(index.grams):
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    grams = windows.grams(starts, index.ngram)
    mask = np.uint64((1 << int(len(index.grams) * _FILTER_ROOM).bit_length()) - 1)
    table = np.zeros(int(mask) + 1, bool)
    table[(index.grams & mask).astype(np.int64)] = True
    maybe = np.flatnonzero(table[(grams & mask).astype(np.int64)])
    at = np.searchsorted(index.grams, grams[maybe]).clip(max=len(index.grams) - 1)
    sure = maybe[index.grams[at] == grams[maybe]]
    return starts[sure], grams[sure]


def _shared(holders: Ints, grams: Hashes, index: EvaluationIndex) -> list[tuple[int, int, int]]:
    """Return (holder, evaluation text, distinct n-grams in common) of all that have one in common."""
    if not len(holders):
        return []
    order = np.lexsort((grams, holders))
    holders, grams = holders[order], grams[order]
    first = np.concatenate([[True], (holders[1:] != holders[:-1]) | (grams[1:] != grams[:-1])])
    holders, grams = holders[first], grams[first]
    left, right = (np.searchsorted(index.grams, grams, side) for side in ("left", "right"))
    times = right - left
    who = np.repeat(holders, times)
    within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    owners = index.owners[np.repeat(left, times) + within]
    both, counts = np.unique(who * len(index.sizes) + owners, return_counts=True)
    holder, evaluation = np.divmod(both, len(index.sizes))
    return list(zip(holder.tolist(), evaluation.tolist(), counts.tolist(), strict=True))


class _Sizes:
    """Distinct n-grams of a text, counted when asked for: few texts share a window with an evaluation set."""

    def __init__(self, tokens: pa.Array, windows: Windows, ngram: int) -> None:
        self._tokens, self._windows, self._ngram = tokens, windows, ngram
        self._known: dict[int, int] = {}

    def of(self, text: int) -> int:
        """Return the count for the text of this number."""
        if text not in self._known:
            start, end = self._windows.ends[text], self._windows.ends[text + 1]
            words = self._tokens.slice(start, end - start).to_pylist()
            grams = {tuple(words[i : i + self._ngram]) for i in range(len(words) - self._ngram + 1)}
            self._known[text] = len(grams)
        return self._known[text]


def _texts(table: pa.Table) -> tuple[pa.Array, Ints]:
    """Return every text that is no system prompt, in the order of records and turns, and each one's row."""
    texts, rows = [_NOBODY], [np.empty(0, np.int64)]
    for name in ("messages", "chosen", "rejected"):
        column = table.column(name).combine_chunks()
        turns = pc.list_flatten(column)
        said = pc.fill_null(pc.not_equal(pc.struct_field(turns, "role"), "system"), True)
        texts.append(pc.fill_null(pc.struct_field(turns, "content").filter(said), ""))
        rows.append(np.asarray(pc.list_parent_indices(column).filter(said).to_numpy(), np.int64))
    joined = np.concatenate(rows)
    order = np.argsort(joined, kind="stable")
    return pa.concat_arrays([t.cast(pa.string()) for t in texts]).take(pa.array(order)), joined[order]
