"""Near copies on texts that people wrote: what is one and what is none."""

import csv
import json
import re
from collections import defaultdict
from itertools import chain

import numpy as np
import pytest

from near_records import keys_of, source_of, table_of
from pixelated.dedup import clusters_jsonl, find_copies, shingle_sets, streams
from pixelated.dedup.clusters import is_contained, is_near
from pixelated.dedup.similarity import compare

pytestmark = pytest.mark.corpora


def text(content):
    return {"kind": "text", "messages": [{"role": "user", "content": content}]}


def answer(question, reply):
    return {
        "kind": "dialogue",
        "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": reply}],
    }


def figures(texts, pairs):
    sets = shingle_sets(streams(table_of([text(t) for t in texts])))
    return compare(sets, *np.array(pairs).T.copy())


def auc(positive, negative):
    wins = (np.array(positive)[:, None] > np.array(negative)).mean()
    ties = (np.array(positive)[:, None] == np.array(negative)).mean()
    return wins + ties / 2


def test_copied_answers_are_told_from_own_ones_by_containment(corpora):
    folder = corpora / "plagiarism_sheffield"
    rows = list(csv.DictReader((folder / "file_information.csv").read_text(encoding="utf-8").splitlines()))
    names = [r["File"] for r in rows]
    texts = [(folder / name).read_bytes().decode("cp1252", "replace") for name in names]
    originals = {r["Task"]: n for n, r in enumerate(rows) if r["Category"] == "orig"}
    answers = [n for n, r in enumerate(rows) if r["Category"] != "orig"]
    found = figures(texts, [(n, originals[rows[n]["Task"]]) for n in answers])
    # of the answer's own shingles: some answers are longer than their source
    sizes = found.sizes
    value = found.contained * sizes.min(axis=1) / sizes[:, 0]
    own = [v for n, v in zip(answers, value, strict=True) if rows[n]["Category"] == "non"]
    copied = [v for n, v in zip(answers, value, strict=True) if rows[n]["Category"] != "non"]
    assert len(own) == 38
    assert auc(copied, own) >= 0.96


def test_paraphrases_apart_are_no_duplicates(corpora):
    lines = [
        line.split("\t")
        for name in ("train", "test")
        for line in (corpora / f"msrp/msr_paraphrase_{name}.txt")
        .read_text(encoding="utf-8-sig")
        .splitlines()[1:]
    ]
    different = [(one, other) for label, _, _, one, other in lines if label == "0"]
    assert len(different) >= 1800
    texts = list(chain.from_iterable(different))
    found = figures(texts, [(2 * n, 2 * n + 1) for n in range(len(different))])
    called = is_near(found, 0.85) | is_contained(found, 0.85)
    assert called.mean() <= 0.01


def fold(value):
    return re.sub(r"[\W_]+", "", value.lower())


def read_counsel_chat(folder):
    """Return (question, answer) of both forms, and pairs of rows that are one answer."""
    csv.field_size_limit(1 << 30)
    with (folder / "20200325_counsel_chat.csv").open(newline="", encoding="utf-8") as f:
        rows = [(f"{r['questionTitle']} {r['questionText']}", r["answerText"]) for r in csv.DictReader(f)]
    shortened = json.loads((folder / "counsel_chat_250-tokens_full.json").read_text(encoding="utf-8"))
    parts = (u for split in ("train", "valid") for d in shortened[split] for u in d["utterances"])
    other = [(u["history"][0], u["candidates"][-1]) for u in parts]
    groups = [defaultdict(list), defaultdict(list)]
    for group, table in zip(groups, (rows, other), strict=True):
        for n, (question, _) in enumerate(table):
            group[fold(question)].append(n)
    same = [q for q in groups[1] if len(groups[0][q]) == len(groups[1][q])]
    return rows, other, [pair for q in same for pair in zip(groups[0][q], groups[1][q], strict=True)]


def test_a_lower_cased_tokenised_and_shortened_form_is_found(corpora):
    rows, other, truth = read_counsel_chat(corpora / "counsel_chat")
    assert len(truth) >= 1800
    table = table_of([answer(*pair) for pair in rows + other])
    keys = keys_of(table)
    found = find_copies(keys, "keep_first", source_of(table, 3))
    cluster = found.decisions.column("kept_row").to_numpy()
    first = len(rows)
    assert np.mean([cluster[a] == cluster[first + b] for a, b in truth]) >= 0.95
    # an answer of the shortened form that goes has to begin as the answer does that was kept instead
    everything = rows + other
    wrong = total = 0
    for gone in np.flatnonzero(cluster[first:] != np.arange(first, len(cluster))) + first:
        mine, kept = (fold(everything[n][1]) for n in (gone, cluster[gone]))
        total += 1
        wrong += not (kept.startswith(mine) or mine.startswith(kept))
    assert total >= 1800
    assert wrong / total <= 0.02
    assert sum(len(c["members"]) - 1 for c in clusters_jsonl(keys, found.decisions)) >= total
