"""The folder of permissions and consents: documents known by their hash alone, and what was revoked.

The documents hold people's names and signatures. They are hashed and looked at where they lie; nothing of
them, their names included, reaches an output, a message or a log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pixelated.core.errors import UsageError
from pixelated.core.fingerprint import sha256_file

SHA256 = re.compile(r"[0-9a-f]{64}")
_LISTS = (".yaml", ".yml", ".json")
_LARGEST_LIST = 1 << 20  # bytes
_HEAD = 250  # bytes in which a licence's text shows its title; a letter's are its address and greeting
_PUBLIC_LICENCE = re.compile(
    r"creative\s+commons|creativecommons\.org|\bcc0\b|public\s+domain\s+dedication"
    r"|general\s+public\s+licen[cs]e|apache\s+licen[cs]e|mit\s+licen[cs]e"
    r"|\A\W{0,40}(?:youtube\W{1,4})?terms\s+of\s+service",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Documents:
    """What lies in the folder.

    Attributes:
        present: sha256 of every document.
        public_licences: those of them that are the text of a public licence or of terms of service.
        revoked: sha256 of documents that hold no longer.
    """

    present: frozenset[str] = frozenset()
    public_licences: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()


def read_documents(folder: Path) -> Documents:
    """Hash every file of a folder, whatever its name, and read its lists of revoked documents.

    Raises:
        UsageError: there is no such folder, a file of it can't be read, or a list of revoked documents is
            not one: what may be revoked is not guessed.
    """
    if not folder.is_dir():
        raise UsageError(
            "permissions_missing",
            f"there is no folder {folder}",
            "give the folder of the permission and consent documents: --permissions DIR",
        )
    present: set[str] = set()
    licences: set[str] = set()
    revoked: set[str] = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            listed = _revoked(path)
            digest, head = sha256_file(path), _head(path)
        except OSError as error:
            raise UsageError(
                "not_readable",
                f"a document in {folder} cannot be read: {error.strerror}",
                "let yourself read every file of the folder: a revocation may stand in it",
            ) from error
        if listed is not None:
            revoked |= listed
        elif path.stat().st_size:
            present.add(digest)
            licences |= {digest} if _PUBLIC_LICENCE.search(head) else set()
    return Documents(frozenset(present), frozenset(licences), frozenset(revoked))


def _revoked(path: Path) -> frozenset[str] | None:
    """Return what a list of revoked documents names, None for a file that is none."""
    if path.suffix.lower() not in _LISTS:
        return None
    with path.open("rb") as file:
        data = file.read(_LARGEST_LIST + 1)
    if b"revoked" not in data:
        return None
    if len(data) > _LARGEST_LIST:
        raise _bad_list(path.parent, "it is larger than 1 MiB")
    try:
        value = yaml.safe_load(data.decode("utf-8"))  # JSON is YAML
    except (ValueError, yaml.YAMLError, RecursionError):
        raise _bad_list(path.parent, "it cannot be read") from None
    if not isinstance(value, dict) or "revoked" not in value:
        return None
    return _hashes(value["revoked"], path.parent)


def _hashes(value: Any, folder: Path) -> frozenset[str]:
    if not isinstance(value, list):
        raise _bad_list(folder, "`revoked` is no list")
    for item in value:
        if not isinstance(item, str) or not SHA256.fullmatch(item.strip().lower()):
            raise _bad_list(folder, f"{str(item)[:16]!r} is no sha256")
    return frozenset(item.strip().lower() for item in value)


def _bad_list(folder: Path, why: str) -> UsageError:
    return UsageError(
        "bad_revocations",
        f"a list of revoked documents in {folder} is damaged: {why}",
        "write it as YAML or JSON: revoked: [sha256, ...]",
    )


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_HEAD).decode("utf-8", "replace")
