"""A conversation as scorers see it: turns with words and sentences, computed once and shared by all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from pixelated.score.words import plain, words

# Surrogates of redaction, links and transcribers' notes are not words that somebody said.
_NOT_SPEECH = re.compile(r"\[[^\[\]\n]{1,40}\]|https?://\S+|www\.\S+")
_SENTENCE_ENDS = re.compile(r"[.!?\n]+")


class Turn:
    """One message: `role`, `text` as it stands, and what is derived from it."""

    def __init__(self, role: str, text: str) -> None:
        self.role = role
        self.text = text

    @cached_property
    def speech(self) -> str:
        """The text without surrogates, links and notes."""
        text = self.text
        if "[" in text or "://" in text or "www." in text:
            text = _NOT_SPEECH.sub(" ", text)
        return text

    @cached_property
    def plain(self) -> str:
        """The speech in lower case and without accents."""
        return plain(self.speech)

    @cached_property
    def sentences(self) -> list[list[str]]:
        """The words of each sentence that has any."""
        return [found for piece in _SENTENCE_ENDS.split(self.plain) if (found := words(piece))]

    @cached_property
    def words(self) -> list[str]:
        """All words in order."""
        return [word for sentence in self.sentences for word in sentence]


class Dialogue:
    """The turns of the client (`user`) and the therapist (`assistant`); system messages are left out."""

    def __init__(self, messages: Iterable[Mapping[str, str | None]]) -> None:
        given = [(m.get("role") or "", m.get("content") or "") for m in messages]
        self.turns = [Turn(role, text) for role, text in given if role != "system"]
        # Position of each turn among all messages, for a score's evidence.
        self.positions = [n for n, (role, _) in enumerate(given) if role != "system"]

    @cached_property
    def words(self) -> list[str]:
        """The words of all turns in order."""
        return [word for turn in self.turns for word in turn.words]

    @cached_property
    def speech(self) -> str:
        """The speech of all turns, a line each."""
        return "\n".join(turn.speech for turn in self.turns)
