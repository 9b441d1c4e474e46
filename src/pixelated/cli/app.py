"""The table of commands, in the order in which work is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from pixelated import __version__
from pixelated.cli import acquire, files, runs

app = typer.Typer(
    name="pixelated",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Build, prove and use the training corpus of a language model for training therapists.",
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"pixelated {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Build, prove and use the training corpus of a language model for training therapists."""


clean = typer.Typer(no_args_is_help=True, help="Repair text in files.", rich_markup_mode=None)
clean.command("encoding")(files.clean_encoding)

BEFORE_CLEAN: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("init", runs.init),
    ("acquire", acquire.acquire),
    ("plan", runs.plan),
    ("build", runs.build),
    ("standardise", files.standardise),
)
AFTER_CLEAN: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("dedup", files.dedup),
    ("score", files.score),
    ("compile", files.compile_),
    ("verify", files.verify),
    ("explain", runs.explain),
    ("diff", runs.diff),
    ("status", runs.status),
    ("report", runs.report),
)
for verb, command in BEFORE_CLEAN:
    app.command(verb)(command)
app.add_typer(clean, name="clean")
for verb, command in AFTER_CLEAN:
    app.command(verb)(command)
