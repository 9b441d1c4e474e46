"""What is compared: for each tool, the command to run on a corpus, and which rows it removed.

Every peer has an environment of its own, made from the pins in `peers/`. Settings are equal as far as they
can be: word 3-grams, .85, two processes. What a tool does not let one set is left as shipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.measure import CommandFailedError
from bench.naive import rows
from bench.quality import Quality, Truth, files, ids, judge, judge_clusters, names

HERE = Path(__file__).resolve().parent
THRESHOLD = 0.85
NGRAMS = 3


def environment(cache: Path, peer: str) -> Path:
    """Return the Python of a peer's environment, made if it is not there."""
    pins = HERE / "peers" / f"{peer}.txt"
    name = f"{peer}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:8]}"
    folder = cache / name
    python = folder / "bin/python"
    if not (folder / "ready").exists():
        print(f"installing {peer} into its own environment", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", pins], check=True)
        (folder / "ready").touch()
    return python


@dataclass(frozen=True)
class Contender(ABC):
    """One tool with one way to run it.

    Attributes:
        label: its line in the table.
        cache: where its environment and its work lie.
        workers: processes.
    """

    label: str
    cache: Path
    workers: int

    @property
    def work(self) -> Path:
        """Folder that is emptied before each run."""
        return self.cache / "work"

    @abstractmethod
    def command(self, corpus: Path) -> list[str]:
        """Return the command that deduplicates the corpus; called before the clock starts."""

    @abstractmethod
    def quality(self, corpus: Path, truth: Truth) -> Quality:
        """Judge what the last run left in `work`."""

    def environ(self) -> dict[str, str]:
        """Return the command's environment: no network, no threads beside its processes."""
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(self.work / "home")}
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return inherited | offline | single

    def _judge_kept(self, corpus: Path, truth: Truth, kept: set[str]) -> Quality:
        known = {i for path in files(corpus) for i in ids(path)}
        if not kept or not kept <= known:
            raise CommandFailedError(
                f"{self.label}: {len(kept)} rows kept, {len(kept - known)} of them unknown"
            )
        return judge(truth, known - kept, threshold=THRESHOLD)


@dataclass(frozen=True)
class Pixelated(Contender):
    """This project's `dedup`; `more` are further flags."""

    program: Sequence[str]
    more: tuple[str, ...] = ()

    def command(self, corpus: Path) -> list[str]:
        """Return it with the flags that the page names."""
        paths = [str(p) for p in files(corpus)]
        flags = ["--output", str(self.work / "out"), "--confirm", "--json", "--workers", str(self.workers)]
        return [*self.program, "dedup", *paths, *flags, *self.more]

    def environ(self) -> dict[str, str]:
        """Return it with a place for compiled kernels that `forget` can empty."""
        return super().environ() | {"NUMBA_CACHE_DIR": str(self._compiled)}

    def forget(self) -> None:
        """Remove every compiled kernel, as after installing."""
        shutil.rmtree(self._compiled, ignore_errors=True)

    @property
    def _compiled(self) -> Path:
        return self.cache / "compiled"

    def quality(self, corpus: Path, truth: Truth) -> Quality:
        """Judge the clusters, and hold the rows written to them."""
        out, known = self.work / "out", names(corpus)
        with (out / "clusters.jsonl").open(encoding="utf-8") as file:
            found = judge_clusters(truth, map(json.loads, file), known, threshold=THRESHOLD)
        kept = sum(_lines(p) for p in [*out.glob("kept/part-*.jsonl"), *out.glob("records.jsonl")])
        total = sum(map(len, known.values()))
        if kept + found.removed != total:
            raise CommandFailedError(f"{total} rows, {kept} kept, {found.removed} removed: the sum is wrong")
        return found


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 22), b""))


@dataclass(frozen=True)
class Datatrove(Contender):
    """datatrove's exact or MinHash stages."""

    job: str
    tokenizer: str = "default"

    def command(self, corpus: Path) -> list[str]:
        """Return the job's command."""
        python = environment(self.cache, "datatrove")
        script, out = HERE / "peers/datatrove_job.py", self.work / "out"
        flags = {
            "--work": self.work / "stages",
            "--output": out,
            "--tokenizer": self.tokenizer,
            "--ngrams": NGRAMS,
            "--files": len(files(corpus)),
            "--workers": self.workers,
        }
        named = [str(x) for flag in flags.items() for x in flag]
        return [str(python), str(script), self.job, str(corpus), *named]

    def quality(self, corpus: Path, truth: Truth) -> Quality:
        """Judge the rows it wrote."""
        kept = {i for path in (self.work / "out").glob("*.jsonl") for i in ids(path)}
        return self._judge_kept(corpus, truth, kept)


@dataclass(frozen=True)
class TextDedup(Contender):
    """text-dedup's MinHash; its rows have to be flat, and are made so before the clock starts."""

    def command(self, corpus: Path) -> list[str]:
        """Flatten the corpus and return the command."""
        python = environment(self.cache, "text-dedup")
        flat = corpus / "flat.jsonl"
        if not flat.exists():
            part = flat.with_suffix(".part")
            with part.open("w", encoding="utf-8") as file:
                for row in rows(corpus):
                    text = "\n".join(m["content"] for m in row["messages"])
                    file.write(json.dumps({"id": row["id"], "text": text}, ensure_ascii=False) + "\n")
            part.rename(flat)
        flags = {
            "--path": "json",
            "--data_files": flat,
            "--split": "train",
            "--cache_dir": self.work / "cache",
            "--output": self.work / "out",
            "--column": "text",
            "--ngram": NGRAMS,
            "--threshold": THRESHOLD,
            "--num_perm": 128,
            "--num_proc": self.workers,
        }
        return [str(python), "-m", "text_dedup.minhash", *(str(x) for flag in flags.items() for x in flag)]

    def quality(self, corpus: Path, truth: Truth) -> Quality:
        """Judge the rows it saved."""
        python, listed = environment(self.cache, "text-dedup"), self.work / "kept.txt"
        subprocess.run([python, HERE / "peers/rows_of.py", self.work / "out", listed], check=True)
        return self._judge_kept(corpus, truth, set(listed.read_text(encoding="utf-8").split()))


@dataclass(frozen=True)
class Naive(Contender):
    """Every conversation with every other."""

    def command(self, corpus: Path) -> list[str]:
        """Return its command."""
        out = str(self.work / "removed.txt")
        return [sys.executable, "-m", "bench.naive", str(corpus), "--output", out]

    def quality(self, corpus: Path, truth: Truth) -> Quality:
        """Judge the rows it named."""
        del corpus
        return judge(truth, set((self.work / "removed.txt").read_text().split()), threshold=THRESHOLD)


def contenders(cache: Path, workers: int, program: Sequence[str]) -> dict[str, Contender]:
    """Return all, by short name."""
    ours = Pixelated("pixelated, dedup alone", cache, workers, program)
    minhash = Datatrove("datatrove MinHash, as shipped (spaCy)", cache, workers, "minhash")
    return {
        "ours": ours,
        "ours-scan": replace(ours, label="pixelated, full job", more=("--scan",)),
        "datatrove-exact": Datatrove("datatrove exact", cache, workers, "exact"),
        "datatrove-whitespace": replace(
            minhash, label="datatrove MinHash, white-space tokenizer", tokenizer="whitespace"
        ),
        "datatrove": minhash,
        "text-dedup": TextDedup("text-dedup MinHash", cache, workers),
        "naive": Naive("every pair, O(n²)", cache, 1),
    }
