"""Folders that `datasets` saved to disk: which of their files are data.

`save_to_disk` writes shards (`data-00000-of-00002.arrow`) beside `state.json`, which names them in order,
and `dataset_info.json`; a DatasetDict is a folder of such folders with `dataset_dict.json` above them. The
shards are data, and nothing else: not the JSON files, and no `cache-*.arrow` of a later map.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pixelated.core.errors import IncompleteError

STATE, INFO, DICT = "state.json", "dataset_info.json", "dataset_dict.json"
_MAX_STATE = 1 << 24  # bytes


def not_data(root: Path, names: Collection[str]) -> set[str]:
    """Return those of a source's files that belong to a saved dataset and are no data.

    Args:
        root: the source's folder.
        names: its files, relative and "/" separated.

    Raises:
        IncompleteError: `shard_missing`, a shard that `state.json` names is not there.
    """
    folders: dict[str, set[str]] = defaultdict(set)
    for name in names:
        folder, _, file = name.rpartition("/")
        folders[folder].add(file)
    found: set[str] = set()
    for folder, files in sorted(folders.items()):
        arrow = {f for f in files if f.endswith(".arrow")}
        shards = _shards(root / folder / STATE) if arrow or STATE in files else None
        if shards is not None:
            _require(root / folder, shards)
            found.update(_join(folder, f) for f in ({STATE, INFO} & files) | (arrow - set(shards)))
            above = PurePosixPath(folder).parent.as_posix()
            if DICT in folders.get("" if above == "." else above, ()):
                found.add(_join("" if above == "." else above, DICT))
    return found


def _shards(path: Path) -> list[str] | None:
    """Return the shards that a state file names, or None where it is another program's."""
    try:
        if path.is_symlink() or path.stat().st_size > _MAX_STATE:
            return None
        state = json.loads(path.read_bytes())
        names = [file["filename"] for file in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return names if all(isinstance(n, str) and n.endswith(".arrow") and "/" not in n for n in names) else None


def _require(folder: Path, shards: list[str]) -> None:
    missing = [name for name in shards if not (folder / name).is_file()]
    if missing:
        raise IncompleteError(
            "shard_missing",
            f"{folder} lacks {len(missing)} of {len(shards)} shards that its {STATE} names: {missing[0]} ...",
            "fetch the folder again",
        )


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file
