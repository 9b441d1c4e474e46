"""Strata: all records, each stage and each family; their shares of the splits, and why one is off.

A share is of the rows outside holdouts. Where it is more than half a point off, the statement names the
stratum, its largest component and that component's size: a group is never cut to meet a share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.curate.components import Floats, Ints, Parts
from pixelated.curate.holdout import family_rows
from pixelated.curate.policy import SPLITS

TOLERANCE = 0.005  # of the rows of a stratum
_EXACT = 1e-9


@dataclass(frozen=True)
class Stratum:
    """Rows that are to be split in the required ratio by themselves."""

    name: str
    rows: Ints

    @property
    def slack(self) -> float:
        """Return how many rows a share may be off; half a row at least, since rows are whole."""
        return max(TOLERANCE * len(self.rows), 0.5) + _EXACT


def strata_of(keys: pa.Table, pool: npt.NDArray[np.bool_]) -> list[Stratum]:
    """Return the strata of the rows in `pool`: all of them, then stages, then families, each by name."""
    everything = Stratum("all", np.flatnonzero(pool).astype(np.int64))
    return [s for s in (everything, *_stages(keys, pool), *_families(keys, pool)) if len(s.rows)]


def _stages(keys: pa.Table, pool: npt.NDArray[np.bool_]) -> Iterator[Stratum]:
    column = keys.column("stage")
    for name in sorted(pc.unique(column).drop_null().to_pylist()):
        mine = pc.fill_null(pc.equal(column, name), False).to_numpy()
        yield Stratum(f"stage {name}", np.flatnonzero(mine & pool).astype(np.int64))


def _families(keys: pa.Table, pool: npt.NDArray[np.bool_]) -> Iterator[Stratum]:
    names = sorted(
        pc.unique(pc.list_flatten(keys.column("families").combine_chunks())).drop_null().to_pylist()
    )
    for name, rows in family_rows(keys, names).items():
        yield Stratum(f"family {name}", rows[pool[rows]])


def wanted_rows(stratum: Stratum, ratio: dict[str, float]) -> Floats:
    """Return how many rows of the stratum each split is to hold, in the order of `SPLITS`."""
    return np.array([ratio[split] for split in SPLITS]) * len(stratum.rows)


def rows_by_split(stratum: Stratum, parts: Parts, chosen: Ints) -> Ints:
    """Return how many rows of the stratum each split holds."""
    return np.bincount(chosen[parts.labels[stratum.rows]], minlength=len(SPLITS))


def statement(
    strata: list[Stratum], parts: Parts, chosen: Ints, free: npt.NDArray[np.bool_], ratio: dict[str, float]
) -> dict[str, Any]:
    """Return the shares of every stratum, and what stands in the way of those that are off.

    Args:
        strata: as from `strata_of`.
        parts: the components.
        chosen: split of each component as its position in `SPLITS`.
        free: components that neither a holdout nor the history has settled.
        ratio: the required shares.
    """
    shares, off = {}, []
    for stratum in strata:
        have, total = rows_by_split(stratum, parts, chosen), len(stratum.rows)
        shares[stratum.name] = {"rows": total} | {
            split: round(int(n) / total, 6) for split, n in zip(SPLITS, have, strict=True)
        }
        away = np.abs(have - wanted_rows(stratum, ratio))
        if away.max() > TOLERANCE * total + _EXACT:
            off.append(_why(stratum, parts, free, ratio) | {"shares": shares[stratum.name]})
    return {"tolerance": TOLERANCE, "shares": shares, "off": off}


def _why(
    stratum: Stratum, parts: Parts, free: npt.NDArray[np.bool_], ratio: dict[str, float]
) -> dict[str, Any]:
    sizes = np.bincount(parts.labels[stratum.rows], minlength=len(parts))
    total, most, here = len(stratum.rows), int(sizes.max()), np.flatnonzero(sizes)
    largest = min(parts.names.take(pa.array(np.flatnonzero(sizes == most))).to_pylist())
    settled = int(sizes[here[~free[here]]].sum())
    if total * TOLERANCE < 1:
        reason = f"one of its {total} rows is more than half a point"
    elif not _sizes_allow(np.sort(sizes[here])[::-1].tolist(), stratum, ratio):
        reason = (
            f"no choice of whole groups was found that meets it; the largest holds {most} of {total} rows"
        )
    elif settled:
        reason = f"{settled} of its {total} rows are where a holdout or an earlier run has put them"
    else:
        reason = "no move of a whole group brings it nearer without taking another stratum away"
    return {"stratum": stratum.name, "group": largest, "group_rows": most, "groups": len(here), "why": reason}


def _sizes_allow(sizes: list[int], stratum: Stratum, ratio: dict[str, float]) -> bool:
    """Say whether groups of these sizes (largest first) fill val and then test to within the tolerance."""
    slack = TOLERANCE * len(stratum.rows)
    for split in ("val", "test"):
        room, rest = ratio[split] * len(stratum.rows), list[int]()
        for at, size in enumerate(sizes):
            if room <= slack:
                rest += sizes[at:]
                break
            if size <= room + slack:
                room -= size
            else:
                rest.append(size)
        if room > slack + _EXACT:
            return False
        sizes = rest
    return True
