"""The record's columns as the card states them, so that no reader guesses a type from null values."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

_DTYPES = {"double": "float64", "float": "float32"}


def hub_features(schema: pa.Schema) -> list[dict[str, Any]]:
    """Return `schema` as the `features` of a card's `dataset_info` (datasets 4 and newer)."""
    return [_feature(field.name, field.type) for field in schema]


def _feature(name: str, kind: pa.DataType) -> dict[str, Any]:
    return {"name": name, **_type(kind)}


def _type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"struct": [_feature(f.name, f.type) for f in kind]}
    if pa.types.is_list(kind):
        inner = _type(kind.value_type)
        return {"list": inner.get("struct") or inner.get("dtype") or inner["list"]}
    return {"dtype": _DTYPES.get(str(kind), str(kind))}
