"""Names and places of Faker's locales (MIT), read from its providers without drawing any."""

from __future__ import annotations

import importlib
import pkgutil
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

import faker.providers.address as addresses
import faker.providers.person as persons
from faker.providers.geo import Provider as Geo
from faker.providers.job import Provider as Job

# Locales whose names no list and no fitted text holds: the measured injections draw from them.
HELD_OUT = frozenset({"sw", "yo_NG", "uz_UZ", "lt_LT", "zu_ZA", "en_TH"})
MOST_CITIES = 1200  # of one locale


@cache
def people() -> dict[str, tuple[list[str], list[str]]]:
    """Return locale -> (given names, family names), Latin script alone."""
    found = {}
    for locale, provider in _providers(persons):
        given, family = _values(provider, "first_name"), _values(provider, "last_name")
        if given and family:
            found[locale] = (given, family)
    return found


@cache
def cities() -> dict[str, list[str]]:
    """Return locale -> names of towns."""
    found = {}
    for locale, provider in _providers(addresses):
        names = [n for kind in ("cities", "municipalities", "real_city_names") for n in _own(provider, kind)]
        plain = sorted({n for n in names if _is_latin(n)})
        if plain:
            step = max(1, len(plain) // MOST_CITIES)
            found[locale] = plain[::step]
    found["geo"] = sorted({place[2] for place in Geo.land_coords if _is_latin(place[2])})
    return found


@cache
def streets() -> list[str]:
    """Return names of streets of all locales."""
    names = {
        n for _, p in _providers(addresses) for kind in ("streets", "street_names") for n in _own(p, kind)
    }
    return sorted(n for n in names if _is_latin(n))


@cache
def endings() -> list[str]:
    """Return what English street names end in."""
    provider = importlib.import_module("faker.providers.address.en_US").Provider
    return sorted({_flat_first(s) for s in provider.street_suffixes})


@cache
def countries() -> list[str]:
    """Return the names of countries in English."""
    return sorted(_own(importlib.import_module("faker.providers.address.en").Provider, "countries"))


@cache
def states() -> list[str]:
    """Return the states of the US."""
    return sorted(importlib.import_module("faker.providers.address.en_US").Provider.states)


@cache
def jobs() -> list[str]:
    """Return names of jobs."""
    return sorted(Job.jobs)


def _providers(package: Any) -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            yield module.name, importlib.import_module(f"{package.__name__}.{module.name}").Provider


def _values(provider: Any, prefix: str) -> list[str]:
    names = {
        value
        for attribute in dir(provider)
        if attribute.startswith(prefix) and not callable(getattr(provider, attribute))
        for value in _flat(getattr(provider, attribute))
    }
    return sorted(n for n in names if _is_latin(n) and len(n) > 1)


def _own(provider: Any, attribute: str) -> list[str]:
    return [v for v in _flat(getattr(provider, attribute, ())) if isinstance(v, str)]


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value:
            yield from _flat(item)


def _flat_first(value: Any) -> str:
    return next(iter(_flat(value)))


def _is_latin(name: str) -> bool:
    """Say whether a name is written in Latin letters and capitalised."""
    letters = [c for c in name if c.isalpha()]
    latin = all("LATIN" in unicodedata.name(c, "") for c in letters)
    return bool(letters) and latin and name[0].isalpha() and name[0].isupper()
