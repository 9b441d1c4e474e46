"""Words that announce a number as public help, in English and Spanish: a local line that no table knows.

To redact such a number would take the help out of an answer, to keep it might keep a person's telephone:
only a person can tell, so it is for review.
"""

from __future__ import annotations

import re2

_WORDS = (
    r"\b(?:(?:hot|help|life|warm|safe)[ -]?lines?"
    r"|(?:crisis|suicide|distress|abuse|violence)(?: support| intervention)?"
    r" (?:(?:tele)?phone )?(?:lines?|numbers?|cent(?:er|re)s?|services?)"
    r"|suicide prevention|samaritans|l[ií]neas? (?:\w{1,20} )?de (?:crisis|ayuda|emergencia|la vida)"
    r"|prevenci[oó]n del suicidio|tel[eé]fono de la esperanza)\b"
)
_BEFORE = re2.compile(f"(?i){_WORDS}")
_AFTER = re2.compile(
    r"(?i)[ ,:;(\-\x{2013}\x{2014}]{1,4}"
    rf"(?:(?:is|was|for|the|a|an|our|your|local|state|national|county|es|la) ){{0,4}}{_WORDS}"
)
_SENTENCE_END = re2.compile(r"[.!?]\s|\n")
_OWN = re2.compile(r"(?i)\b(?:my|mine|(?:me|us) (?:at|on)|cell|mobile|voicemail)\b")
_REACH = 40  # characters before a number in which such a word begins
_REACH_AFTER = 60


def is_announced(text: str, start: int, end: int) -> bool:
    """Say whether a crisis word stands shortly before a number in its sentence, or right after it.

    A word for somebody's own number ("my cell") between the two says that it is no helpline.
    """
    before = text[max(0, start - _REACH) : start]
    ends = [stop.end() for stop in _SENTENCE_END.finditer(before)]
    before = before[ends[-1] :] if ends else before
    words = list(_BEFORE.finditer(before))
    if words:
        return not _OWN.search(before[words[-1].end() :])
    return bool(_AFTER.match(text[end : end + _REACH_AFTER]))
