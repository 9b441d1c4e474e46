"""ChatML text: `<|im_start|>role`, the message, `<|im_end|>`; one or several dialogues per file.

A new dialogue starts at `<|endoftext|>`, at a system message after other messages, and at a blank line
where other blocks of the file follow each other without one.
"""

from __future__ import annotations

from itertools import pairwise

from pixelated.standardise.dialogue_text import START, STOP, Block, Spoken, chatml_blocks
from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._turns import TEXT_SUFFIXES, dialogue
from pixelated.standardise.rows import Document, Parsed, Said, Sample


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
        spoken = Spoken()
        for block in blocks:
            spoken.turns.append(Said(block.role if block.ended else None, block.text))
            spoken.lines.append(block.line)
        return dialogue(document, spoken, _sizes(blocks))


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
