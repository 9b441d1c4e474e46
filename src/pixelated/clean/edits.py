"""What was replaced in a text, in positions of the text as it came.

A text is redacted in rounds, and a later round looks at a text that already holds surrogates. `Edits` leads
from its positions back to those of the original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from pixelated.clean.spans import Span


@dataclass(frozen=True, slots=True)
class _Edit:
    """`span` of the original stands as `shown` now."""

    span: Span
    shown: str


@dataclass
class Edits:
    """The replacements in one text, in order, without overlaps."""

    original: str
    _made: list[_Edit] = field(default_factory=list)

    @property
    def spans(self) -> list[Span]:
        """Return what was replaced, in positions of the original."""
        return [edit.span for edit in self._made]

    def text(self) -> str:
        """Return the text as it stands now."""
        pieces, end = [], 0
        for edit in self._made:
            pieces += [self.original[end : edit.span.start], edit.shown]
            end = edit.span.end
        return "".join([*pieces, self.original[end:]])

    def shown(self, chosen: Callable[[str], bool]) -> list[tuple[int, int]]:
        """Return where those of the replacements stand now that `chosen` says, as starts and ends."""
        found, shift = [], 0
        for edit in self._made:
            start = edit.span.start + shift
            if chosen(edit.shown):
                found.append((start, start + len(edit.shown)))
            shift += len(edit.shown) - (edit.span.end - edit.span.start)
        return found

    def back(self, span: Span) -> Span:
        """Return a span of the present text as one of the original."""
        return replace(span, start=self._before(span.start, 0), end=self._before(span.end, 1))

    def _before(self, position: int, side: int) -> int:
        """Return where a position was; inside a surrogate, start (0) or end (1) of what it replaced."""
        shift = 0
        for edit in self._made:
            at = edit.span.start + shift
            after = at + len(edit.shown)
            if position <= at:
                break
            if position < after:
                return (edit.span.start, edit.span.end)[side]
            shift += len(edit.shown) - (edit.span.end - edit.span.start)
        return position - shift

    def replace(self, spans: Iterable[Span], surrogate: Callable[[str, str], str]) -> None:
        """Replace spans of the present text by `surrogate(type, value)`.

        Each holds an earlier surrogate whole or not at all, and no two overlap.
        """
        now = self.text()
        fresh = [_Edit(self.back(s), surrogate(s.type, now[s.start : s.end])) for s in spans]
        old = [
            edit
            for edit in self._made
            if not any(new.span.start <= edit.span.start < new.span.end for new in fresh)
        ]
        self._made = sorted([*old, *fresh], key=lambda edit: edit.span.start)
