"""What a run is going to take, and the cap that it keeps to."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

from pixelated.core.errors import UsageError
from pixelated.score.judge.settings import JudgeSettings

CHARACTERS_PER_TOKEN = 4  # of English prose, roughly; the endpoint's own count is used where it states one


def tokens(characters: int) -> int:
    """Return about how many tokens so many characters are."""
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


@dataclass(frozen=True)
class Estimate:
    """Requests to be made and their tokens; the replies are taken to be as long as they may be."""

    calls: int
    cached: int
    tokens_in: int
    tokens_out: int
    cost: float | None

    def refuse(self, settings: JudgeSettings) -> None:
        """Raise `UsageError` where the estimate is above a cap."""
        total = self.tokens_in + self.tokens_out
        if settings.max_tokens is not None and total > settings.max_tokens:
            raise _above(f"{total:,} tokens", f"{settings.max_tokens:,}", "--max-tokens")
        if settings.max_cost is not None and self.cost is not None and self.cost > settings.max_cost:
            raise _above(f"{self.cost:.4f}", f"{settings.max_cost:.4f}", "--max-cost")


def _above(estimate: str, cap: str, flag: str) -> UsageError:
    return UsageError(
        "estimate_above_cap",
        f"the judge would take about {estimate}, and the cap is {cap}: nothing was sent",
        f"raise {flag}, name fewer scorers, or give a part of the file",
    )


class Budget:
    """What was spent, and whether one more request may be made. Safe for threads."""

    def __init__(self, settings: JudgeSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._reserved = (0, 0)
        self.spent_in = self.spent_out = self.calls = 0
        self.reached = False

    def reserve(self, tokens_in: int, tokens_out: int) -> bool:
        """Set tokens aside for a request, or say that the cap does not allow it; then none follows."""
        with self._lock:
            held = (self._reserved[0] + tokens_in, self._reserved[1] + tokens_out)
            total_in, total_out = self.spent_in + held[0], self.spent_out + held[1]
            cap, cost = self._settings.max_tokens, self._settings.cost(total_in, total_out)
            above = cap is not None and total_in + total_out > cap
            if self._settings.max_cost is not None and cost is not None:
                above = above or cost > self._settings.max_cost
            self.reached = self.reached or above
            if not self.reached:
                self._reserved = held
            return not self.reached

    def settle(self, reserved: tuple[int, int], spent: tuple[int, int] | None) -> None:
        """Put what a request took in the place of what was set aside; None: it was never answered."""
        with self._lock:
            self._reserved = (self._reserved[0] - reserved[0], self._reserved[1] - reserved[1])
            if spent is not None:
                self.calls += 1
                self.spent_in, self.spent_out = self.spent_in + spent[0], self.spent_out + spent[1]

    def as_json(self) -> dict[str, float | int | bool | None]:
        """Return what was spent."""
        cost = self._settings.cost(self.spent_in, self.spent_out)
        return {
            "answers": self.calls,
            "tokens_in": self.spent_in,
            "tokens_out": self.spent_out,
            "cost": None if cost is None else round(cost, 6),
            "cap_reached": self.reached,
        }
