"""Prove a dataset, or refuse it with evidence: eight gates over the bytes of its shards.

Nothing here is shared with the code that makes datasets: own hashes, own readers, own patterns.
"""

from pixelated.verify.dataset import Dataset
from pixelated.verify.record import Record
from pixelated.verify.registry import GATES, ORDER, Gate, gate_names
from pixelated.verify.verification import Verification, verify_dataset

__all__ = ["GATES", "ORDER", "Dataset", "Gate", "Record", "Verification", "gate_names", "verify_dataset"]
