"""What captions say beside speech: [Music], (applause), sung lines between notes. Taken out and counted.

Two things stay where they stand. A gap ([inaudible]) is speech that nobody could write down: without its mark
"I don't [inaudible] want to live" would say something else. And tears are an answer.
"""

from __future__ import annotations

import re
from collections import Counter

from pixelated.standardise.fields import words

SOUND, SUNG = "sound_marks", "sung_lines"
_NOTES = "\u266a\u266b\u266c\u2669\U0001f3b5\U0001f3b6"
_NOTE = re.compile(f"[{_NOTES}]+")
_BRACKETED = re.compile(
    r"\\?[\[(\uff08\u3010]([^\[\]()\uff08\uff09\u3010\u3011]{1,80})[\])\uff09\u3011]|\*([^*\n]{1,40})\*"
)
_SPACES = re.compile(r"[ \t]{2,}")
_SOUNDS = frozenset(
    words(
        "music musical applause clapping claps laughter laughs laughing chuckle chuckles chuckling giggles "
        "giggling sigh sighs sighing sniffles sniffling coughs "
        "coughing sneezes gasps gasping groans groaning grunts screams screaming shouting whispers "
        "whispering silence pause pauses noise beep beeps "
        "beeping bleep knocking knocks footsteps cheering cheers booing whistling whistles humming hums "
        "singing exhales inhales breathes breathing barking thunder "
        "\u97f3\u4e50 \u638c\u58f0 \u7b11\u58f0"
    )
)
_STAYS = frozenset(
    words(
        "inaudible unintelligible indistinct crosstalk "
        "cries cry crying sobs sobbing weeps weeping tears tearful"
    )
)
_MOST_WORDS = 4  # in round brackets; people write asides there too
_WORD = re.compile(r"[^\W\d]+")
_SPOKEN = frozenset(words("i you we my your our me us it that this is was were are am he she they therapy"))


def is_sound(inner: str) -> bool:
    """Say whether the inside of a bracket names a sound."""
    said = [w.casefold() for w in _WORD.findall(inner)]
    return (
        any(w in _SOUNDS or w in _STAYS for w in said)
        and len(said) <= _MOST_WORDS
        and not _SPOKEN & set(said)
    )


def without_sounds(lines: list[str], counts: Counter[str]) -> list[str]:
    """Return the lines of a cue without sound marks; what was taken out is added to `counts`.

    A bracket goes where it names a sound, a square one also where it is all there is; a gap and tears
    stay. A passage between two notes is sung and goes whole; a note by itself goes alone.
    """
    kept = []
    whole = [line.strip() for line in lines if line.strip()]
    sung = len(whole) > 1 and whole[0][0] in _NOTES and whole[-1][-1] in _NOTES
    for line in lines:
        bare = line.strip()
        if bare and (sung or (bare[0] in _NOTES and bare[-1] in _NOTES)) and _NOTE.sub("", bare).strip():
            counts[SUNG] += 1
            kept.append("")
        else:
            kept.append(_without_marks(line, counts))
    return kept


def _without_marks(line: str, counts: Counter[str]) -> str:
    if not any(c in line for c in "[(*\uff08\u3010") and _NOTE.search(line) is None:
        return line
    alone = line.strip()

    def take(match: re.Match[str]) -> str:
        inner = match[1] or match[2] or ""
        whole = match.group() == alone and alone.startswith(("[", "\u3010"))
        stays = _STAYS & {w.casefold() for w in _WORD.findall(inner)}
        if stays or (not whole and not is_sound(inner)):
            return match.group()
        counts[SOUND] += 1
        return " "

    bare, notes = _NOTE.subn(" ", _BRACKETED.sub(take, line))
    counts[SOUND] += notes
    return line if bare == line else _SPACES.sub(" ", bare).strip()
