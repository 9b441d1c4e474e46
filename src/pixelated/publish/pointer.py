"""`current.json`: which release readers are to take, and which ones it came after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from pixelated.core.errors import CheckFailedError
from pixelated.core.store import to_json
from pixelated.publish.dataset import check_release_name

_SHA = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Link:
    """A release by its name and its manifest's SHA-256."""

    release: str
    manifest_sha256: str

    def as_json(self) -> dict[str, str]:
        """Return it as an object."""
        return {"release": self.release, "manifest_sha256": self.manifest_sha256}


@dataclass(frozen=True)
class Pointer:
    """What `current.json` says.

    Attributes:
        chain: the current release, then those that were current before, newest first.
        override: what was recorded where the current release is not releasable.
        rolled_back_from: what was current before the last rollback, where that was the last change.
    """

    chain: tuple[Link, ...]
    override: dict[str, Any] | None = None
    rolled_back_from: Link | None = None

    @property
    def current(self) -> Link:
        """Return the release that is pointed to."""
        return self.chain[0]

    @property
    def previous(self) -> Link | None:
        """Return the release before it."""
        return self.chain[1] if len(self.chain) > 1 else None

    def moved_to(self, link: Link, override: dict[str, Any] | None) -> Pointer:
        """Return the pointer after another release was published."""
        return self if link == self.current else Pointer((link, *self.chain), override)

    def rolled_back(self, override: dict[str, Any] | None) -> Pointer:
        """Return the pointer to the previous release."""
        return Pointer(self.chain[1:], override, self.current)

    def as_bytes(self, where: dict[str, str]) -> bytes:
        """Return the file's bytes; `where` says how the release is found."""
        back = self.rolled_back_from
        return to_json(
            {
                **self.current.as_json(),
                **where,
                "previous": self.previous.as_json() if self.previous else None,
                "chain": [link.as_json() for link in self.chain],
                "override": self.override,
                "rolled_back_from": back.as_json() if back else None,
            }
        )


def read_pointer(data: bytes) -> Pointer:
    """Return what `current.json` says.

    Raises:
        CheckFailedError: it is not what publish writes.
    """
    try:
        value = orjson.loads(data)
        chain = tuple(_link(v) for v in value["chain"])
        back = value.get("rolled_back_from")
        pointer = Pointer((chain[0], *chain[1:]), value.get("override"), _link(back) if back else None)
        stated = _link(value)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise CheckFailedError(
            "bad_pointer", "current.json at the destination is not one that publish wrote", "look at it"
        ) from error
    if pointer.current != stated:
        raise CheckFailedError(
            "bad_pointer", "current.json at the destination contradicts itself", "look at it"
        )
    return pointer


def _link(value: Any) -> Link:
    if not _SHA.match(value["manifest_sha256"]):
        raise ValueError
    return Link(check_release_name(value["release"]), value["manifest_sha256"])
