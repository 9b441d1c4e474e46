"""Requests to an OpenAI-compatible endpoint: no redirect, a limit of time and size, tries with back-off."""

from __future__ import annotations

import ssl
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import urllib3

from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.places.http import asked_wait
from pixelated.core.places.patience import patient
from pixelated.core.places.protocol import TryAgainError, UnavailableError
from pixelated.core.places.retrying import given_up, pause
from pixelated.score.judge.address import Address
from pixelated.score.judge.settings import JudgeSettings

_LARGEST = 4 << 20  # bytes of an answer
_CHUNK = 1 << 16
_OK, _MULTIPLE, _BAD_REQUEST, _TOO_LARGE, _UNPROCESSABLE = 200, 300, 400, 413, 422
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True)
class Answer:
    """The text that a model gave, and what it took; None where the endpoint does not say."""

    text: str
    tokens_in: int | None
    tokens_out: int | None


class RecordRefusedError(Exception):
    """The endpoint does not take this one request (such as a text that is too long)."""


class Endpoint:
    """One endpoint and the connections to it."""

    def __init__(self, address: Address, settings: JudgeSettings) -> None:
        self.address, self.settings = address, settings
        key = settings.key()
        if key and not address.loopback and address.url.startswith("http:"):
            raise UsageError(
                "key_in_the_clear",
                f"{address.shown} is neither https nor on loopback: an API key would go there in the clear",
                "give an https address, or leave --judge-key-env out",
            )
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Host": address.host,
        } | ({"Authorization": f"Bearer {key}"} if key else {})
        self._pool = _pool(address, settings.workers)
        self.stopped = threading.Event()  # set: nobody waits for another try

    def ask(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> Answer:
        """Return the model's reply to messages, to be JSON of a schema.

        Raises:
            RecordRefusedError: the endpoint does not take this request.
            UnavailableError: it is busy, slow or failing, and stayed so.
            IncompleteError: it refuses every request (no access, no such model, a redirect).
        """
        body = orjson.dumps(request_body(self.settings, messages, schema))
        for attempt in range(1, self.settings.tries + 1):
            try:
                return self._once(body)
            except TryAgainError as fault:
                last = attempt == self.settings.tries
                if last or self.stopped.wait(pause(fault, attempt - 1)):
                    raise given_up(fault, attempt) from fault
        raise AssertionError("unreachable")

    def _once(self, body: bytes) -> Answer:
        shown, until = self.address.shown, time.monotonic() + self.settings.timeout
        timeout = urllib3.Timeout(connect=min(10.0, self.settings.timeout), read=self.settings.timeout)
        try:
            answer = self._pool.request(
                "POST", self.address.url, headers=self._headers, body=body, preload_content=False,
                redirect=False, retries=False, timeout=timeout,
            )  # fmt: skip
        except UnavailableError as error:  # held up while it sent its headers
            raise TryAgainError(error.message) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TryAgainError(f"no answer from {shown} ({type(error).__name__})") from error
        try:
            self._refuse(answer)
            data = _read(answer, until, shown)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TryAgainError(f"{shown}: the connection broke ({type(error).__name__})") from error
        finally:
            answer.close()
            answer.release_conn()
        return _answer(data, shown)

    def _refuse(self, answer: urllib3.BaseHTTPResponse) -> None:
        """Raise for an answer that is no reply; what the server wrote is not repeated, it may quote."""
        status, shown = answer.status, self.address.shown
        if _OK <= status < _MULTIPLE:
            return
        if status in _PASSING:
            raise TryAgainError(f"{shown} answered {status}", asked_wait(answer.headers))
        if status in (_BAD_REQUEST, _TOO_LARGE, _UNPROCESSABLE):
            raise RecordRefusedError(str(status))
        why = "redirects, and no redirect is followed" if status < _BAD_REQUEST else f"answered {status}"
        raise IncompleteError(
            "judge_refuses",
            f"{shown} {why}",
            "check the URL, the name of the model, and the variable that --judge-key-env names",
        )


def request_body(
    settings: JudgeSettings, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is sent to the endpoint."""
    body: dict[str, Any] = {
        "model": settings.model,
        "messages": list(messages),
        "temperature": settings.temperature,
        "max_tokens": settings.reply_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "judgement", "strict": True, "schema": schema},
        },
    }
    return body if settings.seed is None else body | {"seed": settings.seed}


def _pool(address: Address, size: int) -> urllib3.PoolManager:
    options: dict[str, Any] = {"maxsize": size, "ssl_context": ssl.create_default_context()}
    if address.loopback:  # no proxy of the environment: what is for this machine stays on it
        if address.url.startswith("https:"):
            options |= {"server_hostname": address.name, "assert_hostname": address.name}
        return patient(urllib3.PoolManager(**options))
    scheme = address.url.partition(":")[0]
    bypass = urllib.request.proxy_bypass(address.name)
    proxy = "" if bypass else urllib.request.getproxies().get(scheme, "")
    return patient(urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options))


def _read(answer: urllib3.BaseHTTPResponse, until: float, shown: str) -> bytes:
    data = bytearray()
    while chunk := answer.read1(_CHUNK):
        data += chunk
        if len(data) > _LARGEST:
            raise RecordRefusedError("too_long_an_answer")
        if time.monotonic() > until:
            raise TryAgainError(f"{shown}: the answer took too long")
    return bytes(data)


def _answer(data: bytes, shown: str) -> Answer:
    try:
        value = orjson.loads(data)
        message = value["choices"][0]["message"]
        used = value.get("usage") or {}
        counts = [used.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        raise TryAgainError(f"{shown}: the answer is no chat completion") from None
    text = message.get("content") if isinstance(message, dict) else None
    tokens = [n if isinstance(n, int) and not isinstance(n, bool) and n >= 0 else None for n in counts]
    return Answer(text if isinstance(text, str) else "", tokens[0], tokens[1])
