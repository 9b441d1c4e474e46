"""Files of heads: one JSON file holds the heads of one fit, for one or several targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import UsageError
from pixelated.core.presets import read_text
from pixelated.core.store import LocalStore
from pixelated.score.heads.head import Head

FORMAT = "pixelated-heads-1"
_NUMBERS = re.compile(rb"\[([-+0-9.e,\s]+)\]")


def write_heads(path: Path, heads: Sequence[Head]) -> None:
    """Write heads to a file, by an atomic rename."""
    data = {"format": FORMAT, "heads": [head.to_json() for head in heads]}
    text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    # An n-gram and its numbers are one line, for people and for diff.
    lines = _NUMBERS.sub(lambda found: b"[" + b" ".join(found[1].split()) + b"]", text)
    LocalStore(path.parent).write(path.name, lambda file: file.writelines([lines]))


def read_heads(path: Path) -> dict[str, Head]:
    """Return the heads of a file by the target they serve.

    Raises:
        UsageError: there is no such file, or it holds no heads.
    """
    try:
        return heads_of(orjson.loads(read_text(path)), str(path))
    except orjson.JSONDecodeError as error:
        raise UsageError(
            "bad_head", f"{path} is no JSON: {error}", "make it by `pixelated score fit`"
        ) from error


def heads_of(data: Any, where: str) -> dict[str, Head]:
    """Return the heads in parsed JSON by the target they serve."""
    if (
        not isinstance(data, Mapping)
        or data.get("format") != FORMAT
        or not isinstance(data.get("heads"), list)
    ):
        raise UsageError(
            "bad_head", f"{where} holds no heads of {FORMAT}", "make it by `pixelated score fit`"
        )
    read = [Head.from_json(one, where) for one in data["heads"]]
    return {head.scorer: head for head in read}
