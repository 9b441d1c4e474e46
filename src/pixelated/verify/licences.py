"""SPDX licence expressions against a table of what each licence allows."""

from __future__ import annotations

import re

Table = dict[str, dict[str, bool | None]]

_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+:-]+)")
_MAX = 500
_MAX_TOKENS = 100


class _NotSpdxError(ValueError):
    pass


def allows(expression: object, use: str, table: Table) -> bool | None:
    """Say whether a licence allows `use`.

    OR allows what one side allows, AND what both do; an exception (WITH) adds nothing.

    Args:
        expression: what a record carries as its licence.
        use: "train", "redistribute" or "commercial".
        table: use to true, false or null by licence; a licence that is not in it allows nothing known.

    Returns:
        True, False, or None where nothing shows it (unknown licence, NOASSERTION, no expression at all).
    """
    try:
        tokens = _tokens(expression)
        verdict, rest = _either(tokens, use, table)
    except _NotSpdxError:
        return None
    return None if rest else verdict


def _tokens(expression: object) -> list[str]:
    if not isinstance(expression, str) or not expression.strip() or len(expression) > _MAX:
        raise _NotSpdxError
    out, at = [], 0
    text = expression.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise _NotSpdxError
        out.append(match[1])
        at = match.end()
    if len(out) > _MAX_TOKENS:
        raise _NotSpdxError  # each parenthesis is a call
    return out


def _either(tokens: list[str], use: str, table: Table) -> tuple[bool | None, list[str]]:
    verdict, rest = _both(tokens, use, table)
    while rest and rest[0] == "OR":
        other, rest = _both(rest[1:], use, table)
        verdict = True if True in (verdict, other) else (None if None in (verdict, other) else False)
    return verdict, rest


def _both(tokens: list[str], use: str, table: Table) -> tuple[bool | None, list[str]]:
    verdict, rest = _one(tokens, use, table)
    while rest and rest[0] == "AND":
        other, rest = _one(rest[1:], use, table)
        verdict = False if False in (verdict, other) else (None if None in (verdict, other) else True)
    return verdict, rest


def _one(tokens: list[str], use: str, table: Table) -> tuple[bool | None, list[str]]:
    if not tokens or tokens[0] in (")", "AND", "OR", "WITH"):
        raise _NotSpdxError
    if tokens[0] == "(":
        verdict, rest = _either(tokens[1:], use, table)
        if not rest or rest[0] != ")":
            raise _NotSpdxError
        return verdict, rest[1:]
    name, rest = tokens[0], tokens[1:]
    if rest and rest[0] == "WITH":
        rest = rest[2:]
    # a tuple keeps `1` in a table from passing for true
    value = table.get(name, {}).get(use)
    return (value if isinstance(value, bool) else None), rest
