"""What one run works with: the recipe, its folder, the engine, and how to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pixelated.core.engine import Executor, default_workers
from pixelated.recipe import Loaded
from pixelated.runner.folder import RunFolder, default_runs


@dataclass
class Options:
    """How to run: nothing here changes a byte of the dataset."""

    runs: Path = field(default_factory=default_runs)
    workers: int = field(default_factory=default_workers)
    output: Path | None = None  # default: <run>/dataset
    quiet: bool = True
    keep_steps: bool = False
    part_mb: float | None = None
    permissions: Path | None = None  # folder of the permission and consent documents
    today: str = ""  # ISO date at which consents must be in force; empty: the real one (UTC)


@dataclass
class Run:
    """One run under way; `parts` are the names of its parts in canonical order, once they are read."""

    loaded: Loaded
    folder: RunFolder
    executor: Executor
    options: Options
    parts: list[str] = field(default_factory=list)

    @property
    def target(self) -> Path:
        """Return where the finished dataset goes."""
        return self.options.output or self.folder.dataset
