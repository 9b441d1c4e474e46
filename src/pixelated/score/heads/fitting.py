"""Fitting a head (extra `fit`): n-grams chosen by a first fit, weights from a second one on those alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pixelated.core.uploads.extras import need
from pixelated.score.agreement.folds import Rows, grouped_folds
from pixelated.score.heads.head import FARTHEST, Array, Grams, Head, Plan, Sample, counted

Blocks = Mapping[str, Sequence[Counter[str]]]


def fit(
    scorer: str,
    samples: Sequence[Sample],
    labels: Sequence[str],
    plan: Plan,
    *,
    fitted_on: Mapping[str, Any] | None = None,
    figures: Mapping[str, Any] | None = None,
    embedding: str = "",
) -> Head:
    """Fit a head on all samples."""
    fitted = _Fit(plan, samples, read_blocks(plan, samples), labels).on(np.arange(len(samples)))
    return Head(
        scorer=scorer,
        fitted_on=fitted_on or {},
        figures=figures or {},
        embedding=embedding,
        vector_scale=plan.vector_scale,
        **fitted,
    )


def cross_validate(
    samples: Sequence[Sample],
    labels: Sequence[str],
    groups: Sequence[str],
    plan: Plan,
    *,
    seed: int,
    folds: int = 5,
) -> tuple[tuple[str, ...], Array]:
    """Return the classes and, for each sample, their probabilities by a head fitted on other groups."""
    blocks = read_blocks(plan, samples)
    classes = tuple(sorted(set(labels)))
    found = np.zeros((len(samples), len(classes)))
    for train, test in grouped_folds(groups, seed, folds):
        head = Head(
            "", fitted_on={}, figures={}, vector_scale=plan.vector_scale,
            **_Fit(plan, samples, blocks, labels).on(train),
        )  # fmt: skip
        columns = [classes.index(name) for name in head.classes]
        for row in test:
            counts = {block: blocks[block][row] for block in blocks}
            found[row, columns] = _probabilities(head, samples[row], counts)
    return classes, found


def read_blocks(plan: Plan, samples: Sequence[Sample]) -> dict[str, list[Counter[str]]]:
    """Count the n-grams of every block of a plan, once for all folds."""
    names = [f"words:{name}" for name in plan.words] + [f"chars:{name}" for name in plan.chars]
    return {name: [counted(name, sample) for sample in samples] for name in names}


def _probabilities(head: Head, sample: Sample, counts: Mapping[str, Counter[str]]) -> Array:
    bare = Head(
        head.scorer, head.classes, head.bias, {}, head.numbers, head.vectors, {}, {}, "", head.vector_scale
    )
    logits = bare.logits(sample)
    for block, grams in head.grams.items():
        logits = logits + grams.logits(counts[block])
    grown: Array = np.exp(logits - logits.max())
    return grown / grown.sum()


class _Fit:
    """One way of fitting, over samples whose n-grams are counted."""

    def __init__(self, plan: Plan, samples: Sequence[Sample], blocks: Blocks, labels: Sequence[str]) -> None:
        self.plan, self.samples, self.blocks = plan, samples, blocks
        self.labels = np.array(list(labels))

    def on(self, rows: Rows) -> dict[str, Any]:
        """Return the parts of a head fitted on these rows."""
        if self.plan.fused and self.plan.vectors:
            return self._fused(rows)
        index = {
            name: _vocabulary([counts[n] for n in rows], self.plan.least)
            for name, counts in self.blocks.items()
        }
        rarity = {name: self._rarity(name, known, rows) for name, known in index.items()}
        dense, scales = self._dense(rows)
        if any(len(known) > self.plan.limit for known in index.values()):
            weights = self._solve(rows, index, rarity, dense)[1]
            index, rarity = _strongest(index, rarity, weights, self.plan.limit)
        classes, parts, bias = self._solve(rows, index, rarity, dense, with_bias=True)
        grams = {name: Grams(known, rarity[name], parts[name]) for name, known in index.items()}
        numbers, vectors = self._named(parts["dense"], scales)
        return {"classes": classes, "bias": bias, "grams": grams, "numbers": numbers, "vectors": vectors}

    def _fused(self, rows: Rows) -> dict[str, Any]:
        plain = replace(self.plan, vectors=())
        bare = replace(self.plan, words=(), chars=(), numbers=False, fused=False)
        read = _Fit(plain, self.samples, self.blocks, self.labels.tolist()).on(rows)
        meant = _Fit(bare, self.samples, {}, self.labels.tolist()).on(rows)
        return read | {"bias": read["bias"] + meant["bias"], "vectors": meant["vectors"]}

    def _rarity(self, name: str, known: Mapping[str, int], rows: Rows) -> Array:
        seen = np.zeros(len(known))
        for n in rows:
            for gram in self.blocks[name][n]:
                at = known.get(gram)
                if at is not None:
                    seen[at] += 1
        return np.log((1 + len(rows)) / (1 + seen)) + 1

    def _dense(self, rows: Rows) -> tuple[Array, dict[str, tuple[float, float]]]:
        columns, scales = [], {}
        if self.plan.numbers:
            for name in sorted({name for n in rows for name in self.samples[n].numbers}):
                values = np.array([self.samples[n].numbers.get(name, 0.0) for n in rows])
                spread = float(values.std())
                if spread > 0:
                    scales[name] = (float(values.mean()), spread)
                    far = np.clip((values - values.mean()) / spread, -FARTHEST, FARTHEST)
                    columns.append(far[:, None] * self.plan.number_scale)
        columns.extend(
            np.array([self.samples[n].vectors[name] for n in rows]) * self.plan.vector_scale
            for name in self.plan.vectors
        )
        return (np.hstack(columns) if columns else np.zeros((len(rows), 0))), scales

    def _solve(
        self,
        rows: Rows,
        index: Mapping[str, Mapping[str, int]],
        rarity: Mapping[str, Array],
        dense: Array,
        *,
        with_bias: bool = False,
    ) -> Any:
        need("sklearn", "fit", "score fit")
        from scipy import sparse  # noqa: PLC0415 -- an extra
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 -- an extra
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 -- it comes with scikit-learn

        parts = [_matrix([self.blocks[name][n] for n in rows], index[name], rarity[name]) for name in index]
        table = sparse.hstack([*parts, sparse.csr_matrix(dense)]).tocsr()
        model = LogisticRegression(
            C=self.plan.inverse_penalty, max_iter=400, class_weight="balanced" if self.plan.balanced else None
        )
        with threadpool_limits(1):  # threads that wait for each other take ten times as long
            model.fit(table, self.labels[rows])
        weights, bias = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # noqa: PLR2004 - one row of weights, for the second class
            weights, bias = np.vstack([-weights / 2, weights / 2]), np.array([-bias[0] / 2, bias[0] / 2])
        named, at = {}, 0
        for name in index:
            named[name] = weights[:, at : at + len(index[name])].T.copy()
            at += len(index[name])
        named["dense"] = weights[:, at:].T.copy()
        classes = tuple(str(name) for name in model.classes_)
        return (classes, named, bias) if with_bias else (classes, named)

    def _named(self, weights: Array, scales: Mapping[str, tuple[float, float]]) -> Any:
        numbers, vectors, at = {}, {}, 0
        for name, (centre, scale) in scales.items():
            numbers[name] = (centre, scale, weights[at] * self.plan.number_scale)
            at += 1
        for name in self.plan.vectors:
            width = len(self.samples[0].vectors[name])
            vectors[name] = weights[at : at + width]
            at += width
        return numbers, vectors


def _vocabulary(counts: Sequence[Counter[str]], least: int) -> dict[str, int]:
    seen: Counter[str] = Counter()
    for one in counts:
        seen.update(one.keys())
    return {gram: n for n, gram in enumerate(sorted(g for g, rows in seen.items() if rows >= least))}


def _strongest(
    index: Mapping[str, Mapping[str, int]],
    rarity: Mapping[str, Array],
    weights: Mapping[str, Array],
    limit: int,
) -> tuple[dict[str, dict[str, int]], dict[str, Array]]:
    kept_index, kept_rarity = {}, {}
    for name, known in index.items():
        size = np.abs(weights[name]).max(axis=1) * rarity[name]
        kept = set(np.argsort(-size, kind="stable")[:limit].tolist())
        grams = [gram for gram, n in known.items() if n in kept]
        kept_index[name] = {gram: n for n, gram in enumerate(grams)}
        kept_rarity[name] = rarity[name][[known[gram] for gram in grams]]
    return kept_index, kept_rarity


def _matrix(counts: Sequence[Counter[str]], known: Mapping[str, int], rarity: Array) -> Any:
    from scipy import sparse  # noqa: PLC0415 -- an extra

    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for one in counts:
        found = [(known[gram], 1 + math.log(count)) for gram, count in one.items() if gram in known]
        row = (
            np.array([value for _, value in found]) * rarity[[at for at, _ in found]]
            if found
            else np.zeros(0)
        )
        length = float(np.linalg.norm(row)) or 1.0
        values.extend((row / length).tolist())
        columns.extend(at for at, _ in found)
        ends.append(len(columns))
    return sparse.csr_matrix((values, columns, ends), shape=(len(counts), len(known)))
