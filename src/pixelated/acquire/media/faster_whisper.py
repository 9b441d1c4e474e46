"""faster-whisper (extra `[speech]`): Whisper's models by CTranslate2.

Models are looked for on this machine alone: nothing is downloaded in passing. Decoding is greedy in
temperature (0, no sampling), so that the same sound gives the same text on the same kind of processor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pixelated.acquire.media.recogniser import Segment
from pixelated.core.errors import UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Transcription

USUAL_MODEL = "small"
_FIGURES = ("avg_logprob", "no_speech_prob", "compression_ratio")
_WEIGHTS = "model.bin"  # CTranslate2's own format, no pickle
_SETTINGS = {
    "beam_size": 5,
    "temperature": 0.0,
    "condition_on_previous_text": False,  # a loop of the decoder does not feed itself
    "vad_filter": True,  # silence is where Whisper makes text up
}


class FasterWhisper:
    """A Whisper model that lies on this machine."""

    def __init__(self, wanted: Transcription) -> None:
        """Find and load the model.

        Raises:
            UsageError: the library or the model is missing, or a grammar is asked for.
        """
        try:
            import faster_whisper
        except ImportError:
            raise UsageError(
                "missing_library",
                "transcribing needs faster-whisper",
                "install it: pip install 'pixelated-empathy[speech]'; or name recogniser: pocketsphinx",
            ) from None
        if wanted.grammar:
            raise UsageError(
                "no_grammar", "faster-whisper takes no grammar", "use pocketsphinx, or remove `grammar`"
            )
        self._language = wanted.language
        self._name = wanted.model or USUAL_MODEL
        folder = self._find(faster_whisper)
        self._model: Any = faster_whisper.WhisperModel(str(folder), device="auto", local_files_only=True)
        self._about = {
            "name": "faster-whisper",
            "version": str(faster_whisper.__version__),
            "model": self._name,
            "model_sha256": sha256_file(folder / _WEIGHTS),
            "settings": ", ".join(f"{key}={value}" for key, value in sorted(_SETTINGS.items())),
        }

    def about(self) -> dict[str, str]:
        """Return name, version, model, the hash of its weights, and the settings."""
        return dict(self._about)

    def segments(self, wav: Path) -> Iterator[Segment]:
        """Yield the segments as they are decoded."""
        found, _ = self._model.transcribe(str(wav), language=self._language or None, **_SETTINGS)
        for segment in found:
            text = segment.text.strip()
            if text:
                more = {name: float(getattr(segment, name)) for name in _FIGURES}
                sure = math.exp(min(0.0, more["avg_logprob"]))  # the mean probability of a token
                yield Segment(float(segment.start), float(segment.end), text, confidence=sure, more=more)

    def _find(self, library: Any) -> Path:
        folder = Path(self._name).expanduser()
        try:
            if not folder.is_dir():
                folder = Path(library.utils.download_model(self._name, local_files_only=True))
        except Exception as error:  # whatever the hub's client says: it is not there
            raise self._missing() from error
        if not (folder / _WEIGHTS).is_file():
            raise self._missing()
        return folder

    def _missing(self) -> UsageError:
        return UsageError(
            "model_missing",
            f"the Whisper model {self._name!r} is not on this machine, and nothing is downloaded in passing",
            f"fetch it once: hf download Systran/faster-whisper-{self._name}; or name a folder in "
            "acquire.transcribe.model",
        )
