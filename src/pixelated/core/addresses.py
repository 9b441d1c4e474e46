"""Addresses as they may be printed and written down: without passwords, signatures and connection options."""

from __future__ import annotations

import re

# rclone's connection string, a remote and its settings: `:sftp,host=h,pass=p:path`, `remote,token=t:path`
_OPTIONS = re.compile(r"(:?[A-Za-z0-9_][\w .+@-]*),\w+[=,:]")
_AFTER_OPTIONS = re.compile(r":?[^:\"']*,[^:\"']*:([^:\"']*)")
_WITHOUT_QUERY = ("s3", "gs", "hf", "kaggle", "file", "sftp")  # `?` may stand in the name of an object


def has_options(location: str) -> bool:
    """Say whether an address is an rclone remote with settings, which may hold a password."""
    return bool(_OPTIONS.match(location)) and ":" in location[1:]


def without_secrets(location: str) -> str:
    """Return an address as it may be written down."""
    options = _OPTIONS.match(location)
    if options and has_options(location):
        path = _AFTER_OPTIONS.fullmatch(location)  # quoted options: only rclone knows where they end
        return f"{options[1]}:{path[1] if path else '...'}"
    scheme, mark, rest = location.partition("://")
    if not mark:
        return location
    netloc, slash, path_ = rest.partition("/")
    user, at, host = netloc.rpartition("@")
    if at and (":" in user or scheme != "sftp"):
        netloc = host
    whole = f"{scheme}://{netloc}{slash}{path_}"
    return re.split(r"[?#]", whole)[0] if scheme not in _WITHOUT_QUERY else whole
