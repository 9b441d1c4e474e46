"""Shared fixtures: where the real corpora lie, and a small corpus of this project's own."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
import yaml

pytest_plugins = ["servers.fixtures"]
ROOT = Path(__file__).resolve().parent.parent


def corpora_folder() -> Path | None:
    """Return the folder of the real corpora, or None."""
    given = os.environ.get("PIXELATED_CORPORA")
    folder = Path(given) if given else ROOT.parent / "shared" / "corpora"
    return folder if folder.is_dir() else None


@pytest.fixture
def corpora() -> Path:
    folder = corpora_folder()
    if folder is None:
        pytest.skip("the real corpora are not beside the checkout (../shared/corpora or $PIXELATED_CORPORA)")
    return folder


SITUATIONS = (
    "the night shifts", "my sister's wedding", "the letter from the landlord", "a cough that will not go",
    "the empty chair at dinner", "the promotion I did not want", "my son's school", "the drive past the house",
    "a bottle in the garage", "the dog we had to give away", "the panel interview", "my father's silence",
)  # fmt: skip
FEELINGS = ("tired", "furious", "numb", "ashamed", "restless", "relieved, which is worse", "small", "on edge")


THINGS = (
    "kettle", "ladder", "bicycle", "lantern", "violin", "envelope", "blanket", "compass", "teapot", "suitcase",
    "mirror", "notebook", "umbrella", "candle", "photograph", "radio",
)  # fmt: skip


def things(number: int, turn: int) -> str:
    """Return five things that a turn of a dialogue names, so that no two dialogues are nearly the same."""
    drawn = hashlib.sha256(f"{number}/{turn}".encode()).digest()[:5]
    names = [f"the {THINGS[byte % len(THINGS)]}" for byte in drawn]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def dialogue(number: int) -> list[tuple[str, str]]:
    """Return a short dialogue that no other number has."""
    about, feeling = SITUATIONS[number % len(SITUATIONS)], FEELINGS[number // len(SITUATIONS) % len(FEELINGS)]
    one, two, three, four = (things(number, turn) for turn in range(4))
    return [
        (
            "client",
            f"I keep coming back to {about}. It is day {number} of counting {one} and I am {feeling}.",
        ),
        ("therapist", f"Day {number}. What is it about {about} that has not let you go, or about {two}?"),
        ("client", f"If I stop counting {three}, then {about} was for nothing, and I am only {feeling}."),
        ("therapist", f"So {four} keep it meaningful. Who else knows that you are {feeling}?"),
    ]


def write_small_corpus(root: Path, rows: int = 40) -> Path:
    """Write four sources in four formats and a recipe for them; return the recipe."""
    root.mkdir(parents=True, exist_ok=True)
    chats = [dialogue(i) for i in range(rows)]
    lines = [json.dumps({"messages": [{"role": r, "content": c} for r, c in chat]}) for chat in chats]
    (root / "chats.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pairs = [dialogue(1000 + i) for i in range(rows)]
    table = ["question,answer"] + [f'"{c[0][1]}","{c[1][1]}"' for c in pairs]
    (root / "pairs.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    share = [{"conversations": [{"from": r, "value": c} for r, c in dialogue(2000 + i)]} for i in range(rows)]
    (root / "share.json").write_text(json.dumps(share), encoding="utf-8")
    for i in range(5):
        text = "\n".join(f"{r.title()}: {c}" for r, c in dialogue(3000 + i))
        (root / f"talk_{i}.txt").write_text(text, encoding="utf-8")
    return write_recipe(root)


def write_recipe(root: Path, **changes: object) -> Path:
    """Write registry and recipe beside the small corpus."""
    entry = {
        "license": "Apache-2.0",
        "origin": "synthetic",
        "retrieved_at": "2026-01-02",
        "tier": 2,
        "uri": "own",
    }
    family = {"families": ["mental_health_datasets"]}
    sources = {
        "chats": entry | family | {"files": ["chats.jsonl"], "mapping": {"shape": "messages"}},
        "pairs": entry | family | {"files": ["pairs.csv"], "mapping": {"shape": "auto"}},
        "share": entry | {"families": ["addiction"]} | {"files": ["share.json"]},
        "talks": entry | {"families": ["cptsd"]} | {"files": ["talk_*.txt"]},
    }
    (root / "registry.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    recipe = {"name": "small", "corpora": ".", "registry": ["registry.yaml"], "seed": 3} | changes
    path = root / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return path


def digest(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file under `folder`."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
