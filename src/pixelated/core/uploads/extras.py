"""Libraries that only some stores need."""

from __future__ import annotations

import importlib
from typing import Any

from pixelated.core.errors import UsageError


def need(module: str, extra: str, needs_it: str = "this address") -> Any:
    """Import and return a library of an extra.

    Args:
        module: to be imported.
        extra: that brings it.
        needs_it: what cannot be done without it, for the error.

    Raises:
        UsageError: it is not installed; says what to type.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            "extra_missing",
            f"{module.split('.', maxsplit=1)[0]} is not installed, which {needs_it} needs",
            f"install it: pip install 'pixelated-empathy[{extra}]'",
        ) from error
