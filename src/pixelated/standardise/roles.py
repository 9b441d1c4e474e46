"""Speaker names to roles: one table (`presets/roles/default.yaml`), overridden per source, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pixelated.core.presets import load_preset
from pixelated.standardise.rows import RefusedError

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NOT_WORD = re.compile(r"[\W_]+")
_NUMBER_AT_END = re.compile(r" ?[0-9]+$")
MAX_NAME = 80  # characters; longer "names" are text


@dataclass(frozen=True)
class RoleTable:
    """Names of speakers in their plain form, and the role of each."""

    names: Mapping[str, str]
    beside: tuple[tuple[str, frozenset[str], str], ...]
    prefixes: Mapping[str, str]

    def role(self, speaker: str, others: Iterable[str] = ()) -> str | None:
        """Return the role of a plain name, given the plain names of the other speakers, or None."""
        known = self.names.get(speaker)
        if known is None and " " in speaker:
            known = self.prefixes.get(speaker.split(" ", 1)[0])
        if known is None:
            there = frozenset(others)
            known = next((r for n, needs, r in self.beside if n == speaker and needs & there), None)
        return known


@lru_cache(maxsize=1)
def default_table() -> RoleTable:
    """Return the shipped table."""
    data = load_preset("roles", "default")
    names = {plain(n): role for role in ("user", "assistant", "system") for n in data[role]}
    beside = tuple((plain(b["name"]), frozenset(map(plain, b["others"])), b["role"]) for b in data["beside"])
    prefixes = {plain(n): role for role, titles in data["prefixes"].items() for n in titles}
    return RoleTable(names, beside, prefixes)


@lru_cache(maxsize=10_000)
def plain(name: str) -> str:
    """Return a name in lower case without brackets' content, punctuation and markup."""
    name = name[: 2 * MAX_NAME]
    bare = _NOT_WORD.sub(" ", _BRACKETED.sub(" ", name)).strip()
    return (bare or _NOT_WORD.sub(" ", name).strip()).casefold()


def without_number(name: str) -> str:
    """Return a plain name without a number at its end ("client 2" -> "client")."""
    return _NUMBER_AT_END.sub("", name)


def lookup(speaker: Any, others: Iterable[Any], given: Mapping[str, str]) -> str | None:
    """Return the role of a speaker, "skip", or None where neither the source nor the table knows.

    Args:
        speaker: the name as the source writes it.
        others: names of the other speakers of the dialogue.
        given: the source's own mapping, which overrides the table.
    """
    if not isinstance(speaker, str | int) or isinstance(speaker, bool):
        return None
    written = str(speaker)
    own = {plain(k): v for k, v in given.items()}
    name = plain(written)
    if written in given or name in own:
        return given.get(written) or own[name]
    if not name or len(name) > MAX_NAME:
        return None
    company = {p for o in others if isinstance(o, str) for p in (plain(o), without_number(plain(o)))}
    table = default_table()
    return table.role(name, company) or table.role(without_number(name), company)


def assign(speakers: Iterable[Any], given: Mapping[str, str]) -> dict[Any, str]:
    """Return the role of each speaker of one dialogue.

    Raises:
        RefusedError: `roles_unknown`, if the role of any of them is not certain.
    """
    names = tuple(dict.fromkeys(s if isinstance(s, str | int) else None for s in speakers))
    roles = _assign(names, tuple(sorted(given.items())))
    unknown = sum(role is None for role in roles.values())
    if unknown:
        raise RefusedError(
            "roles_unknown",
            f"{unknown} of {len(roles)} speaker names have no role: name them in mapping.roles of the source",
        )
    return roles  # type: ignore[return-value]  # none of them is None


@lru_cache(maxsize=1000)  # most dialogues of a source have the same two speakers
def _assign(names: tuple[str | int | None, ...], given: tuple[tuple[str, str], ...]) -> dict[Any, str | None]:
    return {name: lookup(name, names, dict(given)) for name in names}


def known_role(speaker: Any, given: Mapping[str, str]) -> str | None:
    """Return the role of one name by itself: for telling a column of roles from other columns."""
    return lookup(speaker, ("t", "assistant"), given)
