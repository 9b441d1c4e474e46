"""Run datatrove's exact or MinHash deduplication over conversations; runs in datatrove's environment.

The stages and their order are those of datatrove's own examples. Rows are read from the same files as ours,
and rows that stay are written as JSON lines, not compressed.
"""

from __future__ import annotations

import argparse
from typing import Any

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.exact_dedup import (
    ExactDedupConfig,
    ExactDedupFilter,
    ExactDedupSignature,
    ExactFindDedups,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.word_tokenizers import WordTokenizer


class Whitespace(WordTokenizer):
    """Words are what white space parts: the cheapest tokenizer there is."""

    def __init__(self) -> None:
        super().__init__("en")

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """Not asked for."""
        raise NotImplementedError

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Not asked for."""
        raise NotImplementedError


def as_document(_self: object, data: dict[str, Any], _path: str, _number: int | str) -> dict[str, Any]:
    """Return what a reader makes a document of: the messages' contents as one text."""
    text = "\n".join(m["content"] for m in data["messages"])
    return {"text": text, "id": data["id"], "metadata": {"messages": data["messages"]}}


def as_row(_self: object, document: Document) -> dict[str, Any]:
    """Return the row that is written."""
    return {"id": document.id, "messages": document.metadata["messages"]}


def text_of(document: Document) -> str:
    """Return what exact deduplication hashes."""
    return document.text


def job(given: argparse.Namespace) -> None:
    """Run the stages one after the other."""
    work = given.work
    minhash = MinhashConfig(n_grams=given.ngrams)

    def reader() -> JsonlReader:
        return JsonlReader(given.input, glob_pattern="conversations-*.jsonl", adapter=as_document)

    def run(name: str, pipeline: list[Any], tasks: int) -> None:
        LocalPipelineExecutor(
            pipeline, tasks=tasks, workers=min(tasks, given.workers), logging_dir=f"{work}/logs/{name}"
        ).run()

    files = given.files
    writer = JsonlWriter(given.output, output_filename="${rank}.jsonl", compression=None, adapter=as_row)
    if given.job == "exact":
        config = ExactDedupConfig(content_getter=text_of)
        run("signatures", [reader(), ExactDedupSignature(f"{work}/signatures", config)], files)
        run("find", [ExactFindDedups(f"{work}/signatures", f"{work}/found", config)], 1)
        run("filter", [reader(), ExactDedupFilter(f"{work}/found", config), writer], files)
        return
    tokenizer = {"language": Whitespace()} if given.tokenizer == "whitespace" else {}
    run("signatures", [reader(), MinhashDedupSignature(f"{work}/signatures", minhash, **tokenizer)], files)
    buckets = MinhashDedupBuckets(f"{work}/signatures", f"{work}/buckets", config=minhash)
    run("buckets", [buckets], minhash.num_buckets)
    run("clusters", [MinhashDedupCluster(f"{work}/buckets", f"{work}/remove", config=minhash)], 1)
    run("filter", [reader(), MinhashDedupFilter(f"{work}/remove"), writer], files)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["exact", "minhash"])
    parser.add_argument("input")
    parser.add_argument("--work", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--tokenizer", choices=["whitespace", "default"], default="default")
    parser.add_argument("--ngrams", type=int, default=3)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    job(parser.parse_args())


if __name__ == "__main__":
    main()
