"""Fit the tagger of names and write it with its provenance.

python tools/fit_names/fit.py CORPORA [--salt shipped] [--output FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pycrfsuite

sys.path.insert(0, str(Path(__file__).parents[1]))
from fit_names import sentences as s

from pixelated.clean.measure import presidio
from pixelated.clean.names.features import features_of
from pixelated.clean.names.model import from_file
from pixelated.clean.names.split import HELD_SHARE, SHIPPED

SEED = 20251
PRESETS = Path(__file__).parents[2] / "src" / "pixelated" / "presets" / "pii"
TIMES = {"presidio_research templates (MIT)": 14, "own templates": 16, "own frames": 70}
PARAMETERS = {
    "c1": 0.12,
    "c2": 0.01,
    "max_iterations": 90,
    "feature.minfreq": 2,
    "feature.possible_transitions": False,
}


def main() -> None:
    """Read the corpora, fit, write `names.crfsuite` and `names.json`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--salt", default=SHIPPED)
    parser.add_argument("--output", type=Path, default=PRESETS)
    asked = parser.parse_args()
    start = time.monotonic()
    parts = sentences_by_source(asked.corpora, asked.salt)
    model = asked.output / "names.crfsuite"
    fit(parts, model)
    card = provenance(parts, model, asked.salt)
    found = presidio(asked.corpora, from_file(model), asked.salt)
    card["figures"] = {"presidio_research, held-out templates, with the patterns": found}
    (asked.output / "names.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    print(json.dumps(card["sentences"]), f"{card['bytes']:,} bytes, {time.monotonic() - start:.0f} s")


def sentences_by_source(corpora: Path, salt: str) -> dict[str, list[s.Sentence]]:
    """Return the labelled sentences of each source."""
    rng = random.Random(SEED)
    presidio, own, frames = TIMES
    return {
        presidio: list(s.from_templates(s.presidio_templates(corpora, salt), TIMES[presidio], rng)),
        own: list(
            s.from_templates(
                s.own_templates("talk") + s.own_templates("prose") + s.own_templates("plain"), TIMES[own], rng
            )
        ),
        frames: list(s.from_templates(s.own_templates("frames"), TIMES[frames], rng)),
        "counsel_chat (MIT), as it is and with names put in": list(s.from_counsel_chat(corpora, salt, rng)),
    }


def fit(parts: dict[str, list[s.Sentence]], model: Path) -> None:
    """Fit on all parts, in one fixed order."""
    rng = random.Random(SEED + 1)
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(PARAMETERS)
    for sentences in parts.values():
        for sentence in sentences:
            seen = s.varied(sentence, rng)
            trainer.append(features_of(seen.words, s.masks(seen, rng)), seen.labels)
    trainer.train(str(model))


def provenance(parts: dict[str, list[s.Sentence]], model: Path, salt: str) -> dict[str, object]:
    """Return what is written beside the model."""
    labels = Counter(
        label[2:] for part in parts.values() for x in part for label in x.labels if label[0] == "B"
    )
    return {
        "what": "conditional random field (crfsuite, L-BFGS, L1 and L2) over words; names and places",
        "fitted_by": "tools/fit_names/fit.py",
        "seed": SEED,
        "split": f"held out: skeletons and texts whose hash with the salt {salt!r} is below {HELD_SHARE} %",
        "names_from": f"Faker {version('Faker')} (MIT) and own word lists",
        "parameters": PARAMETERS,
        "sentences": {name: len(part) for name, part in parts.items()},
        "spans": dict(sorted(labels.items())),
        "labels": sorted(labels),
        "bytes": model.stat().st_size,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
    }


if __name__ == "__main__":
    main()
