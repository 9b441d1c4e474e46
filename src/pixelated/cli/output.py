"""What a command prints and how it ends: one JSON object with `--json`, plain words otherwise.

Standard output carries results, standard error progress and errors. Exit codes: 0 done and passed;
1 ran, and a gate or check failed; 2 bad usage or recipe; 3 a source was unavailable or incomplete;
4 internal error; 130 interrupted (finished parts are kept).
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from typer.exceptions import TyperException

from pixelated.core.errors import EXIT_INTERNAL, EXIT_OK, EXIT_USAGE, PixelatedError
from pixelated.core.store import explain_os_error, to_json

EXIT_INTERRUPTED = 130
EXIT_PIPE = 0  # the reader of our output went away (`pixelated status | head`): not a failure

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
QuietFlag = Annotated[bool, typer.Option("--quiet", help="No progress lines.")]
EngineOption = Annotated[
    str, typer.Option("--engine", help="Where the work runs: local, or ray (a cluster; see docs/engines.md).")
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help="Worker processes (default: one per CPU).")
]


def emit(value: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print `value` as one JSON object, or `text`."""
    if as_json:
        sys.stdout.buffer.write(
            orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
        )
        sys.stdout.buffer.flush()
    else:
        typer.echo(_for_terminal(text))


def _for_terminal(text: str) -> str:
    """Escape what is no text in lines that quote names and words of strangers: they steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def pretty(value: Any) -> str:
    """Return indented JSON for a person."""
    return to_json(value).decode().rstrip()


def run_app(app: Callable[..., Any], arguments: list[str]) -> int:
    """Run the command line; return the exit code. Every failure says what happened and what to do."""
    as_json = "--json" in arguments
    try:
        code = app(args=arguments, prog_name="pixelated", standalone_mode=False)
    except typer.Exit as error:
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence against a trace
        problem = _explain(error)
        if (
            type(error).__name__ == "NoArgsIsHelpError" and not as_json
        ):  # the framework keeps the class private
            typer.echo(problem.message, err=True)  # the help itself: it says which word is missing
        else:
            _report(problem, as_json=as_json)
        return problem.exit_code
    if code == EXIT_INTERRUPTED:  # the framework turns Ctrl-C into an exit of its own, without a word
        _report(_explain(KeyboardInterrupt()), as_json=as_json)
    return code if isinstance(code, int) else EXIT_OK


class _ProblemError(PixelatedError):
    """Any failure, as a message with a remedy and an exit code."""

    def __init__(self, code: str, message: str, remedy: str, exit_code: int) -> None:
        super().__init__(code, message, remedy)
        self.exit_code = exit_code


def _explain(error: BaseException) -> PixelatedError:
    if isinstance(error, PixelatedError):
        return error
    if isinstance(error, TyperException):
        return _ProblemError("usage", error.format_message(), f"see: {_help_of(error)}", EXIT_USAGE)
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        again = "run the same command again: finished parts are kept"
        return _ProblemError("interrupted", "interrupted", again, EXIT_INTERRUPTED)
    if isinstance(error, OSError) and error.filename:
        return explain_os_error(error, Path(str(error.filename)))
    if os.environ.get("PIXELATED_DEBUG"):
        traceback.print_exception(error)
    return _ProblemError(
        "internal", f"{type(error).__name__}: {error}", "set PIXELATED_DEBUG=1 and report it", EXIT_INTERNAL
    )


def _report(problem: PixelatedError, *, as_json: bool) -> None:
    if as_json:
        emit(problem.as_json(), "", as_json=True)
    else:
        typer.echo(
            _for_terminal(
                f"error: {problem.message}" + (f"\n  next: {problem.remedy}" if problem.remedy else "")
            ),
            err=True,
        )


def _help_of(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'pixelated'} --help"
