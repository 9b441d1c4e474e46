"""Postal codes where they are sure: labelled, after a US state, ZIP+4, British postcodes in capitals.

Five bare digits are no ZIP code. Street addresses and place names belong to a later detector.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.spans import DIGITS, Span, detector, span_of, stands_alone

_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|PR|RI|S[CD]|T[NX]|UT"
    r"|V[AIT]|W[AIVY]|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia"
    r"|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan"
    r"|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)"
    r"|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|Tennessee|Texas"
    r"|Utah|Vermont|(?:West )?Virginia|Washington|Wisconsin|Wyoming)"
)
_AFTER_STATE = re2.compile(rf"\b{_STATE}\.?,?[ \n]{{1,2}}([0-9]{{5}}(?:-[0-9]{{4}})?)")
_LABELLED = re2.compile(
    r"(?i)\b(?:zip(?:[ -]?codes?)?|post(?:al)?[ -]?codes?)(?: is| was|:|,)?[ :]{1,2}"
    r"([0-9]{3,6}(?:[- ][0-9]{2,4})?\b"
    r"|[a-z][0-9][a-z] ?[0-9][a-z][0-9])"
)
_PLUS_FOUR = re2.compile(r"[0-9]{5}-[0-9]{4}")
_BRITISH = re2.compile(
    r"\b(?:GIR ?0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]|[A-HK-Y][0-9][0-9ABEHMNPRV-Y]|[0-9][A-HJKPS-UW]) "
    r"[0-9][ABD-HJLNP-UW-Z]{2})\b"
)

_BRITISH_GATE = "[A-Z][0-9][0-9A-Z]? [0-9][A-Z]{2}"


@detector(
    "postal",
    types=["ZIP"],
    trigger=rf"[A-Za-z]\.?,?[ \n]{{1,2}}[0-9]{{5}}|(?i:zip|post)[^\n]*{DIGITS}"
    rf"|[0-9]{{5}}-[0-9]{{4}}|{_BRITISH_GATE}",
    gate=(DIGITS, _BRITISH_GATE),
)
def find(text: str) -> Iterator[Span]:
    """Find postal codes."""
    for pattern, group in ((_AFTER_STATE, 1), (_LABELLED, 1), (_PLUS_FOUR, 0), (_BRITISH, 0)):
        for match in pattern.finditer(text):
            if stands_alone(text, *match.span(group)):
                yield span_of(match, "ZIP", group)
