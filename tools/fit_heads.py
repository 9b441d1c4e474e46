"""Fit the heads that ship in presets/score on the permissive corpora that they name.

python tools/fit_heads.py FOLDER_OF_CORPORA
"""

import hashlib
import json
import sys
from pathlib import Path

from pixelated.score.agreement import diasafety
from pixelated.score.agreement._measured import Row
from pixelated.score.agreement.metrics import macro_f1
from pixelated.score.harmfulness import SHIPPED
from pixelated.score.heads import cross_validate, fit
from pixelated.score.targets import TARGETS

SEED, FOLDS = 0, 5
PRESETS = Path(__file__).parents[1] / "src" / "pixelated" / "presets" / "score"


def main(corpora: Path) -> None:
    """Write harmfulness_risk.json."""
    folder = corpora / "diasafety"
    digest = hashlib.sha256()
    for name in diasafety.FILES:
        digest.update((folder / f"{name}.json").read_bytes())
    for part in SHIPPED:
        category = diasafety.CATEGORIES[part]
        write(part, category, diasafety.load(corpora, category), digest.hexdigest())


def write(part: str, category: str, rows: list[Row], digest: str) -> None:
    """Fit a head on all rows, measure it by folds cut by context, and write it."""
    target = TARGETS.get(f"harmfulness/{part}")
    samples = [target.sample(row.dialogue, 1) for row in rows]
    labels, groups = [row.label for row in rows], [row.group for row in rows]
    classes, chances = cross_validate(samples, labels, groups, target.plan, seed=SEED, folds=FOLDS)
    value = macro_f1(labels, [classes[n] for n in chances.argmax(axis=1)])
    head = fit(
        f"harmfulness/{part}",
        samples,
        labels,
        target.plan,
        fitted_on={
            "name": f"DiaSafety, {category}",
            "licence": "Apache-2.0",
            "source": "https://github.com/thu-coai/DiaSafety",
            "rows": len(rows),
            "groups": len(set(groups)),
            "sha256": digest,
        },
        figures={"macro-F1": round(value, 4), "how": f"{FOLDS} folds cut by context, seed {SEED}"},
    )
    path = PRESETS / f"harmfulness_{part}.json"
    data = head.to_json()
    path.write_text(json.dumps(data, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="utf-8")
    print(path.name, path.stat().st_size, round(value, 4))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
