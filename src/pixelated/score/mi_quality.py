"""`mi_quality`: does the therapist work as in motivational interviewing?

The share of MI-consistent behaviours (reflections, open questions, affirming, leaving the choice, asking
leave) among these and the inconsistent ones (advice without leave, orders, warnings, confrontation), after
%MIC of the MISC 2.5 (Miller et al. 2003) and the MITI 4.2.1 (Moyers et al. 2014). Two behaviours of each
kind are added, so that a short session stays near the middle.

The shipped default reads wordings and build (`_behaviours`); it was fitted on nothing. With `heads` (of
`score fit mi_quality/behaviour`) the main behaviour of a turn comes as probabilities: an expected number of
reflections, open questions and pieces of advice.

Known limits: it counts behaviours and not how well they fit; the spirit of MI (partnership, empathy) is not
in it; a session in another method may rightly score low. Not a measure of clinical worth.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from pixelated.score._behaviours import (
    BEHAVIOURS,
    CONSISTENT,
    INCONSISTENT,
    INPUT,
    QUESTION,
    REFLECTION,
    Behaviour,
    behaviour,
    behaviours,
    content,
    is_signal,
)
from pixelated.score._cues import cues
from pixelated.score._lexicon import word_set
from pixelated.score._questions import questions
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.heads.apply import probabilities
from pixelated.score.heads.head import Head, Plan, Sample
from pixelated.score.protocol import SCORERS, USE, Score, Scorer
from pixelated.score.targets import TARGETS, Target

LEAST_TURNS = 3
ADDED = 2.0  # behaviours of each kind that every session is given
TARGET = "mi_quality/behaviour"
_LEAVE = frozenset({"permission", "autonomy"})


@SCORERS.register("mi_quality")
def mi_quality(heads: Mapping[str, Head] | None = None) -> Scorer:
    """Make the scorer; `heads` may hold a fitted one of the therapist's main behaviour."""
    head = (heads or {}).get(TARGET)
    return Scorer(
        name="mi_quality",
        version=1,
        judge=lambda dialogue: _judge(dialogue, head),
        measures="share of MI-consistent behaviours (reflection, open question, affirming, autonomy, asking "
        "leave) among these and inconsistent ones (unasked advice, orders, warnings, blame)",
        basis="%MIC of the MISC 2.5 and MITI 4.2.1; own wordings and build of turns, fitted on no data; "
        "or a head fitted on the user's data",
        limits="not a measure of clinical worth; English; counts behaviours, not their fit; other methods "
        f"may rightly score low; null below {LEAST_TURNS} turns of a therapist who does something; {USE}",
        scale="0 all behaviours inconsistent with MI, 1 all consistent",
    )


def _judge(dialogue: Dialogue, head: Head | None) -> Score:
    if not any(turn.role == "assistant" for turn in dialogue.turns):
        return Score(None, "no_therapist_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    made = [(at, one) for at, one in behaviours(dialogue) if not is_signal(dialogue.turns[at])]
    if len(made) < LEAST_TURNS:
        return Score(None, "too_few_turns")
    counts = counted([one for _, one in made])
    if head is not None:
        counts |= expected([(one, probabilities(head, sample(dialogue, at))) for at, one in made])
    value = consistent_share(counts)
    reason = "consistent" if value >= 0.5 else "inconsistent"  # noqa: PLR2004 - which of the two prevails
    shown = INCONSISTENT if reason == "inconsistent" else CONSISTENT
    turns = tuple(dialogue.positions[at] for at, one in made if one.codes & set(shown))
    shares = {name: round(counts[name] / len(made), 4) for name in (*CONSISTENT, *INCONSISTENT)}
    return Score(value, reason, turns, shares)


def consistent_share(counts: Mapping[str, float]) -> float:
    """Return the share of MI-consistent behaviours, each kind begun at `ADDED`."""
    good = ADDED + sum(counts[name] for name in CONSISTENT)
    bad = ADDED + sum(counts[name] for name in INCONSISTENT)
    return good / (good + bad)


def counted(made: Sequence[Behaviour]) -> dict[str, float]:
    """Return how often each behaviour was shown."""
    found = Counter(name for one in made for name in one.codes)
    return {name: float(found[name]) for name in (*CONSISTENT, *INCONSISTENT)}


def expected(said: Sequence[tuple[Behaviour, Mapping[str, float]]]) -> dict[str, float]:
    """Return the expected number of behaviours where the main one of each turn has probabilities."""
    return {
        "reflection": sum(p.get(REFLECTION, 0.0) for _, p in said),
        "open_question": sum(p.get(QUESTION, 0.0) for one, p in said if "open_question" in one.codes),
        "advise": sum(p.get(INPUT, 0.0) for one, p in said if not one.codes & _LEAVE),
    }


def sample(dialogue: Dialogue, at: int) -> Sample:
    """Return what a head sees of the therapist's turn at a position."""
    turn, client = dialogue.turns[at], _before(dialogue, at, "user")
    return Sample(
        {"reply": turn.speech, "context": client.speech if client else ""},
        numbers(dialogue, at, client) if turn.words else {},
    )


def numbers(dialogue: Dialogue, at: int, client: Turn | None) -> dict[str, float]:
    """Return cues, behaviours and counts of a therapist's turn, by name."""
    turn, last = dialogue.turns[at], _before(dialogue, at, "assistant")
    found, asked, seen = cues("mi").found(turn.plain), questions(turn), behaviour(turn, client)
    words = len(turn.words)
    yours = sum(map(word_set("other").__contains__, turn.words))
    own = sum(map(_SPEAKER.__contains__, turn.words))
    return {
        **{f"cue {name}": float(name in found) for name in cues("mi").names},
        **{f"main {name}": float(seen.main == name) for name in BEHAVIOURS},
        **{f"code {name}": float(name in seen.codes) for name in _CODES},
        "taken up": seen.taken_up,
        "words taken up": seen.taken_up * math.sqrt(len(content(turn))),
        "words": math.log1p(words),
        "sentences": math.log1p(len(turn.sentences)),
        "questions": float(len(asked)),
        "questions open": float(sum(one.open for one in asked)),
        "ends on a question": float(_asks_last(turn)),
        "holds a question": float("?" in turn.plain),
        "other": math.log1p(yours),
        "own": math.log1p(own),
        "other share": yours / (words + 1),
        "own share": own / (words + 1),
        "client's words": math.log1p(len(client.words)) if client else 0.0,
        "client asked": float(client is not None and "?" in client.plain),
        "position": math.log1p(at),
        "position from the end": at / len(dialogue.turns),
        "signal": float(is_signal(turn)),
        "broken off": float(turn.plain.rstrip().endswith("-")),
        "last words": math.log1p(len(last.words)) if last else 0.0,
        "asked last": float(last is not None and _asks_last(last)),
    }


_CODES = ("open_question", "closed_question", "reflection")
_SPEAKER = frozenset({"i", "i'm", "i'd", "i'll", "i've", "we", "we'll", "me", "my", "our"})


def _asks_last(turn: Turn) -> bool:
    return turn.plain.rstrip().endswith("?")


def _before(dialogue: Dialogue, at: int, role: str) -> Turn | None:
    for turn in reversed(dialogue.turns[:at]):
        if (turn.role == "assistant") == (role == "assistant"):
            return turn
    return None


TARGETS.register(TARGET)(
    Target(
        BEHAVIOURS,
        sample,
        Plan(words=("reply",), numbers=True),
        "the main behaviour of a therapist's turn: question, reflection, therapist_input (advice, "
        "information, options) or other",
        ("reply", "context"),
    )
)
