"""`clinical_accuracy`: do claims on diagnoses agree with a small table of facts?

Sentences of the therapist that name one diagnosis and a number (how long, how many symptoms, from which age,
how often) or make a known statement on it are held against `presets/score/diagnoses.yaml`: durations, counts
and ages of the DSM-5-TR and the ICD-11 in this project's own words. The value is the share of claims that
agree; `parts` names each claim, 0 where it contradicts, and `turns` holds the turns with a contradiction.

Known limits: most of what is said in a session is no checkable claim (null); a sentence with two diagnoses is
not read; the table holds about forty diagnoses, and no clinician has reviewed it. Not a measure of clinical
worth.
"""

from __future__ import annotations

import re

from pixelated.score._diagnoses import Claim, claims
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import SCORERS, USE, Score, Scorer

_SENTENCE = re.compile(r"[^.!?\n]+")


@SCORERS.register("clinical_accuracy")
def clinical_accuracy() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="clinical_accuracy",
        version=1,
        judge=_judge,
        measures="share of the therapist's checkable claims on diagnoses (durations, counts of symptoms, "
        "ages, known statements) that agree with a table of facts",
        basis="DSM-5-TR and ICD-11 criteria in own words, about forty diagnoses; no clinician reviewed it",
        limits="not a measure of clinical worth; English; null where nothing can be checked, which is most "
        f"talk; a sentence with two diagnoses is not read; {USE}",
        scale="0 every checked claim contradicts the table, 1 every one agrees",
        experimental=True,
    )


def _judge(dialogue: Dialogue) -> Score:
    if not any(turn.role == "assistant" for turn in dialogue.turns):
        return Score(None, "no_therapist_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    found = [
        (at, claim)
        for at, turn in enumerate(dialogue.turns)
        if turn.role == "assistant" and not turn.foreign
        for sentence in _SENTENCE.findall(turn.plain)
        for claim in claims(sentence)
    ]
    if not found:
        return Score(None, "no_checkable_claim")
    return _score(dialogue, found)


def _score(dialogue: Dialogue, found: list[tuple[int, Claim]]) -> Score:
    parts: dict[str, float | None] = {}
    for _, claim in found:
        key = f"{claim.diagnosis} {claim.about}"
        parts[key] = min(parts.get(key) or 1.0 if key in parts else 1.0, float(claim.agrees))
    wrong = [(at, claim) for at, claim in found if not claim.agrees]
    reason = f"contradicts_{wrong[0][1].diagnosis}" if wrong else "agrees"
    turns = tuple(sorted({dialogue.positions[at] for at, _ in (wrong or found)}))
    return Score(1 - len(wrong) / len(found), reason, turns, parts)
