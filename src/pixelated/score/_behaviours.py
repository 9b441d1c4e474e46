"""What a therapist does in a turn: question, reflection, input or something else; MI-consistent or not.

After the MISC 2.5 (Miller et al. 2003) and the MITI 4.2.1 (Moyers et al. 2014), from wording and build alone
(`presets/score/mi.yaml`) and from how far the turn takes up the client's last words. Fitted on nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pixelated.score._cues import cues
from pixelated.score._lexicon import word_set
from pixelated.score._questions import REMEMBERED, invites, questions, statements
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.english import english
from pixelated.score.words import stem

QUESTION, REFLECTION, INPUT, OTHER = "question", "reflection", "therapist_input", "other"
BEHAVIOURS = (OTHER, QUESTION, REFLECTION, INPUT)
CONSISTENT = ("affirm", "reflection", "open_question", "autonomy", "permission")
INCONSISTENT = ("confront", "direct", "warn", "advise")
_AS_WORDED = frozenset(
    ("affirm", "autonomy", "permission", "confront", "warn", "direct", "options", "inform")
)
SIGNAL_WORDS = 6  # most of a turn that only shows that the therapist listens
CONTENT_BITS = 3  # rarity from which on a word is about something
REFLECTS_FROM = 4  # words of a reflection without its wording
YOU_SHARE = 0.08
LONG = 30


_TOLD = frozenset({"advise", "inform", "direct", "warn", "options", "reflect"})
_NO_TOPIC = frozenset({""})


@dataclass(frozen=True)
class Behaviour:
    """What a turn does.

    Attributes:
        main: the main behaviour, one of `BEHAVIOURS`.
        codes: names of the finer behaviours: open_question, closed_question, reflection, affirm ...
        taken_up: share of the turn's content words that stand in the client's last turn.
    """

    main: str
    codes: frozenset[str]
    taken_up: float


def behaviours(dialogue: Dialogue) -> Iterator[tuple[int, Behaviour]]:
    """Yield the position and the behaviour of every therapist turn that has words and is English."""
    client: Turn | None = None
    for at, turn in enumerate(dialogue.turns):
        if turn.role != "assistant":
            client = turn
        elif turn.words and not turn.foreign:
            yield at, behaviour(turn, client)


def behaviour(turn: Turn, client: Turn | None) -> Behaviour:
    """Return what a therapist's turn does after a client's turn."""
    if is_signal(turn):
        return Behaviour(OTHER, frozenset(), 0.0)
    found = _found(turn)
    share = taken_up(turn, client)
    codes = set(
        found & {"affirm", "autonomy", "permission", "confront", "warn", "direct", "options", "inform"}
    )
    codes |= _asks(turn, found)
    if "advise" in found and not {"permission", "autonomy"} & found:
        codes.add("advise")
    if _reflects(turn, found, share):
        codes.add("reflection")
    return Behaviour(_main(turn, codes, found), frozenset(codes), share)


def _found(turn: Turn) -> frozenset[str]:
    """Return the cues of a turn; what only stands in a question is neither told nor ordered."""
    found = cues("mi").found(turn.plain)
    if found & _TOLD and "?" in turn.plain:
        told = cues("mi").found(statements(turn))
        found -= _TOLD - told
        if any("suggestion" in one.cues for one in questions(turn)):
            found |= {"advise"}  # "why don't you", "have you thought of"
    return found


def _asks(turn: Turn, found: frozenset[str]) -> set[str]:
    """Return the kind of question that a turn asks; to say back with a raised voice is to ask nothing."""
    asked = [one for one in questions(turn) if "tag" not in one.cues]
    if "reflect" in found:
        asked = [one for one in asked if one.inverted]
    if "open_invitation" in found or invites(turn) or any(one.open for one in asked):
        return {"open_question"}
    return {"closed_question"} if asked else set()


def is_signal(turn: Turn) -> bool:
    """Say whether a turn only shows that the therapist listens."""
    return len(turn.words) <= SIGNAL_WORDS and word_set("signals").issuperset(turn.words)


def taken_up(turn: Turn, client: Turn | None) -> float:
    """Return the share of a turn's content words that stand in the client's turn."""
    own = content(turn)
    if not own or client is None:
        return 0.0
    return len(own & content(client)) / len(own)


@lru_cache(maxsize=REMEMBERED)
def content(turn: Turn) -> frozenset[str]:
    """Return the stems of a turn's words that are about something."""
    return frozenset(map(_topic, turn.words)) - _NO_TOPIC


@lru_cache(maxsize=1 << 16)
def _topic(word: str) -> str:
    """Return the stem of a word that is about something, and "" for the others."""
    table = english()
    return "" if word in table.closed or table.rarity(word) < CONTENT_BITS else stem(word)


def _reflects(turn: Turn, found: frozenset[str], share: float) -> bool:
    if "reflect" in found:
        return True
    yours = sum(map(word_set("other").__contains__, turn.words)) / len(turn.words)
    taken = len(turn.words) >= REFLECTS_FROM and share * math.sqrt(len(content(turn))) >= 1
    return taken and yours >= YOU_SHARE


def _main(turn: Turn, codes: set[str], found: frozenset[str]) -> str:
    if codes & {"open_question", "closed_question"}:
        return QUESTION
    tells = bool(found & {"advise", "inform", "options", "direct", "warn"})
    if "reflection" in codes and not (tells and len(turn.words) > LONG):
        return REFLECTION
    if tells or len(turn.words) > LONG:
        return INPUT
    return OTHER
