"""What a gate found wrong: reasons, how often, and which records, in bounded memory."""

from __future__ import annotations

from itertools import chain, zip_longest

from pixelated.core.verdict import MAX_EXAMPLES

MAX_REASONS = 60
_SHOWN = 3
_OVERFLOW = "further faults of other kinds"


class Findings:
    """Faults grouped by reason; each keeps a count and its first few record ids or file names."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._who: dict[str, list[str]] = {}
        self._remedies: dict[str, str] = {}

    def add(self, reason: str, who: str, remedy: str = "", count: int = 1) -> None:
        """File one fault (or `count` alike) under `reason`; `who` is a record id or a file name."""
        if reason not in self._counts and len(self._counts) >= MAX_REASONS:
            reason = _OVERFLOW
        self._counts[reason] = self._counts.get(reason, 0) + count
        names = self._who.setdefault(reason, [])
        if len(names) < MAX_EXAMPLES and who not in names:
            names.append(who)
        if remedy:
            self._remedies.setdefault(reason, remedy)

    def merge(self, other: Findings) -> None:
        """Add everything that `other` holds."""
        for reason, count in other._counts.items():
            remedy, names = other._remedies.get(reason, ""), other._who[reason]
            self.add(reason, names[0], remedy, count)
            for name in names[1:]:
                self.add(reason, name, remedy, 0)

    def __bool__(self) -> bool:
        return bool(self._counts)

    def count(self, reason: str) -> int:
        """Return how often `reason` was filed."""
        return self._counts.get(reason, 0)

    @property
    def errors(self) -> list[str]:
        """One line per reason, with its first names and how many more there are."""
        return [self._line(reason) for reason in self._counts]

    @property
    def examples(self) -> list[str]:
        """Up to 20 names, taken from every reason in turn, so that no reason hides another."""
        rounds = chain.from_iterable(zip_longest(*self._who.values()))
        return list(dict.fromkeys(name for name in rounds if name is not None))[:MAX_EXAMPLES]

    @property
    def remedy(self) -> str:
        """The remedy of the reason filed most often among those that have one."""
        return (
            max(self._remedies, key=self._counts.__getitem__, default="")
            and (self._remedies[max(self._remedies, key=self._counts.__getitem__)])
        )

    def _line(self, reason: str) -> str:
        names = self._who[reason][:_SHOWN]
        more = self._counts[reason] - len(names)
        return f"{reason}: {', '.join(names)}" + (f" and {more} more" if more > 0 else "")


def shown(value: object, limit: int = 60) -> str:
    """Return a foreign value as one printable line of at most `limit` characters."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else "?" for c in text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"
