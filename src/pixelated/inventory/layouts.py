"""Bucket layouts: which one a listing follows, and where its files go in the default one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.places.names import name_problem
from pixelated.core.presets import load_preset
from pixelated.inventory.file import File

DEFAULT, OLDER = "default", "pixel_data_2025"
_KEYS = {"description", "areas", "target", "peel", "rules", "leave_out"}
_LEAVE_KEYS = {"prefix", "suffix", "reason", "segments"}


@dataclass(frozen=True)
class LeaveOut:
    """Keys that stay where they are, and why.

    Attributes:
        prefix, suffix: what a key begins and ends with.
        reason: said of each.
        segments: they are pieces of objects; one whose object is not listed is no spare copy.
    """

    reason: str
    prefix: str = ""
    suffix: str = ""
    segments: bool = False


@dataclass(frozen=True)
class Layout:
    """A layout: `areas` where it is this project's own, `rules` where it is mapped to another."""

    name: str
    areas: tuple[str, ...] = ()
    target: str = ""
    peel: tuple[str, ...] = ()
    rules: dict[str, str] = field(default_factory=dict)
    leave_out: tuple[LeaveOut, ...] = ()

    def rule(self, key: str) -> tuple[str, str] | None:
        """Return the prefix that places a key and the key's new name, None where no rule does."""
        plain = self._peeled(key)
        if self.areas:
            area = max((a for a in self.areas if plain.startswith(a + "/")), key=len, default="")
            return (area, plain) if area else None
        prefix = max((p for p in self.rules if plain.startswith(p) and plain != p), key=len, default="")
        return (prefix, self.rules[prefix] + plain[len(prefix) :]) if prefix else None

    def left_out(self, key: str) -> LeaveOut | None:
        """Return why a key is left where it is, None where it is not."""
        fits = (o for o in self.leave_out if key.startswith(o.prefix) and key.endswith(o.suffix))
        return next(fits, None)

    def _peeled(self, key: str) -> str:
        parts = [p for p in key.split("/") if p]
        while True:
            for folders in self.peel:
                wanted = folders.strip("/").split("/")
                ahead = parts[: len(wanted)]
                if len(parts) > len(wanted) and all(
                    w in ("*", p) for w, p in zip(wanted, ahead, strict=True)
                ):
                    parts = parts[len(wanted) :]
                    break
            else:
                return "/".join(parts)


@dataclass
class Mapped:
    """What a layout makes of a listing: each key stands in exactly one of the lists.

    Attributes:
        layout, target: from which layout to which.
        placed: (key, new name, rule).
        left_out: (key, reason) by a rule of the layout.
        unplaced: (key, reason): nothing says where it goes.
        collisions: new name -> the keys that would all have it; none of them is placed.
        same_bytes: of each collision, whether its files are the same: "yes", "no", "unknown".
    """

    layout: str
    target: str
    placed: list[tuple[str, str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    unplaced: list[tuple[str, str]] = field(default_factory=list)
    collisions: dict[str, list[str]] = field(default_factory=dict)
    same_bytes: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return counts and lists."""
        colliding = sum(len(keys) for keys in self.collisions.values())
        return {
            "layout": self.layout,
            "target": self.target,
            "counts": {
                "keys": len(self.placed) + len(self.left_out) + len(self.unplaced) + colliding,
                "placed": len(self.placed),
                "left_out": len(self.left_out),
                "unplaced": len(self.unplaced),
                "colliding": colliding,
            },
            "placed": [{"from": a, "to": b, "rule": r} for a, b, r in self.placed],
            "left_out": [{"name": n, "reason": r} for n, r in self.left_out],
            "unplaced": [{"name": n, "reason": r} for n, r in self.unplaced],
            "collisions": [
                {"to": to, "from": keys, "same_bytes": self.same_bytes[to]}
                for to, keys in sorted(self.collisions.items())
            ],
        }


def load_layout(name: str) -> Layout:
    """Return a layout preset or file, checked: rules lead into areas of their target, each to one of its own.

    Raises:
        UsageError: no such layout, or it is wrong.
    """
    data = load_preset("layout", name)
    leave = data.get("leave_out", [])
    unknown = [*(set(data) - _KEYS), *(k for rule in leave for k in set(rule) - _LEAVE_KEYS)]
    if unknown:
        raise UsageError("bad_layout", f"layout {name}: unknown key {unknown[0]!r}", "remove it")
    if bool(data.get("areas")) == bool(data.get("rules")):
        raise UsageError("bad_layout", f"layout {name} needs either areas or rules", "give one of them")
    layout = Layout(
        name,
        tuple(data.get("areas", ())),
        data.get("target", ""),
        tuple(data.get("peel", ())),
        dict(data.get("rules", {})),
        tuple(LeaveOut(**rule) for rule in leave),
    )
    if layout.rules:
        _check_rules(layout)
    return layout


def _check_rules(layout: Layout) -> None:
    areas = load_layout(layout.target or DEFAULT).areas
    for prefix, to in layout.rules.items():
        if not prefix.endswith("/") or not to.endswith("/"):
            raise UsageError("bad_layout", f"layout {layout.name}: {prefix}: {to}: end both with /", "do so")
        if not any((to + "/").startswith(a + "/") for a in areas):
            raise UsageError(
                "bad_layout",
                f"layout {layout.name}: {prefix} leads to {to}, which is in no area of {layout.target}",
                f"choose from: {', '.join(areas)}",
            )
    if len(set(layout.rules.values())) < len(layout.rules):
        raise UsageError(
            "bad_layout", f"layout {layout.name}: two rules lead to one folder", "tell them apart"
        )


def map_files(files: list[File], layout: Layout) -> Mapped:
    """Place every file of a listing in the target of a layout."""
    out = Mapped(layout.name, layout.target or layout.name)
    names = {f.name for f in files}
    wanted: dict[str, list[tuple[File, str]]] = defaultdict(list)
    for file in sorted(files, key=lambda f: f.name):
        leave, found = layout.left_out(file.name), layout.rule(file.name)
        if leave is not None:
            out_of = _orphan(file.name, leave, names)
            (out.unplaced if out_of else out.left_out).append((file.name, out_of or leave.reason))
        elif found is None:
            out.unplaced.append((file.name, f"no rule of {layout.name} has a prefix of it"))
        elif problem := name_problem(found[1]):
            out.unplaced.append((file.name, problem))
        else:
            wanted[found[1]].append((file, found[0]))
    for name, claims in sorted(wanted.items()):
        if len(claims) == 1:
            out.placed.append((claims[0][0].name, name, claims[0][1]))
        else:
            out.collisions[name] = [f.name for f, _ in claims]
            out.same_bytes[name] = _same_bytes([f for f, _ in claims])
    out.placed.sort()
    return out


def _orphan(name: str, leave: LeaveOut, names: set[str]) -> str:
    """Return what is wrong with leaving out a segment: its object is not there, so it is no spare."""
    if not leave.segments:
        return ""
    whole = name.removeprefix(leave.prefix).rpartition("/")[0]
    return "" if whole in names else "a segment of an object that is not listed: its bytes are only here"


def _same_bytes(files: list[File]) -> str:
    if len({f.size for f in files}) > 1:
        return "no"
    known = {f.sha256 for f in files}
    if "" in known:
        return "unknown"
    return "yes" if len(known) == 1 else "no"


def layout_of(files: list[File]) -> str:
    """Return the shipped layout that places most of a listing, "" where none places half of it."""
    best, most = "", len(files) / 2
    for name in (DEFAULT, OLDER):
        layout = load_layout(name)
        places = sum(layout.rule(f.name) is not None or layout.left_out(f.name) is not None for f in files)
        if files and places >= most and (places > most or not best):
            best, most = name, places
    return best
