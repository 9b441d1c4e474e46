"""An OpenAI-compatible chat endpoint that judges by the words of a conversation, or misbehaves as told.

with ChatServer() as server:
    server.script = ["truncated"]          # how the next replies are spoilt, one a request; then all is well
    server.script = [Failure(429, "1")]
    ... ask server.url + "/v1" ...
    assert len(server.asked) == 2          # the bodies of the requests, in the order they came
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from .http_server import Failure
from .listener import Exchange, Listener, Reply

GOOD = {"score": 3, "turns": [1], "reason": "interpretation"}
SPOILT = {
    "truncated": '{"score": 3, "tur',
    "prose": "I would give it a 3.",
    "fenced": '```json\n{"score": 3, "turns": [1], "reason": "interpretation"}\n```',
    "off_the_scale": json.dumps(GOOD | {"score": 9}),
    "text_score": json.dumps(GOOD | {"score": "3"}),
    "true_score": json.dumps(GOOD | {"score": True}),
    "no_such_turn": json.dumps(GOOD | {"turns": [7]}),
    "no_such_reason": json.dumps(GOOD | {"reason": "because"}),
    "more_keys": json.dumps(GOOD | {"explanation": "text"}),
    "null_with_reason": json.dumps(GOOD | {"score": None}),
}


@dataclass
class ChatServer(Listener):
    """The endpoint; `script` says how the next answers go wrong, `slow` how long each takes."""

    script: list[str | Failure] = field(default_factory=list)
    slow: float = 0.0
    usage: dict[str, int] | None = None
    reply: dict = field(default_factory=lambda: dict(GOOD))
    redirect: str = ""

    @property
    def asked(self) -> list[dict]:
        """Return the bodies of all requests."""
        return [e.json() for e in self.requests(method="POST")]

    def answer(self, exchange: Exchange, reply: Reply) -> None:
        if self.slow and self.stopping.wait(self.slow):
            reply.cut()
            return
        with self.lock:
            spoilt = self.script.pop(0) if self.script else ""
        if self.redirect:
            reply.send(307, {"Location": self.redirect})
        elif exchange.path != "/v1/chat/completions":
            reply.json({"error": "not here"}, 404)
        elif isinstance(spoilt, Failure):
            if not spoilt.status:
                reply.cut()
                return
            again = {"Retry-After": spoilt.retry_after} if spoilt.retry_after is not None else {}
            reply.json({"error": exchange.json()["messages"][-1]}, spoilt.status, again)
        elif spoilt == "no_chat":
            reply.json({"hello": "world"})
        else:
            text = SPOILT[spoilt] if spoilt else json.dumps(self.reply)
            value = {"choices": [{"message": {"role": "assistant", "content": text}}]}
            reply.json(value | ({"usage": self.usage} if self.usage else {}))
