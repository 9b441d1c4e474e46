"""`voice_consistency`: how far the therapist's turns sound like the speaker of a profile.

A profile (`pixelated score profile`, module `voice_profile`) holds which words, pairs of words and marks a
speaker uses more than the others in the same setting did. The value is 1 / (1 + exp(-x)), where x is 2 for a
mean text of the speaker and -2 for one of the others.

Basis: log-odds of words with a prior (Monroe, Colaresi & Quinn 2008), after the idea of Burrows' Delta (2002)
that small words and marks tell a voice. Nothing is shipped but the method: the weights are the user's.

Known limits: it tells the speaker from those others, on subjects like theirs, and from a stranger less
surely; words of a subject count as the voice where one speaker alone speaks of it. Below 40 words: no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixelated.score._evidence import bounded, sigmoid
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import SCORERS, Score, Scorer
from pixelated.score.voice_profile import Profile, profile_of, read_profile

FEWEST = 40  # words
BOUND = 8.0


@SCORERS.register("voice_consistency")
def voice_consistency(
    profile: str | Path | Mapping[str, Any] | None = None, role: str = "assistant"
) -> Scorer:
    """Make the scorer for a profile, a file or its content; `role` says whose turns are read."""
    made = profile_of(profile, "profile") if isinstance(profile, Mapping) else None
    if profile is not None and made is None:
        made = read_profile(Path(str(profile)))
    return Scorer(
        name="voice_consistency",
        version=1,
        judge=lambda dialogue: _judge(dialogue, made, role),
        measures="turns that sound like the speaker of a profile rather than like those it was told from",
        basis="log-odds of words, pairs of words and marks with a prior (Monroe et al. 2008; Burrows 2002), "
        "from the user's own texts",
        limits="tells the speaker from the others of the profile, from strangers less surely; words of a "
        "subject count as voice; no value without a profile or below 40 words",
        scale="0 another's voice, 1 the speaker's",
    )


def _judge(dialogue: Dialogue, profile: Profile | None, role: str) -> Score:
    if profile is None:
        return Score(None, "no_profile")
    turns = [turn for turn in dialogue.turns if turn.role == role]
    if sum(len(turn.text.split()) for turn in turns) < FEWEST:
        return Score(None, "too_few_words")
    value = sigmoid(bounded(profile.log_odds(turn.text for turn in turns), BOUND))
    return Score(value, "like_the_speaker" if value >= 0.5 else "like_another")  # noqa: PLR2004 - even odds
