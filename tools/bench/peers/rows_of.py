"""Write the ids of the rows that text-dedup kept; runs in its environment, the clock stopped."""

from __future__ import annotations

import sys
from pathlib import Path

from datasets import load_from_disk

Path(sys.argv[2]).write_text("".join(f"{i}\n" for i in load_from_disk(sys.argv[1])["id"]), encoding="utf-8")
