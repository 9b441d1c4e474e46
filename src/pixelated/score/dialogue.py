"""A conversation as scorers see it: turns with words and sentences, computed once and shared by all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from pixelated.score._language import NOT_ENGLISH, foreign_reason
from pixelated.score._moves import moves
from pixelated.score.english import english
from pixelated.score.words import plain, sentences

# Surrogates of redaction, links and transcribers' notes are not words that somebody said.
_NOT_SPEECH = re.compile(r"\[[^\[\]\n]{1,40}\]|https?://\S+|www\.\S+")
# Share of words in messages of another language from which on the whole is not judged as English.
MOST_FOREIGN = 1 / 3


class Turn:
    """One message, and what is derived from it.

    Attributes:
        role: who speaks, "user" (the client) or "assistant" (the therapist).
        text: the text as it stands.
        speech: the text without surrogates, links and notes.
        plain: the speech in lower case and without accents.
        sentences: the words of each sentence that has any.
        words: all words in order.
    """

    def __init__(self, role: str, text: str) -> None:
        self.role = role
        self.text = text
        marked = "[" in text or "://" in text or "www." in text
        self.speech = _NOT_SPEECH.sub(" ", text) if marked else text
        self.plain = plain(self.speech)
        self.sentences = sentences(self.plain)
        self.words = [word for sentence in self.sentences for word in sentence]
        self._moves: frozenset[str] | None = None

    @property
    def moves(self) -> frozenset[str]:
        """The names of the conversational moves that the turn makes (see `_moves`)."""
        if self._moves is None:
            self._moves = moves(self.plain, self.sentences)
        return self._moves

    @cached_property
    def closed_share(self) -> float:
        """The share of words of the closed classes (0 where there are no words)."""
        return sum(map(english().closed.__contains__, self.words)) / max(len(self.words), 1)

    @cached_property
    def foreign(self) -> bool:
        """Whether the message by itself is plainly not English."""
        return foreign_reason(self.speech, self.words, self.closed_share) is not None


class Dialogue:
    """The turns of the client (`user`) and the therapist (`assistant`); system messages are left out."""

    def __init__(
        self,
        messages: Iterable[Mapping[str, str | None]],
        rejected: Iterable[Mapping[str, str | None]] = (),
    ) -> None:
        given = [(m.get("role") or "", m.get("content") or "") for m in messages]
        self.turns = [Turn(role, text) for role, text in given if role != "system"]
        # The other answer of a preference record; no other scorer than those of preferences looks at it.
        self.rejected = [Turn(m.get("role") or "", m.get("content") or "") for m in rejected]
        # Position of each turn among all messages, for a score's evidence.
        self.positions = [n for n, (role, _) in enumerate(given) if role != "system"]
        # What scorers have said of it, by their judging function: composites ask again.
        self.judged: dict[Any, Any] = {}

    @cached_property
    def words(self) -> list[str]:
        """The words of all turns in order."""
        return [word for turn in self.turns for word in turn.words]

    @cached_property
    def speech(self) -> str:
        """The speech of all turns, a line each."""
        return "\n".join(turn.speech for turn in self.turns)

    @cached_property
    def closed_share(self) -> float:
        """The share of words of the closed classes (0 where there are no words)."""
        closed = sum(turn.closed_share * len(turn.words) for turn in self.turns)
        return round(closed) / max(len(self.words), 1)

    @cached_property
    def foreign(self) -> str | None:
        """The reason why a scorer of English has nothing to say here, or None.

        A message may be in another language among English ones, up to a third of all words; a
        message that mixes languages counts as English unless the other one prevails.
        """
        elsewhere = sum(len(turn.words) for turn in self.turns if turn.foreign)
        if elsewhere > MOST_FOREIGN * len(self.words):
            return NOT_ENGLISH
        return foreign_reason(self.speech, self.words, self.closed_share)

    @cached_property
    def english(self) -> Dialogue:
        """The dialogue without the messages in another language; itself where there are none."""
        if not any(turn.foreign for turn in self.turns):
            return self
        part = Dialogue([])
        kept = [(p, t) for p, t in zip(self.positions, self.turns, strict=True) if not t.foreign]
        part.positions, part.turns = [p for p, _ in kept], [t for _, t in kept]
        return part
