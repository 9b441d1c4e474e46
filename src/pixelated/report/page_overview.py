"""The first screen of the report: name, release, balance of the run, the eight verdicts, their evidence."""

from __future__ import annotations

from pixelated.report import facts
from pixelated.report.facts import Balance, Data, Gate
from pixelated.report.markup import Html, bullets, code, join, mark, section, stated, tag, word
from pixelated.report.tables import Column, data_table
from pixelated.report.wording import NOT_MEASURED, number, pairs, visible

MEASURES_SHOWN = 4
ERRORS_SHOWN = 10
_STATES = {facts.PASSED: "pass", facts.FAILED: "fail", facts.UNMEASURED: "unknown"}


def header(data: Data) -> Html:
    """Return the page's header: name, what made it, releasable or not and why."""
    manifest = facts.table(data, "manifest")
    made = [
        ("records", number(manifest.get("total_conversations"))),
        ("generated", visible(manifest.get("generated_at") or NOT_MEASURED)),
        ("recipe fingerprint", visible(_fingerprint(data) or NOT_MEASURED)),
    ]
    line = join((tag("span", f"{name} ", tag("b", value)) for name, value in made), " ")
    return tag(
        "header",
        tag("p", "Dataset report", class_="kicker"),
        tag("h1", facts.title(data)),
        tag("p", line, class_="made"),
        _release(data),
    )


def _fingerprint(data: Data) -> object:
    found = facts.table(data, "manifest").get("recipe_fingerprint")
    return found or facts.table(data, "recipe").get("fingerprint")


def _release(data: Data) -> Html:
    releasable, reasons = facts.release(data)
    if releasable:
        words = tag("p", mark("pass"), " Releasable", class_="status")
        note = tag("p", "All gates passed at full scope.", class_="quiet")
        return tag("div", words, note, class_="release pass")
    words = tag("p", mark("fail"), " NOT RELEASABLE", class_="status")
    return tag("div", words, bullets(reasons, class_="reasons"), class_="release fail")


def balance(data: Data) -> Html:
    """Return the whole run's row balance as one line, with the mark that it balances."""
    found = facts.run_balance(data)
    if found is None:
        return section("balance", "Balance of the run", None)
    names = ("rows in", "added", "kept", "dropped", "quarantined")
    signs = (None, "+", "=", "+", "+")
    line = [_term(*term) for term in zip(signs, found.counts, names, strict=True)]
    equation = tag("p", join([*line, balanced(found)], " "), class_="equation")
    return section("balance", "Balance of the run", equation)


def _term(sign: str | None, value: int | None, name: str) -> Html:
    # sign and figure break to the next line together
    parts = [tag("span", sign, class_="sign") if sign else None]
    parts.append(tag("span", tag("b", number(value)), " ", name, class_="term"))
    return tag("span", join(parts, " "), class_="part")


def balanced(found: Balance) -> Html:
    """Return the mark and the words that say whether a balance holds."""
    state = "unknown" if found.lost is None else "fail" if found.lost else "pass"
    return stated(state, found.verdict)


def gates(data: Data) -> Html:
    """Return the table of verdicts: measured beside required."""
    found = facts.gates(data)
    passed = sum(gate.state == facts.PASSED for gate in found)
    columns = [Column("Gate", wide=True), Column("Verdict"), Column("Measured"), Column("Required")]
    body = [
        (_gate_name(gate), gate_state(gate), _values(gate.measured), _values(gate.required)) for gate in found
    ]
    caption = f"{passed} of {len(found)} gates passed; each is computed from the bytes of the shards"
    return section("gates", "Gates", data_table(caption, columns, body, css="gates"))


def gate_state(gate: Gate) -> Html:
    """Return the mark and the word of a gate's verdict."""
    return stated(_STATES[gate.state], gate.state)


def _gate_name(gate: Gate) -> Html:
    claim = tag("span", gate.claim, class_="note") if gate.claim else None
    return join([gate.name, claim])


def _values(values: object) -> Html:
    found = pairs(values)
    if not found:
        return tag("span", NOT_MEASURED, class_="missing")
    lines = [tag("span", _pair(name, value)) for name, value in found[:MEASURES_SHOWN]]
    if len(found) > MEASURES_SHOWN:
        lines.append(tag("span", f"and {len(found) - MEASURES_SHOWN} more", class_="quiet"))
    return tag("div", join(lines, " "), class_="measures")


def _pair(name: str, value: str) -> Html:
    return join([tag("span", name, " ", class_="quiet") if name else None, word(value)])


def evidence(data: Data) -> Html | None:
    """Return what each gate that did not pass found: errors, examples, remedy, or None if all passed."""
    failed = [gate for gate in facts.gates(data) if gate.state != facts.PASSED]
    if not failed:
        return None
    return section("evidence", "Evidence of the gates that did not pass", *(_case(gate) for gate in failed))


def _case(gate: Gate) -> Html:
    examples = [code(example) for example in gate.examples]
    return tag(
        "article",
        tag("h3", gate.name, " ", gate_state(gate)),
        _errors(gate),
        tag("p", f"Examples ({len(examples)}): ", join(examples, " "), class_="examples")
        if examples
        else None,
        tag("p", tag("b", "What to do: "), gate.remedy) if gate.remedy else None,
        class_="case",
    )


def _errors(gate: Gate) -> Html:
    if not gate.errors:
        return tag("p", "The gate gave no message.", class_="quiet")
    first, rest = gate.errors[:ERRORS_SHOWN], gate.errors[ERRORS_SHOWN:]
    more = tag("details", tag("summary", f"{len(rest)} more"), bullets(rest)) if rest else None
    return join([bullets(first), more])
