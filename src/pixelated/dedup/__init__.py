"""Exact duplicates: hash every record, choose one of each set of equal records, say what was removed."""

from pixelated.dedup.exact import find_exact
from pixelated.dedup.hashes import hash_table
from pixelated.dedup.keep import KEEP_STRATEGIES
from pixelated.dedup.reports import clusters_jsonl, summary

__all__ = ["KEEP_STRATEGIES", "clusters_jsonl", "find_exact", "hash_table", "summary"]
