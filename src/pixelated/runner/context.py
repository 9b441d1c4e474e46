"""What one run works with: the recipe, its folder, the engine, and how to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pixelated.core.engines import Executor
from pixelated.core.object_store import below, store_of
from pixelated.core.store import Store
from pixelated.recipe import Loaded
from pixelated.runner.folder import RunFolder, default_runs


@dataclass
class Options:
    """How to run: nothing here changes a byte of the dataset."""

    runs: Path = field(default_factory=default_runs)
    engine: str = "local"
    workers: int = 0  # as many as the engine has CPUs
    store: str = ""  # where parts go: s3://bucket/prefix or a folder; default: the run folder
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
    def store(self) -> Store:
        """Return where the parts are: in the run folder, or where the options say, by the recipe's name."""
        given = self.options.store
        return store_of(below(given, self.loaded.recipe.name)) if given else self.folder

    @property
    def is_elsewhere(self) -> bool:
        """Say whether the parts are outside of the run folder."""
        return bool(self.options.store)

    @property
    def target(self) -> Path:
        """Return where the finished dataset goes."""
        return self.options.output or self.folder.dataset
