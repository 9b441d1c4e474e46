"""Undo UTF-8 that was read in another encoding, where ftfy is sure of it; lines are judged alone.

The verdict is ftfy's (its heuristics are its own, not fitted here), and so are the rules; two things make it
quick. ftfy decides by the characters beyond ASCII and their neighbours, so long stretches of ASCII are left
out meanwhile. And its first two encodings, which nearly all mojibake went through, are tried here in its
order; whatever they do not settle is left to it.
"""

from __future__ import annotations

import re

import ftfy
from ftfy.badness import is_bad
from ftfy.chardata import ALTERED_UTF8_RE
from ftfy.fixes import replace_lossy_sequences, restore_byte_a0

# Two characters in a row that could be UTF-8 read in an 8-bit encoding; a lead whose no-break space became a
# space; a C1 control. No raw string: both RE2 and re read the characters themselves.
MOJIBAKE = (
    "[\u00c0-\u024f\u0370-\u04ff\u00ac\u221a\u201a\u252c\u251c][^\\x00-\\x7f]"
    "|[\u00c2\u00c3\u00c5\u00e2\u00e3] |[\u0080-\u009f]"
)
_CONFIG = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    remove_control_chars=False,
    normalization=None,
    explain=False,
)
_MAYBE = re.compile(MOJIBAKE)
_LOST = "\x1a"  # stands for what a program could not decode
_CUT = "\x00"
_BESIDE = 8  # characters of ASCII that stay beside others: ftfy's longest look to a side is five
_STRETCH = re.compile(f"[\x01-\x19\x1b-\x7f]{{{4 * _BESIDE},}}")
_ODD_BYTES = re.compile(b"[\xed\xc0]")  # of CESU-8 and of nulls in two bytes, for which ftfy has a codec


def fix_mojibake(text: str) -> str:
    """Return the text with each line as ftfy repairs it."""
    if text.isascii():
        return text
    return "\n".join(map(_fix_line, text.split("\n"))) if "\n" in text else _fix_line(text)


def _fix_line(line: str) -> str:
    if _CUT in line:
        return str(ftfy.fix_encoding(line, _CONFIG)) if _MAYBE.search(line) else line
    left_out: list[str] = []

    def cut(stretch: re.Match[str]) -> str:
        whole = stretch.group()
        left_out.append(whole[_BESIDE:-_BESIDE])
        return f"{whole[:_BESIDE]}{_CUT}{whole[-_BESIDE:]}"

    short = _STRETCH.sub(cut, line)
    fixed = _fix(short) if _MAYBE.search(short) else short
    if fixed == short:
        return line
    pieces = fixed.split(_CUT)
    return "".join(part for pair in zip(pieces, [*left_out, ""], strict=True) for part in pair)


def _fix(text: str) -> str:
    """Return what `ftfy.fix_encoding` returns: steps until nothing changes."""
    while not text.isascii() and is_bad(text):
        fixed = _read_again(text)
        if fixed is None:
            return str(ftfy.fix_encoding(text, _CONFIG))
        if fixed == text:
            break
        text = fixed
    return text


def _read_again(text: str) -> str | None:
    """Return the text as UTF-8 that was read as Latin-1 or as Windows-1252; None where it was neither."""
    if _LOST in text:
        return None
    for encoding in ("latin-1", "sloppy-windows-1252"):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if ALTERED_UTF8_RE.search(data):
            data = restore_byte_a0(data)
        if encoding != "latin-1":
            data = replace_lossy_sequences(data)
        if _ODD_BYTES.search(data):
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return None
