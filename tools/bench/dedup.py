"""`make bench`: deduplication by this project and by others, on the same rows, in one run.

    python -m bench.dedup --cache FOLDER --sizes 30000 300000

Processor time is what is compared: wall clock depends on who else uses the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from bench import page
from bench.contenders import HERE, Contender, Pixelated, contenders
from bench.generate import corpus
from bench.measure import Took, median, run
from bench.quality import Quality, Truth, files, load

SMALL_ROWS = 2000  # what every pair is compared of, and what our first run, which compiles, is given
HEADINGS = (
    "rows", "tool", "runs", "wall s", "CPU s", "µs CPU a row", "times ours", "peak MB", "rows removed",
    "exact recall", "near recall", "near precision", "templated lost",
)  # fmt: skip
# who runs at which size where nothing else is asked for; the rest take too long to be worth it
UP_TO = {
    "datatrove": 30_000,
    "text-dedup": 30_000,
    "datatrove-exact": 300_000,
    "datatrove-whitespace": 300_000,
}
ALONE = "ours"


@dataclass(frozen=True)
class Result:
    """A line of the table."""

    name: str
    label: str
    rows: int
    runs: int
    took: Took
    quality: Quality

    @property
    def each(self) -> float:
        """Microseconds of processor time per conversation."""
        return self.took.cpu / self.rows * 1e6


def measure(name: str, who: Contender, folder: Path, truth: Truth, repeats: int) -> Result:
    """Run a contender `repeats` times on a corpus; judge the last run's output."""
    total = json.loads((folder / "facts.json").read_text())["rows"]
    runs = []
    for _ in range(repeats):
        shutil.rmtree(who.work, ignore_errors=True)
        who.work.mkdir(parents=True)
        command = who.command(folder)
        _read(folder)
        os.sync()  # nobody pays for pages that another left to be written
        runs.append(run(command, who.cache / f"{name}.log", who.environ()))
        print(f"{total} rows, {who.label}: {runs[-1]}", file=sys.stderr, flush=True)
    result = Result(name, who.label, total, repeats, median(runs), who.quality(folder, truth))
    shutil.rmtree(who.work)
    return result


def first_runs(known: dict[str, Contender], names: Sequence[str], folder: Path) -> float | None:
    """Run ours once as after installing, so that kernels are compiled; return the processor time it took."""
    cpu = None
    for name in names:
        who = known[name]
        if isinstance(who, Pixelated):
            if cpu is None:
                who.forget()
            cpu = (cpu or 0.0) + measure(name, who, folder, load(folder), 1).took.cpu
    return cpu


def _read(folder: Path) -> None:
    """Read the corpus once, so that it lies in the page cache for everyone or, too large, for no one."""
    for path in files(folder):
        with path.open("rb") as file:
            while file.read(1 << 22):
                pass


def chosen(all_of_them: dict[str, Contender], only: Sequence[str], rows: int) -> list[str]:
    """Return who runs at a size."""
    names = [n for n in all_of_them if n != "naive" and (not only or n in only)]
    return names if only else [n for n in names if rows <= UP_TO.get(n, rows)]


def table(results: Sequence[Result]) -> list[str]:
    """Return the lines of the table, sizes apart."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    ours = {r.rows: r.each for r in results if r.name == ALONE}
    for r in results:
        ratio = f"{r.each / ours[r.rows]:.1f}" if r.rows in ours else "-"
        q = r.quality
        times = f"{r.took.wall:.1f}", f"{r.took.cpu:.1f}", f"{r.each:,.0f}", ratio
        shares = (_share(s) for s in (q.exact_recall, q.recall, q.precision))
        memory = f"{r.took.memory / 1e6:,.0f}"
        cells = (
            f"{r.rows:,}", r.label, str(r.runs), *times, memory,
            f"{q.removed:,}", *shares, str(q.templated_lost),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}"


def machine() -> str:
    """Return what the numbers depend on, and no name of a host."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    packages = ", ".join(f"{n} {version(n)}" for n in ("pyarrow", "numpy", "numba"))
    peers = ", ".join(
        (HERE / f"peers/{peer}.txt").read_text(encoding="utf-8").split()[0].replace("[io,processing]", "")
        for peer in ("datatrove", "text-dedup")
    )
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, "
        f"Python {platform.python_version()}; {packages}; peers {peers}."
    )


def write_up(results: Sequence[Result], load_at_start: float, compiling: float | None) -> list[str]:
    """Return what the page holds between its marks."""
    busy = f"Load when the run began: {load_at_start:.1f}." if load_at_start > 1 else ""
    cold = compiling and (
        f"Our first runs after installing compile: {compiling:.0f} CPU s in all on {SMALL_ROWS:,} rows."
    )
    return [" ".join(filter(None, (machine(), busy, cold))), "", *table(results), *growth(results)]


def growth(results: Sequence[Result]) -> list[str]:
    """Return a line for each of our jobs that ran at two sizes or more: how time grows with rows."""
    lines = []
    for name in ("ours", "ours-scan"):
        own = sorted((r for r in results if r.name == name), key=lambda r: r.rows)
        for small, large in pairwise(own):
            wall, cpu = large.took.wall / small.took.wall, large.took.cpu / small.took.cpu
            lines.append(
                f"- {large.label}: {large.rows:,} rows take {wall:.1f} times the wall clock "
                f"and {cpu:.1f} times the processor time of {small.rows:,}."
            )
    return ["", *lines] if lines else []


def main() -> None:
    """Run the standard set and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True, help="a folder outside the checkout")
    parser.add_argument("--sizes", type=int, nargs="+", default=[30_000, 300_000])
    parser.add_argument("--only", nargs="*", default=[], help="names of contenders")
    parser.add_argument("--repeats", type=int, default=3, help="runs of our own; a peer has one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    ours = shlex.join([sys.executable, "-m", "pixelated"])
    parser.add_argument("--program", default=ours, help="our own command, as one string")
    parser.add_argument("--results", type=Path, help="write every number here, as JSON")
    parser.add_argument("--section", choices=["dedup", "scale"], default="dedup", help="of the page")
    parser.add_argument("--no-page", action="store_true", help="print the table, leave the page as it is")
    given = parser.parse_args()
    began = os.getloadavg()[0]
    cache = given.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    known = contenders(cache, given.workers, shlex.split(given.program))
    if unknown := set(given.only) - set(known):
        parser.error(f"no such contender: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    plan = [("naive", SMALL_ROWS)] if not given.only or "naive" in given.only else []
    plan += [(name, size) for size in given.sizes for name in chosen(known, given.only, size)]
    small = corpus(SMALL_ROWS, cache, seed=given.seed, workers=given.workers)
    compiling = first_runs(known, list(dict.fromkeys(name for name, _ in plan)), small)
    results = []
    for name, size in plan:
        folder = corpus(size, cache, seed=given.seed, workers=given.workers)
        repeats = given.repeats if name.startswith(ALONE) else 1
        results.append(measure(name, known[name], folder, load(folder), repeats))
    lines = write_up(results, began, compiling)
    if given.results:
        given.results.write_text(json.dumps([asdict(r) | r.quality.facts() for r in results], indent=1))
    if given.no_page:
        print("\n".join(lines))
    else:
        page.write(given.section, lines)


if __name__ == "__main__":
    main()
