"""Made-up places and addresses, drawn from Faker's lists with a seeded generator."""

from __future__ import annotations

import random

from fit_names import faker_lists as lists
from fit_names.people import Draw, common, family, full, given, words_of


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
        name = rng.choice([family, family, city, common])(rng)
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
