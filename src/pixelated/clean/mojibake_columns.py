"""Mojibake in whole columns: which texts ftfy would touch, and the usual ones read again without it.

ftfy's heuristic is a pattern without memory, so that RE2 can run it over a column. What it calls bad and
what is plain UTF-8 read as Latin-1 or Windows-1252 is read again by a kernel; the rest is left to Python.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ftfy.badness import BADNESS_RE

from pixelated.clean.mojibake import MOJIBAKE
from pixelated.clean.texts import Array, Index, matching
from pixelated.clean.traits import matching_among
from pixelated.core.kernels import bytes_of, kernels_in, strings_of

KERNELS = "pixelated.clean._mojibake_kernels"
_SPACE = r"\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_RE2 = {r"\s": f"[{_SPACE}]", r"\w": r"[\pL\pN_]"}  # RE2 knows these of ASCII alone
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\s+|#[^\n]*|.", re.DOTALL)
_LINES = "\n\x00\x1a\ufffd"  # judged line by line, or standing for what is lost
_SIZE = 0x2200  # Windows-1252 ends before


def _without_comments(pattern: str) -> str:
    """Return a verbose pattern of `re` as RE2 takes it, its ^ at the begin of each line."""
    pieces = (p for p in _PIECE.findall(pattern) if not p.isspace() and p[0] != "#")
    return "(?m)" + "".join(_RE2.get(piece, piece) for piece in pieces)


BAD = _without_comments(BADNESS_RE.pattern)


def garbled(values: Array, candidates: Index) -> Index:
    """Return the positions of the texts with a line that ftfy calls bad; only `candidates` can be."""
    some = matching_among(values, MOJIBAKE, candidates)
    return some[matching(values.take(pa.array(some)), BAD)] if len(some) else some


def read_again(values: Array) -> tuple[Index, Array]:
    """Return the positions of the texts that are repaired for good by one reading, and the repaired texts.

    Args:
        values: texts that ftfy calls bad.
    """
    data, ends = bytes_of(values)
    count = len(values)
    out = np.zeros(int(ends[-1] - ends[0]) + 4, np.uint8)
    bounds, verdict = np.zeros(count + 1, np.int64), np.zeros(count, np.uint8)
    kernels = kernels_in(KERNELS)
    kernels.read_again(data, ends, _tables(), out, bounds, verdict)
    sure = verdict < kernels.NEITHER
    sure[matching(values, f"[{_LINES}]")] = False
    where = np.flatnonzero(sure)
    fixed = strings_of(out, bounds).take(pa.array(where))
    good = ~pc.match_substring_regex(fixed, BAD).to_numpy(zero_copy_only=False)
    return where[good], fixed.filter(pa.array(good))


def _tables() -> Index:
    found = np.full((2, _SIZE), -1, np.int16)
    found[0, :256] = found[1, :256] = np.arange(256)
    for byte in range(0x80, 0xA0):  # what Windows-1252 leaves out stands for itself
        point = ord(bytes([byte]).decode("sloppy-windows-1252"))
        if point != byte:
            found[1, byte] = -1
            found[1, point] = byte
    return found
