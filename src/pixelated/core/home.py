"""The user's own folders; a container may run as a user who has none."""

from __future__ import annotations

import os
from pathlib import Path

from pixelated.core.errors import UsageError


def home_folder() -> Path:
    """Return the user's home.

    Raises:
        UsageError: there is none.
    """
    try:
        return Path.home()
    except RuntimeError as error:
        raise UsageError("no_home", "this user has no home folder", "set HOME to a folder") from error


def state_home() -> Path:
    """Return `$XDG_STATE_HOME`, else its usual place; see `home_folder` for what is raised."""
    given = os.environ.get("XDG_STATE_HOME", "")
    return Path(given) if given else home_folder() / ".local" / "state"


def expanded(path: str) -> Path:
    """Return a path whose `~` is written out; see `home_folder` for what is raised."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UsageError("no_home", f"whose home is meant by {path!r}?", "write the path out") from error
