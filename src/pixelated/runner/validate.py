"""Measuring: the scorers' agreement with people and what redaction does to text, on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pixelated.core.store import LocalStore
from pixelated.score.agreement.cards import HEADER, page, rows
from pixelated.score.agreement.run import run_tasks


def validate_to(
    corpora: Path,
    names: Sequence[str] | None,
    output: Path | None,
    *,
    seed: int,
    embed: bool | None,
    told: Callable[[str], None],
) -> tuple[dict[str, Any], str]:
    """Run the agreement tasks, write the page of the cards if asked; return the figures and their table."""
    agreement = run_tasks(corpora, names, seed=seed, embed=embed, told=told)
    if output is not None:
        text = page(agreement).encode()
        LocalStore(output.parent).write(output.name, lambda file: file.writelines([text]))
    table = [HEADER, *rows(agreement.figures)]
    table += [f"not measured: {name}: {why}" for name, why in sorted(agreement.absent.items())]
    table += [f"below what is required: {line}" for line in agreement.to_json()["missed"]]
    return agreement.to_json(), "\n".join(table)
