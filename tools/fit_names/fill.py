"""Made-up people, places, addresses and employers, drawn from Faker's lists with a seeded generator.

Each function returns one value; `VALUES` leads from the name of a slot to its label and its function.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fit_names import faker_lists as lists

Draw = Callable[[random.Random], str]
ENGLISH = ("en_US", "en_GB", "en_IE", "en", "en_NZ", "en_IN")
ENGLISH_SHARE = 0.5
_HERE = Path(__file__).parent


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Return the lines of a list in `words/`, comments left out."""
    text = (_HERE / "words" / f"{name}.txt").read_text("utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("# "))


@cache
def _locales() -> tuple[str, ...]:
    return tuple(sorted(set(lists.people()) - lists.HELD_OUT))


def _names(rng: random.Random) -> tuple[list[str], list[str]]:
    locale = rng.choice(ENGLISH if rng.random() < ENGLISH_SHARE else _locales())
    return lists.people()[locale]


def given(rng: random.Random) -> str:
    """Return a given name."""
    return rng.choice(_names(rng)[0])


def family(rng: random.Random) -> str:
    """Return a family name."""
    return rng.choice(_names(rng)[1])


def full(rng: random.Random) -> str:
    """Return a given and a family name of one locale, in one of several forms."""
    first, last = _names(rng)
    one, two = rng.choice(first), rng.choice(last)
    forms = (
        f"{one} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {two}",
        f"{one} {rng.choice(first)} {two}",
        f"{one} {two}-{rng.choice(last)}",
        f"{one[0]}. {two}",
        f"{two}, {one}",
    )
    return rng.choice(forms) if rng.random() < 0.2 else f"{one} {two}"


def person(rng: random.Random) -> str:
    """Return how somebody is named: a given name, a full one, or a family name."""
    kind = rng.random()
    return given(rng) if kind < 0.45 else full(rng) if kind < 0.9 else family(rng)


def nickname(rng: random.Random) -> str:
    """Return a short form of a name."""
    name = given(rng)
    return rng.choice([name[:3], name[:4], name[:3] + "y", name[:2], name]).rstrip(" -.").title() or name


def city(rng: random.Random) -> str:
    """Return a town or a part of one."""
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(words_of("towns"))
    if kind < 0.85:
        return rng.choice(lists.cities()[rng.choice(sorted(set(lists.cities()) - lists.HELD_OUT))])
    if kind < 0.95:
        return _made_up_town(rng)
    return (
        f"{_made_up_town(rng)} {rng.choice(['Heights', 'Hills', 'Park', 'Valley', 'Bay', 'Beach', 'County'])}"
    )


def _made_up_town(rng: random.Random) -> str:
    name = family(rng).split()[0].title()
    before = rng.choice(
        ["", "", "North ", "South ", "East ", "West ", "New ", "Port ", "Lake ", "St. ", "Upper "]
    )
    after = rng.choice(
        ["ville", "ton", "burgh", "mouth", "ham", "field", "ford", "land", "port", "stad", "berg", ""]
    )
    return before + (name + after if before.strip() != "St." else given(rng))


def capitals(draw: Draw) -> Draw:
    """Return a draw whose value is now and then all in capitals."""
    return lambda rng: draw(rng).upper() if rng.random() < 0.12 else draw(rng)


def country(rng: random.Random) -> str:
    """Return a country or a state."""
    kind = rng.random()
    if kind < 0.65:
        return rng.choice(lists.countries()).split("(")[0].strip()
    if kind < 0.75:
        return rng.choice(
            ["UK", "USA", "US", "United Kingdom", "United States", "England", "Scotland", "Wales"]
        )
    return rng.choice(lists.states())


def state_abbr(rng: random.Random) -> str:
    """Return the two letters of a US state."""
    return rng.choice(words_of("state_codes"))


def nationality(rng: random.Random) -> str:
    """Return what the people or the language of a country are called."""
    word = rng.choice(words_of("nationalities"))
    return word + "s" if rng.random() < 0.12 and word[-2:] in ("an", "li", "qi") else word


def job(rng: random.Random) -> str:
    """Return a job."""
    name = rng.choice(lists.jobs())
    return name.lower() if rng.random() < 0.35 else name


def organisation(rng: random.Random) -> str:
    """Return an employer, school, clinic, church or shop."""
    return rng.choice((_company, _company, _startup, _startup, _startup, _institution, _institution))(rng)


def _company(rng: random.Random) -> str:
    one, two, three = (family(rng) for _ in range(3))
    form = rng.choice(
        ("{0} {s}", "{0}-{1}", "{0}, {1} and {2}", "{0} and {1}", "{0} & {1}", "{0} & Sons", "{0} Group")
    )
    suffix = rng.choice(
        ["Inc", "Inc.", "LLC", "Ltd", "PLC", "and Sons", "Group", "GmbH", "Corp", "Co.", "Holdings"]
    )
    return form.format(one, two, three, s=suffix)


def _startup(rng: random.Random) -> str:
    """Return a name as firms make them up: an invented word, two words in one, or a word and a trade."""
    word = rng.choice([_syllables, _common, family])(rng)
    other = _common(rng)
    trade = rng.choice(words_of("trades"))
    form = rng.choice(
        ("{w}", "{w}", "{w}{o}", "{w} {o}", "{w} {t}", "{w} {t}", "{w} {o} {t}", "{o} {t} Inc.")
    )
    name = form.format(w=word, o=other.lower() if form == "{w}{o}" else other, t=trade)
    return name + rng.choice([" Inc", " LLC", " Corporation", " Ltd"]) if rng.random() < 0.12 else name


def _syllables(rng: random.Random) -> str:
    parts = [
        rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") + rng.choice(["", "n", "r", "l", "x", "s"])
        for _ in range(rng.randint(2, 3))
    ]
    return "".join(parts).capitalize() + rng.choice(["", "", "io", "ia", "ly", "ify", "tech", "ix", "era"])


def _common(rng: random.Random) -> str:
    return rng.choice(words_of("brand_words")).capitalize()


def _institution(rng: random.Random) -> str:
    place, name = city(rng), family(rng)
    form = rng.choice(words_of("institutions"))
    return form.replace("{place}", place).replace("{name}", name).replace("{saint}", given(rng))


def street(rng: random.Random) -> str:
    """Return the name of a street."""
    kind = rng.random()
    if kind < 0.55:
        ending = rng.choice(
            [
                "Street",
                "St",
                "St.",
                "Road",
                "Rd",
                "Avenue",
                "Ave",
                "Ave.",
                "Lane",
                "Drive",
                "Dr",
                "Boulevard",
                "Blvd",
                "Court",
                "Way",
                "Place",
                "Close",
                "Terrace",
                rng.choice(lists.endings()),
            ]
        )
        name = rng.choice([family, family, city, _common])(rng)
        return f"{name} {ending}"
    if kind < 0.75:
        return rng.choice(lists.streets())
    if kind < 0.9:
        before = rng.choice(words_of("street_beginnings"))
        return f"{before} {rng.choice([family, given, full, city])(rng)}"
    return family(rng).lower().capitalize() + rng.choice(
        ["straat", "strasse", "gade", "veien", "gatan", "katu", "vägen", "weg", "laan", "vej", "gata", "utca"]
    )


def number(rng: random.Random) -> str:
    """Return a house number."""
    return str(rng.randint(1, rng.choice([30, 300, 9999, 99999]))) + rng.choice(["", "", "", "", "a", "B"])


def flat(rng: random.Random) -> str:
    """Return the flat in a house, or a box."""
    n = rng.randint(1, 999)
    return rng.choice(
        [
            f"Apt. {n}",
            f"Suite {n}",
            f"Unit {n}",
            f"Apt {n}",
            f"Flat {n}",
            f"#{n}",
            f"PO Box {n}",
            f"P.O. Box {n}",
            f"Postbox {n}",
            f"{family(rng)} Flats",
            f"Floor {n % 30}",
        ]
    )


def zip_code(rng: random.Random) -> str:
    """Return a postal code."""
    form = rng.choice(words_of("postal_forms"))
    return "".join(
        rng.choice("0123456789") if c == "#" else rng.choice("ABCDEFGHJKLMNPRSTUVWXY") if c == "@" else c
        for c in form
    )


def address(rng: random.Random) -> str:
    """Return an address, from a house and its street to several lines with town and country."""
    road = f"{number(rng)} {street(rng)}" if rng.random() < 0.6 else f"{street(rng)} {number(rng)}"
    kind = rng.random()
    if kind < 0.25:
        return road
    if kind < 0.4:
        return f"{road}, {flat(rng)}"
    if kind < 0.46:
        return _military(rng)
    town = capitals(city)(rng)
    gap, rest = rng.choice([", ", "\n", "\n ", " ", "\n, "]), rng.choice(["\n ", " ", ", "])
    middle = f"{gap}{flat(rng)}" if rng.random() < 0.5 else ""
    end = rng.choice(
        [
            f"{rest}{country(rng)} {zip_code(rng)}",
            f"{rest}{country(rng)}",
            f", {state_abbr(rng)} {zip_code(rng)}",
            f", {state_abbr(rng)}{rest}{country(rng)} {zip_code(rng)}",
            f" {zip_code(rng)}",
            "",
        ]
    )
    lead = f"{rng.randint(1, 9999)} " if rng.random() < 0.15 else ""
    return f"{lead}{road}{middle}{gap}{town}{end}"


def _military(rng: random.Random) -> str:
    box, n = rng.randint(1, 9999), rng.randint(10000, 99999)
    code, post = rng.choice(["AA", "AE", "AP"]), rng.choice(["APO", "FPO", "DPO"])
    return rng.choice(
        [
            f"PSC {box % 999}, Box {box}\n{post} {code} {n}",
            f"Unit {box} Box {n % 9999:04d}\n{post} {code} {n}",
            f"USS {family(rng)}\n{post} {code} {n}",
            f"USNS {family(rng)}\n{post} {code} {n}",
        ]
    )


def age(rng: random.Random) -> str:
    """Return an age in years."""
    return str(rng.randint(6, 95))


def year(rng: random.Random) -> str:
    """Return a year."""
    return str(rng.randint(1930, 2025))


def date(rng: random.Random) -> str:
    """Return a date, with or without its time."""
    y, m, d = rng.randint(1930, 2025), rng.randint(1, 12), rng.randint(1, 28)
    clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"
    months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    return rng.choice(
        [
            f"{y}-{m:02d}-{d:02d} {clock}",
            f"{m}/{d}/{y}",
            f"{y}-{m:02d}-{d:02d}",
            f"{months[m - 1]} {d}, {y}",
            f"{d} {months[m - 1]} {y}",
            f"{months[m - 1]} {d}",
            f"the {d}th of {months[m - 1]}",
        ]
    )


def weekday(rng: random.Random) -> str:
    """Return a day of the week."""
    return rng.choice(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])


def prefix(rng: random.Random) -> str:
    """Return what stands before a name."""
    return rng.choice(
        [
            "Mr.",
            "Mrs.",
            "Ms.",
            "Miss",
            "Dr.",
            "Mr",
            "Mrs",
            "Ms",
            "Dr",
            "Professor",
            "Prof.",
            "Rev.",
            "Sir",
            "Mx.",
        ]
    )


def digits(rng: random.Random) -> str:
    """Return a number as identifiers have them; the patterns find those."""
    n = "".join(rng.choice("0123456789") for _ in range(16))
    return rng.choice(
        [n, f"({n[:3]}) {n[3:6]}-{n[6:10]}", f"{n[:3]}-{n[3:6]}-{n[6:10]}", f"+{n[:2]} {n[2:5]} {n[5:12]}"]
    )


def phone(rng: random.Random) -> str:
    """Return a telephone number in the manner of some country, short local ones among them."""
    form = rng.choice(words_of("phone_forms"))
    return "".join(
        rng.choice("0123456789") if c == "#" else rng.choice("23456789") if c == "N" else c for c in form
    )


def acronym(rng: random.Random) -> str:
    """Return two to five capitals that name nobody."""
    return "".join(rng.choice("ABCDEFGHILMNOPRST") for _ in range(rng.randint(2, 5)))


def credential(rng: random.Random) -> str:
    """Return what therapists write behind their names."""
    return ", ".join(rng.sample(words_of("credentials"), rng.randint(1, 3)))


def email(rng: random.Random) -> str:
    """Return an e-mail address."""
    return f"{family(rng).lower().replace(' ', '')}@{_syllables(rng).lower()}.com"


def url(rng: random.Random) -> str:
    """Return a web address."""
    return (
        rng.choice(["https://www.", "http://", "www.", ""])
        + _syllables(rng).lower()
        + rng.choice([".com", ".net", ".org/"])
    )


def piece(name: str) -> Draw:
    """Return a draw from the list of pieces of sentences of that name."""
    return lambda rng: rng.choice(words_of(name))


# Slot -> label (None: nothing the tagger finds) and value.
VALUES: dict[str, tuple[str | None, Draw]] = {
    "person": ("PERSON", person),
    "name": ("PERSON", full),
    "given": ("PERSON", given),
    "nick": ("PERSON", nickname),
    "family": ("PERSON", family),
    "place": ("PLACE", capitals(city)),
    "region": ("REGION", country),
    "org": ("ORG", organisation),
    "school": ("ORG", _institution),
    "address": ("ADDRESS", address),
    "street": ("ADDRESS", street),
    "number": ("ADDRESS", number),
    "flat": ("ADDRESS", flat),
    "zip": ("ZIP", zip_code),
    "nation": ("NRP", nationality),
    "job": ("TITLE", job),
    "prefix": ("TITLE", prefix),
    "age": ("AGE", age),
    "year": ("DATE", year),
    "date": ("DATE", date),
    "weekday": ("DATE", weekday),
    "state": ("REGION", state_abbr),
    "deed": (None, piece("deeds")),
    "act": (None, piece("acts")),
    "way": (None, piece("ways")),
    "tail": (None, piece("tails")),
    "where": (None, piece("whereabouts")),
    "scene": (None, piece("scenes")),
    "duty": (None, piece("duties")),
    "kin": (None, piece("kin")),
    "digits": (None, digits),
    "phone": ("PHONE", phone),
    "acronym": (None, acronym),
    "credential": (None, credential),
    "email": (None, email),
    "url": (None, url),
}
