"""Ways to damage a conversation, and how well a score tells damaged ones from real ones (AUC)."""

import json
import random
from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).with_name("test_score_samples.jsonl")


def samples():
    """Return the conversations written for these tests, as lists of messages."""
    rows = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    return [_alternate(row["first"], row["turns"]) for row in rows]


def _alternate(first, turns):
    other = {"user": "assistant", "assistant": "user"}[first]
    return [{"role": (first, other)[n % 2], "content": text} for n, text in enumerate(turns)]


def merge(turns):
    """Join consecutive turns of one speaker, as standardise does."""
    messages = []
    for role, text in turns:
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += " " + text
        else:
            messages.append({"role": role, "content": text})
    return messages


def _each(change):
    def damage(messages, rng):
        return [{"role": m["role"], "content": change(m["content"], rng)} for m in messages]

    return damage


def _shuffled(text, rng):
    return "".join(rng.sample(text, len(text)))


def _inside(word, rng):
    return word[0] + _shuffled(word[1:-1], rng) + word[-1] if len(word) > 3 else word


def _whole_messages(messages, rng):
    return rng.sample(messages, len(messages))


def _contents(messages, rng):
    texts = rng.sample([m["content"] for m in messages], len(messages))
    return [{"role": m["role"], "content": text} for m, text in zip(messages, texts, strict=True)]


def _within_roles(messages, rng):
    pools = {}
    for m in messages:
        pools.setdefault(m["role"], []).append(m["content"])
    for pool in pools.values():
        rng.shuffle(pool)
    return [{"role": m["role"], "content": pools[m["role"]].pop()} for m in messages]


def _half_text(messages, _rng):
    left, kept = sum(len(m["content"]) for m in messages) // 2, []
    for m in messages:
        if left > 0:
            kept.append({"role": m["role"], "content": m["content"][:left]})
        left -= len(m["content"])
    return kept


TURNS_SHUFFLED = {"messages": _whole_messages, "contents": _contents, "contents_within_roles": _within_roles}
CHARACTERS_SHUFFLED = {
    "inside_words_ends_kept": _each(lambda t, rng: " ".join(_inside(w, rng) for w in t.split())),
    "within_words": _each(lambda t, rng: " ".join(_shuffled(w, rng) for w in t.split())),
    "within_messages": _each(_shuffled),
}
HALF_TRUNCATED = {
    "second_half_of_messages_dropped": lambda messages, _rng: messages[: max(1, len(messages) // 2)],
    "each_message_cut_in_half": _each(lambda text, _rng: text[: len(text) // 2]),
    "text_cut_in_half": _half_text,
}
DAMAGE = {
    "coherence": TURNS_SHUFFLED,
    "language_quality": CHARACTERS_SHUFFLED,
    "completeness": HALF_TRUNCATED,
}


def damaged(dialogues, damage, seed):
    """Return each conversation damaged, with a generator of its own."""
    return [damage(messages, random.Random(f"{seed}/{n}")) for n, messages in enumerate(dialogues)]


def auc(real, false):
    """Return how often a real value is above a damaged one (ties count half); no null may enter."""
    values, ranks = np.unique(np.concatenate([real, false]), return_inverse=True)
    counts = np.bincount(ranks, minlength=len(values))
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    positive = mean_rank[ranks[: len(real)]].sum() - len(real) * (len(real) + 1) / 2
    return positive / (len(real) * len(false))
