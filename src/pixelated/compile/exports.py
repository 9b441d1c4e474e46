"""Files made from the shards for a trainer: the compiled export, one file per stage, preference pairs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Self

import orjson

from pixelated.core.store import explain_os_error

COMPILED = "compiled/final_training_dataset.jsonl"
SPLITS = ("train", "val", "test")


def write_exports(dataset: Path, shards: list[dict[str, Any]]) -> list[str]:
    """Write the exports of `dataset` in one pass over its shards; return their names, sorted.

    `compiled/final_training_dataset.jsonl` holds every train record as it stands in the shards;
    `stages/<stage>.jsonl` the train records of one stage as {"id", "messages"} (SFT) or {"id", "text"}
    (pretraining), but for those with masked turns: not every trainer can leave one reply out of the loss, so
    that these stand in `masked/<stage>.jsonl`, each message with `train`: true or false;
    `preference/<split>.jsonl` {"id", "prompt", "chosen", "rejected"} in the conversational form of TRL.
    """
    with _Outputs(dataset) as outputs:
        outputs.open(COMPILED)
        for split in SPLITS:
            for line in _lines(dataset, shards, split):
                if split == "train":
                    outputs.open(COMPILED).write(line)
                name, row = _export(orjson.loads(line), split)
                if name:
                    outputs.open(name).write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        return outputs.finish()


def _export(record: dict[str, Any], split: str) -> tuple[str | None, dict[str, Any]]:
    kind, stage = record["kind"], record["metadata"]["phase"]
    if kind == "preference":
        row = {"id": record["id"], "prompt": record["messages"]}
        return f"preference/{split}.jsonl", row | {k: record[k] for k in ("chosen", "rejected")}
    if split != "train":
        return None, {}
    if kind == "text":
        text = "\n\n".join(m["content"] for m in record["messages"])
        return f"stages/{stage}.jsonl", {"id": record["id"], "text": text}
    if masked := set(record["metadata"]["masked_turns"]):
        learned = [
            message | {"train": message["role"] == "assistant" and at not in masked}
            for at, message in enumerate(record["messages"])
        ]
        return f"masked/{stage}.jsonl", {"id": record["id"], "messages": learned}
    return f"stages/{stage}.jsonl", {"id": record["id"], "messages": record["messages"]}


def _lines(dataset: Path, shards: list[dict[str, Any]], split: str) -> Iterator[bytes]:
    for shard in shards:
        if shard["split"] == split:
            with (dataset / shard["s3_path"]).open("rb") as f:
                yield from f


class _Outputs:
    """Files of a dataset that is not there yet: they are opened when first needed."""

    def __init__(self, dataset: Path) -> None:
        self._dataset = dataset
        self._stack = ExitStack()
        self._open: dict[str, BinaryIO] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, name: str) -> BinaryIO:
        if name not in self._open:
            path = self._dataset / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[name] = self._stack.enter_context(path.open("wb"))
        return self._open[name]

    def finish(self) -> list[str]:
        try:
            self._stack.close()
        except OSError as error:
            raise explain_os_error(error, self._dataset) from error
        return sorted(self._open)
