"""Commands around scores that decide: a voice's profile, a threshold's effect, a red team's cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelated.cli.output import JsonFlag, emit
from pixelated.score.voice_profile import profile_file


def profile(
    file: Annotated[
        Path, typer.Argument(help='JSON lines of {"id", "messages"} or {"id", "speaker", "text"}.')
    ],
    speaker: Annotated[str, typer.Option(help="Whose voice: the name, or the role where there is none.")],
    output: Annotated[Path, typer.Option(help="Where the profile goes (JSON).")],
    as_json: JsonFlag = False,
) -> None:
    """Make the profile of a speaker's voice, told from the other speakers of the file."""
    found = profile_file(file, speaker, output)
    lines = [
        f"{found['grams']:,} words and pairs of {speaker}, from {found['words']:,} words: {output}",
        f"next: pixelated score FILE --scorers voice_consistency --profile {output} --output OUT.jsonl",
    ]
    emit(found, "\n".join(lines), as_json=as_json)
