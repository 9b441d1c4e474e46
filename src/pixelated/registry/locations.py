"""The forms of a location, and which kind of place each is (the table in `core/places`)."""

from __future__ import annotations

import re

_FORMS = (
    ("huggingface", re.compile(r"hf://datasets/[\w.-]+/[\w.-]+(@[\w./-]+)?(/.*)?")),
    ("kaggle", re.compile(r"kaggle://[\w.-]+/[\w.-]+(@\d+)?")),
    ("s3", re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")),
    ("gcs", re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/.*)?")),
    ("http", re.compile(r"https?://[\w.-]+(:\d+)?(/.*)?")),
    ("sftp", re.compile(r"sftp://([\w.-]+@)?[\w.-]+(:\d+)?(/.*)?")),
    ("local", re.compile(r"file:///.+")),
)
_REMOTE = re.compile(r"([\w][\w .-]*):(?!//)(.*)")
ALSO = {"youtube": ("http",), "gdrive": ("gdrive", "rclone"), "rclone": ("rclone", "gdrive", "sftp")}


def kind_of(location: str) -> str | None:
    """Return the kind of place that a location names by its form, or None where it has no known form."""
    if not location or location != location.strip() or any(ord(c) < ord(" ") for c in location):
        return None
    for kind, form in _FORMS:
        if form.fullmatch(location):
            return kind
    if "://" in location:
        return None
    remote = _REMOTE.fullmatch(location)
    if remote:
        return "gdrive" if remote[1] == "gdrive" else "rclone"
    return "local"


def fits(kind: str, location: str) -> bool:
    """Say whether a location has a form that an entry of this kind may have."""
    return kind_of(location) in ALSO.get(kind, (kind,))
