"""Build, prove and use the training corpus of a language model for training therapists.

The command line's verbs are functions here as well:

    from pathlib import Path
    import pixelated

    if __name__ == "__main__":  # worker processes import the script
        loaded = pixelated.load_recipe(Path("recipes/demo.yaml"))
        result = pixelated.build(loaded, pixelated.Options(workers=2))
        print(result.passed, result.totals)
        for name, verdict in pixelated.verify_dataset(result.dataset).verdicts.items():
            print(name, verdict.passed, verdict.measured)
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pixelated.recipe import load_recipe
    from pixelated.runner import BuildResult, Options
    from pixelated.runner.build import build
    from pixelated.verify import verify_dataset

_WHERE = {
    "load_recipe": "pixelated.recipe",
    "build": "pixelated.runner",
    "Options": "pixelated.runner",
    "BuildResult": "pixelated.runner",
    "verify_dataset": "pixelated.verify",
}

__all__ = ["BuildResult", "Options", "__version__", "build", "load_recipe", "verify_dataset"]


def _heed_address_limit() -> None:
    """Under `ulimit -v`, have Arrow take memory as it needs it: its own allocator reserves a gigabyte of it.

    Arrow reads this when it is imported, and workers inherit it.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 -- not on Windows

        if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
            os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


_heed_address_limit()


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used: workers import areas without the rest."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'pixelated' has no attribute {name!r}")
