"""Sources from a manifest that lists record files, or from the mission's S3 inventory manifest.

A list of record files: `records`, `files`, `record_files` or `sources`, each a path or an object with
`path` (or `file`, `key`, `s3_path`) and, where known, `source`, `family` or `families`, `license`,
`origin`, `retrieved_at`; a dataset's own manifest lists its shards. The S3 inventory
(FACTS 1.7) lists objects by category; a key is looked for under `root`, with and without the
`datasets/` prefix that real keys often carry. Family names taken from a file's name are a first
guess and noted as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.source import Source

LISTS = ("records", "record_files", "files", "sources", "shards")
PATHS = ("path", "file", "key", "s3_path", "name")
DATA = (".json", ".jsonl", ".csv", ".tsv", ".parquet", ".md", ".txt", ".ndjson")

# FACTS 1.1: file-name keywords, for a first guess only; the first that matches names the family
_KEYWORDS = (
    (r"edge.*(chat|conversation)", "edge_case_resulting_chats"),
    (r"synthetic.*edge|edge.*synthetic", "edge_case_synthetic"),
    (r"edge_case|crisis|nightmare", "edge_case_generator"),
    (r"(long|extended|multi|ongoing).*(session|therapy)", "long_running_therapy"),
    (r"dpo|preference|rlhf", "dpo_preference"),
    (r"sarcas|irony", "sarcasm"),
    (r"c?ptsd|complex.trauma", "cptsd"),
    (r"addiction|substance|recovery", "addiction"),
    (r"roleplay|simulator|designer", "roleplay_simulator"),
    (r"voice|persona|personality", "voice_persona"),
    (r"unrestricted|guardrail|jailbreak|adversarial|reddit", "safety_guardrails_annihilator"),
    (r"transcript|youtube|video|podcast", "video_transcripts"),
    (r"experiment|research|pilot", "experimental"),
    (r"mental[_-]?health|counsel|therap|psych|esconv|annomi", "mental_health_datasets"),
)


@dataclass(frozen=True)
class Listed:
    """The sources that a manifest lists, and the entries whose file is not there."""

    sources: dict[str, Source]
    root: Path
    missing: list[str]


def sources_of(manifest: Path, root: Path | None, families: tuple[str, ...]) -> Listed:
    """Return the sources that `manifest` lists.

    Raises:
        UsageError: it is not there, not JSON, or lists no files.
        IncompleteError: none of the files it lists is there.
    """
    if not manifest.is_file():
        raise UsageError("manifest_missing", f"there is no manifest {manifest}", "correct --manifest")
    try:
        data = orjson.loads(manifest.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UsageError(
            "bad_manifest", f"{manifest}, line {error.lineno}: {error.msg}", "correct the JSON"
        ) from error
    base = (root or manifest.parent).resolve()
    sources: dict[str, Source] = {}
    missing = []
    for entry in _entries(data):
        name = next((str(entry[k]) for k in PATHS if entry.get(k)), "")
        path = _locate(base, name)
        if path is None:
            missing.append(name)
            continue
        source = _source(entry, path, base, families, len(sources))
        sources[source.id] = source
    if not sources and not missing:
        raise UsageError(
            "bad_manifest", f"{manifest} lists no record files", f"expected one of: {', '.join(LISTS)}"
        )
    if not sources:
        listed = ", ".join(missing[:5])
        raise IncompleteError(
            "files_missing", f"{manifest}: none of its files is in {base}: {listed}", "give --root DIR"
        )
    return Listed(dict(sorted(sources.items())), base, missing)


def _entries(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, list):
        yield from (e if isinstance(e, dict) else {"path": e} for e in data)
        return
    if not isinstance(data, dict):
        return
    if isinstance(data.get("categories"), dict):
        yield from _objects(data["categories"])
    elif isinstance(data.get("splits"), dict):
        for split in data["splits"].values():
            yield from (split or {}).get("shards", [])
    else:
        for name in LISTS:
            listed = data.get(name)
            if isinstance(listed, list):
                yield from _entries(listed)
            elif isinstance(listed, dict):
                for key, value in listed.items():
                    yield {"path": key} | (value if isinstance(value, dict) else {})


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Walk the inventory's nested categories; only data files count, not locks or scripts."""
    if isinstance(node, dict):
        for entry in node.get("objects") or ():
            if isinstance(entry, dict) and str(entry.get("key", "")).endswith(DATA):
                yield entry
        for name, child in sorted(node.items()):
            if name != "objects":
                yield from _objects(child)


def _locate(base: Path, name: str) -> Path | None:
    """Return the file of `name` under `base`; never one outside of it."""
    plain = re.sub(r"^s3://[^/]+/", "", name)
    for candidate in (plain, plain.removeprefix("datasets/"), Path(plain).name):
        path = (base / candidate).resolve()
        if candidate and path.is_file() and path.is_relative_to(base):
            return path
    return None


def _source(entry: dict[str, Any], path: Path, base: Path, families: tuple[str, ...], index: int) -> Source:
    named = entry.get("families") or entry.get("family") or entry.get("source_family")
    given = [named] if isinstance(named, str) else list(named or ())
    unknown = [f for f in given if f not in families]
    if unknown:
        raise UsageError(
            "unknown_family",
            f"{path.name}: unknown family {unknown[0]!r}",
            f"choose from: {', '.join(families)}",
        )
    guessed = () if given else _guess(path.relative_to(base).as_posix())
    label = str(entry.get("source") or entry.get("source_key") or path.stem)
    return Source(
        id=re.sub(r"[^a-z0-9_]+", "_", label.lower()).strip("_") + (f"_{index}" if index else ""),
        path=path.parent.relative_to(base).as_posix(),
        files=(path.name,),
        uri=str(entry.get("uri") or entry.get("key") or path.name),
        retrieved_at=str(entry.get("retrieved_at") or entry.get("last_modified") or ""),
        license=str(entry.get("license") or "NOASSERTION"),
        families=tuple(given) or guessed,
        origin=entry.get("origin") or "human",
        priority=index,
        notes="families guessed from the file's name" if guessed else "",
    )


def _guess(name: str) -> tuple[str, ...]:
    return next(((family,) for pattern, family in _KEYWORDS if re.search(pattern, name.lower())), ())
