"""Targets that files are sent to, one file per kind of store, told apart by the form of the address.

| address | target | file |
|---|---|---|
| `folder` or `file:///folder` | a local folder | `folder.py` |
| `s3://bucket/prefix` | S3 and S3-compatible stores | `s3.py`, `s3_parts.py` |
| `gs://bucket/prefix` | Google Cloud Storage | `gcs.py` |
| `hf://datasets/owner/name` | a Hugging Face dataset repository | `hub.py` |
| `remote:path`, `sftp://user@host/path` | any rclone remote | `rclone.py` |
"""

from pixelated.core.uploads.address import target_of
from pixelated.core.uploads.journal import Journal
from pixelated.core.uploads.meter import Meter, parse_rate
from pixelated.core.uploads.protocol import ANY, Found, LocalFile, RaceError, Target

__all__ = ["ANY", "Found", "Journal", "LocalFile", "Meter", "RaceError", "Target", "parse_rate", "target_of"]
