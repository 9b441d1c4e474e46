"""Names and places: found in talk, kept where they are nobody's, doubtful ones put to a person."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pytest
import re2

from conftest import ROOT
from pixelated.clean import not_searched_types, searched_types
from pixelated.clean.file import REVIEW_FILE, redact_file
from pixelated.clean.names import gazetteer as g
from pixelated.clean.names.find import QUASI, find_names
from pixelated.clean.names.kept import kept_positions
from pixelated.clean.names.model import card
from pixelated.clean.names.quasi import find_ages
from pixelated.clean.names.split import is_held, skeleton
from pixelated.clean.names.tokens import sentences_of, tokens_of
from pixelated.clean.pii import redact_table
from pixelated.clean.redact import Surrogates, find_spans
from pixelated.clean.spans import DETECTORS, REVIEW, Span, beside
from test_pii import contents, record, redact, table

PRESETS = files("pixelated") / "presets" / "pii"


def replaced(text: str) -> list[str]:
    return [text[s.start : s.end] for s in find_names(text) if s.confidence >= REVIEW]


def all_spans(text: str) -> list[str]:
    return [text[s.start : s.end] for s in find_spans(text, [d for _, d in DETECTORS.items()])[0]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My husband Ahmed doesn't listen to me.", ["Ahmed"]),
        ("Hi, I'm Rebecca Thornton and I live in Leeds.", ["Rebecca Thornton", "Leeds"]),
        ("I told Priya that Mrs. O'Neil had called.", ["Priya", "O'Neil"]),
        ("my name is fatima and i feel lost", ["fatima"]),
        ("I work at Walker & Sons in Bristol.", ["Walker & Sons", "Bristol"]),
        ("Please send it to 12 Rosewood Lane, Dayton, Ohio.", ["12 Rosewood Lane, Dayton, Ohio"]),
        ("It was Josh's idea.", ["Josh"]),
    ],
)
def test_names_places_and_employers_are_found(text: str, names: list[str]) -> None:
    assert replaced(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Yeah. Um, I guess so. Mm-hmm. I-I don't know, and-and it hurts.",
        "I take Prozac and Xanax, and my PHQ-9 score was high.",
        "The Beck Depression Inventory, the Hamilton scale and the Rosenberg Self-Esteem Scale are tests.",
        "The Gottman method and Rogerian therapy, Kübler-Ross and her stages, Tai Chi.",
        "Every Christmas we fight, and since Monday it is worse.",
        "I was in prison, and I go to class. My mom and my Dad know.",
        "Call the Samaritans or go to Alcoholics Anonymous. Thank God for that.",
        "I live in a small town with my parents and work at a hospital.",
        "She watched Netflix on her iPhone and texted me on Facebook.",
        "I grew up in Texas and my parents came from Poland.",
    ],
)
def test_what_is_nobodys_identifier_is_kept(text: str) -> None:
    assert find_names(text) == []


def test_a_family_name_is_kept_in_the_name_of_a_test_and_nowhere_else() -> None:
    assert kept_positions(["the", "Beck", "Depression", "Inventory"]) == {1, 2, 3}
    assert 2 not in kept_positions(["my", "friend", "Beck", "called"])
    assert replaced("I had dinner with Hamilton and his wife Ingrid.")[-1] == "Ingrid"


def test_a_name_in_doubt_waits_for_a_person(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    text = "We drove past Kettlewick."
    source.write_text(json.dumps({"id": "a", "text": text}) + "\n", "utf-8")
    spans = find_names(text)
    assert [text[s.start : s.end] for s in spans] == ["Kettlewick"]
    doubtful = spans[0].confidence < REVIEW
    found = redact_file(source, tmp_path / "o.jsonl", tmp_path / "s.jsonl")
    assert found["status"]["requires_review" if doubtful else "scrubbed"] == 1
    lines = (tmp_path / (REVIEW_FILE if doubtful else "s.jsonl")).read_text("utf-8").splitlines()
    assert [json.loads(line)["start"] for line in lines] == [14]


def test_confidences_below_the_threshold_never_replace() -> None:
    texts = [
        "Honestly Shirin deserves better.",
        "We drove up to Yakima.",
        "Somebody at Quillstone Press said so.",
    ]
    for span in (s for text in texts for s in find_names(text)):
        assert span.confidence < REVIEW or span.confidence >= 0.8


def test_one_person_has_one_surrogate_in_a_record() -> None:
    result = redact(
        record(
            messages=["I'm Rebecca Thornton.", "Rebecca, how are you?", "My sister Ingrid Thornton called."]
        )
    )
    assert contents(result) == [
        "I'm [PERSON_1].", "[PERSON_1], how are you?", "My sister [PERSON_2] called."
    ]  # fmt: skip


def test_a_name_of_two_people_is_not_given_to_one_of_them() -> None:
    surrogates = Surrogates([])
    first, second = surrogates.of("PERSON", "Ana Lee"), surrogates.of("PERSON", "Bo Lee")
    assert (first, second) == ("[PERSON_1]", "[PERSON_2]")
    assert surrogates.of("PERSON", "Lee") == "[PERSON_3]"
    assert surrogates.of("PERSON", "ana") == "[PERSON_1]"


def test_a_name_found_once_is_found_in_every_text_of_its_record() -> None:
    result = redact(record(messages=["My boyfriend Oluwaseun left me.", "oluwaseun was kind", "A kind man."]))
    assert contents(result) == ["My boyfriend [PERSON_1] left me.", "[PERSON_1] was kind", "A kind man."]


def test_nothing_is_replaced_twice() -> None:
    once = redact(record(messages=["I'm Rebecca Thornton from Leeds. My boss Dmitri Volkov is mean."])).kept
    assert redact_table(once, {}, 0).kept.equals(once)


def test_a_recipe_can_leave_names_out() -> None:
    rows = table(record(messages=["I'm Rebecca Thornton, bo@example.com"]))
    kept = redact_table(rows, {"names": False}, 0).kept
    assert kept.column("messages")[0].as_py()[0]["content"] == "I'm Rebecca Thornton, [EMAIL_1]"
    assert "PERSON" in searched_types()
    assert {"PERSON", "PLACE", "ORG"} <= set(not_searched_types(names=False))


def test_a_doubtful_name_of_an_invented_person_waits_for_nobody() -> None:
    text = "We drove past Kettlewick."
    human, invented = record("a", messages=[text]), record("b", messages=[text]) | {"origin": "synthetic"}
    statuses = redact(human, invented).kept.column("pii_status").to_pylist()
    assert "requires_review" not in statuses[1]
    assert statuses[0] != "none_detected"


def test_a_pattern_is_never_cut_by_a_name() -> None:
    pattern, name = Span(5, 15, "URL"), Span(0, 9, "PERSON", 0.9)
    assert beside([name], [pattern]) == []
    assert beside([name], [Span(5, 15, "URL", 0.4)]) == [name]
    assert beside([Span(0, 30, "STREET_ADDRESS", 0.9)], [Span(25, 30, "ZIP")]) != []
    assert all_spans("Write to ana.lee@example.com or Anna Keller.")[0] == "ana.lee@example.com"


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("I'm 34.", [34]),
        ("a 7-year-old", [7]),
        ("he turned 50 today", [50]),
        ("I have 34 cats", []),
        ("aged 93", [93]),
    ],
)
def test_ages_are_told_from_other_numbers(text: str, years: list[int]) -> None:
    assert [n for _, n in find_ages(text)] == years


def test_ages_above_89_are_replaced_and_others_stand() -> None:
    text = "She is 89 years old, he is 93 years old, and grandpa is in his nineties."
    found = [text[s.start : s.end] for s in DETECTORS.get("age").find(text)]
    assert found == ["93", "nineties"]


def test_what_describes_somebody_is_replaced_on_request_alone(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        json.dumps({"id": 1, "text": "I'm Polish, 34 years old, from Germany."}) + "\n", "utf-8"
    )
    for quasi, kinds in ((False, {}), (True, {"AGE": 1, "NRP": 1, "REGION": 1})):
        found = redact_file(source, tmp_path / "o.jsonl", tmp_path / "s.jsonl", quasi=quasi)
        assert found["redacted"] == kinds
    assert set(QUASI.types) >= {"AGE", "NRP", "REGION"}


def test_tokens_give_the_text_back_at_their_places() -> None:
    text = "Jean-Paul's flat, No. 3; O'Neil said: [PERSON_1] is 42!\nNew line"
    tokens = tokens_of(text)
    assert all(text[t.start : t.end] == t.text for t in tokens)
    assert [t.text for t in tokens][:2] == ["Jean-Paul", "'s"]
    assert "[PERSON_1]" in [t.text for t in tokens]
    assert [t for s in sentences_of(tokens) for t in s] == tokens


def test_a_title_ends_no_sentence() -> None:
    sentences = [
        " ".join(t.text for t in s)
        for s in sentences_of(tokens_of("I saw Dr. Lee. He left. Mr. J. Poe came."))
    ]
    assert sentences == ["I saw Dr . Lee .", "He left .", "Mr . J . Poe came ."]


def test_no_list_calls_a_function_word_a_name() -> None:
    assert all(
        g.bits_of(word) & g.COMMON
        for word in ["the", "in", "my", "will", "prison", "class", "yeah", "mother"]
    )
    assert g.bits_of("Well-being") & g.COMMON
    assert g.bits_of("What'd") & g.COMMON
    assert not g.bits_of("Ahmed") & g.COMMON
    assert g.bits_of("Ahmed") & g.GIVEN


def test_the_model_is_the_one_that_its_card_describes() -> None:
    data = (PRESETS / "names.crfsuite").read_bytes()
    described = card()
    assert described["sha256"] == hashlib.sha256(data).hexdigest()
    assert described["bytes"] == len(data) < 1_000_000
    notice = gzip.decompress((PRESETS / "names_lists.txt.gz").read_bytes())[:200].decode("utf-8")
    assert "MIT License" in notice
    for source in described["sentences"]:
        assert not any(name in source for name in ("annomi", "esconv", "epitome", "cams", "sdcnl"))


def test_the_split_is_by_skeleton_whatever_stands_in_the_slots() -> None:
    assert (
        skeleton("My name is {{person}}")
        == skeleton("my name is  {name}")
        != skeleton("My name was {{person}}")
    )
    held = [is_held(str(i)) for i in range(2_000)]
    assert 0.3 < sum(held) / len(held) < 0.4
    assert held != [is_held(str(i), "second") for i in range(2_000)]
    assert all(is_held(str(i), "shipped+second") for i in range(2_000) if held[i])


def test_threads_do_not_mix_up_their_sentences() -> None:
    texts = [
        f"My husband {name} is {i} years old."
        for i, name in enumerate(["Ahmed", "Josh", "Piotr", "Kwame"] * 8)
    ]
    alone = [find_names(text) for text in texts]
    results: dict[int, list[list[Span]]] = {}
    threads = [
        threading.Thread(target=lambda k=k: results.__setitem__(k, [find_names(t) for t in texts]))
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found == alone for found in results.values())


@pytest.mark.parametrize(
    "piece", ["Ana ", "my name is bo ", "Bo, ", "12 Elm Street ", "90210 ", "Ä", "A-", "\n", "O'"]
)
def test_the_time_is_linear_in_the_text(piece: str) -> None:
    def seconds(n: int) -> float:
        start = time.process_time()
        find_names(piece * n)
        return time.process_time() - start

    seconds(100)
    assert any(seconds(8_000) < 8 * 4 * max(seconds(1_000), 0.005) + 0.3 for _ in range(3))


def test_arrow_and_re2_accept_the_trigger() -> None:
    trigger = DETECTORS.get("names").trigger
    assert re2.search(trigger, "Ana")
    assert not re2.search(trigger, "123 !")
    assert pa.array(["x"]).type == pa.string()


def test_the_fitting_holds_no_text_of_a_corpus() -> None:
    """Templates are this project's own; the corpora's stay where they are."""
    folder = ROOT / "tools" / "fit_names" / "templates"
    own = {skeleton(line) for path in folder.glob("*.txt") for line in path.read_text("utf-8").splitlines()}
    assert len(own) > 400
    path = ROOT.parent / "shared/corpora/presidio_research/templates.txt"
    if path.is_file():
        theirs = {skeleton(line) for line in path.read_text("utf-8").splitlines() if len(skeleton(line)) > 25}
        assert not own & theirs
