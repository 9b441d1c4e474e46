"""What a command prints at its end: plain text, 100 columns, no colour and no control characters."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from pixelated.report import facts
from pixelated.report.facts import Data, Gate
from pixelated.report.wording import NOT_MEASURED, clip, short, visible

WIDTH = 100
GATE, VERDICT, MEASURED, REQUIRED = 12, 12, 44, 24
ERRORS_SHOWN = 2


def summary_text(data: Mapping[str, Any]) -> str:
    """Return the verdicts, the balance, the paths and the next command as lines of text.

    Args:
        data: as for `render_report`; `dataset` and `report` are paths to print. A path and a command
            are never cut or wrapped; every other line is at most 100 characters long.
    """
    parts = [_headline(data), _gates(data), _evidence(data), _balance(data), _where(data)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _headline(data: Data) -> list[str]:
    releasable, reasons = facts.release(data)
    head = f"{facts.title(data)}: {'releasable' if releasable else 'NOT RELEASABLE'}"
    return [*_wrapped(head, ""), *(line for reason in reasons for line in _wrapped(f"- {reason}", "  "))]


def _gates(data: Data) -> list[str]:
    head = _columns("gate", "verdict", "measured", "required")
    return [head, *(_gate(gate) for gate in facts.gates(data))]


def _gate(gate: Gate) -> str:
    measured, required = short(gate.measured, MEASURED), short(gate.required, REQUIRED)
    return _columns(clip(gate.name, GATE), gate.state, measured, required)


def _columns(*cells: str) -> str:
    widths = (GATE, VERDICT, MEASURED, REQUIRED)
    return ("  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))).rstrip()


def _evidence(data: Data) -> list[str]:
    lines: list[str] = []
    for gate in facts.gates(data):
        if gate.state == facts.PASSED:
            continue
        for error in gate.errors[:ERRORS_SHOWN]:
            lines += _wrapped(f"{gate.name}: {error}", "  ")
        if len(gate.errors) > ERRORS_SHOWN:
            lines.append(f"    and {len(gate.errors) - ERRORS_SHOWN} more, in the report")
        if gate.remedy:
            lines += _wrapped(f"to do: {gate.remedy}", "    ")
    return lines


def _balance(data: Data) -> list[str]:
    found = facts.run_balance(data)
    if found is None:
        return [f"  rows: {NOT_MEASURED}"]
    return _wrapped(f"{found.equation}: {found.verdict}", "  ")


def _where(data: Data) -> list[str]:
    names = ("dataset", "report", "next")
    return [f"  {name:<9}{visible(data[name])}" for name in names if data.get(name)]


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
