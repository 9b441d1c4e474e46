"""Scores of conversations: one versioned scorer per file, 0 to 1, null where there is nothing to judge."""

from pixelated.score.dialogue import Dialogue
from pixelated.score.file import score_file
from pixelated.score.fit import fit_file
from pixelated.score.protocol import SCORERS, Score, Scorer
from pixelated.score.table import build_scorers, score_messages, score_table

__all__ = [
    "SCORERS",
    "Dialogue",
    "Score",
    "Scorer",
    "build_scorers",
    "fit_file",
    "score_file",
    "score_messages",
    "score_table",
]
