"""The benchmark's own code, which is no part of the package, for its tests."""

import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent / "tools"
sys.path.insert(0, str(TOOLS))

from bench import dedup, generate, measure, page, quality  # noqa: E402

__all__ = ["TOOLS", "dedup", "generate", "measure", "page", "quality"]
