"""Libraries that only some stores need."""

from __future__ import annotations

import importlib
from typing import Any

from pixelated.core.errors import UsageError


def need(module: str, extra: str) -> Any:
    """Import and return a library of an extra.

    Raises:
        UsageError: it is not installed; says what to type.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            "extra_missing",
            f"{module.split('.', maxsplit=1)[0]} is not installed, which this address needs",
            f"install it: pip install 'pixelated-empathy[{extra}]'",
        ) from error
