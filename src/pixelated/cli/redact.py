"""`pixelated clean pii`: redact a file of JSON lines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from pixelated.clean import not_searched_types, redact_file
from pixelated.cli.output import JsonFlag, emit
from pixelated.core.errors import EXIT_INCOMPLETE, EXIT_OK


def clean_pii(
    file: Annotated[Path, typer.Argument(help="JSON lines of an id and a text, or messages.")],
    output: Annotated[Path, typer.Option(help="Where the redacted lines go.")],
    spans: Annotated[
        Path, typer.Option(help="Where it is written what was replaced; REVIEW.jsonl goes beside.")
    ],
    text_field: Annotated[str, typer.Option(help="The field that holds the text.")] = "text",
    decisions: Annotated[
        Path | None,
        typer.Option(
            help="REVIEW.jsonl of an earlier run with a decision on each line: accept, redact, drop."
        ),
    ] = None,
    quasi: Annotated[
        bool,
        typer.Option(
            "--quasi",
            help="Replace ages, years, peoples, countries, titles and jobs as well, which HIPAA lets stand.",
        ),
    ] = False,
    as_json: JsonFlag = False,
) -> int:
    """Replace identifiers and names. Automated redaction: it does not mean that Safe Harbor is met."""
    start = time.monotonic()
    found = redact_file(file, output, spans, text_field, decisions, quasi=quasi)
    found["not_searched"] = not_searched_types()
    found |= {"seconds": time.monotonic() - start, "output": str(output), "spans": str(spans)}
    lines = [f"{found['kept']:,} records: {output}"]
    lines += [f"  {status}: {n:,}" for status, n in found["status"].items()]
    lines += [f"  {reason}: {n:,} lines left out" for reason, n in sorted(found["reasons"].items())]
    lines.append(f"{sum(found['redacted'].values()):,} identifiers replaced: {spans}")
    if found["not_searched"]:
        lines.append(f"not searched, since they are not in text: {', '.join(found['not_searched'])}")
    if found["decisions_without_record"]:
        lines.append(f"{found['decisions_without_record']:,} decided ids are not in {file}")
    if found["review"]:
        review = spans.parent / "REVIEW.jsonl"
        lines.append(f"{sum(found['review'].values()):,} candidates wait for a person: {review}")
        lines.append(
            "next: add a decision to each line under another name, then the same with --decisions FILE"
        )
    emit(found, "\n".join(lines), as_json=as_json)
    return EXIT_OK if found["kept"] or found["dropped"] or not found["rows_in"] else EXIT_INCOMPLETE
