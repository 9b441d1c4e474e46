"""Transcripts that speech recognisers write as JSON: which values they are, and their segments as cues.

Known: Whisper, faster-whisper, WhisperX and pyannote (`segments`), lists of segments, the YouTube
transcript API (`text`, `start`, `duration`), AWS Transcribe, Deepgram and AssemblyAI (`utterances`, else
words). A list is taken only where its elements have a start, a text and no field that a recogniser does not
write, so that labelled data stays with the other shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pixelated.standardise import aws_transcribe as aws
from pixelated.standardise.fields import words
from pixelated.standardise.rows import Bad, Cue
from pixelated.standardise.turns import seconds

_TEXT = ("text", "transcript", "punctuated_word", "word", "utf8")
_START = ("start", "start_time", "tStartMs")
_END = ("end", "end_time")
_LENGTH = ("duration", "dur")
_SPEAKER = ("speaker", "speaker_label", "speaker_id")
_SEGMENT = frozenset(
    words(
        "id seek start end start_time end_time duration dur text transcript tokens temperature avg_logprob "
        "compression_ratio no_speech_prob words speaker speaker_label speaker_id channel confidence "
        "speaker_confidence language chars word punctuated_word lang items"
    )
)
_ONLY_RECOGNISERS = frozenset(
    words("seek tokens temperature avg_logprob compression_ratio no_speech_prob words duration speaker chars")
)
_LISTS = ("segments", "utterances", "words")
_BESIDE = ("results", "language", "words", "word_segments", "audio_duration", "duration", "metadata", "text")
_NOT_ABOUT = frozenset({*_LISTS, "text", "word_segments", "results", "events", "monologues"})
_LOOK = 50  # elements that decide
_REPEATS = 4  # the same text so many times in a row is a loop of the decoder
# Whisper's own tests of a bad decode; its threshold for silence is .6, here .8, since speech is lost by it.
_MAX_COMPRESSION, _MAX_NO_SPEECH, _MIN_LOGPROB = 2.4, 0.8, -1.0
_MAX_MS_RATE = 0.05  # words per unit of time: people say 0.5 to 5 a second


@dataclass(slots=True)
class Recording:
    """The segments of a transcript in the order of the file, and what the file says of the recording."""

    segments: list[Cue | Bad] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)


def is_segment_list(value: Any) -> bool:
    """Say whether a list holds a recogniser's segments and nothing else."""
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 - one text is no sequence
        return False
    head = value[:_LOOK]
    return _mostly_segments(head) and _SEGMENT.issuperset(_keys(head)) and any(map(only_a_recogniser, head))


def is_recording(value: Any) -> bool:
    """Say whether a JSON value is the transcript of a recording."""
    if isinstance(value, list):
        return is_segment_list(value)
    if not isinstance(value, dict):
        return False
    return aws.is_job(value) or _deepgram(value) is not None or _listed(value) is not None


def _listed(value: dict[str, Any]) -> list[Any] | None:
    """Return the first list of an object that holds segments, the longest units first."""
    for name in _LISTS:
        inner = value.get(name)
        if not isinstance(inner, list) or not inner or not _SEGMENT.issuperset(_keys(inner)):
            continue
        sure = any(map(only_a_recogniser, inner[:_LOOK])) or any(b in value for b in _BESIDE if b != name)
        if sure and _mostly_segments(inner):
            return inner
    return None


def read(value: Any) -> Recording:
    """Return the segments of a value of which `is_recording` is true."""
    if isinstance(value, list):
        found = _with_repeats_dropped([_segment(v) for v in value])
        return Recording(found)
    about = {k: v for k, v in value.items() if k not in _NOT_ABOUT}
    if aws.is_job(value):
        return Recording(list(aws.segments(value["results"])), about)
    listed = _deepgram(value) or _listed(value) or []
    found = [_segment(v) for v in listed]
    _to_seconds(found, listed)
    return Recording(_with_repeats_dropped(found), about)


def _keys(listed: Sequence[Any]) -> set[str]:
    return {key for v in listed[:_LOOK] if isinstance(v, dict) for key in v}


def _mostly_segments(listed: Sequence[Any]) -> bool:
    head = listed[:_LOOK]
    return sum(map(_is_segment, head)) * 2 > len(head)


def _is_segment(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    text, start = _first(value, _TEXT), _first(value, _START)
    return isinstance(text, str) and isinstance(start, int | float) and not isinstance(start, bool)


def only_a_recogniser(value: Any) -> bool:
    """Say whether a segment has a field that nothing but a recogniser writes, or times with fractions."""
    start = _first(value, _START) if isinstance(value, dict) else None
    return isinstance(value, dict) and (bool(_ONLY_RECOGNISERS & set(value)) or isinstance(start, float))


def _first(value: dict[str, Any], names: Sequence[str]) -> Any:
    return next((value[n] for n in names if value.get(n) is not None), None)


def _segment(value: Any) -> Cue | Bad:
    if not isinstance(value, dict):
        return Bad("a segment is expected to be an object")
    text = _first(value, _TEXT)
    if not isinstance(text, str):
        return Bad("the segment has no text")
    start, end = seconds(_first(value, _START)), seconds(_first(value, _END))
    length = seconds(_first(value, _LENGTH))
    if start is None and end is None and _first(value, _START) is not None:
        return Bad("the time of the segment can't be read")
    if end is None and start is not None and length is not None:
        end = start + length
    if start is not None and end is not None and end < start:
        return Bad("the segment ends before it starts")
    speaker = _first(value, _SPEAKER)
    name = str(speaker) if isinstance(speaker, str | int) and not isinstance(speaker, bool) else None
    cue = Cue([(name, text)], start, end)
    reason = _bad_decode(value)
    if reason is not None:
        cue.lines, cue.dropped = [], {reason: 1}
    return cue


def _bad_decode(value: dict[str, Any]) -> str | None:
    """Return why Whisper itself would not trust a segment, or None."""
    ratio, silence, logprob = (
        value.get(k) if isinstance(value.get(k), int | float) else None
        for k in ("compression_ratio", "no_speech_prob", "avg_logprob")
    )
    if ratio is not None and ratio > _MAX_COMPRESSION:
        return "repetitive_segments"
    if silence is not None and logprob is not None and silence > _MAX_NO_SPEECH and logprob < _MIN_LOGPROB:
        return "no_speech_segments"
    return None


def _with_repeats_dropped(segments: list[Cue | Bad]) -> list[Cue | Bad]:
    """Empty the repeats where a recogniser said one thing four times or more in a row; the first stays."""
    run: list[Cue] = []
    for segment in [*segments, None]:
        if isinstance(segment, Bad):
            continue
        if segment is not None and run and segment.lines and _folded(segment) == _folded(run[0]):
            run.append(segment)
            continue
        if len(run) >= _REPEATS:
            for cue in run[1:]:
                cue.lines, cue.dropped = [], {"repeated_segments": 1}
        run = [segment] if segment is not None and _folded(segment) else []
    return segments


def _folded(cue: Cue) -> str:
    return " ".join(cue.text.casefold().split())


def _to_seconds(segments: Sequence[Cue | Bad], listed: Sequence[Any]) -> None:
    """Divide times by 1000 where they are whole numbers too large for the words said in them."""
    cues = [s for s in segments if isinstance(s, Cue)]
    last = max((c.end or c.start or 0.0 for c in cues), default=0.0)
    times = [_first(v, names) for v in listed if isinstance(v, dict) for names in (_START, _END)]
    whole = all(isinstance(t, int) for t in times if t is not None)
    said = sum(len(c.text.split()) for c in cues)
    if not whole or not last or said / last > _MAX_MS_RATE:
        return
    for cue in cues:
        cue.start = None if cue.start is None else cue.start / 1000
        cue.end = None if cue.end is None else cue.end / 1000


def _deepgram(value: dict[str, Any]) -> list[Any] | None:
    """Return the utterances of a Deepgram result, or its words."""
    results = value.get("results")
    if not isinstance(results, dict):
        return None
    if isinstance(results.get("utterances"), list) and _mostly_segments(results["utterances"]):
        return results["utterances"] or None
    channels = results.get("channels")
    if not isinstance(channels, list):
        return None
    found = []
    for number, channel in enumerate(channels):
        alternatives = channel.get("alternatives") if isinstance(channel, dict) else None
        best = alternatives[0] if isinstance(alternatives, list) and alternatives else None
        said = best.get("words") if isinstance(best, dict) else None
        for word in said if isinstance(said, list) else []:
            several = len(channels) > 1 and isinstance(word, dict) and "speaker" not in word
            found.append({**word, "speaker": f"channel {number}"} if several else word)
    if len(channels) > 1:
        found.sort(key=lambda w: seconds(w.get("start")) or 0.0 if isinstance(w, dict) else 0.0)
    return found if found and _mostly_segments(found) else None
