"""Heads: small linear models over n-grams, counts and embeddings of a turn, fitted locally, kept as JSON."""

from pixelated.score.heads.fitting import cross_validate, fit
from pixelated.score.heads.head import Head, Plan, Sample

__all__ = ["Head", "Plan", "Sample", "cross_validate", "fit"]
