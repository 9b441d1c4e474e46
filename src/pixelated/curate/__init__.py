"""Decide what enters the dataset, which stage it serves and which split it goes to."""

from pixelated.curate.decide import HELD, KEEP, decide, spread_refusals
from pixelated.curate.decontaminate import EvaluationIndex, build_index, matching_ids
from pixelated.curate.history import History, read_history, remember, write_history
from pixelated.curate.keys import key_table
from pixelated.curate.policy import Curriculum, Holdout, Policy, PolicyFile
from pixelated.curate.split import Split, assign
from pixelated.curate.stages import SourcePlan, plan_sources, starved_stages

__all__ = [
    "HELD",
    "KEEP",
    "Curriculum",
    "EvaluationIndex",
    "History",
    "Holdout",
    "Policy",
    "PolicyFile",
    "SourcePlan",
    "Split",
    "assign",
    "build_index",
    "decide",
    "key_table",
    "matching_ids",
    "plan_sources",
    "read_history",
    "remember",
    "spread_refusals",
    "starved_stages",
    "write_history",
]
