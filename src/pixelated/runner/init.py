"""`pixelated init`: a starter recipe and registry that build as they are."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pixelated.core.errors import UsageError
from pixelated.core.store import LocalStore

RECIPE = """\
# What to build, from which sources, under which policy. Check it: pixelated plan recipe.yaml
name: NAME
title: "NAME"
corpora: .                  # the sources' paths start here
registry: [registry.yaml]
policy: default             # or a path of your own; see docs/adding-a-policy.md
seed: 17
"""

REGISTRY = """\
# One entry per source and no code. Unknown keys are errors; docs/adding-a-source.md has them all.
sources:
  my_source:
    title: "what it is"
    path: raw/my_source
    license: NOASSERTION            # an SPDX id; NOASSERTION never passes the provenance gate
    license_evidence: "where the licence was read, or what is missing"
    families: [mental_health_datasets]
    tier: 2
    origin: synthetic               # human, transcript, synthetic, augmented, model
    retrieved_at: "2026-01-01"
    mapping: {shape: auto}          # or messages, utterances, pair, preference, diarised, text, ...
"""

EXAMPLE = """\
{"messages": [{"role": "client", "content": "I said yes again. I always say yes."}, \
{"role": "therapist", "content": "And some part of you noticed. What did the yes cost you this time?"}]}
"""


def write_starter(folder: Path) -> list[Path]:
    """Write recipe.yaml, registry.yaml and one example file; refuse to overwrite.

    Raises:
        UsageError: one of the files is there already, or the folder cannot be written.
    """
    name = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_") or "my-corpus"
    files = {
        "recipe.yaml": RECIPE.replace("NAME", name),
        "registry.yaml": REGISTRY,
        "raw/my_source/example.jsonl": EXAMPLE,
    }
    for file in files:
        if (folder / file).exists():
            raise UsageError("exists", f"{folder / file} is there already", "choose an empty folder")
    store = LocalStore(folder)
    for file, text in files.items():
        store.write(file, partial(_write, text.encode("utf-8")))
    return [folder / file for file in files]


def _write(data: bytes, stream: BinaryIO) -> None:
    stream.write(data)
