"""Folders that `datasets` saved to disk: which of their files are data, on a disk or in an archive.

`save_to_disk` writes shards (`data-00000-of-00002.arrow`) beside `state.json`, which names them in order,
and `dataset_info.json`; a DatasetDict is a folder of such folders with `dataset_dict.json` above them. The
shards are data, and nothing else: not the JSON files, and no `cache-*.arrow` of a later map.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pixelated.core.errors import IncompleteError

STATE, INFO, DICT = "state.json", "dataset_info.json", "dataset_dict.json"
MAX_STATE = 1 << 24  # bytes
Read = Callable[[str], bytes | None]


@dataclass(slots=True)
class Saved:
    """What is known of the saved datasets among files.

    Attributes:
        beside: files that belong to one and are no data.
        missing: state files by path, with the shards that they name and that are not there.
    """

    beside: set[str] = field(default_factory=set)
    missing: dict[str, list[str]] = field(default_factory=dict)


def not_data(root: Path, names: Collection[str]) -> set[str]:
    """Return those of a source's files that belong to a saved dataset and are no data.

    Args:
        root: the source's folder.
        names: its files, relative and "/" separated.

    Raises:
        IncompleteError: `shard_missing`, a shard that `state.json` names is not there.
    """
    found = look(names, lambda name: _read(root / name), lambda name: (root / name).is_file())
    for state, missing in found.missing.items():
        raise IncompleteError(
            "shard_missing", f"{(root / state).parent} lacks {lacks(missing)}", "fetch the folder again"
        )
    return found.beside


def look(names: Collection[str], read: Read, exists: Callable[[str], bool]) -> Saved:
    """Return what of the files called `names` belongs to saved datasets.

    Args:
        names: paths, "/" separated.
        read: returns the bytes of a small file, or None where there is none.
        exists: says whether there is a file, be it none of `names`.
    """
    folders: dict[str, set[str]] = defaultdict(set)
    for name in names:
        folder, _, file = name.rpartition("/")
        folders[folder].add(file)
    found = Saved()
    for folder, files in sorted(folders.items()):
        arrow = {f for f in files if f.endswith(".arrow")}
        state = _join(folder, STATE)
        shards = _shards(read(state)) if arrow or STATE in files else None
        if shards is None:
            continue
        missing = [name for name in shards if not exists(_join(folder, name))]
        if missing:
            found.missing[state] = missing
        found.beside.update(_join(folder, f) for f in ({STATE, INFO} & files) | (arrow - set(shards)))
        above = PurePosixPath(folder).parent.as_posix()
        above = "" if above == "." else above
        if DICT in folders.get(above, ()):
            found.beside.add(_join(above, DICT))
    return found


def lacks(missing: list[str]) -> str:
    """Return which shards are missing, in a few words."""
    return f"{len(missing)} of the shards that its {STATE} names: {missing[0]} ..."


def _read(path: Path) -> bytes | None:
    try:
        return None if path.is_symlink() or path.stat().st_size > MAX_STATE else path.read_bytes()
    except OSError:
        return None


def _shards(state: bytes | None) -> list[str] | None:
    """Return the shards that a state file names, or None where it is another program's."""
    try:
        names = [file["filename"] for file in json.loads(state or b"")["_data_files"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return names if all(isinstance(n, str) and n.endswith(".arrow") and "/" not in n for n in names) else None


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file
