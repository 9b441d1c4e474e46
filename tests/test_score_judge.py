"""The judge against a loopback server of this project: replies that fit, replies that do not, and limits."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pixelated.clean import redact_record
from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.places import retrying
from pixelated.score import SCORERS
from pixelated.score.judge import (
    Judge,
    JudgeSettings,
    judge_estimate,
    judge_file,
    load_rubric,
    rubric_names,
)
from pixelated.score.judge.address import read_address
from pixelated.score.judge.cache import Cache
from pixelated.score.judge.compare import compare_scores
from servers.chat_server import SPOILT, ChatServer
from servers.http_server import Failure

CHAT = [
    {"role": "user", "content": "My sister died in May and I still set a plate for her."},
    {"role": "assistant", "content": "You keep a place for her. What is it like when you sit down?"},
]
REMOTE = "https://judge.example.org/v1"


@pytest.fixture
def server():
    with ChatServer() as server:
        yield server


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.001)


def write(path, count=1, **more):
    chats = [[{**m, "content": f"{m['content']} ({n})"} for m in CHAT] for n in range(count)]
    lines = [json.dumps({"id": f"r{n}", "messages": chat, **more}) for n, chat in enumerate(chats)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def judged(server, tmp_path, *, count=1, scorers=("empathy",), url="", **settings):
    source = write(tmp_path / "in.jsonl", count)
    settings = JudgeSettings(url or f"{server.url}/v1", "m", tries=3, **{"workers": 1, **settings})
    output = tmp_path / "out.jsonl"
    report = judge_file(source, scorers, output, settings, cache=tmp_path / "cache", redact=redact_record)
    return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()], report


def test_a_judgement_stands_under_the_scorers_name_and_judge(server, tmp_path):
    (line,), report = judged(server, tmp_path)
    assert line["scores"]["empathy@judge"] == 0.75
    assert line["reasons"]["empathy@judge"] == "interpretation"
    assert report["judge"]["loopback"]
    assert report["judge"]["failed"] == {}


def test_the_request_asks_for_a_strict_schema_and_gives_the_text_as_data(server, tmp_path):
    judged(server, tmp_path)
    (body,) = server.asked
    form = body["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    assert form["json_schema"]["schema"]["additionalProperties"] is False
    turns = json.loads(body["messages"][1]["content"])["conversation"]
    assert [turn["speaker"] for turn in turns] == ["client", "therapist"]
    assert "died" not in body["messages"][0]["content"]


@pytest.mark.parametrize("spoilt", sorted(SPOILT))
def test_a_reply_that_does_not_fit_is_asked_for_once_more(server, tmp_path, spoilt):
    server.script = [spoilt]
    (line,), _ = judged(server, tmp_path)
    assert line["scores"]["empathy@judge"] == 0.75
    assert len(server.asked) == 2
    assert server.asked[1]["messages"][2]["role"] == "assistant"


@pytest.mark.parametrize("spoilt", sorted(SPOILT))
def test_a_second_reply_that_does_not_fit_is_null_with_a_reason_and_is_not_kept(server, tmp_path, spoilt):
    server.script = [spoilt, spoilt]
    (line,), report = judged(server, tmp_path)
    assert line["scores"]["empathy@judge"] is None
    assert line["reasons"]["empathy@judge"].startswith("reply_does_not_fit_")
    assert sum(report["judge"]["failed"].values()) == 1
    (line,), _ = judged(server, tmp_path)
    assert line["scores"]["empathy@judge"] == 0.75


def test_a_judge_may_say_that_it_cannot_judge(server, tmp_path):
    server.reply = {"score": None, "turns": [], "reason": "cannot_judge"}
    (line,), report = judged(server, tmp_path)
    assert (line["scores"]["empathy@judge"], line["reasons"]["empathy@judge"]) == (None, "cannot_judge")
    assert not report["judge"]["failed"]


@pytest.mark.parametrize("failure", [Failure(429, "0"), Failure(500), Failure(503), Failure(0), "no_chat"])
def test_a_passing_fault_is_tried_again(server, tmp_path, failure):
    server.script = [failure, failure]
    (line,), _ = judged(server, tmp_path)
    assert line["scores"]["empathy@judge"] == 0.75


def test_retry_after_is_waited_for(server, tmp_path):
    server.script = [Failure(429, "1")]
    start = time.monotonic()
    judged(server, tmp_path)
    assert 1.0 <= time.monotonic() - start < 5


def test_a_fault_that_stays_is_null_and_after_five_in_a_row_nobody_is_asked(server, tmp_path):
    server.script = [Failure(500)] * 1000
    lines, report = judged(server, tmp_path, count=20)
    assert {line["scores"]["empathy@judge"] for line in lines} == {None}
    assert report["judge"]["failed"]["endpoint_failed"] < 10
    assert report["judge"]["failed"]["not_asked"] > 10


def test_one_refused_text_does_not_stop_the_others_and_its_error_is_not_repeated(server, tmp_path):
    server.script = [Failure(400)]
    lines, report = judged(server, tmp_path, count=2)
    assert [line["scores"]["empathy@judge"] for line in lines] == [None, 0.75]
    assert report["judge"]["failed"] == {"refused_400": 1}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_no_access_ends_the_run_without_the_servers_words(server, tmp_path, status):
    server.script = [Failure(status)]
    with pytest.raises(IncompleteError) as error:
        judged(server, tmp_path)
    assert str(status) in error.value.message
    assert "plate" not in error.value.message


def test_no_redirect_is_followed(server, tmp_path):
    with ChatServer() as other:
        server.redirect = f"{other.url}/v1/chat/completions"
        with pytest.raises(IncompleteError, match="redirect"):
            judged(server, tmp_path)
        assert not other.log


def test_an_answer_that_takes_too_long_is_given_up(server, tmp_path):
    server.slow = 30
    start = time.monotonic()
    (line,), _ = judged(server, tmp_path, timeout=0.2)
    assert line["reasons"]["empathy@judge"] == "endpoint_failed"
    assert time.monotonic() - start < 5


def test_what_was_judged_is_not_asked_again(server, tmp_path):
    first, _ = judged(server, tmp_path, count=3)
    asked = len(server.asked)
    again, report = judged(server, tmp_path, count=3)
    assert (asked, len(server.asked)) == (3, 3)
    assert again == first
    assert report["judge"]["estimate"] == {
        "calls": 0,
        "cached": 3,
        "tokens_in": 0,
        "tokens_out": 0,
        "cost": None,
    }


@pytest.mark.parametrize("change", [{"temperature": 0.5}, {"reply_tokens": 99}, {"seed": 4}])
def test_other_settings_are_another_judgement(server, tmp_path, change):
    judged(server, tmp_path)
    judged(server, tmp_path, **change)
    assert len(server.asked) == 2


def test_the_cache_holds_no_text_and_no_key(server, tmp_path, monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "secret-123")
    judged(server, tmp_path, key_env="JUDGE_KEY")
    assert server.log[0].headers["authorization"] == "Bearer secret-123"
    kept = b"".join(p.read_bytes() for p in (tmp_path / "cache").rglob("*.json"))
    assert b"score" in kept
    assert b"plate" not in kept
    assert b"secret" not in kept


def test_a_half_written_judgement_counts_as_none(server, tmp_path):
    judged(server, tmp_path)
    (kept,) = (tmp_path / "cache").rglob("*.json")
    kept.write_bytes(kept.read_bytes()[:9])
    (line,), _ = judged(server, tmp_path)
    assert line["scores"]["empathy@judge"] == 0.75
    assert len(server.asked) == 2


def test_equal_records_are_asked_for_once(server, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"id": n, "messages": CHAT}) + "\n" for n in range(5)))
    settings = JudgeSettings(f"{server.url}/v1", "m")
    judge_file(source, ["empathy"], tmp_path / "o.jsonl", settings, cache=tmp_path / "cache")
    assert len(server.asked) == 1


def test_the_order_of_lines_is_that_of_the_records_whoever_answers_first(server, tmp_path):
    lines, _ = judged(server, tmp_path, count=12, workers=4)
    assert [line["id"] for line in lines] == [f"r{n}" for n in range(12)]


def test_the_estimate_is_characters_by_four_and_the_longest_replies(server, tmp_path):
    source = write(tmp_path / "in.jsonl", 2)
    settings = JudgeSettings(f"{server.url}/v1", "m", price_in=2.0, price_out=10.0, reply_tokens=100)
    told = judge_estimate(source, ["empathy"], settings, tmp_path / "cache")["estimate"]
    assert (told["calls"], told["tokens_out"]) == (2, 200)
    assert told["cost"] == pytest.approx((told["tokens_in"] * 2 + 200 * 10) / 1e6, abs=1e-6)
    assert not server.log


@pytest.mark.parametrize("cap", [{"max_tokens": 10}, {"max_cost": 1e-6, "price_in": 1.0, "price_out": 1.0}])
def test_an_estimate_above_the_cap_sends_nothing(server, tmp_path, cap):
    with pytest.raises(UsageError, match="cap"):
        judged(server, tmp_path, **cap)
    assert not server.log


def test_a_cap_is_kept_where_the_endpoint_takes_more_than_estimated(server, tmp_path):
    server.usage = {"prompt_tokens": 6000, "completion_tokens": 4000}
    lines, report = judged(server, tmp_path, count=10, max_tokens=25000)
    assert len(server.asked) == 3
    assert [line["scores"]["empathy@judge"] for line in lines] == [0.75] * 3 + [None] * 7
    assert report["judge"]["failed"] == {"cap_reached": 7}
    assert report["judge"]["spent"]["cap_reached"]


def test_a_cap_on_an_unknown_price_is_refused():
    with pytest.raises(UsageError, match="price"):
        JudgeSettings("http://127.0.0.1/v1", "m", max_cost=1.0)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8/v1", "http://127.9.9.9/v1", "http://[::1]:8/v1", "HTTP://LocalHost:8/v1"]
)
def test_loopback_is_a_number_of_it_or_localhost(url):
    assert read_address(url).loopback


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.com/v1", "http://localhost.evil.com/v1", "http://notlocalhost/v1",
        "http://10.0.0.1/v1", "http://0.0.0.0/v1", "http://[2001:db8::1]/v1", "http://128.0.0.1/v1",
        "http://127.0.0.1%2eevil.com/v1",
    ],
)  # fmt: skip
def test_what_only_looks_like_loopback_is_not(url):
    with contextlib.suppress(UsageError):  # no address at all is as good
        assert not read_address(url).loopback


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1@evil.com/v1", "http://127.0.0.1:80@evil.com/v1", "http://evil.com\\@127.0.0.1/v1",
        "http://127.0.0.1/v1?x=1", "ftp://127.0.0.1/v1", "127.0.0.1:8000", "", "http://", "http://evil.com#@127.0.0.1/",
    ],
)  # fmt: skip
def test_an_address_with_a_user_a_query_or_no_host_is_refused(url):
    with pytest.raises(UsageError):
        read_address(url)


def test_a_localhost_that_resolves_elsewhere_is_not_loopback(monkeypatch):
    found = [(2, 1, 6, "", ("127.0.0.1", 80)), (2, 1, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    assert not read_address("http://localhost/v1").loopback


def test_the_environments_proxy_is_not_used_on_loopback(server, tmp_path, monkeypatch):
    with ChatServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        (line,), _ = judged(server, tmp_path)
        assert line["scores"]["empathy@judge"] == 0.75
        assert not proxy.log


def sent_to(url, record, *, redact=redact_record, **settings):
    judge = Judge(
        {"empathy": load_rubric("empathy")}, JudgeSettings(url, "m", **settings), Cache(Path()), redact
    )
    return judge.requests(record, record["messages"])["empathy"]


SECRET = {
    "id": 1,
    "messages": [
        {"role": "user", "content": "Write to me at jane.doe@example.com, I can't sleep."},
        {"role": "assistant", "content": "What keeps you awake?"},
    ],
}


def test_elsewhere_only_redacted_text_is_sent():
    assert "jane.doe" not in str(sent_to(REMOTE, SECRET).messages)
    assert "sleep" in str(sent_to(REMOTE, SECRET).messages)
    assert "jane.doe" in str(sent_to("http://127.0.0.1/v1", SECRET).messages)


def test_unredacted_text_goes_elsewhere_only_where_the_settings_say_so():
    assert "jane.doe" in str(sent_to(REMOTE, SECRET, send_unredacted=True).messages)
    with pytest.raises(UsageError, match="redact"):
        sent_to(REMOTE, SECRET, redact=None)


def test_text_awaiting_review_goes_nowhere_but_to_loopback():
    held = SECRET | {"pii_status": "requires_review"}
    assert sent_to(REMOTE, held).reason == "held_for_review"
    assert sent_to(REMOTE, held, send_unredacted=True).reason == "held_for_review"
    assert "jane.doe" in str(sent_to("http://127.0.0.1/v1", held).messages)


def test_text_that_the_redactor_sends_to_review_is_held():
    def unsure(record):
        return record | {"pii_status": "requires_review"}

    assert sent_to(REMOTE, SECRET, redact=unsure).reason == "held_for_review"


def test_a_key_does_not_go_in_the_clear(monkeypatch, tmp_path):
    monkeypatch.setenv("JUDGE_KEY", "secret-123")
    with pytest.raises(UsageError) as error:
        judged(None, tmp_path, url="http://judge.example.org/v1", key_env="JUDGE_KEY")
    assert "secret" not in error.value.message + error.value.remedy


@pytest.mark.parametrize("value", ["", "  ", "two\nlines"])
def test_a_variable_without_a_key_is_an_error(server, tmp_path, monkeypatch, value):
    monkeypatch.setenv("JUDGE_KEY", value)
    with pytest.raises(UsageError, match="JUDGE_KEY"):
        judged(server, tmp_path, key_env="JUDGE_KEY")


@pytest.mark.parametrize("name", rubric_names())
def test_a_rubric_has_steps_reasons_and_a_reply_that_fits(name):
    rubric = load_rubric(name)
    assert rubric.highest >= 2
    best = {"score": rubric.highest, "turns": [0], "reason": rubric.reasons[0]}
    assert rubric.read(json.dumps(best), (0, 1)) == best
    assert len(rubric.reasons) == len(set(rubric.reasons))


def test_a_scorer_with_both_back_ends_is_compared(server, tmp_path):
    lines, report = judged(server, tmp_path, count=4, scorers=["coherence"])
    server_reasons = {line["reasons"]["coherence@judge"] for line in lines}
    assert "coherence" in SCORERS.names()
    assert report["judge"]["agreement"]["coherence / coherence@judge"]["rows"] == 4
    assert server_reasons  # the server's reason is none of this rubric: null, and still compared


def test_agreement_counts_pairs_and_abstentions():
    rows = [{"a": 0.1, "a@judge": 0.2}, {"a": 0.5, "a@judge": 0.5}, {"a": 0.9, "a@judge": 1.0}]
    rows.append({"a": None, "a@judge": 1.0})
    found = compare_scores(rows)["a / a@judge"]
    assert found["spearman"] == 1.0
    assert (found["both"], found["only_first"], found["only_second"]) == (3, 0, 1)
    assert found["close"] == 1.0


def run(*arguments, **environment):
    command = [sys.executable, "-m", "pixelated", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )


def test_a_killed_run_goes_on_with_what_was_answered(server, tmp_path):
    source = write(tmp_path / "in.jsonl", 12)
    server.slow = 0.15
    flags = ["--judge", f"{server.url}/v1", "--judge-model", "m", "--judge-cache", tmp_path / "cache"]
    command = ["score", source, "--scorers", "empathy", "--output", tmp_path / "o.jsonl", *flags, "--json"]
    first = run(*command)
    for _ in range(200):
        if len(list((tmp_path / "cache").rglob("*.json"))) >= 3:
            break
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert not (tmp_path / "o.jsonl").exists()
    done = len(list((tmp_path / "cache").rglob("*.json")))
    server.slow = 0
    server.forget()
    second = run(*command)
    out, error = second.communicate()
    assert second.returncode == 0, error
    assert len(server.asked) == 12 - done
    assert json.loads(out)["judge"]["estimate"]["cached"] == done


def test_the_command_says_what_it_takes_without_sending_anything(server, tmp_path):
    source = write(tmp_path / "in.jsonl", 2)
    flags = ["--judge", f"{server.url}/v1", "--judge-model", "m", "--judge-cache", tmp_path / "cache"]
    done = run("score", source, "--scorers", "empathy", *flags, "--dry-run", "--json")
    out, error = done.communicate()
    assert done.returncode == 0, error
    assert json.loads(out)["judge"]["estimate"]["calls"] == 2
    assert not server.log


def test_the_command_ends_with_3_where_a_judgement_is_missing(server, tmp_path):
    source = write(tmp_path / "in.jsonl", 1)
    server.script = ["prose", "prose"]
    flags = ["--judge", f"{server.url}/v1", "--judge-model", "m", "--judge-cache", tmp_path / "cache"]
    done = run("score", source, "--scorers", "empathy", "--output", tmp_path / "o.jsonl", *flags)
    out, error = done.communicate()
    assert done.returncode == 3, error
    assert "reply_does_not_fit" in out
    assert "plate" not in out + error
