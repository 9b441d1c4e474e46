"""`reasoning_completeness`: does a chain of reasoning state, ground, weigh and conclude?

Read are marked thoughts (`<think>`, "Reasoning:") and, without marks, assistant turns with several sentences
that infer or go in steps. Five parts of one weight, after Toulmin (1958) and the steps of case formulation:
the problem is stated, evidence is named, another reading is weighed, a conclusion is drawn, and it follows:
it stands behind the evidence and speaks of the same things.

Known limits: the form of reasoning, not its truth; a wrong chain may be complete. Not a measure of clinical
worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from statistics import fmean

from pixelated.score._behaviours import content
from pixelated.score._cues import cues
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.protocol import SCORERS, USE, Score, Scorer

PARTS = ("problem", "evidence", "alternative", "conclusion", "follows")
LEAST_SENTENCES = 3
LEAST_MARKS = 2  # inferences and steps that make an unmarked turn a chain of reasoning
LEAST_KINDS = 4  # of sentences that do so with one inference: problem, evidence, alternative, step
FULL_EVIDENCE = 2  # sentences that name evidence
SHARED_WORDS = 2  # content words of the conclusion that stand before it
_THOUGHT = re.compile(
    r"(?is)<(think|thinking|reasoning|thought|scratchpad)>(.*?)(?:</\1>|\Z)"
    r"|^[ \t*#]*(?:reasoning|thought process|chain of thought|rationale|let's think step by step)"
    r"[*:. \t]*\n?(.+)",
    re.MULTILINE,
)
_PIECE = re.compile(r"[^.!?\n]+[.!?]*")


@SCORERS.register("reasoning_completeness")
def reasoning_completeness() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="reasoning_completeness",
        version=1,
        judge=_judge,
        measures="chains of reasoning that state the problem, name evidence, weigh another reading and "
        "draw a conclusion that follows",
        basis="Toulmin (1958), steps of case formulation (Eells 2015); own wordings, fitted on no data",
        limits="not a measure of clinical worth; English; the form of reasoning, not its truth; null where "
        f"there is no reasoning; {USE}",
        scale="0 none of the five parts of a chain of reasoning, 1 all of them",
        experimental=True,
    )


def _judge(dialogue: Dialogue) -> Score:
    if not any(turn.role == "assistant" for turn in dialogue.turns):
        return Score(None, "no_therapist_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    chains = [
        (at, chain)
        for at, turn in enumerate(dialogue.turns)
        if turn.role == "assistant" and (chain := reasoning(turn)) is not None
    ]
    if not chains:
        return Score(None, "no_reasoning")
    judged = [_parts(chain) for _, chain in chains]
    parts = {name: fmean(one[name] for one in judged) for name in PARTS}
    weakest = min(parts, key=lambda name: parts[name])
    reason = "complete" if parts[weakest] == 1 else f"lacks_{weakest}"
    return Score(fmean(parts.values()), reason, tuple(dialogue.positions[at] for at, _ in chains), parts)


def reasoning(turn: Turn) -> list[Turn] | None:
    """Return the sentences of a turn's reasoning, or None where it has none."""
    marked = "\n".join(match.group(2) or match.group(3) or "" for match in _THOUGHT.finditer(turn.text))
    sentences = list(_sentences(marked or turn.speech))
    if marked:
        return sentences or None
    if len(sentences) < LEAST_SENTENCES:
        return None
    found = [cues("reasoning").found(sentence.plain) for sentence in sentences]
    marks = sum("inference" in one or "step" in one for one in found)
    kinds = frozenset().union(*found)
    infers = marks >= LEAST_MARKS or ("inference" in kinds and len(kinds) >= LEAST_KINDS)
    return sentences if infers and "evidence" in kinds else None


def _sentences(text: str) -> Iterator[Turn]:
    for piece in _PIECE.findall(text):
        sentence = Turn("assistant", piece)
        if sentence.words:
            yield sentence


def _parts(chain: list[Turn]) -> dict[str, float]:
    found = [cues("reasoning").found(sentence.plain) for sentence in chain]
    half = (len(chain) + 1) // 2
    evidence = [n for n, one in enumerate(found) if "evidence" in one]
    concluded = [n for n, one in enumerate(found) if "inference" in one]
    last = concluded[-1] if concluded else -1
    return {
        "problem": float(any("problem" in one for one in found[:half])),
        "evidence": min(1.0, len(evidence) / FULL_EVIDENCE),
        "alternative": float(any("alternative" in one for one in found)),
        "conclusion": float(bool(concluded) and last >= len(chain) // 2),
        "follows": float(bool(concluded) and _follows(chain, last, evidence)),
    }


def _follows(chain: list[Turn], last: int, evidence: list[int]) -> bool:
    if not evidence or evidence[0] >= last:
        return False
    before = frozenset().union(*(content(sentence) for sentence in chain[:last]))
    spoken = frozenset().union(*(content(sentence) for sentence in chain[last:]))
    return len(before & spoken) >= min(SHARED_WORDS, len(spoken))
