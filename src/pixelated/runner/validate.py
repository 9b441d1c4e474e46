"""Measuring: the scorers' agreement with people and what redaction does to text, on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pixelated.core.store import LocalStore
from pixelated.runner.privacy_figures import privacy_figures
from pixelated.score.agreement.cards import HEADER, page, rows
from pixelated.score.agreement.run import run_tasks

REDACTION = "redaction"


def validate_to(
    corpora: Path,
    names: Sequence[str] | None,
    output: Path | None,
    *,
    seed: int,
    embed: bool | None,
    told: Callable[[str], None],
    tagger: Path | None = None,
) -> tuple[dict[str, Any], str]:
    """Run the agreement tasks (`REDACTION` among them), write the page of the cards if asked.

    Returns:
        The figures as plain data, and their table.
    """
    wanted = None if names is None else [name for name in names if name != REDACTION]
    agreement = run_tasks(corpora, wanted, seed=seed, embed=embed, told=told)
    scored = list(agreement.figures)
    if names is None or REDACTION in names:
        told(REDACTION)
        figures, absent = privacy_figures(corpora, tagger)
        agreement.figures += figures
        agreement.absent |= absent
    if output is not None:
        more = [("Redaction: `clean pii`", agreement.figures[len(scored) :])]
        text = page(agreement, more=more).encode()
        LocalStore(output.parent).write(output.name, lambda file: file.writelines([text]))
    table = [HEADER, *rows(agreement.figures)]
    table += [f"not measured: {name}: {why}" for name, why in sorted(agreement.absent.items())]
    table += [f"below what is required: {line}" for line in agreement.to_json()["missed"]]
    return agreement.to_json(), "\n".join(table)
