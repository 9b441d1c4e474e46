"""The pii step: stable surrogates, every text of a record, no record dropped, nothing redacted twice."""

import csv
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean import PII_VERSION, redact_table
from pixelated.clean.redact import Surrogates, normal_form
from pixelated.clean.texts import collect, matching, metadata_of
from pixelated.core import schema
from pixelated.core.step import count

CORPORA = Path(os.environ.get("PIXELATED_CORPORA") or Path(__file__).parents[2] / "shared/corpora")


def record(name="r1", *, messages=(), chosen=(), rejected=(), metadata=None, transforms=("encoding@1",)):
    where = {"uri": "", "file": "a", "file_sha256": "", "row": 0, "locator": "", "original_format": "csv"}
    return {
        "id": name, "kind": "dialogue", "turns": [], "source": "s", "tier": 1, "group_key": "g",
        "families": [],
        "messages": [{"role": "user", "content": t} for t in messages],
        "chosen": [{"role": "assistant", "content": t} for t in chosen],
        "rejected": [{"role": "assistant", "content": t} for t in rejected],
        "source_metadata": metadata if isinstance(metadata, str) else json.dumps(metadata or {}),
        "origin": "human", "license": "MIT",
        "provenance": {**where, "retrieved_at": "", "transforms": list(transforms)}, "parents": [],
        "is_training_edge_case": False, "edge_category": None, "difficulty": None, "tags": [], "raw_rows": 1,
    }  # fmt: skip


def table(*records):
    return pa.Table.from_pylist(list(records), schema=schema.BASE)


def redact(*records):
    return redact_table(table(*records), {}, 0)


def contents(result, column="messages", row=0):
    return [m["content"] for m in result.kept.column(column)[row].as_py()]


def test_one_value_has_one_surrogate_in_all_texts_of_its_record():
    result = redact(
        record(
            messages=["I'm at ana@example.com, call 212-555-0123", "so ANA@example.com? or bo@example.com"],
            chosen=["Mail ana@example.com"],
            rejected=["Call +1 (212) 555-0123"],
            metadata={"by": "bo@example.com", "n": 1, "tags": ["x", "ana@example.com"]},
        )
    )
    assert contents(result) == ["I'm at [EMAIL_1], call [PHONE_1]", "so [EMAIL_1]? or [EMAIL_2]"]
    assert contents(result, "chosen") == ["Mail [EMAIL_1]"]
    assert contents(result, "rejected") == ["Call [PHONE_1]"]
    metadata = json.loads(result.kept.column("source_metadata")[0].as_py())
    assert metadata == {"by": "[EMAIL_2]", "n": 1, "tags": ["x", "[EMAIL_1]"]}
    assert result.kept.column("pii")[0].as_py() == [
        {"type": "EMAIL", "count": 4}, {"type": "PHONE", "count": 2}
    ]  # fmt: skip


def test_records_are_numbered_apart_and_their_status_says_what_was_done():
    result = redact(
        record("a", messages=["ana@example.com"]),
        record("b", messages=["nothing here"]),
        record("c", messages=["bo@example.com, card 4111 1111 1111 1112"]),
    )
    kept = result.kept
    assert [contents(result, row=i) for i in range(3)] == [
        ["[EMAIL_1]"], ["nothing here"], ["[EMAIL_1], card 4111 1111 1111 1112"]
    ]  # fmt: skip
    assert kept.column("pii_status").to_pylist() == ["scrubbed", "none_detected", "requires_review"]
    assert result.measured["status"] == {"none_detected": 1, "requires_review": 1, "scrubbed": 1}
    assert result.measured["redacted"] == {"EMAIL": 2}
    assert result.measured["review"] == {"CREDIT_CARD": 1}
    assert result.measured["words_removed"] == 2
    assert result.dropped is None
    count(3, result).check("pii")


def test_a_replacement_in_metadata_alone_is_measured_and_scrubs_no_text():
    result = redact(record("a", messages=["hi"], metadata={"by": "ana@example.com"}))
    kept = result.kept
    assert result.measured["redacted_in_metadata"] == {"EMAIL": 1}
    assert result.measured["redacted"] == {}
    assert kept.column("pii_status").to_pylist() == ["none_detected"]
    assert kept.column("pii")[0].as_py() == []
    assert "[EMAIL_1]" in kept.column("source_metadata")[0].as_py()
    again = redact_table(kept, {}, 0).kept
    assert again.column("pii_status").to_pylist() == ["none_detected"]
    both = redact(record("b", rejected=["ana@example.com"], metadata={"by": "ana@example.com"})).kept
    assert both.column("pii_status").to_pylist() == ["scrubbed"]
    assert both.column("pii")[0].as_py() == [{"type": "EMAIL", "count": 1}]


def test_every_record_lists_the_step_and_gets_both_columns():
    kept = redact(record("a", messages=["x"]), record("b", messages=["ana@example.com"])).kept
    assert [p["transforms"] for p in kept.column("provenance").to_pylist()] == [
        ["encoding@1", PII_VERSION]
    ] * 2
    assert kept.schema.names == [*schema.BASE.names, "pii_status", "pii"]
    assert kept.schema.field("pii").type == schema.PII_COLUMNS[1].type


def test_a_metadata_key_is_the_label_of_its_value():
    metadata = {"ssn": "123456789", "account_number": "12345678", "phone": "5550123", "score": "12345678"}
    result = redact(record(messages=["hi"], metadata=metadata))
    assert json.loads(result.kept.column("source_metadata")[0].as_py()) == {
        "ssn": "[SSN_1]", "account_number": "[ACCOUNT_1]", "phone": "[PHONE_1]", "score": "12345678"
    }  # fmt: skip


def test_the_metadata_of_several_records_are_not_mixed_up():
    notes = [{"a": f"u{i}@example.com", "b": ["x", f"v{i}@example.com 1234"]} for i in range(3)]
    result = redact(*(record(str(i), metadata=note) for i, note in enumerate(notes)))
    redacted = [json.loads(m) for m in result.kept.column("source_metadata").to_pylist()]
    assert redacted == [{"a": "[EMAIL_1]", "b": ["x", "[EMAIL_2] 1234"]}] * 3
    mixed = redact(record("a", metadata={"k": "1234"}), record("b", metadata={"k": "ana@example.com"}))
    assert [json.loads(m)["k"] for m in mixed.kept.column("source_metadata").to_pylist()] == [
        "1234",
        "[EMAIL_1]",
    ]


def test_metadata_that_is_no_json_is_redacted_as_text():
    result = redact(record(messages=["hi"], metadata="mail ana@example.com"))
    assert result.kept.column("source_metadata")[0].as_py() == "mail [EMAIL_1]"


def test_helplines_survive_and_are_counted():
    text = "Call 988 or 1-800-273-8255, or me at 212-555-0123; see https://988lifeline.org"
    result = redact(record(messages=[text]))
    assert contents(result) == ["Call 988 or 1-800-273-8255, or me at [PHONE_1]; see https://988lifeline.org"]
    assert result.measured["helplines_kept"] == 2


def test_a_second_redaction_changes_nothing():
    texts = ["ana@example.com MRN 123456 on 3/4/2019, 4111 1111 1111 1112", "@jo and 212-555-0123"]
    first = redact(record("a", messages=texts, metadata={"phone": "5550123"}), record("b", messages=["x"]))
    second = redact_table(first.kept, {}, 0)
    assert second.kept.equals(first.kept)
    assert second.measured["redacted"] == {}


def test_numbers_that_an_earlier_redaction_gave_are_not_given_twice():
    assert contents(redact(record(messages=["[EMAIL_3] and ana@example.com"]))) == ["[EMAIL_3] and [EMAIL_4]"]


def test_surrogates_follow_the_value_not_its_spelling():
    hand = Surrogates([])
    assert hand.of("PHONE", "(212) 555-0123") == hand.of("PHONE", "+1 212.555.0123") == "[PHONE_1]"
    assert hand.of("DATE", "March 3, 2019") == hand.of("DATE", "march 3 2019")
    assert normal_form("URL", "https://X.org/") == "https://x.org"


def test_what_a_redaction_lays_bare_is_redacted_too():
    assert contents(redact(record(messages=["1.2.3.40-1.2.3.40"]))) == ["[IP_1]-[IP_1]"]
    near = "tel 00:11:22:33:44:55, and some more 867-5309"
    assert contents(redact(record(messages=[near]))) == ["tel [MAC_1], and some more [PHONE_1]"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from("a1@./- (x)5:\n"), max_size=40), min_size=1, max_size=4))
def test_redaction_of_any_text_is_stable(texts):
    once = redact(record(messages=texts)).kept
    assert redact_table(once, {}, 0).kept.equals(once)


def test_empty_sliced_and_chunked_tables_give_the_same():
    assert redact_table(schema.empty(schema.BASE), {}, 0).kept.num_rows == 0
    rows = [
        record(str(i), messages=[f"u{i}@example.com"] * (i % 3), chosen=["3/4/2019"] * (i % 2))
        for i in range(9)
    ]
    whole = redact(*rows).kept
    chunked = pa.concat_tables([table(*rows[:4]), table(*rows[4:])])
    assert redact_table(chunked, {}, 0).kept.equals(whole)
    assert redact_table(table(*rows).slice(3, 4), {}, 0).kept.equals(whole.slice(3, 4))


def test_metadata_is_parsed_only_where_it_may_hold_an_identifier():
    rows = table(record(metadata={"a": "plain"}), record(metadata={"a": "1234"}))
    texts = collect(rows, matching(metadata_of(rows), "[0-9]{4}"))
    assert list(texts.metadata) == [1]


# Span type of the data set -> our types; bare years, weekdays and spans of days are no dates here.
PRESIDIO = {
    "CREDIT_CARD": {"CREDIT_CARD"}, "PHONE_NUMBER": {"PHONE", "FAX"}, "EMAIL_ADDRESS": {"EMAIL"},
    "DOMAIN_NAME": {"URL"}, "IBAN_CODE": {"IBAN"}, "IP_ADDRESS": {"IP"}, "US_SSN": {"SSN"},
    "US_DRIVER_LICENSE": {"LICENCE_NO"},
}  # fmt: skip


@pytest.mark.corpora
def test_recall_of_structured_identifiers_on_presidio_research():
    path = CORPORA / "presidio_research/synth_dataset_v2.json"
    if not path.is_file():
        pytest.skip(f"no corpora at {CORPORA}")
    rows = json.loads(path.read_text(encoding="utf-8"))
    result = redact(*(record(str(i), messages=[r["full_text"]]) for i, r in enumerate(rows)))
    left = total = 0
    for i, row in enumerate(rows):
        values = [s["entity_value"] for s in row["spans"] if s["entity_type"] in PRESIDIO]
        total += len(values)
        left += sum(value in contents(result, row=i)[0] for value in values)
    assert total == 370
    assert left <= 2  # measured: 1, a number without any word that announces it


@pytest.mark.corpora
def test_redaction_leaves_counselling_text_readable():
    path = CORPORA / "counsel_chat/20200325_counsel_chat.csv"
    if not path.is_file():
        pytest.skip(f"no corpora at {CORPORA}")
    with path.open(encoding="utf-8", newline="") as stream:
        answers = [row["answerText"] or "" for row in csv.DictReader(stream)]
    result = redact(*(record(str(i), messages=[text]) for i, text in enumerate(answers)))
    words = sum(len(text.split()) for text in answers)
    assert result.measured["words_removed"] < 0.004 * words  # measured: 0.2 %, names among them
    assert result.measured["helplines_kept"] > 20
