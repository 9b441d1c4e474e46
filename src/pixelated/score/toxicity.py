"""`toxicity`: contempt, hatred or threats against somebody.

Hatred of a group (by origin, faith, sex, orientation, disability ...) weighs most: a threat, a slur, calling
them animals or dirt, insults, denying them worth, rights or a place. Contempt for one person weighs less, for
other groups and things less again; swearing by itself hardly. What is quoted, reported to be condemned,
denied or reclaimed is not the speaker's hatred. Contempt for oneself and despair about one's own state are
none.

The value is that of the worst turn; `parts` holds the worst of each role, so that a client's anger and a
therapist's are never taken for each other.

Known limits: wordings, not meaning: irony, hints and words that are not listed are missed; the groups are
those of everyday English; reported hatred without a word of judgement may count as the speaker's.
"""

from __future__ import annotations

from collections.abc import Mapping

from pixelated.score._cues import cues
from pixelated.score._hate_words import canonical
from pixelated.score._toxicity import toxicity_of
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.heads.head import Head, Plan, Sample
from pixelated.score.protocol import SCORERS, USE, Score, Scorer
from pixelated.score.targets import TARGETS, Target

HATEFUL = "hateful"
PLAN = Plan(words=("turn", "plain"), chars=("turn",), numbers=True)


@SCORERS.register("toxicity")
def toxicity(heads: Mapping[str, Head] | None = None) -> Scorer:
    """Make the scorer.

    Args:
        heads: "hate", a head fitted for `toxicity/hate`, in the place of the rules.
    """
    head = (heads or {}).get("hate")

    def judge(dialogue: Dialogue) -> Score:
        return _judge(dialogue, head)

    def judge_turn(dialogue: Dialogue, at: int) -> Score:
        turn = dialogue.turns[at]
        value, reason = _value(dialogue, at, turn, head)
        return Score(value, reason, (), {turn.role: value})

    return Scorer(
        name="toxicity",
        version=1,
        judge=judge,
        judge_turn=judge_turn,
        measures="hatred of groups, contempt for people, threats; not despair, not contempt for oneself",
        basis="own wordings and lists, weights set by hand, after the functions of HateCheck (Rottger et al. "
        "2021, CC BY 4.0), half of whose templates were read; fitted on nothing",
        limits=f"{USE}; wordings, not meaning: irony, hints and unlisted words are missed; English",
        scale="0 none, about 0.5 contempt for a person, from 0.8 hatred of a group",
    )


def _judge(dialogue: Dialogue, head: Head | None) -> Score:
    turns = [(n, turn) for n, turn in enumerate(dialogue.turns) if turn.words]
    if not turns:
        return Score(None, "no_words")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    judged = [(*_value(dialogue, n, turn, head), n) for n, turn in turns]
    value, reason, _ = max(judged, key=lambda one: (one[0], -one[2]))
    parts: dict[str, float | None] = {}
    for found, _, n in judged:
        role = dialogue.turns[n].role
        parts[role] = max(parts.get(role) or 0.0, found)
    return Score(value, reason, tuple(dialogue.positions[n] for v, _, n in judged if v > 0), parts)


def _value(dialogue: Dialogue, at: int, turn: Turn, head: Head | None) -> tuple[float, str]:
    if head is None:
        return toxicity_of(turn.plain)
    return head.probabilities(sample(dialogue, at)).get(HATEFUL, 0.0), "head"


def sample(dialogue: Dialogue, at: int) -> Sample:
    """Return what a head sees of a turn: its text, the text with groups and slurs named, and the cues."""
    turn = dialogue.turns[at]
    text = canonical(turn.plain.replace("'", ""))
    found = cues("toxicity").found(text)
    numbers = {name: float(name in found) for name in cues("toxicity").names}
    numbers["rules"] = toxicity_of(turn.plain)[0]
    return Sample(texts={"turn": turn.speech, "plain": text}, numbers=numbers)


TARGETS.register("toxicity/hate")(
    Target(("non-hateful", HATEFUL), sample, PLAN, "whether a turn is hateful towards a group", ("turn",))
)
