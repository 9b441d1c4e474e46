"""Decisions on key columns: refusals by licence, label and score, and labels that follow equal text."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pixelated.core import schema
from pixelated.core.source import Mapping, Source
from pixelated.curate import HELD, KEEP, decide, key_table, spread_refusals
from pixelated.recipe import load_policy

POLICY = load_policy("default")
LONG = "I have been awake since three and the house is so quiet that I can hear the fridge decide things."


def record(number: int, text: str = LONG, reply: str = "", **changes: object) -> dict[str, object]:
    reply = (
        reply or f"What does the quiet say to you at three, when you count to {number} and nobody answers?"
    )
    row: dict[str, object] = dict.fromkeys(schema.BASE.names) | {
        "id": f"r{number}", "kind": "dialogue", "source": "s", "tier": 2, "group_key": f"s:{number}",
        "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": reply}],
        "families": ["mental_health_datasets"], "license": "MIT", "origin": "human", "tags": [],
        "is_training_edge_case": False, "provenance": {"file": "f", "row": number},
        "pii_status": "none_detected", "content_hash": f"c{number}", "strict_hash": f"h{number}",
        "score_coherence_v1": 0.9,
    }  # fmt: skip
    return row | changes


def keys_of(*rows: dict[str, object]) -> pa.Table:
    extra = [*schema.PII_COLUMNS, *schema.HASH_COLUMNS, pa.field("score_coherence_v1", pa.float64())]
    return key_table(pa.Table.from_pylist(list(rows), pa.schema([*schema.BASE, *extra])))


def decisions(keys: pa.Table, policy=POLICY, use: str = "train", contaminated=()) -> list[str]:
    sources = {"s": Source(id="s", use=use, mapping=Mapping())}
    return decide(keys, sources, policy, contaminated).column("decision").to_pylist()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, KEEP),
        ({"license": "CC-BY-NC-ND-4.0"}, "license_refuses_train"),
        ({"license": "NOASSERTION"}, KEEP),  # the provenance gate fails, the record is not made to vanish
        ({"license": "CC-BY-NC-4.0"}, KEEP),
        ({"tags": ["unsafe_reply"]}, "unsafe_reply"),
        ({"tags": ["not_unsafe_reply"]}, KEEP),
        ({"pii_status": "requires_review"}, HELD),
        ({"pii_status": "requires_review", "tags": ["think_tag"]}, "think_tag"),
    ],
)
def test_the_first_rule_that_refuses_names_the_reason(change: dict, reason: str) -> None:
    assert decisions(keys_of(record(1, **change))) == [reason]


def test_evaluation_sets_and_records_that_hold_their_texts_are_refused() -> None:
    keys = keys_of(record(1), record(2))
    assert decisions(keys, use="evaluation") == ["evaluation_set"] * 2
    assert decisions(keys, contaminated={"r2"}) == [KEEP, "matches_evaluation_set"]


def test_a_null_score_is_never_below_a_floor() -> None:
    from dataclasses import replace

    policy = replace(POLICY, file=replace(POLICY.file, min_scores={"coherence": 0.5}))
    keys = keys_of(record(1, score_coherence_v1=0.2), record(2, score_coherence_v1=None), record(3))
    assert decisions(keys, policy) == ["below_coherence", KEEP, KEEP]


def test_an_exchange_that_is_unsafe_once_is_unsafe_in_every_spelling() -> None:
    safe = record(1, reply="You will be FINE, stop counting - I don't count either.")
    unsafe = record(
        2,
        text=LONG.lower(),
        reply="you will be fine , stop counting i don ' t count either",
        tags=["unsafe_reply"],
    )
    other = record(3, reply="You will be fine, stop counting. Who else is awake?")
    keys = spread_refusals(keys_of(safe, unsafe, other), POLICY)
    assert decisions(keys) == ["unsafe_reply", "unsafe_reply", KEEP]


def test_folded_text_links_spellings_and_short_replies_link_nothing() -> None:
    keys = keys_of(
        record(1), record(2, text=LONG.upper()), record(3, text="Hello.", reply="I am so sorry to hear that.")
    )
    prompts = keys.column("fold_prompt").to_pylist()
    assert prompts[0] == prompts[1] is not None
    assert prompts[2] is None
    assert keys.column("fold_reply").to_pylist()[2] is None


def test_text_bytes_count_every_text() -> None:
    row = record(1, text="caf\u00e9", reply="ok", chosen=[{"role": "assistant", "content": "abc"}])
    assert keys_of(row).column("text_bytes").to_pylist() == [5 + 2 + 3]
