"""Dialogues of the corpora as messages, each with its group; turns of one speaker in a row are joined."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pixelated.score.agreement.protocol import folder

Messages = list[dict[str, str]]


def merged(turns: Iterable[tuple[str, str]]) -> Messages:
    """Return (role, text) turns as messages, joining those of one speaker in a row."""
    messages: Messages = []
    for role, text in turns:
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += " " + text
        else:
            messages.append({"role": role, "content": text})
    return messages


def table(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file, in UTF-8 with or without a mark."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def esconv(corpora: Path) -> list[tuple[str, Messages]]:
    """Return (problem type, messages) of ESConv's dialogues; the human supporter is the assistant."""
    roles = {"sys": "assistant", "usr": "user"}
    lines = [
        json.loads(line)
        for name in ("train", "valid", "test")
        for line in (folder(corpora, "esconv") / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    ]
    return [
        (one["problem_type"], merged((roles[t["speaker"]], t["text"].strip()) for t in one["dialog"]))
        for one in lines
    ]


def annomi(corpora: Path) -> list[tuple[str, Messages]]:
    """Return (topic, messages) of AnnoMI's sessions; the therapist is the assistant."""
    sessions: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for row in table(folder(corpora, "annomi") / "AnnoMI-simple.csv"):
        role = "assistant" if row["interlocutor"] == "therapist" else "user"
        turns = sessions.setdefault(row["transcript_id"], (row["topic"], []))[1]
        turns.append((role, row["utterance_text"]))
    return [(topic, merged(turns)) for topic, turns in sessions.values()]
