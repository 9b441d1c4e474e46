"""Many patterns, one pass: which of them stand in a text. Vectorscan where there is a wheel of it, else RE2.

RE2 keeps a state for each set of patterns that may still match; with hundreds of patterns that have gaps, new
text meets new states all the time, and building them takes 10 to 50 us a turn, where Vectorscan takes 2. Both
answer alike. Vectorscan refuses anchors inside a pattern: such patterns go to RE2.

Compiling takes up to a second per preset, so what was compiled is kept in the cache folder, by the hash
of the patterns, the library's version and the kind of processor; without such a folder it is compiled anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import re2

# Absent where there is no wheel for the machine.
hyperscan: Any = import_module("hyperscan") if find_spec("hyperscan") else None

# A limit, taken up only as texts need it. Under RE2's default of 8 MiB a large preset forgets its states
# again and again, and falls back to a search that takes twenty times as long.
MEMORY = 64 << 20


class Automaton(Protocol):
    """Tells which patterns stand in a text."""

    def match(self, text: str) -> set[int]:
        """Return the positions of the patterns that stand in `text`."""
        ...


def automaton(patterns: Sequence[str]) -> Automaton:
    """Compile patterns (RE2 syntax) into one automaton."""
    if hyperscan is None:
        return Re2Set(list(enumerate(patterns)))
    return Vectorscan(list(enumerate(patterns)))


def re2_options() -> re2.Options:
    """Return options with room for the states, and without captures: groups would take the slow engine."""
    options = re2.Options()
    options.max_mem = MEMORY
    options.never_capture = True
    return options


class Re2Set:
    """The automaton of RE2."""

    def __init__(self, numbered: Sequence[tuple[int, str]]) -> None:
        self._numbers = [number for number, _ in numbered]
        self._set = re2.Set.SearchSet(re2_options())
        for _, pattern in numbered:
            self._set.Add(pattern)
        self._set.Compile()

    def match(self, text: str) -> set[int]:
        """See `Automaton`."""
        return {self._numbers[n] for n in self._set.Match(text) or ()}


class Vectorscan:
    """The automaton of Vectorscan, with one of RE2 for what it refuses."""

    def __init__(self, numbered: Sequence[tuple[int, str]]) -> None:
        refused = [one for one in numbered if _anchored_inside(one[1])]
        taken = [one for one in numbered if one not in refused]
        try:
            self._database = _database([pattern for _, pattern in taken])
        except hyperscan.error:  # a pattern that it cannot compile: RE2 takes all of them
            taken, refused = [], list(numbered)
        self._rest = Re2Set(refused) if refused else None
        # The database counts from 0 whatever is left out: what is kept on disk belongs to the patterns alone.
        self._numbers = [number for number, _ in taken]

    def match(self, text: str) -> set[int]:
        """See `Automaton`."""
        found = self._rest.match(text) if self._rest else set()
        if self._numbers and text:
            data, numbers = text.encode("utf-8", "replace"), self._numbers
            self._database.scan(data, match_event_handler=lambda at, *_: found.add(numbers[at]))
        return found


def _anchored_inside(pattern: str) -> bool:
    return "^" in pattern.replace("[^", "") or "$" in pattern


def _database(patterns: Sequence[str]) -> Any:
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_UTF8
    expressions = [pattern.encode() for pattern in patterns]
    kept = _kept_at(expressions)
    if kept is not None and kept.is_file():
        with contextlib.suppress(OSError, hyperscan.error):
            database = hyperscan.loadb(kept.read_bytes(), hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
            return database
    database = hyperscan.Database()
    count = len(expressions)
    database.compile(expressions=expressions, ids=list(range(count)), elements=count, flags=flags)
    if kept is not None:
        _keep(kept, hyperscan.dumpb(database))
    return database


def _kept_at(expressions: Sequence[bytes]) -> Path | None:
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(given) if given else Path.home() / ".cache"
    except RuntimeError:  # a user without a home
        return None
    about = f"{hyperscan.__version__} {platform.machine()} {platform.processor()} {_cpu()}".encode()
    digest = hashlib.sha256(b"\0".join([about, *expressions])).hexdigest()
    return root / "pixelated" / "cues" / f"{digest}.hs"


def _cpu() -> str:
    """Return what tells kinds of processors apart: a compiled database uses the instructions of this one."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _keep(path: Path, data: bytes) -> None:
    """Write a file by an atomic rename; where that is not possible, there is no cache."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
