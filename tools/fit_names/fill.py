"""Made-up employers, dates and numbers, and the slots of templates.

`VALUES` leads from the name of a slot to its label and to the function that draws a value for it.
"""

from __future__ import annotations

import random

from fit_names import faker_lists as lists
from fit_names.people import Draw, common, family, full, given, nickname, person, syllables, words_of
from fit_names.places import address, capitals, city, country, flat, number, state_abbr, street, zip_code


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
    word = rng.choice([syllables, common, family])(rng)
    other = common(rng)
    trade = rng.choice(words_of("trades"))
    form = rng.choice(
        ("{w}", "{w}", "{w}{o}", "{w} {o}", "{w} {t}", "{w} {t}", "{w} {o} {t}", "{o} {t} Inc.")
    )
    name = form.format(w=word, o=other.lower() if form == "{w}{o}" else other, t=trade)
    return name + rng.choice([" Inc", " LLC", " Corporation", " Ltd"]) if rng.random() < 0.12 else name


def _institution(rng: random.Random) -> str:
    place, name = city(rng), family(rng)
    form = rng.choice(words_of("institutions"))
    return form.replace("{place}", place).replace("{name}", name).replace("{saint}", given(rng))


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
    return f"{family(rng).lower().replace(' ', '')}@{syllables(rng).lower()}.com"


def url(rng: random.Random) -> str:
    """Return a web address."""
    return (
        rng.choice(["https://www.", "http://", "www.", ""])
        + syllables(rng).lower()
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
