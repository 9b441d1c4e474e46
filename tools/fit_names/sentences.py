"""Labelled sentences to fit the tagger on: templates filled, counsel_chat with names put in."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from fit_names import fill, people, places

from pixelated.clean.names.gazetteer import VOCABULARY
from pixelated.clean.names.split import counsel_chat, is_held, key, skeleton
from pixelated.clean.names.tokens import sentences_of, tokens_of

_HERE = Path(__file__).parent
_KEPT = Path(__file__).parents[2] / "src/pixelated/presets/pii/kept_names.yaml"
_SLOT = re.compile(r"\{\{?\s*(\w+)\s*\}?\}")
# Slots of presidio-research's templates -> slots of `fill.VALUES`.
_PRESIDIO = {
    "first_name": "given",
    "first_name_male": "given",
    "first_name_female": "given",
    "first_name_nonbinary": "given",
    "last_name": "family",
    "last_name_male": "family",
    "last_name_female": "family",
    "name": "name",
    "name_male": "name",
    "name_female": "name",
    "person": "person",
    "organization": "org",
    "company": "org",
    "address": "address",
    "city": "place",
    "country": "region",
    "street_name": "street",
    "building_number": "number",
    "secondary_address": "flat",
    "postcode": "zip",
    "zipcode": "zip",
    "state_abbr": "state",
    "nationality": "nation",
    "nation_woman": "nation",
    "nation_plural": "nation",
    "job": "job",
    "prefix": "prefix",
    "prefix_male": "prefix",
    "prefix_female": "prefix",
    "age": "age",
    "year": "year",
    "date_of_birth": "date",
    "date_time": "date",
    "day_of_week": "weekday",
    "credit_card_number": "digits",
    "phone_number": "phone",
    "iban": "digits",
    "ssn": "digits",
    "us_driver_license": "digits",
    "ip_address": "digits",
    "email": "email",
    "url": "url",
}


@dataclass
class Sentence:
    """Words and their labels (B-, I-, O)."""

    words: list[str]
    labels: list[str]


def presidio_templates(corpora: Path, salt: str) -> list[str]:
    """Return the templates of presidio-research (MIT) that may be fitted on, each skeleton once."""
    folder = corpora / "presidio_research"
    lines = [line.replace("\\n", "\n") for line in (folder / "templates.txt").read_text("utf-8").splitlines()]
    for name in ("generated_large", "generated_small"):
        lines += sorted({row["masked"] for row in json.loads((folder / f"{name}.json").read_text("utf-8"))})
    chosen = {}
    for line in lines:
        name = skeleton(line)
        if name and not is_held(name, salt):
            chosen.setdefault(name, line)
    return [chosen[name] for name in sorted(chosen)]


def own_templates(name: str) -> list[str]:
    """Return the templates of a file in `templates/`."""
    lines = (_HERE / "templates" / f"{name}.txt").read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line and not line.startswith("#")]


def filled(template: str, rng: random.Random) -> tuple[str, list[tuple[int, int, str]]]:
    """Fill a template; return the text and its spans with their labels."""
    text, spans, end = "", [], 0
    for match in _SLOT.finditer(template):
        text += template[end : match.start()]
        end = match.end()
        slot = match.group(1)
        label, draw = (None, kept_name) if slot == "keep" else fill.VALUES[_PRESIDIO.get(slot, slot)]
        value = draw(rng)
        if label:
            spans.append((len(text), len(text) + len(value), label))
        text += value
    return text + template[end:], spans


def kept_name(rng: random.Random) -> str:
    """Return a drug, a test, a method or a public service; now and then one that nobody makes."""
    if rng.random() < 0.3:
        stem = people.syllables(rng)[:6]
        return stem + rng.choice(["ine", "am", "ol", "ax", "il", "tine", "pram", "done", "pine", "zole"])
    term = rng.choice(_kept_terms())
    return term if rng.random() < 0.2 else term.upper() if len(term) < 5 else term.title()


def _kept_terms(_cache: list[str] = []) -> list[str]:  # noqa: B006 - read once
    if not _cache:
        groups = yaml.safe_load(_KEPT.read_text("utf-8"))["always"]
        chosen = (
            "drugs",
            "tests_and_manuals",
            "methods",
            "services",
            "brands",
            "faith_and_works",
            "public_people",
        )
        _cache += [t.strip() for g in chosen for t in groups[g].split(";") if t.strip()]
    return _cache


def labelled(text: str, spans: list[tuple[int, int, str]]) -> Iterator[Sentence]:
    """Cut a text into sentences of labelled words."""
    for tokens in sentences_of(tokens_of(text)):
        labels, before = [], None
        for token in tokens:
            at = next((s for s in spans if s[0] <= token.start < s[1]), None)
            labels.append("O" if at is None else f"{'I' if at is before else 'B'}-{at[2]}")
            before = at
        yield Sentence([t.text for t in tokens], labels)


def from_templates(templates: list[str], times: int, rng: random.Random) -> Iterator[Sentence]:
    """Fill each template several times; the short, plain ones less often."""
    for template in templates:
        for _ in range(times if "{" in template else 2):
            yield from labelled(*filled(template, rng))


# "my husband said" -> "Ahmed said", "my husband Ahmed said"
_KIN = (
    "husband|wife|boyfriend|girlfriend|son|daughter|brother|sister|mother|father|mom|dad|friend|best friend"
    "|ex|fianc[eé]e?|partner|stepdad|stepmom|aunt|uncle|cousin|boss|roommate|therapist|grandmother"
)
_DOES = "is|was|has|had|said|says|told|does|did|will|would|wants|keeps|never|always"
_HOMES = "town|city|country|area|state|home|school|house|college|work|job"
_RELATION = re.compile(rf"\b([Mm]y|[Hh]is|[Hh]er) ({_KIN})\b(?!['\u2019-])")
_SUBJECT = re.compile(rf"(?<![\w'\u2019-])(He|She|he|she)(?= (?:{_DOES})\b)")
_PLACE = re.compile(rf"\b(?:in|from|to|at) (?:my|the|this|a|our|another) (?:{_HOMES})\b")


def from_counsel_chat(corpora: Path, salt: str, rng: random.Random) -> Iterator[Sentence]:
    """Yield the sentences of counsel_chat (MIT): as they are, and with names in place of relations."""
    for text in counsel_chat(corpora):
        if is_held(key(text), salt):
            continue
        for tokens in sentences_of(tokens_of(text)):
            piece = text[tokens[0].start : tokens[-1].end]
            if _has_names(piece):
                continue
            if rng.random() < 0.5:
                yield Sentence([t.text for t in tokens], ["O"] * len(tokens))
            injected = inject(piece, rng)
            if injected[1]:
                yield from labelled(*injected)


def inject(
    piece: str, rng: random.Random, given: people.Draw = people.given, place: people.Draw = places.city
) -> tuple[str, list[tuple[int, int, str]]]:
    """Put names into a sentence."""
    found = [*_RELATION.finditer(piece), *_SUBJECT.finditer(piece), *_PLACE.finditer(piece)]
    text, spans, end = "", [], 0
    for match in sorted(found, key=lambda m: m.start()):
        if match.start() < end or rng.random() < 0.3:
            continue
        text += piece[end : match.start()]
        end = match.end()
        if match.re is _PLACE:
            lead, value, label = f"{match.group().split(' ')[0]} ", place(rng), "PLACE"
        else:
            whole = match.re is _SUBJECT or rng.random() < 0.5
            lead = "" if whole else match.group() + rng.choice([" ", " ", ", "])
            value, label = given(rng), "PERSON"
        spans.append((len(text) + len(lead), len(text) + len(lead) + len(value), label))
        text += lead + value
    return text + piece[end:], spans


def _has_names(piece: str) -> bool:
    """Say whether a word inside a sentence is capitalised and no common word: somebody may be named."""
    from pixelated.clean.names import gazetteer as g  # noqa: PLC0415 - the lists may not be made yet

    known, tokens = g.lists(), tokens_of(piece)
    return any(
        t.text[0].isupper()
        and len(t.text) > 1
        and not t.text.isupper()
        and not known.get(t.text.lower().replace("\u2019", "'"), 0) & g.COMMON
        for t in tokens
    )


def varied(sentence: Sentence, rng: random.Random) -> Sentence:
    """Return a sentence in lower case (30 %), in capitals (3 %), or as it is."""
    kind = rng.random()
    if rng.random() < 0.06:
        sentence = redacted(sentence)
    if kind < 0.30:
        return Sentence([w.lower() for w in sentence.words], sentence.labels)
    if kind < 0.33:
        return Sentence([w.upper() for w in sentence.words], sentence.labels)
    return sentence


def redacted(sentence: Sentence) -> Sentence:
    """Return a sentence with surrogates for its spans: what was replaced before is not found again."""
    words, labels = [], []
    for word, label in zip(sentence.words, sentence.labels, strict=True):
        if label == "O":
            words.append(word)
        elif label[0] == "B":
            words.append(f"[{label[2:]}_1]")
        else:
            continue
        labels.append("O")
    return Sentence(words, labels)


def masks(sentence: Sentence, rng: random.Random) -> dict[int, int]:
    """Return which lists are looked at for some of the words, so that the lists are not leant on.

    A quarter of the names are hidden from the lists of names, and some of the longer words outside of names
    from all: no list of common words is long enough, and a word that is on none names nobody for that.
    """
    hidden, hide = {}, False
    for i, label in enumerate(sentence.labels):
        if label.startswith("B-"):
            hide = rng.random() < 0.25
        if label != "O" and hide:
            hidden[i] = VOCABULARY
        elif label == "O" and len(sentence.words[i]) > 3 and rng.random() < 0.06:
            hidden[i] = VOCABULARY if rng.random() < 0.75 else 0
    return hidden
