"""JSON values from bytes: orjson first, the standard library for what orjson is too strict for."""

from __future__ import annotations

import json
from typing import Any

import orjson

from pixelated.core.decoding import decode

MAX_DEPTH = 200  # what orjson can write again; real records are a few levels deep


class InvalidJSONError(ValueError):
    """The bytes hold no JSON value; the message says where, and shows none of it."""


def loads(data: bytes) -> Any:
    """Return the JSON value in `data`.

    Numbers that are not finite become null and lone surrogates U+FFFD, so that the value can always be
    written again.

    Raises:
        InvalidJSONError: no JSON value, something after it, or nested deeper than `MAX_DEPTH`.
    """
    try:
        return _shallow(orjson.loads(data), data.count(b"[") + data.count(b"{"))
    except orjson.JSONDecodeError:
        return loads_text(decode(data).text)


def loads_text(text: str) -> Any:
    """Return the JSON value in `text`; see `loads`."""
    try:
        return _clean(json.loads(text, parse_constant=lambda _: None, parse_float=_finite), 0)
    except json.JSONDecodeError as error:
        raise InvalidJSONError(f"{error.msg} (line {error.lineno}, column {error.colno})") from error
    except RecursionError:
        raise InvalidJSONError(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:  # an integer of more digits than Python converts
        raise InvalidJSONError("a number is too long") from None


def loads_many(text: str) -> list[Any]:
    """Return the JSON values that stand one after the other in `text`, over any number of lines.

    Raises:
        InvalidJSONError: the text is anything else.
    """
    decoder = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_finite)
    values: list[Any] = []
    at = _skip(text, 0)
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise InvalidJSONError(f"no JSON value at character {at}") from None
        values.append(_clean(value, 0))
        at = _skip(text, end)
    return values


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if abs(number) != float("inf") else None


def _shallow(value: Any, brackets: int) -> Any:
    """Return the value, or refuse it where it nests deeper than can be written again."""
    if brackets <= MAX_DEPTH:
        return value
    level, layer = 0, [value]
    while layer:
        level += 1
        if level > MAX_DEPTH:
            raise InvalidJSONError(f"nested deeper than {MAX_DEPTH} levels")
        layer = [
            c for v in layer if isinstance(v, dict | list) for c in (v.values() if isinstance(v, dict) else v)
        ]
        layer = [c for c in layer if isinstance(c, dict | list)]
    return value


def _clean(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise InvalidJSONError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_clean(v, depth + 1) for v in value]
    if isinstance(value, dict):
        return {whole(k): _clean(v, depth + 1) for k, v in value.items()}
    return value


def whole(text: str) -> str:
    """Return the text with surrogate pairs joined and lone surrogates replaced by U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
