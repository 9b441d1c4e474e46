"""Duplicates: exact ones by hash, near copies and excerpts by signatures and exact comparison."""

from pixelated.core.sentence_model import check_installed, minilm
from pixelated.dedup.check import chosen, remaining
from pixelated.dedup.clusters import LEAK, THRESHOLD
from pixelated.dedup.copies import KINDS, Copies, Source, find_copies
from pixelated.dedup.exact import find_exact
from pixelated.dedup.hashes import hash_table
from pixelated.dedup.keep import KEEP_STRATEGIES
from pixelated.dedup.near import Texts
from pixelated.dedup.reports import clusters_jsonl, summary
from pixelated.dedup.semantic import SEMANTIC, SEMANTIC_THRESHOLD, Semantic, find_semantic, without_semantic
from pixelated.dedup.semantic_report import semantic_jsonl, semantic_summary
from pixelated.dedup.semantic_sides import MakeEmbedder, Sides, read_sides, side_vectors, write_sides
from pixelated.dedup.shingles import ShingleSets, Signatures, join_sets, join_signatures, shingle_sets, sign
from pixelated.dedup.spill import read_signatures, write_signatures
from pixelated.dedup.streams import streams

__all__ = [
    "KEEP_STRATEGIES",
    "KINDS",
    "LEAK",
    "SEMANTIC",
    "SEMANTIC_THRESHOLD",
    "THRESHOLD",
    "Copies",
    "MakeEmbedder",
    "Semantic",
    "ShingleSets",
    "Sides",
    "Signatures",
    "Source",
    "Texts",
    "check_installed",
    "chosen",
    "clusters_jsonl",
    "find_copies",
    "find_exact",
    "find_semantic",
    "hash_table",
    "join_sets",
    "join_signatures",
    "minilm",
    "read_sides",
    "read_signatures",
    "remaining",
    "semantic_jsonl",
    "semantic_summary",
    "shingle_sets",
    "side_vectors",
    "sign",
    "streams",
    "summary",
    "without_semantic",
    "write_sides",
    "write_signatures",
]
