"""Write the dataset: shards, exports and the manifest."""

from pixelated.compile.contract import RECORD
from pixelated.compile.exports import write_exports
from pixelated.compile.features import hub_features
from pixelated.compile.manifest import build_manifest, list_files
from pixelated.compile.shards import DEFAULT_SHARD_BYTES, ShardTask, Slice, cut, shard_files, write_shard

__all__ = [
    "DEFAULT_SHARD_BYTES",
    "RECORD",
    "ShardTask",
    "Slice",
    "build_manifest",
    "cut",
    "hub_features",
    "list_files",
    "shard_files",
    "write_exports",
    "write_shard",
]
