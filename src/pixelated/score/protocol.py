"""What a scorer is: a named, versioned judgement of one conversation, from 0 to 1 or none at all.

A scorer is one file in this package (or in another one that names its module under the entry-point
group `pixelated.scorers`):

    @SCORERS.register("brevity")
    def brevity(longest: int = 60) -> Scorer:
        def judge(dialogue: Dialogue) -> Score:
            if not dialogue.words:
                return Score(None, "no_words")
            return Score(float(len(dialogue.words) <= longest), "word_count")

        return Scorer("brevity", 1, judge, measures="...", basis="...", limits="...")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from pixelated.core.errors import InternalError
from pixelated.core.plugins import Registry
from pixelated.score.dialogue import Dialogue

# More would write the last bits of a machine's exponential function into the dataset.
DECIMALS = 6
USE = "for data curation; not for triage, diagnosis or monitoring of clients"


@dataclass(frozen=True)
class Score:
    """A judgement: `value` from 0 to 1 on the scorer's scale, or None where there is none to give.

    `reason` is a code, such as "too_short"; `turns` are the positions of the messages that decided
    it; `parts` are the values it is made of, by name. A score never carries a client's words.
    """

    value: float | None
    reason: str
    turns: tuple[int, ...] = ()
    parts: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Scorer:
    """One scorer with its settings applied.

    `measures` says what a high value means, `scale` what 0 and 1 are, `basis` where that comes from
    (and on which data a constant was fitted), `limits` where it goes wrong. A change that alters
    values is a new `version`, and so a new column. An `experimental` scorer has no figure of its
    agreement with people: it may not gate, weight or enter a composite unless a recipe says so.
    `judge_turn` judges the turn at one position alone, with what was said before it, or says None.
    """

    name: str
    version: int
    judge: Callable[[Dialogue], Score]
    measures: str
    basis: str
    limits: str
    scale: str = "0 worst, 1 best"
    experimental: bool = False
    judge_turn: Callable[[Dialogue, int], Score | None] | None = None

    @property
    def column(self) -> str:
        """Name of the column, such as "score_coherence_v1"."""
        return f"score_{self.name}_v{self.version}"

    def __call__(self, dialogue: Dialogue) -> Score:
        """Judge a conversation, once; a value outside the scale is a fault of the scorer."""
        known = dialogue.judged.get(self.judge)
        if known is None:
            known = dialogue.judged[self.judge] = self._checked(self.judge(dialogue))
        return known

    def _checked(self, score: Score) -> Score:
        if score.value is not None and not 0.0 <= score.value <= 1.0:  # NaN fails this too
            raise InternalError(
                "score_out_of_scale",
                f"scorer {self.name!r} gave {score.value}, and the scale is 0 to 1",
                "report this to the scorer's author",
            )
        parts = {name: None if v is None else round(v, DECIMALS) for name, v in score.parts.items()}
        value = None if score.value is None else round(score.value, DECIMALS)
        return replace(score, value=value, parts=parts)


ScorerFactory = Callable[..., Scorer]

SCORERS: Registry[ScorerFactory] = Registry("scorer", "pixelated.score")


@cache
def default_scorer(name: str) -> Scorer:
    """Return a scorer with its default settings, one per process: what it said of a dialogue is found again.

    Raises:
        UsageError: there is no scorer of that name.
    """
    return SCORERS.get(name)()
