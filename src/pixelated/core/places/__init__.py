"""Places that files are read from, one file per kind, told apart by the form of the address.

| address | place | file |
|---|---|---|
| `folder` or `file:///folder` | a local folder or file | `local.py` |
| `https://host/path` | one file, or the files named in the registry under a base | `http.py` |
| `s3://bucket/prefix` | S3 and S3-compatible stores | `s3.py` |
| `gs://bucket/prefix` | Google Cloud Storage | `gcs.py` |
| `hf://datasets/owner/name@revision` | a Hugging Face dataset repository | `hub.py` |
| `kaggle://owner/name@version` | a Kaggle dataset | `kaggle.py` |
| `remote:path`, `sftp://user@host/path` | any rclone remote (Google Drive, SFTP, ...) | `rclone.py` |
"""

from pixelated.core.places.address import Given, place_of
from pixelated.core.places.protocol import (
    ChangedError,
    Entry,
    Facts,
    Opened,
    Place,
    TryAgainError,
    UnavailableError,
)

__all__ = [
    "ChangedError",
    "Entry",
    "Facts",
    "Given",
    "Opened",
    "Place",
    "TryAgainError",
    "UnavailableError",
    "place_of",
]
