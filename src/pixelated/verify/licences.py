"""SPDX licence expressions against a table of what each licence allows."""

from __future__ import annotations

import re

Table = dict[str, dict[str, bool | None]]

_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+:-]+)")
_EXCEPTIONS = frozenset(
    {
        "389-exception", "Autoconf-exception-2.0", "Autoconf-exception-3.0", "Bison-exception-2.2",
        "Bootloader-exception", "Classpath-exception-2.0", "CLISP-exception-2.0", "DigiRule-FOSS-exception",
        "eCos-exception-2.0", "Fawkes-Runtime-exception", "FLTK-exception", "Font-exception-2.0",
        "freertos-exception-2.0", "GCC-exception-2.0", "GCC-exception-3.1", "gnu-javamail-exception",
        "GPL-3.0-linking-exception", "GPL-3.0-linking-source-exception", "GPL-CC-1.0",
        "i2p-gpl-java-exception", "LGPL-3.0-linking-exception", "Libtool-exception", "Linux-syscall-note",
        "LLVM-exception",
        "LZMA-exception", "mif-exception", "Nokia-Qt-exception-1.1", "OCaml-LGPL-linking-exception",
        "OCCT-exception-1.0", "OpenJDK-assembly-exception-1.0", "openvpn-openssl-exception",
        "PS-or-PDF-font-exception-20170817", "Qt-GPL-exception-1.0", "Qt-LGPL-exception-1.1",
        "Qwt-exception-1.0", "SHL-2.0", "SHL-2.1", "Swift-exception", "u-boot-exception-2.0",
        "Universal-FOSS-exception-1.0", "WxWindows-exception-3.1",
    }
)  # fmt: skip
_NOTHING_SAID = ("noassertion", "none")
_MAX = 500
_MAX_TOKENS = 100


class _NotSpdxError(ValueError):
    pass


def allows(expression: object, use: str, table: Table) -> bool | None:
    """Say whether a licence allows `use`.

    OR allows what one side allows, AND what both do; an exception (WITH) has to be one that SPDX lists,
    and adds nothing. An expression that holds NOASSERTION or NONE anywhere shows nothing.

    Args:
        expression: what a record carries as its licence.
        use: "train", "redistribute" or "commercial".
        table: use to true, false or null by licence; a licence that is not in it allows nothing known.

    Returns:
        True, False, or None where nothing shows it (unknown licence, NOASSERTION, no expression at all).
    """
    try:
        tokens = _tokens(expression)
        if any(token.lower() in _NOTHING_SAID for token in tokens):
            return None
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
        if len(rest) < 2 or rest[1] not in _EXCEPTIONS:  # noqa: PLR2004 - WITH and the exception's name
            raise _NotSpdxError
        rest = rest[2:]
    # a tuple keeps `1` in a table from passing for true
    value = table.get(name, {}).get(use)
    return (value if isinstance(value, bool) else None), rest
