"""Publish a dataset: every file sent, read back and compared, and only then pointed to."""

from pixelated.publish.publishing import Options, publish, roll_back

__all__ = ["Options", "publish", "roll_back"]
