"""Dialogue written out as text: ChatML blocks, `**Name:** text`, `Name: text`.

Lines are matched one by one with patterns without nested repetition, so the time is linear.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pixelated.standardise.fields import words
from pixelated.standardise.roles import known_role, plain
from pixelated.standardise.rows import Said
from pixelated.standardise.turns import seconds

_STAMP = r"[\[(]?\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,6})?[\])]?"
_BOLD = re.compile(
    rf"[ \t>*-]{{0,4}}(?P<t1>{_STAMP}[ \t]*)?(?:\*\*|__)(?P<name>[^*_:\n][^*:\n]{{0,79}})"
    rf"(?P<t2>[ \t]{_STAMP})?(?::(?:\*\*|__)|(?:\*\*|__)(?P<t3>[ \t]{{0,3}}{_STAMP})?[ \t]*:)"
    r"[ \t]*(?P<text>.*)",
    re.DOTALL,
)
_NAMED = re.compile(
    rf"[ \t]{{0,8}}(?:\d{{1,4}}[.)][ \t]{{1,3}})?(?P<t1>{_STAMP}[ \t]*)?(?:#{{1,6}}[ \t]*)?"
    r"(?P<name>[<\[]?[^\W\d_][\w .'\u2019#/&-]{0,40}(?:\([^()\n]{1,40}\))?[>\]]?)"
    rf"(?P<t2>[ \t]{{0,3}}{_STAMP})?[ \t]{{0,3}}:(?![/\d])[ \t]*(?P<text>.*)",
    re.DOTALL,
)
# "Name 0:01" alone in a line, as transcription services write it.
_STAMPED = re.compile(
    r"[ \t]{0,8}(?P<name>[^\W\d_][\w .'\u2019-]{0,40}?)[ \t]{1,4}"
    rf"(?P<t1>{_STAMP})[ \t]*(?P<t2>)(?P<text>)"
)
_RULE = re.compile(r"[ \t]*(?:-{3,}|={3,}|\*{3,}|_{3,}|~{3,})[ \t]*")
# Words before a colon that head a note and name nobody.
NOTES = frozenset(
    words(
        "note notes plan homework ps example session date time title topic subject location place duration "
        "transcript participants setting background summary warning tip source link url goal goals agenda id"
    )
)
START, END, STOP = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
_ROLE = re.compile(r"[^\n<]{0,80}")


@dataclass(slots=True)
class Spoken:
    """Turns read from text, what stood before the first, and where each began (0-based line)."""

    turns: list[Said] = field(default_factory=list)
    preamble: str = ""
    lines: list[int] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)  # numbers of the turns that follow a rule (---)


@dataclass(frozen=True, slots=True)
class Mark:
    """The start of a turn in a line: the name, the text after it and the time, if written."""

    name: str
    text: str
    start: float | None


def bold_mark(line: str) -> Mark | None:
    """Return the mark of `**Name:** text` or `**Name**: text`, if the line starts with one."""
    return _mark(_BOLD.match(line)) if "**" in line[:90] or "__" in line[:90] else None


def name_mark(line: str) -> Mark | None:
    """Return the mark of `Name: text`, if the line starts with one."""
    if ":" not in line[:120]:
        return None
    return _mark(_STAMPED.fullmatch(line[:120]) if len(line) < 120 else None) or _mark(_NAMED.match(line))  # noqa: PLR2004


def speaker_mark(line: str) -> Mark | None:
    """Return the mark of a line that starts with a speaker's name, and not with the head of a note."""
    mark = name_mark(line)
    return None if mark is None or plain(mark.name) in NOTES else mark


def spoken_by_known(text: str, given: Mapping[str, str]) -> Spoken | None:
    """Split a text that starts with a speaker of a known role and has both sides; None for other text.

    Names without a role are speakers too where they stand more than once and are written like the
    known ones (`<NAME>:`, `Name:`), so that the caller refuses the dialogue and does not garble it.
    """
    found = [m for line in lines_of(text) if (m := _any_mark(line)) is not None]
    roles = {m.name: known_role(m.name, given) for m in found}
    if not {"user", "assistant"} <= set(roles.values()):
        return None
    styles = {m.name[0] for m in found if roles[m.name] and not m.name[0].isalnum()}
    counts = Counter(m.name for m in found)
    speakers = {n for n, role in roles.items() if role or (counts[n] > 1 and (n[0] in styles or not styles))}
    spoken = marked(
        text, lambda line: m if (m := _any_mark(line)) is not None and m.name in speakers else None
    )
    return None if spoken.preamble else spoken


def _any_mark(line: str) -> Mark | None:
    return bold_mark(line) or speaker_mark(line)


def _mark(match: re.Match[str] | None) -> Mark | None:
    if match is None:
        return None
    times = (
        seconds((match[k] or "").strip())
        for k in ("t1", "t2", *(["t3"] if "t3" in match.re.groupindex else []))
    )
    return Mark(match["name"].strip(), match["text"], next((t for t in times if t is not None), None))


def lines_of(text: str) -> list[str]:
    """Return the lines of a text; only CR and LF end a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def marked(text: str, mark: Callable[[str], Mark | None]) -> Spoken:
    """Split a text at its marks; lines without one belong to the turn before them.

    A rule just before a mark belongs to nobody: it is noted in `breaks`.
    """
    spoken = Spoken()
    open_lines: list[str] = []
    before: list[str] = []
    for number, line in enumerate(lines_of(text)):
        found = mark(line)
        if found is None:
            (open_lines if spoken.turns else before).append(line)
            continue
        if spoken.turns and _ends_in_rule(open_lines):
            spoken.breaks.append(len(spoken.turns))
        _close(spoken, open_lines)
        open_lines = [found.text]
        spoken.turns.append(Said(found.name, "", found.start))
        spoken.lines.append(number)
    _close(spoken, open_lines)
    spoken.preamble = "\n".join(before).strip()
    return spoken


def _ends_in_rule(lines: list[str]) -> bool:
    """Say whether the last line that is not blank is a rule; it is taken out then."""
    last = next((k for k in range(len(lines) - 1, 0, -1) if lines[k].strip()), None)
    if last is None or _RULE.fullmatch(lines[last]) is None:
        return False
    del lines[last]
    return True


def _close(spoken: Spoken, lines: list[str]) -> None:
    if spoken.turns:
        spoken.turns[-1].text = "\n".join(lines).strip()


@dataclass(slots=True)
class Block:
    """One ChatML block, the text between it and the block before, and whether it was ended."""

    role: str
    text: str
    gap: str
    ended: bool
    line: int


def chatml_blocks(text: str) -> list[Block]:
    """Return the ChatML blocks of a text in order; text after the last block is a block without a role."""
    blocks: list[Block] = []
    pieces = text.split(START)
    gap, line = pieces[0], pieces[0].count("\n")
    for piece in pieces[1:]:
        role = _ROLE.match(piece)
        name = role.group().strip() if role else ""
        body, end, after = piece[role.end() if role else 0 :].partition(END)
        blocks.append(Block(name, body.strip(), gap, bool(end), line))
        gap = after
        line += piece.count("\n")
    if gap.replace(STOP, "").strip() and blocks:
        blocks.append(Block("", gap, "", ended=False, line=line))
    return blocks
