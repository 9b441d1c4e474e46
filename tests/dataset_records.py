"""Records for the builder: texts of its own, and the numbers that make careless patterns ring."""

from __future__ import annotations

import hashlib
import random
import unicodedata
from typing import Any

import orjson

Record = dict[str, Any]

FAMILIES = (
    "edge_case_generator", "edge_case_resulting_chats", "edge_case_synthetic", "long_running_therapy",
    "mental_health_datasets", "video_transcripts", "voice_persona", "safety_guardrails_annihilator",
    "sarcasm", "cptsd", "addiction", "experimental", "roleplay_simulator", "dpo_preference",
)  # fmt: skip
STAGES = (
    "stage1_foundation", "stage2_therapeutic_expertise", "stage3_edge_stress_test", "stage4_voice_persona",
)  # fmt: skip
PHASES = {"video_transcripts": "pretraining", "dpo_preference": "preference"}
LICENSES = ("MIT", "Apache-2.0", "CC-BY-4.0", "CC0-1.0", "MIT OR Apache-2.0")

_OPENERS = (
    "I keep going back to what happened at the lake", "My sister says I never listen",
    "It has been a heavy week again", "I could not get out of bed", "We argued about the garden for hours",
    "The meetings help, mostly", "Oh great, another breathing exercise", "I heard the door and froze",
    "You sound just like my last counsellor", "I feel fine, honestly", "Señora Peña — die Nächte sind lang",
    "Ich weiß nicht, wie es weitergeht", "我最近睡得不好", "J'ai peur de tout perdre 😔", "Мне трудно говорить об этом",  # noqa: RUF001 - a text in Cyrillic
)  # fmt: skip
_REPLIES = (
    "It sounds as if that stayed with you.", "What was going on for you just before that?",
    "Thank you for telling me. Are you safe right now?", "I wonder what the quiet part of you would say.",
    "Let\u2019s slow down and notice what your body does.", "That took courage.", "¿Qué necesitarías hoy?",
    "If it gets worse tonight, call 988 or 1-800-273-8255, or text HOME to 741741.",
    "You can ring 116 123 at any hour; in Australia 13 11 14.", "SAMHSA is at (800) 662-4357, 24/7.",
)  # fmt: skip
# Every one of these once made a careless pattern ring.
_TRICKY = (
    "a 5/10 day", "at 10:30 in the morning", "24/7", "version 2.10.3.4 of the app", "$1,200.50 a month",
    "from 2019-2020", "a blood pressure of 120/80", "[PHONE_1] and [EMAIL_2]", "meet me @home", "3x/day, 50 mg",
    "between 100-2000 calories", "section 1.2.3.4", "in the 1990s", "F43.10 in the book", "a 50/50 chance",
    "the 12-step way", "1 000 000 reasons", "ISBN 978-3-16-148410-0", "on March 3rd", "10/10, would cry again",
    "309.81 in the manual", "counting 1-2-3-4-5-6-7-8-9-10", "half past 12:45:10", "9-5 jobs, 7 days",
    "€1.000.000,00", "the years 2001, 2002, 2003", "a score of 1234567", "scaled 5/10/15 minutes",
    "his/her and/or, n/a", "10.000 steps", "#12345678", "and 3.14159265358", "see www or not",
)  # fmt: skip


def group(rng: random.Random, family: str, number: int, size: int, note: str = "") -> list[Record]:
    source = f"{family}_{rng.choice('ab')}"
    key = f"{source}:{note}{_hex(f'{family}{number}')[:16]}"
    return [_record(rng, family, source, key, f"{number}-{i}") for i in range(size)]


def _record(rng: random.Random, family: str, source: str, group: str, serial: str) -> Record:
    identity = f"{source}-{_hex(source + serial)[:20]}"
    kind = (
        "preference"
        if family == "dpo_preference"
        else ("text" if family == "video_transcripts" else "dialogue")
    )
    tail = f"({_words(serial)})"  # so that no two records say the same
    messages = (
        [{"role": "assistant", "content": _say(rng, tail)}] if kind == "text" else _talk(rng, kind, tail)
    )
    answers = [
        [{"role": "assistant", "content": rng.choice(_REPLIES) + f" {side}"}] for side in ("Yes.", "No.")
    ]
    extra = [f for f in ("cptsd", "addiction") if f != family and rng.random() < 0.1]
    return {
        "id": identity, "kind": kind, "messages": messages,
        "chosen": answers[0] if kind == "preference" else [],
        "rejected": answers[1] if kind == "preference" else [],
        "metadata": _metadata(rng, family, source, group, extra),
    }  # fmt: skip


def _talk(rng: random.Random, kind: str, tail: str) -> list[dict[str, str]]:
    turns = [{"role": "system", "content": "You are a therapist."}] if rng.random() < 0.2 else []
    turns.append({"role": "user", "content": _say(rng, tail)})
    for _ in range(0 if kind == "preference" else rng.randint(1, 4)):
        turns.append({"role": "assistant", "content": rng.choice(_REPLIES)})
        turns.append({"role": "user", "content": _say(rng, "")})
    return turns if kind == "preference" else turns[:-1]


def _say(rng: random.Random, tail: str) -> str:
    line = f"{rng.choice(_OPENERS)}, {rng.choice(_TRICKY)}{rng.choice(('.', '…', '?!'))} {tail}"
    return unicodedata.normalize("NFC", line).strip()


def _metadata(rng: random.Random, family: str, source: str, group: str, extra: list[str]) -> Record:
    found = rng.random() < 0.2
    notes = {"topic": rng.choice(_TRICKY), "votes": rng.randint(0, 90), "nested": [{"label": None}]}
    return {
        "source_family": family, "source_key": source, "content_hash": "", "strict_hash": "",
        "pii_status": "scrubbed" if found else "none_detected",
        "pii": [{"type": "EMAIL", "count": 1}] if found else [],
        "license_tag": "custom", "license": LICENSES[len(source) % len(LICENSES)], "split": "",
        "phase": PHASES.get(family) or STAGES[len(family) % 4],
        "provenance": {
            "original_s3_key": f"{source}/raw.jsonl", "processing_pipeline": "builder/1",
            "processed_at": "2024-06-19T00:00:00Z", "dedup_status": "unique",
            "processing_steps": ["standardise@2"], "uri": "https://example.org/data",
            "file_sha256": _hex(source), "row": rng.randint(0, 999), "locator": "line 1",
            "original_format": "jsonl", "retrieved_at": "2024-06-19",
        },
        "families": [family, *extra], "group_key": group, "origin": "synthetic",
        "tier": rng.randint(1, 6), "weight": rng.choice((0.4, 0.25, 1.0)), "is_training_edge_case": False,
        "edge_category": None, "difficulty": None, "tags": ["long"] if rng.random() < 0.3 else [],
        "conversation_length": 0, "total_tokens": 0, "quality_score": None,
        "scores": [
            {"name": "coherence", "value": round(rng.random(), 4) if rng.random() < 0.9 else None},
            {"name": "completeness", "value": rng.choice((0.0, 1.0))},
        ],
        "source_metadata": orjson.dumps(notes).decode(),
    }  # fmt: skip


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _words(serial: str) -> str:
    """Return a spelling of a serial number in letters: unique, and no digits for a pattern to ring on."""
    return serial.translate(str.maketrans("0123456789-", "abcdefghijk"))
