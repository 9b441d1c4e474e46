"""ChatML text: `<|im_start|>role`, the message, `<|im_end|>`; one or several dialogues per file.

A new dialogue starts at `<|endoftext|>`, at a system message after other messages, and at a blank line
where other blocks of the file follow each other without one.
"""

from __future__ import annotations

from itertools import pairwise

from pixelated.standardise.dialogue_text import START, STOP, Block, Spoken, chatml_blocks
from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._turns import TEXT_SUFFIXES, dialogue
from pixelated.standardise.rows import Document, Parsed, Refusal, Row, Said, Sample


@FORMATS.register("chatml")
class ChatML:
    """ChatML blocks in a text file."""

    def sniff(self, sample: Sample) -> int:
        """Return 92 where the text starts with a block."""
        starts = sample.suffix in TEXT_SUFFIXES and sample.decoded.text.lstrip().startswith(START)
        return 92 if starts else 0

    def parse(self, document: Document) -> Parsed:
        """Read the blocks; a block that is not ended or has no role makes its dialogue unmappable."""
        blocks = chatml_blocks(document.decoded.text)
        spoken = Spoken([Said(b.role or None, b.text) for b in blocks], "", [b.line for b in blocks])
        parsed = dialogue(document, spoken)
        parsed.rows, parsed.groups = [], []
        start = 0
        for size in _sizes(blocks):
            _take(parsed, blocks, start, size)
            start += size
        return parsed


def _take(parsed: Parsed, blocks: list[Block], start: int, size: int) -> None:
    """Add one dialogue, or refuse it where a block of it is not ended or text stands outside."""
    part = blocks[start : start + size]
    locator = f"line {part[0].line + 1}"
    if not all(b.ended for b in part) or any(b.gap.replace(STOP, "").strip() for b in part):
        detail = "a block is not ended, or text stands outside the blocks"
        text = "\n".join(b.text for b in part)
        parsed.refused.append(Refusal(start, locator, "bad_chatml", detail, text, size))
        return
    parsed.groups.append(size)
    for k, block in enumerate(part, start):
        parsed.rows.append(Row(k, f"line {block.line + 1}", Said(block.role or None, block.text)))


def _sizes(blocks: list[Block]) -> list[int]:
    """Return the number of blocks of each dialogue."""
    blank = [_is_blank_line(b.gap) for b in blocks[1:]]
    mixed = any(blank) and not all(blank)
    sizes = [1] if blocks else []
    for before, block in pairwise(blocks):
        new_system = block.role == "system" and before.role != "system"
        if new_system or STOP in block.gap or (mixed and _is_blank_line(block.gap)):
            sizes.append(0)
        sizes[-1] += 1
    return sizes


def _is_blank_line(gap: str) -> bool:
    return gap.replace("\r\n", "\n").count("\n") > 1
