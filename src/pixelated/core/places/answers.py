"""What a place lists: an answer that can't be read, or has no end, is the place's fault and named so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pixelated.core.places.protocol import Entry, UnavailableError

T = TypeVar("T")

MOST = 5_000_000  # files of one place; a listing of a hostile server has no end
_UNREADABLE = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


def readable(uri: str, work: Callable[[], T]) -> T:
    """Return what `work` makes of a place's answer.

    Raises:
        UnavailableError: the answer is not what such a place says.
    """
    try:
        return work()
    except _UNREADABLE as error:
        raise _bad(uri, f"can't be read ({type(error).__name__})") from error


def listed(uri: str, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the files of a listing; see `readable` for what is raised."""
    stream = iter(entries)
    while (entry := readable(uri, lambda: next(stream, None))) is not None:
        yield entry


def pages(uri: str, ask: Callable[[str], tuple[list[T], str]]) -> Iterator[T]:
    """Yield what stands on the pages of a listing.

    Args:
        uri: of the place, for errors.
        ask: returns what stands on a page, and the token of the next ("" for none), by a token.

    Raises:
        UnavailableError: the pages go round in a circle, or have no end.
    """
    token, seen, count = "", set[str](), 0
    while True:
        found, token = ask(token)
        count += len(found)
        yield from found
        if not token:
            return
        if token in seen:
            raise _bad(uri, "goes round in a circle")
        if count > MOST or (not found and len(seen) > MOST // 1000):
            raise _bad(uri, f"has no end: more than {MOST:,} files")
        seen.add(token)


def _bad(uri: str, what: str) -> UnavailableError:
    return UnavailableError("bad_answer", f"{uri}: its listing {what}", "check the address and the server")
