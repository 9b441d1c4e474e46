"""How well the scores tell real from damaged conversations of real corpora; nothing is tuned on these.

ESConv is non-commercial and AnnoMI has no licence: they are measured on, and no constant of a scorer
comes from them. Every fourth dialogue of ESConv, all of AnnoMI.
"""

import csv
import json
import os
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pixelated.score import Dialogue, build_scorers
from score_damage import CHARACTERS_SHUFFLED, HALF_TRUNCATED, TURNS_SHUFFLED, auc, damaged, merge

CORPORA = Path(os.environ.get("PIXELATED_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}: set PIXELATED_CORPORA"),
]
SEED = 11
TARGETS = [
    *(("coherence", name, damage, 0.70) for name, damage in TURNS_SHUFFLED.items()),
    *(("language_quality", name, damage, 0.95) for name, damage in CHARACTERS_SHUFFLED.items()),
    *(("completeness", name, damage, 0.90) for name, damage in HALF_TRUNCATED.items()),
]


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as f:
        yield from csv.DictReader(f)


@cache
def esconv():
    turns = {"sys": "assistant", "usr": "user"}
    lines = [
        line
        for name in ("train", "valid", "test")
        for line in (CORPORA / "esconv" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    ]
    dialogues = [json.loads(line)["dialog"] for line in lines[::4]]
    return [merge([(turns[t["speaker"]], t["text"].strip()) for t in d]) for d in dialogues]


@cache
def annomi():
    sessions = {}
    for row in read_csv(CORPORA / "annomi" / "AnnoMI-simple.csv"):
        role = "assistant" if row["interlocutor"] == "therapist" else "user"
        sessions.setdefault(row["transcript_id"], []).append((role, row["utterance_text"]))
    return [merge(turns) for turns in sessions.values()]


@cache
def counsel_chat():
    rows = read_csv(CORPORA / "counsel_chat" / "20200325_counsel_chat.csv")
    pairs = [(row["questionText"] or row["questionTitle"], row["answerText"]) for row in rows]
    return [merge([("user", q), ("assistant", a)]) for q, a in pairs if q.strip() and a.strip()][::8]


@cache
def podcast():
    speaker = re.compile(r"^\*\*(.+?):\*\*\s*(.*)$")
    dialogues = []
    for path in sorted((CORPORA / "brain_science_podcast" / "brainscience").glob("*.md")):
        turns = []
        for line in filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())):
            if found := speaker.match(line):
                turns.append(("assistant" if "Reece" in found[1] else "user", found[2]))
            elif turns:
                turns[-1] = (turns[-1][0], f"{turns[-1][1]} {line}")
        dialogues.append(merge([turn for turn in turns if turn[1]]))
    return dialogues


@cache
def real_scores(corpus, name):
    return scores(name, corpus())


def scores(name, dialogues):
    (scorer,) = build_scorers([name])
    return [scorer(Dialogue(messages)).value for messages in dialogues]


@pytest.mark.parametrize(("name", "variant", "damage", "target"), TARGETS)
def test_esconv_dialogues_score_above_damaged_ones(name, variant, damage, target):
    real, false = real_scores(esconv, name), scores(name, damaged(esconv(), damage, SEED))
    assert None not in real + false, variant
    assert auc(real, false) >= target, variant


@pytest.mark.parametrize(
    ("name", "damage", "target"),
    [(n, d, t) for n, variant, d, t in TARGETS if variant != "second_half_of_messages_dropped"],
)
def test_annomi_sessions_score_above_damaged_ones(name, damage, target):
    # Not with half of the messages dropped: many of these videos end before the session does.
    real, false = real_scores(annomi, name), scores(name, damaged(annomi(), damage, SEED))
    assert auc(real, false) >= target


@pytest.mark.parametrize(
    ("corpus", "name", "median", "low"),
    [
        (esconv, "language_quality", 0.95, 0.9),
        (esconv, "coherence", 0.95, 0.8),
        (esconv, "completeness", 0.95, 0.6),
        (annomi, "language_quality", 0.95, 0.9),
        (annomi, "coherence", 0.95, 0.5),
        (annomi, "completeness", 0.8, 0.2),
        (counsel_chat, "language_quality", 0.95, 0.8),
        (counsel_chat, "coherence", 0.9, 0.7),
        (counsel_chat, "completeness", 0.8, 0.4),
        (podcast, "language_quality", 0.95, 0.9),
        (podcast, "coherence", 0.9, 0.8),
        (podcast, "completeness", 0.7, 0.4),
    ],
)
def test_real_conversations_are_not_rejected(corpus, name, median, low):
    values = [v for v in real_scores(corpus, name) if v is not None]
    assert len(values) > 0.98 * len(corpus())
    assert np.quantile(values, 0.5) > median
    assert np.quantile(values, 0.05) > low
