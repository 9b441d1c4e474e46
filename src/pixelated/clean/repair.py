"""Repair one string: mojibake, entities, tags, control and zero-width characters, white space, NFC.

Quotes, dashes, ligatures, case and line breaks stay as written: only what is damage is changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from pixelated.clean import markup
from pixelated.clean.mojibake import MOJIBAKE, fix_mojibake
from pixelated.core.decoding import CP1252

_NOT_NFC = (  # combining marks, Jamo, Greek with accents, and characters that have another for their own
    r"[\pM\x{374}\x{37e}\x{387}\x{1100}-\x{11ff}\x{1f00}-\x{1fff}\x{2000}\x{2001}\x{2126}\x{212a}\x{212b}"
    r"\x{2329}\x{232a}\x{f900}-\x{faff}\x{2f800}-\x{2fa1f}]"
)
# RE2. What a text must show before Python looks at it: a control, no-break or zero-width character, a line
# separator, possible mojibake, a character that NFC may change, an entity.
_JUNK = (
    r"[\x00-\x08\x0b-\x1f\x7f\x{a0}\x{ad}\x{180e}"
    r"\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}\x{2066}-\x{2069}\x{feff}]"
)
OTHER_DAMAGE = _JUNK + r"|[\x{80}-\x{9f}]|" + f"{_NOT_NFC}|{markup.ENTITY_TRIGGER}"
TRIGGER = f"{MOJIBAKE}|{OTHER_DAMAGE}"

Step = Callable[[str], str]

_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\u2028\u2029]")
_TERMINAL = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_C1 = re.compile("[\x80-\x9f]")
# The joiners U+200C and U+200D carry meaning in emoji and in Indic and Persian script, and none in Latin.
_ZERO_WIDTH = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad\u180e]"
    "|(?<![^\x00-\u024f])[\u200c\u200d](?![^\x00-\u024f])"
)


# Any character that the steps for rare damage look for: one look instead of five.
_RARE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)


def repair_text(text: str, *, html: bool = False) -> tuple[str, list[str]]:
    """Return the repaired text and the names of the repairs that changed it.

    Args:
        text: any string; lone surrogates are allowed and become U+FFFD.
        html: the source says that the text is HTML: tags are stripped, block tags to line breaks.
    """
    text, fixed = _apply(_HTML_STEPS if html else _STEPS, text)
    if _RARE.search(text):
        text, more = _apply(_RARE_STEPS, text)
        fixed += more
    text, more = _apply(_LAST_STEPS, text)
    return text, fixed + more


def repair_encoding(text: str, *, normalize: bool) -> tuple[str, list[str]]:
    """Repair what a wrong decoding left, and nothing else: for text inside JSON, CSV or Markdown syntax."""
    return _apply(_ENCODING_STEPS if normalize else _ENCODING_STEPS[:-1], text)


def _apply(steps: tuple[tuple[str, Step], ...], text: str) -> tuple[str, list[str]]:
    fixed = []
    for name, step in steps:
        new = step(text)
        if new != text:
            fixed.append(name)
            text = new
    return text, fixed


def _join_surrogates(text: str) -> str:
    if text.isascii() or not _SURROGATE.search(text):
        return text
    paired = _SURROGATE_PAIR.sub(_pair, text)
    return _SURROGATE.sub("\ufffd", paired)


def _pair(match: re.Match[str]) -> str:
    return match.group().encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _as_cp1252(match: re.Match[str]) -> str:
    return CP1252[ord(match.group())]


def _drop_controls(text: str) -> str:
    return _CONTROLS.sub("", _TERMINAL.sub("", text))


def _strip_again(text: str) -> str:
    # Entities may have hidden a second layer of markup.
    return markup.strip_tags(text)


_ENCODING_STEPS: tuple[tuple[str, Step], ...] = (
    ("surrogates", _join_surrogates),
    ("mojibake", fix_mojibake),
    ("c1_controls", lambda text: _C1.sub(_as_cp1252, text)),
    ("controls", _drop_controls),
    ("zero_width", lambda text: text.replace("\ufeff", "")),
    ("nfc", lambda text: unicodedata.normalize("NFC", text)),
)
_STEPS: tuple[tuple[str, Step], ...] = (("entities", markup.unescape), *_ENCODING_STEPS[:2])
_HTML_STEPS: tuple[tuple[str, Step], ...] = (
    ("tags", markup.strip_tags),
    _STEPS[0],
    ("tags_in_entities", _strip_again),
    *_STEPS[1:],
)
_RARE_STEPS: tuple[tuple[str, Step], ...] = (
    _ENCODING_STEPS[2],
    ("line_breaks", lambda text: _BREAKS.sub("\n", text)),
    ("controls", _drop_controls),
    ("zero_width", lambda text: _ZERO_WIDTH.sub("", text)),
)
_LAST_STEPS: tuple[tuple[str, Step], ...] = (
    ("spaces", lambda text: text.replace("\u00a0", " ")),
    _ENCODING_STEPS[-1],
)
