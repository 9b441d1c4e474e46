"""Duplicates: exact ones by hash, near copies and excerpts by signatures and exact comparison."""

from pixelated.dedup.check import chosen, remaining
from pixelated.dedup.clusters import LEAK, THRESHOLD
from pixelated.dedup.copies import KINDS, Copies, Source, find_copies
from pixelated.dedup.exact import find_exact
from pixelated.dedup.hashes import hash_table
from pixelated.dedup.keep import KEEP_STRATEGIES
from pixelated.dedup.near import Texts
from pixelated.dedup.reports import clusters_jsonl, summary
from pixelated.dedup.shingles import ShingleSets, Signatures, join_sets, join_signatures, shingle_sets, sign
from pixelated.dedup.spill import read_signatures, write_signatures
from pixelated.dedup.streams import streams

__all__ = [
    "KEEP_STRATEGIES",
    "KINDS",
    "LEAK",
    "THRESHOLD",
    "Copies",
    "ShingleSets",
    "Signatures",
    "Source",
    "Texts",
    "chosen",
    "clusters_jsonl",
    "find_copies",
    "find_exact",
    "hash_table",
    "join_sets",
    "join_signatures",
    "read_signatures",
    "remaining",
    "shingle_sets",
    "sign",
    "streams",
    "summary",
    "write_signatures",
]
