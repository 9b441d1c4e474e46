"""What a judge is told: where it is, which model, what it may cost and what may be sent to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from pixelated.core.errors import UsageError

_WHOLE = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class JudgeSettings:
    """Settings of a judge; a file of them is a YAML mapping of these keys.

    Attributes:
        url: base of the endpoint; `/chat/completions` is added.
        model: name of the model there.
        key_env: name of the environment variable that holds the API key; empty: none is sent.
        price_in, price_out: per million tokens; None: the cost is not known.
        max_cost: the run does not start where the estimate is above it, and stops where it is reached.
        max_tokens: the same, in tokens of both directions.
        reply_tokens: most tokens of one reply.
        temperature, seed: sent along; a seed of None is not.
        timeout: seconds for one answer in all.
        tries: how often one request is sent while the server is busy or fails.
        workers: requests at a time.
        give_up_after: failed records in a row after which no more are asked for.
        send_unredacted: the text as it stands may go to an endpoint that is not on loopback.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    url: str
    model: str
    key_env: str = ""
    price_in: Annotated[float, Field(ge=0)] | None = None
    price_out: Annotated[float, Field(ge=0)] | None = None
    max_cost: Annotated[float, Field(ge=0)] | None = None
    max_tokens: _WHOLE | None = None
    reply_tokens: _WHOLE = 300
    temperature: Annotated[float, Field(ge=0)] = 0.0
    seed: int | None = 17
    timeout: Annotated[float, Field(gt=0)] = 60.0
    tries: _WHOLE = 5
    workers: Annotated[int, Field(ge=1, le=32)] = 4
    give_up_after: _WHOLE = 5
    send_unredacted: bool = False

    def __post_init__(self) -> None:
        """Refuse a cap on a cost that cannot be known."""
        if self.max_cost is not None and not self.priced:
            raise UsageError(
                "price_unknown",
                "a cap on the cost needs the prices per million tokens, in and out",
                "give --price-in and --price-out, or cap the tokens",
            )

    @property
    def priced(self) -> bool:
        """Whether the cost of a token is known in both directions."""
        return self.price_in is not None and self.price_out is not None

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """Return what so many tokens cost, or None where the prices are not known."""
        if self.price_in is None or self.price_out is None:
            return None
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1_000_000

    def key(self) -> str:
        """Return the API key ("" where none is named); it is kept nowhere.

        Raises:
            UsageError: the variable is not set, or holds what cannot be a key.
        """
        if not self.key_env:
            return ""
        key = os.environ.get(self.key_env, "").strip()
        if not key or not key.isascii() or not key.isprintable():
            raise UsageError(
                "no_key",
                f"the environment variable {self.key_env} holds no API key",
                f"export {self.key_env}=..., or leave --judge-key-env out",
            )
        return key
