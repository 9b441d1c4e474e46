"""`pixelated clean pii`: redact a file of JSON lines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from pixelated.clean import judged, not_searched_types, redact_file
from pixelated.cli.output import JsonFlag, emit
from pixelated.core.errors import EXIT_INCOMPLETE, EXIT_OK, UsageError

_SHORTEST_SALT = 16


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
    pseudonyms: Annotated[
        Path | None,
        typer.Option(help="File of a secret, 16 bytes or more: one value has one pseudonym in all records."),
    ] = None,
    shift_dates: Annotated[
        bool,
        typer.Option(
            "--shift-dates",
            help="Move full dates by 1 to 182 days, the same for all dates of a record (of all records with "
            "one 'group', where they have that field), as the secret of --pseudonyms says. Ages and weekdays "
            "stay as they are; moved dates do not meet Safe Harbor, and a second run moves them again.",
        ),
    ] = False,
    audit: Annotated[
        int,
        typer.Option(min=0, help="Draw so many records for people to read: AUDIT.jsonl beside the spans."),
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 17,
    audit_result: Annotated[
        Path | None,
        typer.Option(
            help='AUDIT.jsonl with "leak": true or false on each line that was read: prints the bound.'
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> int:
    """Replace identifiers and names. Automated redaction: it does not mean that Safe Harbor is met."""
    start = time.monotonic()
    audited = judged(audit_result) if audit_result else {}
    salt = _salt(pseudonyms) if pseudonyms else b""
    found = redact_file(
        file,
        output,
        spans,
        text_field,
        decisions,
        quasi=quasi,
        salt=salt,
        shift_dates=shift_dates,
        audit=audit,
        seed=seed,
    )
    found |= {"audit": audited} if audited else {}
    found["not_searched"] = not_searched_types()
    found |= {"seconds": time.monotonic() - start, "output": str(output), "spans": str(spans)}
    emit(found, "\n".join(_told(found, file)), as_json=as_json)
    return EXIT_OK if found["kept"] or found["dropped"] or not found["rows_in"] else EXIT_INCOMPLETE


def _told(found: dict[str, Any], file: Path) -> list[str]:
    """Return what a run says on a terminal."""
    lines = [f"{found['kept']:,} records: {found['output']}"]
    lines += [f"  {status}: {n:,}" for status, n in found["status"].items()]
    lines += [f"  {reason}: {n:,} lines left out" for reason, n in sorted(found["reasons"].items())]
    lines.append(f"{sum(found['redacted'].values()):,} identifiers replaced: {found['spans']}")
    if found["not_searched"]:
        lines.append(f"not searched, since they are not in text: {', '.join(found['not_searched'])}")
    if found["decisions_without_record"]:
        lines.append(f"{found['decisions_without_record']:,} decided ids are not in {file}")
    if found["review"]:
        review = Path(found["spans"]).parent / "REVIEW.jsonl"
        lines.append(f"{sum(found['review'].values()):,} candidates wait for a person: {review}")
        lines.append(
            "next: add a decision to each line under another name, then the same with --decisions FILE"
        )
    if audited := found.get("audit"):
        lines.append(
            f"audit: {audited['leaks']:,} of {audited['read']:,} records leak, so at most "
            f"{audited['upper_bound_95']:.2%} of the unreviewed ones do (95 %); {audited['more']:,} more to "
            f"read for {audited['aim']:.1%}"
        )
    return lines


def _salt(path: Path) -> bytes:
    salt = path.read_bytes().strip() if path.is_file() else b""
    if len(salt) < _SHORTEST_SALT:
        message = f"{path} is no file of {_SHORTEST_SALT} bytes or more"
        raise UsageError(
            "no_salt", message, "make one: head -c 32 /dev/urandom | base64 > SALT, and keep it secret"
        )
    return salt
