"""The YAML front matter of the dataset card, as the Hugging Face Hub reads it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from pixelated.report import facts
from pixelated.report.facts import Data

# SPDX identifier -> the Hub's identifier, where it is not the same in lower case
# (https://huggingface.co/docs/hub/repositories-licenses).
HUB_LICENSES = {
    "AGPL-3.0-only": "agpl-3.0",
    "AGPL-3.0-or-later": "agpl-3.0",
    "GPL-2.0-only": "gpl-2.0",
    "GPL-2.0-or-later": "gpl-2.0",
    "GPL-3.0-only": "gpl-3.0",
    "GPL-3.0-or-later": "gpl-3.0",
    "LGPL-3.0-only": "lgpl-3.0",
    "LGPL-3.0-or-later": "lgpl-3.0",
    "ODbL-1.0": "odbl",
    "ODC-By-1.0": "odc-by",
    "PDDL-1.0": "pddl",
    "NOASSERTION": "unknown",
}
_SAME_IN_LOWER_CASE = (
    "AFL-3.0 Apache-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 C-UDA-1.0 CC0-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 "
    "CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-ND-4.0 "
    "CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CDLA-Sharing-1.0 "
    "CDLA-Permissive-1.0 CDLA-Permissive-2.0 ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 ISC MIT MPL-2.0 "
    "MS-PL NCSA OFL-1.1 OSL-3.0 PostgreSQL Unlicense WTFPL Zlib"
)
HUB_LICENSES |= {name: name.lower() for name in _SAME_IN_LOWER_CASE.split()}

_SIZES = (
    *("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M"),
    *("1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B"),
)
SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}
TAGS = ["conversational", "mental-health", "counselling", "therapist-training", "pixelated"]


def front_matter(data: Data) -> str:
    """Return the block between the `---` lines, those included."""
    front: dict[str, Any] = {"pretty_name": facts.title(data), "language": ["en"], **hub_license(data)}
    size = size_category(facts.count(facts.table(data, "manifest"), "total_conversations"))
    if size:
        front["size_categories"] = [size]
    front |= {"task_categories": ["text-generation"], "tags": TAGS}
    if found := configs(data):
        front["configs"] = found
        # one file type for all configurations (`datasets` takes the reader of the first for all of them), and
        # the types stated: columns that are null throughout a split would be read as another type
        if features := data.get("features"):
            front["dataset_info"] = [{"config_name": "default", "features": features}]
    block = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{block}---\n"


def hub_license(data: Data) -> dict[str, str]:
    """Return `license`, and `license_name` where the Hub has no identifier or the sources differ."""
    found = facts.compiled_licenses(data)
    if not found:
        return {"license": "unknown"}
    if len(found) == 1 and found[0] in HUB_LICENSES:
        return {"license": HUB_LICENSES[found[0]]}
    name = "-and-".join(found) if len(found) == 1 else "mixed"
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower().removeprefix("licenseref-")).strip("-")
    return {"license": "other", "license_name": slug or "custom"}


def size_category(records: int | None) -> str | None:
    """Return the Hub's size class of a number of records."""
    if records is None:
        return None
    digits = len(str(records))  # three digits are below one thousand, and each more is a class
    return _SIZES[min(max(0, digits - 3), len(_SIZES) - 1)]


def configs(data: Data) -> list[dict[str, Any]]:
    """Return the `configs`: the splits, each stage, the preference pairs; only what has a file."""
    default = [_files(name, f"shards/{split}/*.jsonl") for split, name in shard_splits(data)]
    out = [_config("default", default)] if default else []
    out += [_config(stage, [_files("train", f"stages/{stage}.jsonl")]) for stage in stages(data)]
    pairs = [
        _files(name, f"preference/{split}.jsonl")
        for split, name in SPLIT_NAMES.items()
        if _filled(data, f"preference/{split}.jsonl")
    ]
    return [*out, _config("preference", pairs)] if pairs else out


def shard_splits(data: Data) -> list[tuple[str, str]]:
    """Return (folder, Hub name) of the splits that have a shard with records."""
    paths = facts.files(data)
    return [
        (split, name)
        for split, name in SPLIT_NAMES.items()
        if any(path.startswith(f"shards/{split}/") and path.endswith(".jsonl") for path in paths)
    ]


def stages(data: Data) -> list[str]:
    """Return the sorted names of stages that have a file with records."""
    names = (re.fullmatch(r"stages/([A-Za-z0-9_.-]+)\.jsonl", path) for path in facts.files(data))
    return sorted(m[1] for m in names if m and _filled(data, m[0]))


def _filled(data: Data, path: str) -> bool:
    # a file of no bytes is listed by the manifest but no reader can infer its columns
    size = facts.table(data, "manifest", "files", path).get("size_bytes")
    return path in facts.files(data) and size != 0


def _config(name: str, data_files: list[dict[str, str]]) -> dict[str, Any]:
    return {"config_name": name, "data_files": data_files}


def _files(split: str, path: str) -> dict[str, str]:
    return {"split": split, "path": path}
