"""From the tags of a sentence to spans: what cannot be so is left out, what is in doubt goes to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pixelated.clean.names import gazetteer as g
from pixelated.clean.names.kept import kept_positions
from pixelated.clean.names.model import Model, Tag

# What identifies somebody -> the type of its span. All else that is tagged is kept: HIPAA lets countries and
# states, peoples, titles, jobs, ages below 90 and years stand.
DIRECT = {
    "PERSON": "PERSON",
    "PLACE": "PLACE",
    "ADDRESS": "STREET_ADDRESS",
    "ORG": "ORG",
    "ZIP": "ZIP",
    "PHONE": "PHONE",
}
SURE = 0.8  # from here on a span is replaced
UNSURE = 0.5  # from here on it goes to a person
_PLAIN = 0.9  # of a frequent word in lower case that is no given name
_HINT = 0.1  # of a capitalised word that no list has at all
LISTED = g.GIVEN | g.FAMILY | g.CITY
_PLACES = ("PLACE", "REGION", "ADDRESS")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15  # of a telephone number
_POSTAL_WORDS = frozenset({"zip", "zipcode", "postcode", "postal"})
_SMALL = frozenset({"of", "the", "and"})
_ENGLISH_TEXT = """
the to and of is my i you your it that was be are have this not do from what he she we they who with for
at name please but so his her
"""
_ENGLISH = frozenset(_ENGLISH_TEXT.split())
_FEW = 6  # words of a sentence whose language cannot be told
_TOWARDS = frozenset({"in", "from", "near", "to", "outside", "around", ","})
_YEARS = ("19", "20")
_HALVES = frozenset({"am", "pm"})
_INNER = (",", "(", "-")  # marks inside of a sentence
_MEASURED = frozenset(
    {"score", "scores", "scored", "total", "points", "rating", "percentile", "item", "items"}
)
_SHORT = range(1, 7)  # letters of a piece of the acronym of a scale
_LONG_PIECE = 3  # letters that one of them has
_SCORE_DIGITS = 3
_POSTED = frozenset({"APO", "FPO", "DPO", "PO", "PSC", "USS"})
_ACRONYM = 5  # letters that a word in capitals may have without being a name


@dataclass(frozen=True, slots=True)
class Named:
    """Words `first` to `behind` (not included) of a sentence, with their label."""

    first: int
    behind: int
    label: str
    confidence: float


def named_in(words: tuple[str, ...], model: Model, *, uncased: bool = False) -> tuple[Named, ...]:
    """Return the spans of a sentence from UNSURE on, in order.

    Args:
        words: of the sentence.
        model: the tagger.
        uncased: its text has no capitals at all, so that a name may well stand in lower case.
    """
    tags = model.tags(list(words))
    kept = kept_positions(list(words))
    found = [one for one in _tagged(words, tags, kept) if _holds(one, words, tags, uncased=uncased)]
    inside = {i for one in found for i in range(one.first, one.behind)}
    doubtful = [
        Named(i, i + 1, label, UNSURE)
        for i, tag in enumerate(tags)
        if i not in inside and i not in kept and (label := _doubt(words, i, tag))
    ]
    named = [_raised(one, words) for one in (*found, *doubtful)]
    return tuple(sorted(named, key=lambda one: one.first))


def _raised(one: Named, words: tuple[str, ...]) -> Named:
    """Return a person without doubt where a listed given name stands capitalised inside of a sentence.

    So is a listed town behind "in", "from" or a comma.
    """
    word = words[one.first]
    bits = g.bits_of(word)
    given = one.label == "PERSON" and bits & g.GIVEN and not bits & g.COMMON
    behind = words[one.first - 1].lower() if one.first else ""
    town = one.label == "PLACE" and bits & g.CITY and not bits & g.COMMON and behind in _TOWARDS
    inner = _stands_inside(words, one.first)
    shaped = word[0].isupper() and not word.isupper()
    sure = (given or town) and inner and shaped
    return replace(one, confidence=max(one.confidence, SURE)) if sure else one


def is_english(words: tuple[str, ...]) -> bool:
    """Say whether a longer sentence has the small words of English; the tagger knows no other language."""
    plain = [word for word in words if word.islower()]
    return len(plain) < _FEW or any(word in _ENGLISH for word in plain)


def _tagged(words: tuple[str, ...], tags: list[Tag], kept: set[int]) -> Iterator[Named]:
    for start, end in _runs(tags):
        label = tags[start].label
        inner = [
            i
            for i in range(start, end)
            if (words[i][0].isalnum() or words[i][0] == "#") and not (label in DIRECT and i in kept)
        ]
        cut = label in DIRECT and any(i in kept for i in range(start, end))
        if inner and not (cut and all(g.bits_of(words[i]) & g.COMMON for i in inner)):
            first, behind = inner[0], inner[-1] + 1
            inside = [tag.inside for tag in tags[first:behind]]
            # A house number tells an address, a street's name is as good as any other.
            confidence = max(inside) if label == "ADDRESS" else sum(inside) / len(inside)
            yield Named(first, behind, _placed(label, words[first:behind]), round(min(confidence, 0.999), 3))


def _runs(tags: list[Tag]) -> Iterator[tuple[int, int]]:
    """Yield where spans begin and end, words that the tagger is unsure of among them."""
    start = -1
    for i, tag in enumerate([*tags, Tag("", begins=False, inside=0.0)]):
        same = start >= 0 and tag.label == tags[start].label
        goes_on = same and (not tag.begins or tag.label == "ADDRESS")  # its number may be tagged apart
        if start >= 0 and not goes_on:
            yield start, i
            start = -1
        if start < 0 and tag.label:
            start = i


def _holds(one: Named, words: tuple[str, ...], tags: list[Tag], *, uncased: bool) -> bool:
    """Say whether what the tagger says of some words can be so."""
    found = words[one.first : one.behind]
    if one.confidence < UNSURE:
        return False
    if one.label == "PHONE":
        return _phone_holds(found)
    if one.label == "ZIP":
        placed = any(tag.label in _PLACES and tag.inside >= SURE for tag in tags)
        return placed or bool(_POSTAL_WORDS & {w.lower() for w in words})
    if one.label == "ADDRESS":
        return _address_holds(found)
    numbered = one.label in ("PERSON", "PLACE") and any(w[0].isdigit() for w in found)
    cased = one.label not in DIRECT or not " ".join(found).islower()
    return not numbered and (cased or _lower_holds(one, found, words, uncased=uncased))


def _phone_holds(found: tuple[str, ...]) -> bool:
    """Say whether words are several groups of digits, as many as a telephone number has."""
    digits = sum(len(w) for w in found if w.isdigit())
    letters = any(w[0].isalpha() for w in found)
    return len(found) > 1 and not letters and _FEWEST_DIGITS <= digits <= _MOST_DIGITS


def _lower_holds(one: Named, found: tuple[str, ...], words: tuple[str, ...], *, uncased: bool) -> bool:
    """Say whether words in lower case are a name: on a list of names, or with little doubt."""
    bits = [g.bits_of(word) for word in found]
    rare = any(b & LISTED or uncased for b in bits if not b & (g.COMMON | g.VOCABULARY))
    given = any(b & g.GIVEN and not b & g.COMMON for b in bits)
    needed = UNSURE if rare or (given and uncased) else SURE if given else _PLAIN
    return is_english(words) and one.confidence >= needed


def _address_holds(found: tuple[str, ...]) -> bool:
    """Say whether words can be an address: a street, or a number and something else, capitalised."""
    street = any(g.bits_of(word) & g.STREET for word in found)
    number = any(word.isdigit() for word in found)
    capital = any(word[0].isupper() for word in found)
    if not street and (_is_year_or_hour(found) or _is_score(found)):
        return False
    return (len(found) > 1 and ((street and (number or capital)) or capital)) or found[0].isdigit()


def _is_year_or_hour(found: tuple[str, ...]) -> bool:
    """Say whether words are "2016", "2021, two" or "2am"."""
    year = len(found[0]) == len("2016") and found[0].isdigit() and found[0].startswith(_YEARS)
    plain = all(word.islower() or not word[0].isalpha() for word in found[1:])
    return (year and plain) or (len(found) > 1 and found[0].isdigit() and found[1].lower() in _HALVES)


def _is_score(found: tuple[str, ...]) -> bool:
    """Say whether words are "15, ACE score 6": numbers, acronyms and words of measuring."""
    letters = [word for word in found if word[0].isalpha()]
    if any(word.isdigit() and len(word) > _SCORE_DIGITS for word in found):
        return False
    acronyms = [word for word in letters if word.isupper() and len(word) in _SHORT]
    long = any(len(word) >= _LONG_PIECE for word in acronyms) and not _POSTED & set(acronyms)
    return bool(long) and all(word in acronyms or word.lower() in _MEASURED for word in letters)


def _stands_inside(words: tuple[str, ...], i: int) -> bool:
    """Say whether no start of a sentence explains a word's capital; one before a colon is a speaker's."""
    before = words[i - 1] if i else ""
    spoken = words[i + 1 : i + 2] == (":",)
    return spoken or (bool(before) and (before[0].isalnum() or before in _INNER))


def _doubt(words: tuple[str, ...], i: int, tag: Tag) -> str:
    """Return what a capitalised word may be that the tagger passes over, or nothing.

    A listed name inside of a sentence is put to a person; so is a word that is on no list, where the tagger
    sees a hint of a name.
    """
    word = words[i]
    bits = g.bits_of(word)
    if not word[0].isupper() or len(word) < 3 or bits & (g.COMMON | g.COUNTRY | g.NATION):  # noqa: PLR2004 - initials
        return ""
    if word.isupper() and (len(word) <= _ACRONYM or not any(w.islower() for w in words)):
        return ""
    inner = _stands_inside(words, i)
    if bits & LISTED and inner:
        return "PERSON" if bits & (g.GIVEN | g.FAMILY) else "PLACE"
    hint = not bits & g.VOCABULARY and tag.inside >= _HINT and tag.label in DIRECT and is_english(words)
    return tag.label if hint else ""


def _placed(label: str, words: tuple[str, ...]) -> str:
    """Return REGION for what consists of the names of countries and states, and is nobody's given name."""
    listed = [g.bits_of(w) for w in words if w[0].isalpha() and w.lower() not in _SMALL]
    return (
        "REGION"
        if label in ("PLACE", "PERSON", "ORG")
        and listed
        and all(b & g.COUNTRY and (label == "PLACE" or not b & g.GIVEN) for b in listed)
        else label
    )
