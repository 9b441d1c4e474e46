"""Bytes to text without losing a byte: BOM, UTF-8 first, then a decision.

Order of the decision: a BOM; UTF-16/32 without BOM by the places of its NUL bytes; strict UTF-8; a CJK
encoding where the evidence is strong; UTF-8 with stray cp1252 bytes, which are decoded one by one; cp1252.
Bytes that cp1252 leaves undefined (81, 8D, 8F, 90, 9D) become the control of the same value, so that every
byte stays visible. Other 8-bit encodings (Cyrillic, Greek, Mac Roman) come out as cp1252: wrong letters,
no byte lost. `clean` repairs what can be repaired.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

# cp1252 with its five undefined bytes mapped to the C1 control of the same value.
CP1252 = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in range(256))

_BOMS = (  # longest first: UTF-32-LE starts with the BOM of UTF-16-LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HIGH = bytes(range(0x80, 0x100))
_LEADS = bytes(range(0xC2, 0xF5))
_SURROGATE = re.compile("[\ud800-\udfff]")
_SAMPLE = 1 << 16  # bytes looked at where a sample is enough
_MANY_NULS = 0.5  # share of NULs in a column of bytes that only the upper bytes of a wide character reach
_FEW_NULS = 0.1  # the same, for the lower bytes, as a part of the share in the upper ones

# Real cp1252 text has few byte pairs that happen to be UTF-8 ("É" + no-break space, "ß" + quote); where
# at least one non-ASCII character in five is valid UTF-8, the file is UTF-8 and the rest are strays.
_STRAYS_PER_UTF8_CHARACTER = 4

# Codec -> characters that make up a good part of any running text in it. Common knowledge of the
# languages, not fitted to a corpus: in text in its right encoding they are over a tenth of the non-ASCII
# characters, in a wrong one they are next to none.
_COMMON = {
    "gb18030": "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之。",
    "cp932": "のにはをたがでてとしれさいるなかられっくこもすきまよりあうおだ、。",
    "euc_jp": "のにはをたがでてとしれさいるなかられっくこもすきまよりあうおだ、。",
    "big5": "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之。",
    "cp949": "이다는에의가을한고하를지로은도서사기나니리어아자시해있대그수들인",
}
_MIN_COMMON = 0.12  # share of the non-ASCII characters
_MIN_CHARACTERS = 12  # non-ASCII characters before the share means anything
_MIN_RUN_SHARE = 0.6  # share of the high bytes with a high byte beside them: cp1252 accents stand alone


@dataclass(frozen=True)
class Decoded:
    """Text, the encoding it was read as, and counts of what was put right on the way."""

    text: str
    encoding: str
    fixed: dict[str, int] = field(default_factory=dict)


def decode(data: bytes) -> Decoded:
    """Decode the bytes of a text file; every byte is kept, nothing raises, the time is linear.

    Returns:
        Decoded: `fixed` may count `bom`, `stray_cp1252_bytes` (UTF-8 file with other bytes in it),
        `cp1252_bytes` (the whole file is cp1252), `lone_surrogates`, `surrogate_pairs`, `odd_bytes`.
        The text holds no surrogate, so that it can always be written as UTF-8.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            found = _with_bom(data, bom, encoding)
            if found is not None:
                return found
    wide = _wide_without_bom(data)
    if wide is not None:
        found = _wide(data, wide)
        if found is not None:
            return found
    return _narrow(data)


def _with_bom(data: bytes, bom: bytes, encoding: str) -> Decoded | None:
    if encoding != "utf-8":
        found = _wide(data[len(bom) :], encoding)
    else:
        found = _utf8(data[len(bom) :]) or _utf8_with_strays(data[len(bom) :])
    if found is None:
        return None
    text = found.text.lstrip("\ufeff")  # a file that was joined or saved twice has more than one
    return Decoded(text, encoding, {"bom": 1 + len(found.text) - len(text), **found.fixed})


def _wide_without_bom(data: bytes) -> str | None:
    """Name the UTF-16/32 encoding that the places of the NUL bytes show, if they do."""
    sample = data[: _SAMPLE - _SAMPLE % 4]
    if b"\0" not in sample:
        return None
    width = max(1.0, len(sample) / 4)
    zeros = [sample[k::4].count(0) / width for k in range(4)]
    if min(zeros[1:]) > _MANY_NULS > zeros[0]:
        return "utf-32-le"
    if min(zeros[:3]) > _MANY_NULS > zeros[3]:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if odd > _MANY_NULS and even < odd * _FEW_NULS:
        return "utf-16-le"
    if even > _MANY_NULS and odd < even * _FEW_NULS:
        return "utf-16-be"
    return None


def _wide(data: bytes, encoding: str) -> Decoded | None:
    unit = 4 if encoding.startswith("utf-32") else 2
    whole = len(data) - len(data) % unit
    try:
        text = data[:whole].decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return None
    fixed = {}
    text, lone = _SURROGATE.subn("\ufffd", text) if _has_surrogates(text) else (text, 0)
    if lone:
        fixed["lone_surrogates"] = lone
    if whole < len(data):
        fixed["odd_bytes"] = len(data) - whole
    return Decoded(text + _cp1252(data[whole:]), encoding, fixed)


def _narrow(data: bytes) -> Decoded:
    found = _utf8(data)
    if found is not None:
        return found
    legacy = _legacy(data)
    if legacy is not None:
        return legacy
    clean = data.decode("utf-8", "ignore").encode("utf-8")
    strays = len(data) - len(clean)
    characters = len(clean) - len(clean.translate(None, _LEADS))
    if characters * _STRAYS_PER_UTF8_CHARACTER >= strays:
        return _utf8_with_strays(data)
    return Decoded(_cp1252(data), "cp1252", {"cp1252_bytes": len(data) - len(data.translate(None, _HIGH))})


def _utf8(data: bytes) -> Decoded | None:
    """Decode UTF-8, also with surrogates encoded in it (CESU-8), or return None."""
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    fixed = {"surrogate_pairs": len(text) - len(paired)}
    whole, fixed["lone_surrogates"] = _SURROGATE.subn("\ufffd", paired)
    return Decoded(whole, "utf-8", {k: n for k, n in fixed.items() if n})


def _utf8_with_strays(data: bytes) -> Decoded:
    """Decode UTF-8 and, one by one, the bytes that are not as cp1252."""
    text = data.decode("utf-8", "surrogateescape")  # a stray byte b becomes U+DC00 + b
    strays = 0
    for byte in range(0x80, 0x100):
        escaped = chr(0xDC00 + byte)
        found = text.count(escaped)
        if found:
            strays += found
            text = text.replace(escaped, CP1252[byte])
    return Decoded(text, "utf-8", {"stray_cp1252_bytes": strays})


def _legacy(data: bytes) -> Decoded | None:
    """Decode as the CJK encoding with the strongest evidence, or return None."""
    start = len(data) - len(data.lstrip(bytes(range(0x80)))) if data[:1] < b"\x80" else 0
    sample = data[start : start + _SAMPLE]
    if not _in_runs(sample):
        return None
    score, codec = max((_common_share(sample, codec), codec) for codec in sorted(_COMMON))
    if score < _MIN_COMMON:
        return None
    try:
        return Decoded(data.decode(codec), codec)
    except UnicodeDecodeError:
        return None


def _in_runs(sample: bytes) -> bool:
    """Say whether high bytes stand together, as in text of two-byte characters."""
    high = len(sample) - len(sample.translate(None, _HIGH))
    alone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", sample))
    return high > 0 and 1 - alone / high >= _MIN_RUN_SHARE


def _common_share(sample: bytes, codec: str) -> float:
    """Return the share of common characters among the non-ASCII ones of a sample, 0 if it does not decode."""
    try:
        # the sample may end inside a character
        text = codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    others = [c for c in text if c > "\x7f"]
    if len(others) < _MIN_CHARACTERS:
        return 0.0
    common = frozenset(_COMMON[codec])
    return sum(c in common for c in others) / len(others)


def _cp1252(data: bytes) -> str:
    return codecs.charmap_decode(data, "strict", CP1252)[0]


def _has_surrogates(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
