"""The table of commands, in the order in which work is done.

A command's module is imported when the command is run or its help is shown: fetching a file does not wait
for the modules that build a dataset.
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pixelated import __version__

# verb -> where its function is, or the verbs of a group with a line of help, and the one that may be left out
Group = tuple[str, dict[str, str]] | tuple[str, dict[str, str], str]
COMMANDS: dict[str, str | Group] = {
    "init": "runs:init",
    "registry": (
        "The registry of sources: import, check, export.",
        {"import": "registry:import_", "matrix": "registry:matrix", "check": "registry:check"},
    ),
    "acquire": "acquire:acquire",
    "inventory": (
        "What is where: `pixelated inventory PLACE...` is `list`.",
        {
            "list": "inventory:list_",
            "diff": "inventory:diff",
            "transfer": "inventory:transfer",
            "map": "inventory:map_",
            "sources": "inventory:sources",
        },
        "list",
    ),
    "plan": "runs:plan",
    "build": "runs:build",
    "standardise": "files:standardise",
    "clean": (
        "Repair text in files, and redact it.",
        {"encoding": "files:clean_encoding", "pii": "redact:clean_pii"},
    ),
    "dedup": "files:dedup",
    "score": (
        "Score records, fit scorers on labelled ones, and measure how far people agree.",
        {
            "file": "score:score",
            "fit": "score:fit",
            "validate": "score:validate",
            "list": "score:list_",
            "profile": "filters:profile",
            "tune": "filters:tune_",
            "redteam": "filters:redteam",
            "screen": "filters:screen",
        },
        "file",
    ),
    "compile": "files:compile_",
    "verify": "files:verify",
    "publish": "publish:publish",
    "explain": "runs:explain",
    "diff": "runs:diff",
    "status": "runs:status",
    "report": "runs:report",
}


def load(name: str, entry: str | Group) -> Any:
    """Import a command, or the commands of a group, and return it as the framework's object."""
    if isinstance(entry, str):
        module, function = entry.split(":")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(name)(getattr(importlib.import_module(f"pixelated.cli.{module}"), function))
        return typer.main.get_command(single)
    help_line, verbs = entry[:2]
    group = typer.Typer(
        cls=_with_default(entry[2]) if len(entry) > 2 else TyperGroup,  # noqa: PLR2004 - the third is the verb
        no_args_is_help=True,
        help=help_line,
        rich_markup_mode=None,
        add_completion=False,
    )
    group.callback()(_nothing)
    for verb, place in verbs.items():
        module, function = place.split(":")
        group.command(verb)(getattr(importlib.import_module(f"pixelated.cli.{module}"), function))
    return typer.main.get_group(group)


def _with_default(verb: str) -> type[TyperGroup]:
    """Return a group in which words that begin with none of its verbs are those of `verb`."""

    class WithDefault(TyperGroup):
        """See `_with_default`."""

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """Put the verb before the words where it was left out."""
            left_out = bool(args) and args[0] not in self.commands and args[0] != "--help"
            return super().parse_args(ctx, [verb, *args] if left_out else args)

    return WithDefault


class Verbs(TyperGroup):
    """The commands of the table, each imported when it is needed."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the framework's signature
        """Return the verbs in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - see above
        """Return one command, or None where there is no such verb."""
        return load(cmd_name, COMMANDS[cmd_name]) if cmd_name in COMMANDS else None


app = typer.Typer(
    name="pixelated",
    cls=Verbs,
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


def _nothing() -> None:
    """Keep a group of one command a group."""


@app.callback()
def _root(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Build, prove and use the training corpus of a language model for training therapists."""
