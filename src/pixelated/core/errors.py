"""Errors that a person can act on, and the exit codes of the command.

A bad row is data and never raises; a bad recipe, a missing input or a full disk raises one of
these, with a message (file, line, reason) and a remedy (the next thing to type).
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1  # ran, and a gate or a check failed: the evidence is on disk
EXIT_USAGE = 2  # bad usage, path or recipe
EXIT_INCOMPLETE = 3  # a source was unavailable or incomplete
EXIT_INTERNAL = 4

_PRECEDENCE = (EXIT_INTERNAL, EXIT_USAGE, EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK)


class PixelatedError(Exception):
    """An error with a stable `code`, a message, a remedy and an exit status."""

    exit_code = EXIT_INTERNAL

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        """Survive the trip back from a worker process."""
        return (type(self), (self.code, self.message, self.remedy))

    def as_json(self) -> dict[str, dict[str, str]]:
        """Return the object that `--json` prints for an error."""
        return {"error": {"code": self.code, "message": self.message, "remedy": self.remedy}}


class UsageError(PixelatedError):
    """Bad flag, path or recipe: nothing was done (exit 2)."""

    exit_code = EXIT_USAGE


class CheckFailedError(PixelatedError):
    """The work ran and a check on its result failed (exit 1)."""

    exit_code = EXIT_FAILED


class IncompleteError(PixelatedError):
    """A source was unavailable or held nothing readable (exit 3)."""

    exit_code = EXIT_INCOMPLETE


class InternalError(PixelatedError):
    """A promise of the program itself was broken, such as a step that lost a row (exit 4)."""


def worst(*codes: int) -> int:
    """Return the exit code that holds where several do: 4 > 2 > 1 > 3 > 0."""
    return min(codes, key=_PRECEDENCE.index, default=EXIT_OK)
