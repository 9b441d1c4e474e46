"""`source_metadata`: the fields and human labels of the source that have no column, as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from pixelated.standardise.formats._json import whole
from pixelated.standardise.rows import RefusedError

_OPTIONS = orjson.OPT_SORT_KEYS
_MAX_DEPTH = 250


def encode(fields: dict[str, Any]) -> str:
    """Return the JSON text of a row's remaining fields.

    Raises:
        RefusedError: `too_deep`, the fields nest deeper than JSON writers go.
    """
    try:
        return orjson.dumps(fields, option=_OPTIONS).decode()
    except TypeError:  # bytes, dates, huge integers, surrogates, keys that are not text
        return json.dumps(_plain(fields, 0), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise RefusedError("too_deep", f"fields nest deeper than {_MAX_DEPTH} levels")
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole(str(k)): _plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(v, depth + 1) for v in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else str(value)
