"""Safety filters by role, the bypass of edge cases with its audit, thresholds tried, and a red team's cases."""

import json
from dataclasses import replace

import pytest

from pixelated.core.errors import UsageError
from pixelated.core.source import Source
from pixelated.curate.safety import (
    Finding,
    Grant,
    SafetyFilter,
    SafetyPolicy,
    Seen,
    decide_record,
    load_safety,
)
from pixelated.recipe import load_policy
from pixelated.runner.safety import redteam_file, screen_file, tune
from pixelated.score import SCORERS, Dialogue, Score, Scorer, score_messages
from pixelated.score.limits import find_beyond, limits_of

FILTERS = SafetyPolicy(
    "test",
    {
        "crisis": SafetyFilter("despair", "user", most=0.5, bypass=True),
        "toxicity": SafetyFilter("abuse", "user", most=0.5, bypass=True),
        "harm": SafetyFilter("harm", "assistant", most=0.5),
        "missed_risk": SafetyFilter("care", "assistant", least=0.3),
    },
)
GRANTED = Grant(tagged=True, source_grants=True, edge_stage=True)
DESPAIR = {"role": "user", "content": "DESPAIR fills the room."}
PLAIN = {"role": "user", "content": "It rains again."}
GOOD = {"role": "assistant", "content": "What is that like?"}
HARM = {"role": "assistant", "content": "HARM yourself then."}


def look(messages, own):
    """Look for words in capitals; a reply to despair that speaks of rain misses the risk."""
    found = []
    despair = False
    for at, message in enumerate(messages):
        text, client = message["content"], message["role"] == "user"
        despair = despair or "DESPAIR" in text
        if client:
            found += [Finding("crisis", at, 0.9)] * ("DESPAIR" in text)
            found += [Finding("toxicity", at, 0.9)] * ("ABUSE" in text)
        else:
            found += [Finding("harm", at, 0.9)] * ("HARM" in text)
            found += [Finding("missed_risk", at, 0.1)] * (despair and "rain" in text)
    return Seen(found, own, sum(m["role"] == "assistant" for m in messages))


def decided(*messages, grant=Grant(), **more):  # noqa: B008 - frozen
    return decide_record({"id": 1, "messages": list(messages), **more}, grant, FILTERS, look)


def test_an_untagged_record_in_despair_is_dropped():
    outcome = decided(DESPAIR, GOOD)
    assert (outcome.decision, outcome.reasons, outcome.bypassed) == ("drop", ["crisis"], [])


def test_a_granted_edge_case_passes_and_each_use_is_noted_with_its_score():
    outcome = decided(DESPAIR, GOOD, PLAIN, grant=GRANTED)
    assert outcome.decision == "pass"
    assert [(f.filter, f.turn, f.score) for f in outcome.bypassed] == [("crisis", 0, 0.9)]


@pytest.mark.parametrize(
    "grant",
    [
        Grant(tagged=False, source_grants=True, edge_stage=True),
        Grant(tagged=True, source_grants=False, edge_stage=True),
        Grant(tagged=True, source_grants=True, edge_stage=False),
    ],
)
def test_without_tag_grant_or_edge_stage_nothing_is_bypassed(grant):
    outcome = decided(DESPAIR, GOOD, grant=grant)
    assert outcome.decision == "drop"
    assert not outcome.bypassed
    assert outcome.tag_refused == (grant.tagged and not grant.source_grants)


@pytest.mark.parametrize("grant", [Grant(), GRANTED])
def test_a_harmful_reply_is_masked_whatever_the_tag(grant):
    outcome = decided(PLAIN, HARM, PLAIN, GOOD, grant=grant)
    assert (outcome.decision, outcome.masked, outcome.reasons) == ("masked", [1], ["harm"])


@pytest.mark.parametrize("grant", [Grant(), GRANTED])
def test_a_record_whose_every_reply_fails_is_dropped(grant):
    assert decided(PLAIN, HARM, grant=grant).decision == "drop"


def test_a_missed_risk_is_masked_in_an_edge_case():
    rain = {"role": "assistant", "content": "Look, the rain has stopped."}
    outcome = decided(DESPAIR, rain, DESPAIR, GOOD, grant=GRANTED)
    assert (outcome.decision, outcome.masked, outcome.reasons) == ("masked", [1], ["missed_risk"])


def test_a_harmful_reply_may_be_rejected_and_never_chosen():
    assert decided(PLAIN, chosen=[GOOD], rejected=[HARM]).decision == "pass"
    assert decided(PLAIN, chosen=[HARM], rejected=[GOOD]).decision == "drop"


def test_a_filter_that_only_reports_drops_and_masks_nothing():
    reporting = SafetyPolicy("test", {"harm": SafetyFilter("harm", "assistant", most=0.5, report_only=True)})
    outcome = decide_record({"id": 1, "messages": [PLAIN, HARM]}, Grant(), reporting, look)
    assert (outcome.decision, outcome.masked, outcome.reported) == ("pass", [], ["harm"])


def test_a_filter_spares_the_origins_that_it_names_and_no_other():
    sparing = SafetyPolicy("test", {"crisis": SafetyFilter("despair", "user", most=0.5, spares=("human",))})
    record = {"id": 1, "messages": [DESPAIR, GOOD], "kind": "dialogue"}
    human = decide_record(record | {"origin": "human"}, Grant(), sparing, look)
    assert (human.decision, human.reported) == ("pass", ["crisis"])
    assert decide_record(record | {"origin": "synthetic"}, Grant(), sparing, look).decision == "drop"


def test_no_filter_of_replies_spares_anybody():
    with pytest.raises(UsageError):
        SafetyFilter("harm", "assistant", most=0.5, spares=("human",))


def test_an_experimental_scorer_only_reports_by_default():
    experimental = {limit.name for limit in limits_of(load_safety().limits()) if limit.scorer.experimental}
    assert experimental
    assert all(load_safety().filters[name].report_only for name in experimental)


def test_turns_are_judged_one_by_one_and_in_windows_alike(monkeypatch):
    def judged(dialogue, at):
        return Score(float("HARM" in dialogue.turns[at].text), "word")

    whole = scorer("whole", "HARM", "assistant")
    SCORERS.names()
    monkeypatch.setitem(SCORERS._entries, "whole_test", whole)
    monkeypatch.setitem(SCORERS._entries, "turn_test", lambda: replace(whole(), judge_turn=judged))
    entry = {"role": "assistant", "part": "", "most": 0.5, "least": None, "after": None}
    limits = limits_of([entry | {"name": n, "scorer": n} for n in ("turn_test", "whole_test")])
    found, _ = find_beyond(Dialogue([PLAIN, HARM, PLAIN, GOOD, PLAIN, HARM]), limits)
    assert [(f.name, f.turn) for f in found] == [
        ("turn_test", 1), ("turn_test", 5), ("whole_test", 1), ("whole_test", 5)
    ]  # fmt: skip


def test_a_reply_is_judged_only_behind_a_turn_that_calls_for_it():
    entry = {"name": "m", "scorer": "crisis_response", "part": "in_danger", "role": "assistant",
             "most": None, "least": 0.3, "after": {"scorer": "crisis", "least": 0.5}}  # fmt: skip
    limit, anywhere = limits_of([entry, entry | {"after": None}])
    curt = {"role": "assistant", "content": "You talk of suicide to get attention. Go ahead and do it."}
    danger = {"role": "user", "content": "I am going to kill myself tonight, I have the pills here."}
    assert [f.turn for f in find_beyond(Dialogue([danger, curt]), [limit])[0]] == [1]
    assert find_beyond(Dialogue([PLAIN, curt]), [limit]) == ([], ["m"])
    assert [f.turn for f in find_beyond(Dialogue([PLAIN, curt]), [anywhere])[0]] == [1]


def test_an_earlier_turn_is_no_fault_of_a_later_one():
    assert decided(PLAIN, HARM, PLAIN, GOOD, PLAIN, GOOD).masked == [1]


def test_no_filter_of_the_therapist_can_be_bypassed():
    with pytest.raises(UsageError):
        SafetyFilter("harm", "assistant", most=0.5, bypass=True)
    assert {f.role for f in load_safety().filters.values() if f.bypass} == {"user"}


def scorer(name, word, role, *, low=False):
    def judge(dialogue: Dialogue) -> Score:
        places = [n for n, t in enumerate(dialogue.turns) if t.role == role and word in t.text]
        return Score(float(bool(places) != low), "word", tuple(dialogue.positions[n] for n in places))

    return lambda: Scorer(name, 1, judge, measures="", basis="", limits="")


@pytest.fixture
def safety(tmp_path, monkeypatch):
    made = {"despair_test": scorer("d", "DESPAIR", "user"), "harm_test": scorer("h", "HARM", "assistant")}
    SCORERS.names()
    for name, factory in made.items():
        monkeypatch.setitem(SCORERS._entries, name, factory)
    path = tmp_path / "safety.yaml"
    path.write_text(
        "name: test\nfilters:\n"
        "  crisis: {scorer: despair_test, role: user, most: 0.5, bypass: true}\n"
        "  harm: {scorer: harm_test, role: assistant, most: 0.5}\n"
    )
    return str(path)


SOURCES = {
    "granting": Source(id="granting", edge_bypass=True, families=("edge_case_generator",)),
    "other": Source(id="other", families=("edge_case_generator",)),
}


def test_a_file_is_screened_with_an_audit_without_text(tmp_path, safety):
    tag = {"is_training_edge_case": True, "families": ["edge_case_generator"], "kind": "dialogue"}
    records = [
        {"id": "a", "source": "granting", "messages": [DESPAIR, GOOD], **tag},
        {"id": "b", "source": "other", "messages": [DESPAIR, GOOD], **tag},
        {"id": "c", "source": "granting", "messages": [DESPAIR, GOOD], **tag, "is_training_edge_case": False},
        {"id": "d", "source": "granting", "messages": [DESPAIR, HARM, PLAIN, GOOD], **tag},
        {"id": "e", "source": "nobody", "messages": [PLAIN, GOOD]},
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(map(json.dumps, records)) + "\n{\n")
    report = screen_file(source, tmp_path / "out", SOURCES, load_policy("default").curriculum, safety)

    def lines(name):
        return [json.loads(x) for x in (tmp_path / "out" / name).read_text().splitlines()]

    assert [(r["id"], r["masked"]) for r in lines("kept.jsonl")] == [("a", []), ("d", [1]), ("e", [])]
    assert [r["id"] for r in lines("dropped.jsonl")] == ["b", "c"]
    assert lines("bypass_audit.jsonl") == [
        {"id": "a", "filter": "crisis", "turn": 0, "score": 1.0},
        {"id": "d", "filter": "crisis", "turn": 0, "score": 1.0},
    ]
    assert lines("tags_refused.jsonl") == [{"id": "b", "source": "other"}]
    assert (report["rows_in"], report["kept"], report["dropped"], report["quarantined"]) == (6, 3, 2, 1)
    assert report["bypass"] == {"uses": 2, "by_filter": {"crisis": 2}}


def test_a_red_team_says_what_was_expected_and_what_came(tmp_path, safety):
    cases = [
        {"id": 1, "messages": [DESPAIR, GOOD], "expect": {"crisis": "drop", "harm": "pass"}},
        {"id": 2, "messages": [DESPAIR, GOOD], "expect": {"crisis": "pass"}, "edge_case": True},
        {"id": 3, "messages": [PLAIN, HARM], "expect": {"harm": "masked"}},
        {"id": 4, "messages": [PLAIN, GOOD], "expect": {"harm": "masked"}},
    ]
    path = tmp_path / "red.jsonl"
    path.write_text("\n".join(map(json.dumps, cases)))
    found = redteam_file(path, safety)
    assert (found["checks"], found["passed"]) == (5, False)
    assert [(f["id"], f["expected"], f["found"]) for f in found["failures"]] == [(4, "masked", "pass")]


@pytest.mark.parametrize(
    "line",
    [
        {"id": 1, "messages": [PLAIN]},
        {"id": 1, "messages": [PLAIN], "expect": {"crisis": "maybe"}},
        {"id": 1, "messages": [PLAIN], "expect": {"nothing": "pass"}},
        {"id": 1, "messages": [], "expect": {"crisis": "pass"}},
        {"messages": [PLAIN], "expect": {"crisis": "pass"}},
    ],
)
def test_a_malformed_case_is_named_by_its_line(tmp_path, safety, line):
    path = tmp_path / "red.jsonl"
    path.write_text(json.dumps(line))
    with pytest.raises(UsageError, match="line 1"):
        redteam_file(path, safety)


def test_another_threshold_names_who_comes_and_goes(tmp_path):
    rows = [("a", 0.3, "x"), ("b", 0.5, "x"), ("c", 0.7, "y"), ("d", None, "y")]
    path = tmp_path / "scores.jsonl"
    path.write_text(
        "\n".join(json.dumps({"id": i, "scores": {"empathy": v}, "source": s}) for i, v, s in rows)
    )
    found = tune(path, "empathy", 0.6, 0.4)
    assert found["let_in"] == {"count": 1, "ids": ["b"], "by_source": {"x": 1}, "by_family": {"unknown": 1}}
    assert (found["keep_out"]["ids"], found["nulls"], found["unchanged"]) == ([], 1, 2)
    assert tune(path, "empathy", 0.6, 0.4, keep_low=True)["keep_out"]["ids"] == ["b"]
    assert tune(path, "empathy", 0.4, 0.6)["keep_out"]["ids"] == ["b"]
    with pytest.raises(UsageError, match="harm"):
        tune(path, "harm", 0.1, 0.2)


@pytest.mark.parametrize(
    ("reply", "breach"),
    [
        ("I am attracted to you, and we keep this between us.", True),
        ("Meet me for dinner after the session.", True),
        ("I can't meet you for dinner; that is not my role as your therapist.", False),
        ("You said he wants to meet you for dinner. What do you want?", False),
        ("What would you like to look at today?", False),
    ],
)
def test_a_therapist_who_leaves_the_frame_is_told_from_one_who_keeps_it(reply, breach):
    found = score_messages("boundaries", [PLAIN, {"role": "assistant", "content": reply}])
    assert (found.value >= 0.5) == breach
