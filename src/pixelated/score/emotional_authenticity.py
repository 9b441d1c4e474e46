"""`emotional_authenticity`: is the warmth of a reply meant for this client, in plain words?

Three parts: warmth (emotional reaction and interpretation of `empathy`), attunement (the reply takes up what
the client said, and names a feeling where the client named one), and plainness (few stock phrases, see
`naturalness`). Warmth in stock phrases that would fit any client scores low. Read three replies at a time, as
in `empathy`: the best of three counts. Own wordings and weights, fitted on nothing.

Known limits: authenticity is a person's, and words can only resemble it; seekers' ratings of empathy agree
with it hardly more than by chance. Not a measure of clinical worth.
"""

from __future__ import annotations

from statistics import fmean

from pixelated.score._behaviours import is_signal, taken_up
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.domain_relevance import field_words
from pixelated.score.empathy import LEAST_WORDS, WINDOW, levels
from pixelated.score.naturalness import traits
from pixelated.score.protocol import SCORERS, USE, Score, Scorer

WEIGHTS = {"warmth": 0.35, "attunement": 0.35, "plainness": 0.30}
_IN_GENERAL = ("feel", "emotion")
FULL_UPTAKE = 0.25  # share of a reply's content words taken from the client that counts as full


@SCORERS.register("emotional_authenticity")
def emotional_authenticity() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="emotional_authenticity",
        version=1,
        judge=_judge,
        measures="warmth that takes up this client's words and feelings, in plain wording",
        basis="parts of empathy (Sharma et al. 2020) and of naturalness; own weights, fitted on no data",
        limits="not a measure of clinical worth; English; resemblance in words; seekers' own ratings agree "
        f"with it hardly more than by chance (see its figures), so it is experimental; {USE}",
        scale="0 cold, general or in stock phrases, 1 warm, attuned and plain",
        experimental=True,
    )


def _judge(dialogue: Dialogue) -> Score:
    if not any(turn.role == "assistant" for turn in dialogue.turns):
        return Score(None, "no_therapist_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    replies = [at for at, turn in enumerate(dialogue.turns) if _counts(turn)]
    if not replies or not any(turn.words for turn in dialogue.turns if turn.role != "assistant"):
        return Score(None, "too_short" if not replies else "no_client_turn")
    found = [_parts(dialogue, at) for at in replies]
    chunks = [found[n : n + WINDOW] for n in range(0, len(found), WINDOW)]
    parts = {name: fmean(max(one[name] for one in chunk) for chunk in chunks) for name in WEIGHTS}
    parts["plainness"] = fmean(one["plainness"] for one in found)
    value = sum(weight * parts[name] for name, weight in WEIGHTS.items())
    return Score(value, min(parts, key=lambda name: parts[name]), (), parts)


def _counts(turn: Turn) -> bool:
    return (
        turn.role == "assistant"
        and len(turn.words) >= LEAST_WORDS
        and not turn.foreign
        and not is_signal(turn)
    )


def _parts(dialogue: Dialogue, at: int) -> dict[str, float]:
    turn = dialogue.turns[at]
    client = next((t for t in reversed(dialogue.turns[:at]) if t.role != "assistant"), None)
    shown = levels(turn)
    uptake = min(1.0, taken_up(turn, client) / FULL_UPTAKE)
    felt = client is not None and bool(field_words(client.words, "feelings"))
    named = any(not word.startswith(_IN_GENERAL) for word in field_words(turn.words, "feelings"))
    plainness = 1 - min(1.0, 2 * traits([turn])["cliche"])
    # A stock phrase is half as warm.
    warmth = max(shown["emotional_reaction"], shown["interpretation"]) / 2 * (1 + plainness) / 2
    return {
        "warmth": warmth,
        "attunement": (uptake + named) / 2 if felt else uptake,
        "plainness": plainness,
    }
