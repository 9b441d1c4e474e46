"""docs/formats.md names every format and every reason that the code can give, and none that it can't."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import planted_documents
import planted_tables
from conftest import ROOT
from pixelated.core.archives.kinds import COMPRESSIONS
from pixelated.standardise import FORMATS

PAGE = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
FOLDERS = (ROOT / "src/pixelated/standardise", ROOT / "src/pixelated/core/archives")
CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
# Functions and errors that take a reason, and which of their arguments it is.
TAKES = {
    "Refusal": 2, "RefusedError": 0, "refuse": 0, "_refuse": 0, "refused": 0, "Missing": 1, "BadNameError": 0,
    "UnreadableError": 0, "ContainerError": 0,
}  # fmt: skip
NEVER_SHOWN = {"damaged"}  # of ContainerError: `damaged_epub` or `damaged_chapter` by where it is


def reasons_of(source: str) -> set[str]:
    """Return the reasons in a program: arguments, (reason, detail) pairs, what others are translated to."""
    return {code for node in ast.walk(ast.parse(source)) for code in _reasons(node)}


def _reasons(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        at = TAKES.get(name)
        if at is not None and len(node.args) > at:
            yield from _codes(node.args[at])
        translated = name == "get" and isinstance(node.func, ast.Attribute) and bool(node.args)
        if translated and ast.unparse(node.args[0]) == "error.reason":
            yield from _codes(node.func.value)
    elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and _is_detail(node.elts[1]):
        yield from _codes(node.elts[0])
    elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
        yield from _codes(node.value)


def _is_detail(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and " " in node.value
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Name) and node.id == "detail")


def _codes(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_codes(node.body), *_codes(node.orelse))
    elif isinstance(node, ast.Dict):
        yield from (code for value in node.values for code in _codes(value))


def given() -> set[str]:
    """Return every reason that the code can give."""
    files = [path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))]
    assert len(files) > 60
    return {r for path in files for r in reasons_of(path.read_text(encoding="utf-8"))} - NEVER_SHOWN


def listed() -> list[str]:
    """Return the reasons in the table of reasons, in its order."""
    return re.findall(r"^\| `([a-z0-9_]+)` \|", PAGE.partition("## Reasons")[2], re.MULTILINE)


def test_every_reason_stands_in_the_table_and_no_other() -> None:
    assert set(listed()) == given()
    assert listed() == sorted(set(listed()))
    assert len(listed()) > 80


def test_reasons_seen_in_the_planted_folder_are_in_the_table() -> None:
    planted = [*planted_documents.planted(), *planted_tables.planted()]
    assert {reason for one in planted for _, reason in one.refused} <= set(listed())


def test_reasons_are_found_however_they_are_written() -> None:
    program = """
def one(error, detail):
    if error: raise RefusedError("a_one", f"x {error}")
    yield Refusal(0, "file", "b_two", detail)
    self._budget.refuse("c_three", "so it is")
    page.missing = ("d_four", detail)
    reason = "e_five" if error.reason == "not" else error.reason
    return {"x": "f_six"}.get(error.reason, error.reason), ("g_seven", "two words"), ("no", "reason")
"""
    assert reasons_of(program) == {"a_one", "b_two", "c_three", "d_four", "e_five", "f_six", "g_seven"}


def test_every_format_and_every_packing_has_its_place() -> None:
    overview = PAGE.partition("## ")[0]
    headings = " ".join(re.findall(r"^### (.*)$", PAGE, re.MULTILINE))
    for name in FORMATS.names():
        assert f"| [`{name}`](#" in overview, name
        assert f"`{name}`" in headings, name
    for kind in (*COMPRESSIONS, "zip", "tar"):
        assert re.search(rf"^\| {kind} \|", PAGE, re.MULTILINE), kind


def test_links_inside_the_page_lead_to_a_heading() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    links = re.findall(r"\]\(#([^)]+)\)", PAGE)
    assert len(links) > 15
    assert set(links) <= anchors


def test_reasons_named_in_the_text_are_reasons() -> None:
    """Words in code style after "Reasons" are reasons, or what tells one file from another."""
    for text in re.findall(r"^Reasons[,:](.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL):
        for code in re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", text):
            assert code in listed() or code == "bad_cues", code


def test_the_page_on_adding_a_format_leads_here() -> None:
    assert "(formats.md)" in Path(ROOT / "docs/adding-a-format.md").read_text(encoding="utf-8")
