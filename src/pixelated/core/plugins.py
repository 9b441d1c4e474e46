"""Registries of formats, scorers and gates: one decorator, one file per entry, entry points for others.

A package outside this one adds to a registry by an entry point in the group `pixelated.<registry>`
(`pixelated.formats`, `pixelated.scorers`, `pixelated.gates`) that names a module; importing it runs
the decorator.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from pixelated.core.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named entries of one kind, loaded from every module of `package` and from entry points."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._entries: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its object under `name`; a second owner of a name is an error."""

        def decorate(entry: T) -> T:
            known = self._entries.get(name)
            if known is not None and _origin(known) != _origin(entry):
                raise UsageError(
                    "duplicate_plugin",
                    f"two {self.kind}s are called {name!r}: {_origin(known)} and {_origin(entry)}",
                    "rename one of them, or uninstall the package that brings it",
                )
            self._entries[name] = entry
            return entry

        return decorate

    def get(self, name: str) -> T:
        """Return the entry called `name`, or raise `UsageError` that lists the names there are."""
        self._load()
        if name not in self._entries:
            raise UsageError(
                f"unknown_{self.kind}",
                f"there is no {self.kind} called {name!r}",
                f"choose one of: {', '.join(sorted(self._entries))}",
            )
        return self._entries[name]

    def names(self) -> list[str]:
        """Return the sorted names of all entries."""
        self._load()
        return sorted(self._entries)

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield (name, entry) sorted by name."""
        for name in self.names():
            yield name, self._entries[name]

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                importlib.import_module(f"{self._package}.{module.name}")
        for point in sorted(entry_points(group=f"pixelated.{self.kind}s"), key=lambda p: p.name):
            point.load()


def _origin(entry: object) -> str:
    return f"{getattr(entry, '__module__', '?')}.{getattr(entry, '__qualname__', type(entry).__qualname__)}"
