"""What makes a record unusable for training, whatever its hashes and counts say."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset
from pixelated.verify.hashes import Texts
from pixelated.verify.record import Record, mapping, sequence

_TIERS = range(1, 7)


def stages_of(manifest: dict[str, Any]) -> frozenset[str] | None:
    """Return the stages of the shipped curriculum that a manifest names; None where it names no such."""
    name = mapping(manifest.get("policy")).get("curriculum")
    if not isinstance(name, str) or not name.replace("_", "").isalnum():
        return None
    try:
        stages = load_preset("curriculum", name)["stages"]
    except UsageError:
        return None  # a curriculum of the user's own
    return frozenset(stage["name"] for stage in stages)


def unusable(record: Record, stages: frozenset[str] | None) -> Iterator[str]:
    """Yield why a record is no example to train on; nothing for one that is."""
    if record.texts is not None:  # else the hash gate names it
        yield from _texts(record.row.get("kind"), *record.texts)
    if stages is not None and record.metadata.get("phase") not in stages:
        yield "phase is no stage of the curriculum"
    weight, tier = record.metadata.get("weight"), record.metadata.get("tier")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
        yield "weight is no number of at least 0"
    if not isinstance(tier, int) or isinstance(tier, bool) or tier not in _TIERS:
        yield "tier is none of 1 to 6"


def _texts(kind: object, messages: Texts, chosen: Texts, rejected: Texts) -> Iterator[str]:
    if any(_blank(text) for part in (messages, chosen, rejected) for _, text in part):
        yield "a content is empty"
    if kind == "dialogue" and all(role != "assistant" for role, _ in messages):
        yield "a dialogue has no assistant message"
    if kind == "preference" and not (chosen and rejected):
        yield "a preference lacks chosen or rejected"
    elif kind == "preference" and _folded(chosen) == _folded(rejected):
        yield "chosen and rejected say the same"


def _blank(text: str) -> bool:
    """Say whether nothing can be seen of a text: white space and formatting characters only."""
    return all(c.isspace() or unicodedata.category(c) in ("Cf", "Cc") for c in text)


def _folded(part: Texts) -> list[str]:
    return " ".join(text for _, text in part).split()


def missing_keys(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what the manifest does not say of how it was made and whether it may be released."""
    seed, release = manifest.get("seed"), mapping(manifest.get("release"))
    if not isinstance(manifest.get("policy"), dict):
        yield "the manifest names no policy"
    if not isinstance(seed, int) or isinstance(seed, bool):
        yield "the manifest has no seed"
    if not isinstance(release.get("releasable"), bool) or "reasons" not in release:
        yield "the manifest does not say whether it may be released"
    if not isinstance(manifest.get("scope"), str):
        yield "the manifest has no scope"
    elif manifest["scope"] != "full" and release.get("releasable") is True:
        yield "a dataset of reduced scope is called releasable"
    if release.get("releasable") is True and sequence(release.get("reasons")):
        yield "release gives reasons against itself"
