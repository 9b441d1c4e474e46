"""An audit of what was not reviewed: a sample that people read, and an exact bound on what may still leak.

Records whose status is not `requires_review` are drawn by a seed. Somebody reads each, and says whether it
leaks an identifier; from the answers follows the exact (Clopper-Pearson) upper bound, at 95 %, of the share
of leaking records.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import UsageError
from pixelated.core.lines import BOM

AUDIT_FILE = "AUDIT.jsonl"
AIM = 0.001  # of the records, at most, may leak
_CONFIDENCE = 0.95
_STEPS = 60  # halvings of an interval


def sample(names: Sequence[str | int], size: int, seed: int) -> list[str | int]:
    """Return `size` of the ids (all, if there are fewer), in the order in which they stand."""
    rng = random.Random(seed)  # noqa: S311 - a sample, no secret
    chosen = sorted(rng.sample(range(len(names)), min(size, len(names))))
    return [names[i] for i in chosen]


def upper_bound(leaks: int, read: int) -> float:
    """Return the largest share of leaking records that `leaks` among `read` still allow, at 95 %."""
    if read == 0 or leaks >= read:
        return 1.0
    low, high = leaks / read, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most(leaks, read, middle) > 1 - _CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def needed(leaks: int, aim: float = AIM) -> int:
    """Return how many records must be read, `leaks` of them leaking, to be sure of the aim."""
    low, high = leaks, max(1, 2 * leaks)
    while upper_bound(leaks, high) > aim:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if upper_bound(leaks, middle) > aim:
            low = middle
        else:
            high = middle
    return high


def judged(path: Path) -> dict[str, Any]:
    """Read answers, lines of `{"id", "leak": true or false}`; return the counts and the bound.

    A line without `leak` was not read yet. `more` says how many others must be read, none of them leaking.

    Raises:
        UsageError: there is no such file, or a line is none of that form.
    """
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    said: dict[str | int, bool] = {}
    for number, line in enumerate(path.read_bytes().removeprefix(BOM).split(b"\n"), 1):
        if line.strip():
            _take(said, line, f"{path}, line {number}")
    leaks, read = sum(said.values()), len(said)
    bound = upper_bound(leaks, read)
    more = max(0, needed(leaks) - read)
    return {"read": read, "leaks": leaks, "upper_bound_95": round(bound, 6), "aim": AIM, "more": more}


def _take(said: dict[str | int, bool], line: bytes, where: str) -> None:
    remedy = f'each line is one of {AUDIT_FILE} with "leak": true or false'
    try:
        answer = orjson.loads(line)
        name, leak = answer["id"], answer.get("leak")
        if not isinstance(name, str | int) or not isinstance(leak, bool | None):
            raise TypeError  # noqa: TRY301 - one message for every malformed line
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError("bad_audit", f"{where}: not a line of {AUDIT_FILE}", remedy) from None
    if leak is not None:
        said[name] = leak


def _at_most(leaks: int, read: int, share: float) -> float:
    """Return the probability of at most `leaks` among `read` records of which `share` leak."""
    if share <= 0 or share >= 1:
        return float(share <= 0)
    return sum(
        math.exp(
            math.lgamma(read + 1)
            - math.lgamma(k + 1)
            - math.lgamma(read - k + 1)
            + k * math.log(share)
            + (read - k) * math.log1p(-share)
        )
        for k in range(leaks + 1)
    )
