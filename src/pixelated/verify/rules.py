"""What the gates require: shipped presets, and what a policy says instead. Never what a manifest says."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset
from pixelated.verify.record import mapping, sequence

_DEFAULT = "default"
_REMEDY = "correct the policy, or verify without one"


@dataclass(frozen=True)
class Rules:
    """The requirements of the eight gates.

    Attributes:
        families: the names that must be there; no other may.
        aliases: names that stand for several families.
        minimum_records: records required of each family.
        ratio: required share of each split of the records outside holdouts.
        tolerance: how far a share may be off (0.02 is two points).
        widest_tolerance: a pool too coarse to be divided more finely than this is not measured.
        leak: least Jaccard similarity of word 3-grams at which two records may not stand in two splits.
        holdouts: mode by family, as a policy wants it.
        to_declare: families that must be declared as holdouts in either mode; the policy is unknown here.
        uses: what the licence of every record must allow.
        licenses: use to true, false or null, by licence.
        pii: the preset of the pii gate.
        safety: the safety filters that must have been applied; None where the policy asks for none.
    """

    families: tuple[str, ...]
    aliases: dict[str, list[str]]
    minimum_records: int
    ratio: dict[str, float]
    tolerance: float
    widest_tolerance: float
    leak: float
    holdouts: dict[str, str]
    uses: tuple[str, ...]
    licenses: dict[str, dict[str, bool | None]]
    pii: dict[str, Any] = field(default_factory=dict)
    to_declare: tuple[str, ...] = ()
    safety: str | None = None


def load_rules(policy: dict[str, Any] | None, manifest: dict[str, Any]) -> Rules:
    """Return the requirements.

    Args:
        policy: a policy as loaded from its YAML; its `split_ratio`, `leak_similarity`, `holdouts`,
            `intended_uses`, `families` and `licenses` are read. None: the shipped policy that the
            manifest names, the default one where it names none. Where it names one that is not shipped,
            the families that the default one holds out must be declared as holdouts, in whichever mode.
        manifest: the dataset's manifest.

    Raises:
        UsageError: the policy holds a value that no dataset can meet.
    """
    shipped = _shipped_policy(manifest)
    stated = policy if policy is not None else shipped or {}
    gates = _shipped("gates", "default")
    families = _preset("families", stated)
    aliases = mapping(families.get("aliases"))
    ratio = stated.get("split_ratio") or gates["distribution"]["split_ratio"]
    return Rules(
        families=tuple(families["families"]),
        aliases=aliases,
        minimum_records=int(gates["coverage"]["minimum_records"]),
        ratio=_ratio(ratio),
        tolerance=float(gates["distribution"]["tolerance"]),
        widest_tolerance=float(gates["distribution"]["widest_tolerance"]),
        leak=_leak(stated.get("leak_similarity", gates["leakage"]["similarity"])),
        holdouts=_holdouts(stated, aliases),
        uses=tuple(dict.fromkeys(("train", *sequence(stated.get("intended_uses"))))),
        licenses=_preset("licenses", stated)["licenses"],
        pii=_shipped("gates", "pii_required"),
        safety=stated["safety"] if isinstance(stated.get("safety"), str) else None,
        to_declare=() if policy is not None or shipped else _default_holdouts(aliases),
    )


@cache
def _shipped(kind: str, name: str) -> dict[str, Any]:
    """Return a shipped preset; read once, since verifying many datasets reads the same few."""
    return load_preset(kind, name)


def _shipped_policy(manifest: dict[str, Any]) -> dict[str, Any] | None:
    name = mapping(manifest.get("policy")).get("name", _DEFAULT)
    if not isinstance(name, str) or not name.replace("_", "").isalnum():
        return None
    try:
        return _shipped("policy", name)
    except UsageError:
        return None  # a policy of the user's own: it has to be given to be required


def _default_holdouts(aliases: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(_holdouts(_shipped("policy", _DEFAULT), aliases)))


def _preset(kind: str, policy: dict[str, Any]) -> dict[str, Any]:
    """Return the families or licences that a policy names; a mapping in their place is taken as it is."""
    value = policy.get(kind, "default")
    if isinstance(value, dict):
        return value if kind in value else {kind: value}
    return _shipped(kind, value if isinstance(value, str) else "default")


def _ratio(value: object) -> dict[str, float]:
    shares = {k: float(v) for k, v in mapping(value).items() if isinstance(v, int | float)}
    good = set(shares) == {"train", "val", "test"} and abs(sum(shares.values()) - 1) < 1e-9  # noqa: PLR2004 - float sum
    if not good or min(shares.values()) < 0:
        raise UsageError(
            "bad_policy", f"policy: split_ratio {value!r} is no train, val and test that sum to 1", _REMEDY
        )
    return shares


def _leak(value: object) -> float:
    if not isinstance(value, int | float) or not 0.5 <= value <= 1:  # noqa: PLR2004 - half is already much
        raise UsageError("bad_policy", f"policy: leak_similarity {value!r} is not in 0.5 to 1", _REMEDY)
    return float(value)


def _holdouts(policy: dict[str, Any], aliases: dict[str, Any]) -> dict[str, str]:
    out = {}
    for name, holdout in mapping(policy.get("holdouts")).items():
        mode = mapping(holdout).get("mode")
        if mode not in ("full", "partial"):
            raise UsageError("bad_policy", f"policy: holdout {name!r} is neither full nor partial", _REMEDY)
        out.update(dict.fromkeys(sequence(aliases.get(name)) or [name], mode))
    return out
