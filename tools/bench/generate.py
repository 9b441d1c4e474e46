"""Write a corpus of made-up conversations with planted duplicates, and the truth about them.

    python -m bench.generate 300000 --output FOLDER

`conversations-N.jsonl` hold a record a line, `{"id", "messages": [{"role", "content"}]}`. `truth.jsonl` has a
line per planted row, `{"id", "kind", "of", "jaccard"}`:

- exact: byte-equal messages under another id; `of` is the row copied, which may itself be a near-duplicate.
- near: words of `of` replaced, left out, put in. `jaccard` is the true one, of word 3-grams of both texts as
  cleaning leaves them; a corpus at threshold T has to remove those at or above it and no other.
- templated: one of many that share an intake script's questions, with answers of its own. No duplicate.
- garbled: written as mojibake; no duplicate either.

The same rows, seed and version of this file give the same bytes, whatever the workers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench.conversations import (
    Lengths,
    Numbers,
    Ragged,
    draw,
    draw_script,
    draw_templated,
    gather,
    jaccard,
    join,
    render,
    shingles,
)
from bench.words import COMMA, GARBLED, HEAD, LOTS, MID, WORDS, Language, language

SHARD = 5_000  # rows drawn together; half of a shard's copies are of rows of another shard
SHARDS_OF_A_SCRIPT = 10
BLOCK = 500
EXACT_SHARE, NEAR_SHARE, TEMPLATED_SHARE = 0.08, 0.05, 0.02
# Edits per word: near-duplicates spread over these, four of five well above a Jaccard of .85.
EDITS_FEW, EDITS_MANY = (0.001, 0.022), (0.022, 0.055)
VERSION = 1


@dataclass(frozen=True)
class Plan:
    """How many rows of each sort a shard has."""

    rows: int
    exact: int
    near: int
    templated: int

    @property
    def blocks(self) -> list[int]:
        """Sizes of the blocks of conversations that are no copy; the first is what other shards copy from."""
        fresh = self.rows - self.exact - self.near - self.templated
        size = min(BLOCK, -(-fresh // 2))
        return [min(size, fresh - at) for at in range(0, fresh, size)]


@dataclass(frozen=True)
class Truth:
    """A planted row."""

    id: str
    kind: str
    of: str | None
    jaccard: float | None

    def line(self) -> str:
        """Return it as JSON."""
        return json.dumps(vars(self)) + "\n"


class Generator:
    """Makes shards in any order, each the same bytes whoever makes it."""

    def __init__(self, rows: int, seed: int, size: int = SHARD) -> None:
        self.rows, self.seed, self.size = rows, seed, size
        self.tongue: Language = language(seed)
        self.pieces = pa.array(self.tongue.pieces, pa.large_binary())
        self.shards = -(-rows // size)
        spin = np.random.default_rng([seed, 2])
        self.away = int(spin.integers(1, self.shards)) if self.shards > 1 else 0

    def plan(self, shard: int) -> Plan:
        """Return the make-up of a shard."""
        rows = min(self.size, self.rows - shard * self.size)
        return Plan(rows, *(int(rows * s) for s in (EXACT_SHARE, NEAR_SHARE, TEMPLATED_SHARE)))

    def name(self, shard: int, row: int) -> str:
        """Return a row's id, which says nothing of its place or kind."""
        # multiplying by an odd number is one to one
        return f"{((shard * self.size + row) * 0x5851F42D4C957F2D + self.seed) % (1 << 44):011x}"

    def block(self, shard: int, number: int) -> Ragged:
        """Return a block of conversations that are no copy."""
        rng = np.random.default_rng([self.seed, 3, shard, number])
        return draw(rng, self.tongue, self.plan(shard).blocks[number])

    def templated(self, shard: int) -> Ragged:
        """Return a shard's conversations that share a script with those of the shards around it."""
        script = draw_script(np.random.default_rng([self.seed, 4, shard // SHARDS_OF_A_SCRIPT]), self.tongue)
        rng = np.random.default_rng([self.seed, 5, shard])
        return draw_templated(rng, self.tongue, self.plan(shard).templated, script)

    def shard(self, shard: int) -> tuple[bytes, list[Truth]]:
        """Return a shard's lines and the truth of its planted rows."""
        plan = self.plan(shard)
        rng = np.random.default_rng([self.seed, 6, shard])
        other = (shard + self.away) % self.shards
        fresh = join([self.block(shard, n) for n in range(len(plan.blocks))])
        script = self.templated(shard)
        own = [self.name(shard, n) for n in range(plan.rows)]
        truth = [Truth(own[n], "garbled", None, None) for n in np.flatnonzero(fresh.garbled)]
        truth += [Truth(own[len(fresh) + n], "templated", None, None) for n in range(len(script))]
        lent = self.block(other, 0)
        sources = join([fresh, script, lent])
        names = own[: len(fresh) + len(script)] + [self.name(other, n) for n in range(len(lent))]
        # No row is the source of two near-duplicates: what has to be removed would depend on which is kept.
        local = rng.permutation(np.arange(plan.blocks[0], len(fresh)))
        far = rng.permutation(len(lent))[: plan.near // 2] + len(fresh) + len(script)
        changed = np.concatenate([far, local[: plan.near - len(far)]])
        nears, found = self._near(rng, sources, changed)
        first = len(fresh) + len(script)
        truth += [
            Truth(own[first + n], "near", names[of], j)
            for n, (of, j) in enumerate(zip(changed.tolist(), found, strict=True))
        ]
        sources = join([sources, nears])
        names += own[first : first + len(nears)]
        half = plan.exact // 2
        copied = np.concatenate(
            [
                rng.integers(first, first + len(lent), half),
                rng.choice(np.r_[:first, first + len(lent) : len(sources)], plan.exact - half),
            ]
        )
        truth += [
            Truth(own[first + len(nears) + n], "exact", names[of], 1.0)
            for n, of in enumerate(copied.tolist())
        ]
        rows = np.concatenate([np.arange(first), np.arange(first + len(lent), len(sources)), copied])
        return self._write(sources, rows, own, rng.permutation(plan.rows)), truth

    def _near(self, rng: np.random.Generator, sources: Ragged, rows: Lengths) -> tuple[Ragged, list[float]]:
        """Return a changed copy of each of these rows, and its true similarity to its source."""
        made, found = [], []
        for row in rows.tolist():
            source = sources[row]
            made.append(change(rng, self.tongue, source))
            both = (render(self.tongue, s, repaired=True) for s in (source, made[-1]))
            found.append(round(jaccard(*(shingles(m) for m in both)), 6))
        return gather(made, [bool(sources.garbled[r]) for r in rows]), found

    def _write(self, sources: Ragged, rows: Lengths, names: list[str], order: Lengths) -> bytes:
        """Return the rows' lines in this order: one `take` of pieces is the text itself."""
        out = sources.take(rows[order])
        heads = [b'{"id":"%s","messages":[{"role":"user","content":"' % names[n].encode() for n in order]
        pieces = pa.concat_arrays([self.pieces, pa.array(heads, pa.large_binary())])
        flat = out.flat.copy()
        flat[out.offsets[:-1]] = len(self.pieces) + np.arange(len(order))
        taken = pieces.take(pa.array(flat))
        return taken.buffers()[2].to_pybytes()  # type: ignore[no-any-return]


def change(rng: np.random.Generator, tongue: Language, sequence: Numbers) -> Numbers:
    """Return the sequence with some words replaced, left out or put in; turns and punctuation stay."""
    words = np.flatnonzero(sequence < HEAD - 3)
    low, high = EDITS_FEW if rng.random() < 0.8 else EDITS_MANY  # noqa: PLR2004
    count = max(1, round(rng.uniform(low, high) * len(words)))
    places = rng.choice(words, min(count, len(words)), replace=False)
    drawn = tongue.lots[rng.integers(0, LOTS, len(places))]
    acts = rng.integers(0, 4, len(places))  # two of four replace
    forms = sequence[places] % GARBLED // WORDS
    acts[forms > COMMA] = 0  # a sentence keeps its first word and its stop
    garbled = sequence[places] // GARBLED * GARBLED
    out = sequence.copy()
    replaced = acts < 2  # noqa: PLR2004
    out[places[replaced]] = (drawn + garbled + forms * WORDS)[replaced]
    left_out, put_in = places[acts == 2], acts == 3  # noqa: PLR2004
    keep = np.ones(len(out), bool)
    keep[left_out] = False
    at = np.cumsum(keep)[places[put_in]]  # after this place of what is kept
    return np.insert(out[keep], at, (drawn + garbled + MID * WORDS)[put_in]).astype(np.int32)


_GENERATOR: list[Generator] = []


def _begin(rows: int, seed: int) -> None:
    pa.set_cpu_count(1)
    _GENERATOR.append(Generator(rows, seed))


def _shard(number: int) -> tuple[bytes, list[Truth]]:
    return _GENERATOR[0].shard(number)


def shards(rows: int, seed: int, workers: int) -> Iterator[tuple[bytes, list[Truth]]]:
    """Yield every shard in order, a few ahead of the reader."""
    numbers = range(-(-rows // SHARD))
    with multiprocessing.get_context("spawn").Pool(workers, _begin, (rows, seed)) as pool:
        for wave in range(0, len(numbers), 4 * workers):  # so that no more wait in memory
            yield from pool.imap(_shard, numbers[wave : wave + 4 * workers])


def generate(
    rows: int, output: Path, *, seed: int = 1, files: int = 2, workers: int = 2
) -> dict[str, object]:
    """Write a corpus; return its facts, which also stand in `facts.json`, written last."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    kinds: Counter[str] = Counter()
    size = 0
    total = -(-rows // SHARD)
    with (output / "truth.jsonl").open("w", encoding="utf-8") as truths:
        for number, (lines, truth) in enumerate(shards(rows, seed, workers)):
            with (output / f"conversations-{number * files // total}.jsonl").open("ab") as file:
                file.write(lines)
            truths.writelines(t.line() for t in truth)
            kinds.update(t.kind for t in truth)
            size += len(lines)
    facts = {
        "version": VERSION,
        "rows": rows,
        "seed": seed,
        "bytes": size,
        "planted": dict(sorted(kinds.items())),
    }
    (output / "facts.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return facts


def corpus(rows: int, cache: Path, *, seed: int = 1, workers: int = 2) -> Path:
    """Return the folder of a corpus in the cache, made where it is not there whole."""
    folder = cache / f"corpus-{rows}-{seed}-v{VERSION}"
    if not (folder / "facts.json").exists():
        print(f"generating {rows} conversations", file=sys.stderr, flush=True)
        # A process of its own: this one may be about to count the children of what it measures.
        flags = {"--output": folder, "--seed": seed, "--workers": workers}
        named = [str(x) for flag in flags.items() for x in flag]
        subprocess.run(
            [sys.executable, "-m", "bench.generate", str(rows), *named], check=True, stdout=sys.stderr
        )
    return folder


def main() -> None:
    """Write a corpus and print its facts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", type=int)
    parser.add_argument("--output", type=Path, required=True, help="a folder; what it held is removed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    facts = generate(given.rows, given.output, seed=given.seed, files=given.files, workers=given.workers)
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
