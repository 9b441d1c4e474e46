"""What is different between two places: never "same" without a digest that says so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pixelated.core.errors import EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK, PixelatedError, worst
from pixelated.inventory.file import File, compared
from pixelated.inventory.known import Known
from pixelated.inventory.reading import Reading, in_parallel, read_all
from pixelated.inventory.side import Side
from pixelated.inventory.take import with_result

_Files = dict[str, File]


@dataclass
class Ways:
    """How two sides are compared.

    Attributes:
        hash: read files where nothing else tells.
        reading: workers, bandwidth, progress.
    """

    hash: bool = True
    reading: Reading = field(default_factory=Reading)


@dataclass
class Difference:
    """What is where.

    Attributes:
        a, b: the addresses.
        missing_in_b, missing_in_a: files that only the other side has.
        differing: (name, by what, file in a, file in b).
        moved: (file in a, file in b) with the same SHA-256 under another name.
        unknown: (name, why): nothing shows whether they are the same.
        same: how many are, by what it was told.
    """

    a: str
    b: str
    missing_in_b: list[File] = field(default_factory=list)
    missing_in_a: list[File] = field(default_factory=list)
    differing: list[tuple[str, str, File, File]] = field(default_factory=list)
    moved: list[tuple[File, File]] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)
    same: Counter[str] = field(default_factory=Counter)

    @property
    def exit_code(self) -> int:
        """1 where they differ, 3 where that can't be known, 0 where they are the same."""
        differ = self.missing_in_b or self.missing_in_a or self.differing or self.moved
        return worst(EXIT_FAILED if differ else EXIT_OK, EXIT_INCOMPLETE if self.unknown else EXIT_OK)

    def as_json(self) -> dict[str, Any]:
        """Return counts and lists, sorted by name."""
        return {
            "a": self.a,
            "b": self.b,
            "counts": {
                "same": sum(self.same.values()),
                "missing_in_b": len(self.missing_in_b),
                "missing_in_a": len(self.missing_in_a),
                "differing": len(self.differing),
                "moved": len(self.moved),
                "unknown": len(self.unknown),
            },
            "same_by": dict(sorted(self.same.items())),
            "missing_in_b": [_brief(f) for f in self.missing_in_b],
            "missing_in_a": [_brief(f) for f in self.missing_in_a],
            "differing": [
                {"name": n, "by": by, "a": _brief(fa), "b": _brief(fb)} for n, by, fa, fb in self.differing
            ],
            "moved": [{"a": fa.name, "b": fb.name, "sha256": fa.sha256} for fa, fb in self.moved],
            "unknown": [{"name": n, "why": why} for n, why in self.unknown],
        }


def compare(
    a: Side, b: Side, files: tuple[list[File], list[File]], known: tuple[Known, Known], ways: Ways
) -> Difference:
    """Compare two listings: by what the places state, and by reading files where nothing else tells."""
    out = Difference(a.uri, b.uri)
    in_a, in_b = _by_name(files[0], out), _by_name(files[1], out)
    both = sorted(in_a.keys() & in_b.keys())
    sides = ((a, in_a, known[0]), (b, in_b, known[1]))
    for side, found, _ in sides:
        _ask(side, found, [n for n in both if compared(in_a[n], in_b[n]) is None], ways)
    if ways.hash:
        _read_pairs(sides, [n for n in both if compared(in_a[n], in_b[n]) is None], ways)
    for name in both:
        _judge(out, in_a[name], in_b[name])
    _split(out, sides, ways)
    out.unknown.sort()
    return out


def _by_name(files: list[File], out: Difference) -> _Files:
    """Index files by name; of a name that two files have nothing can be said."""
    names = Counter(f.name for f in files)
    out.unknown += [(n, "two files have this name") for n, k in names.items() if k > 1]
    return {f.name: f for f in files if names[f.name] == 1}


def _ask(side: Side, found: _Files, names: Iterable[str], ways: Ways) -> None:
    """Take over what an S3 store computed of objects; what it can't say stays unknown."""
    if side.kind != "s3" or side.place is None:
        return
    for file, entry in in_parallel(side.stated, [found[n] for n in names], ways.reading):
        if entry is not None and not isinstance(entry, PixelatedError) and entry.size == file.size:
            found[file.name] = replace(file, sha256=entry.sha256, md5=entry.md5, by="place")


def _read_pairs(sides: Any, names: list[str], ways: Ways) -> None:
    """Read what is needed to compare: the side that states nothing, a local one first."""
    (a, in_a, _), (b, in_b, _) = sides
    wanted: tuple[list[File], list[File]] = ([], [])
    for name in names:
        pair = in_a[name], in_b[name]
        can = a.can_read(pair[0]), b.can_read(pair[1])
        # of a side that can't be read, an ETag that the other's MD5 equals tells that they are the same
        states = [bool(f.sha256 or f.md5 or (f.etag and not c)) for f, c in zip(pair, can, strict=True)]
        if states[0] != states[1]:
            at = 0 if states[1] else 1
            chosen = [at] if can[at] else []
        elif all(states):  # one states SHA-256, the other MD5: reading either gives both
            order = sorted((0, 1), key=lambda i: (sides[i][0].root is None, i))
            chosen = [i for i in order if can[i]][:1]
        else:
            chosen = [0, 1] if all(can) else []
        for at in chosen:
            wanted[at].append(pair[at])
    for (side, found, known), files in zip(sides, wanted, strict=True):
        _fill(side, found, known, files, ways)


def _fill(side: Side, found: _Files, known: Known, files: list[File], ways: Ways) -> None:
    results = read_all(side, files, known, ways.reading)
    for file in files:
        found[file.name] = with_result(file, results[file.name])


def _judge(out: Difference, fa: File, fb: File) -> None:
    said = compared(fa, fb)
    if said is None:
        why = "; ".join(f"{x}: {f.problem}" for x, f in (("A", fa), ("B", fb)) if f.problem)
        out.unknown.append((fa.name, why or "neither side states a digest that the other has"))
    elif said[0] == "same":
        out.same[said[1]] += 1
    else:
        out.differing.append((fa.name, said[1], fa, fb))


def _split(out: Difference, sides: Any, ways: Ways) -> None:
    """Sort the files of one side alone into moved and missing."""
    (_, in_a, _), (_, in_b, _) = sides
    only = [sorted(in_a.keys() - in_b.keys()), sorted(in_b.keys() - in_a.keys())]
    sizes = [{x[n].size for n in names} for x, names in zip((in_a, in_b), only, strict=True)]
    shared = {s for s in sizes[0] & sizes[1] if s}
    if ways.hash:
        for (side, found, known), names in zip(sides, only, strict=True):
            unread = [found[n] for n in names if found[n].size in shared and not found[n].sha256]
            _fill(side, found, known, [f for f in unread if side.can_read(f)], ways)
    there: dict[str, list[str]] = defaultdict(list)
    for name in reversed(only[1]):
        if in_b[name].sha256 and in_b[name].size:
            there[in_b[name].sha256].append(name)
    taken = set()
    for name in only[0]:
        twins = there.get(in_a[name].sha256, []) if in_a[name].sha256 else []
        if twins:
            taken.add(twin := twins.pop())
            out.moved.append((in_a[name], in_b[twin]))
        else:
            out.missing_in_b.append(in_a[name])
    out.missing_in_a = [in_b[n] for n in only[1] if n not in taken]


def _brief(file: File) -> dict[str, Any]:
    shown = file.as_json()
    return {k: shown[k] for k in ("name", "size", "sha256", "md5", "etag", "problem") if k in shown}
