"""The plain HTTP test server misbehaves exactly as it is told, counts what it sent, and stops."""

from __future__ import annotations

import threading
import time

import httpx2
import pytest

from servers.http_server import Failure, HttpServer

BODY = bytes(range(256)) * 400


@pytest.fixture
def http():
    with HttpServer() as server:
        yield server


def get(url: str, **headers: str) -> httpx2.Response:
    return httpx2.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_http_serves_ranges_only_of_the_object_that_was_meant(http):
    http.add("/a", BODY)
    whole = get(http.url + "/a")
    tag = whole.headers["etag"]
    assert (whole.status_code, whole.content, tag.startswith('"')) == (200, BODY, True)
    part = get(http.url + "/a", Range="bytes=100-199", If_Range=tag)
    assert (part.status_code, part.content) == (206, BODY[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(BODY)}"
    assert get(http.url + "/a", Range="bytes=-5").content == BODY[-5:]
    assert get(http.url + "/a", Range="bytes=100-", If_Range='"other"').status_code == 200
    assert get(http.url + "/a", If_Match='"other"').status_code == 412
    assert get(http.url + "/a", If_None_Match=tag).status_code == 304
    assert get(http.url + "/a", Range=f"bytes={len(BODY)}-").status_code == 416
    assert httpx2.head(http.url + "/a").headers["content-length"] == str(len(BODY))
    assert get(http.url + "/nothing").status_code == 404
    assert http.sent["/a"] == len(BODY) * 2 + 100 + 5
    assert [e.range for e in http.requests("/a", "GET")][:2] == [None, "bytes=100-199"]


@pytest.mark.parametrize("behaviour", [{"cut_after": 1000}, {"length_off": 7}, {"stall_after": 1000}])
def test_http_breaks_off_as_often_as_it_was_told(http, behaviour):
    http.add("/a", BODY, times=2, **behaviour)
    for _ in range(2):
        with pytest.raises(httpx2.TransportError):
            httpx2.get(http.url + "/a", timeout=0.4)
    assert get(http.url + "/a").content == BODY
    assert http.sent["/a"] == len(BODY) + 2 * (len(BODY) if "length_off" in behaviour else 1000)


def test_http_can_promise_too_little_and_send_no_length_at_all(http):
    http.add("/short", BODY, length_off=-100)
    http.add("/chunks", BODY, chunked=True)
    http.add("/zipped", BODY, gzip=True)
    assert get(http.url + "/short").content == BODY[:-100]
    chunks = get(http.url + "/chunks", Range="bytes=5-")
    assert (chunks.status_code, chunks.content, chunks.headers.get("content-length")) == (200, BODY, None)
    zipped = get(http.url + "/zipped")
    assert zipped.content == BODY
    assert int(zipped.headers["content-length"]) < len(BODY)


def test_http_changes_the_object_after_requests_or_bytes(http):
    new = b"n" * len(BODY)
    http.add("/r", BODY, replacement=new, replace_after_requests=1)
    http.add("/b", BODY, replacement=new, replace_after_bytes=1000, cut_after=1000, times=1)
    old = get(http.url + "/r").headers["etag"]
    changed = get(http.url + "/r", Range="bytes=10-", If_Range=old)
    assert (changed.status_code, changed.content, changed.headers["etag"] == old) == (200, new, False)
    with pytest.raises(httpx2.TransportError):
        get(http.url + "/b")
    assert get(http.url + "/b").content == new


@pytest.mark.parametrize(
    ("ranges", "status", "first"), [("none", 200, 0), ("wrong_start", 206, 11), ("status_200", 200, 10)]
)
def test_http_answers_ranges_wrongly_on_demand(http, ranges, status, first):
    http.add("/a", BODY, ranges=ranges)
    answer = get(http.url + "/a", Range="bytes=10-")
    assert (answer.status_code, answer.content) == (status, BODY[first:])
    said = answer.headers.get("content-range")
    assert said == (None if ranges == "none" else f"bytes {first}-{len(BODY) - 1}/{len(BODY)}")


def test_http_validators_are_weak_dated_or_absent(http):
    seen = {}
    for kind in ("weak", "date", "none"):
        http.add(f"/{kind}", BODY, validator=kind)
        answer = get(f"{http.url}/{kind}")
        seen[kind] = (answer.headers.get("etag", "")[:3], "last-modified" in answer.headers)
        weak = get(f"{http.url}/{kind}", Range="bytes=9-", If_Range=answer.headers.get("etag", '"x"'))
        assert weak.status_code == 200
    assert seen == {"weak": ('W/"', True), "date": ("", True), "none": ("", False)}
    dated = get(http.url + "/date", Range="bytes=9-", If_Range=answer_date(http))
    assert dated.status_code == 206


def answer_date(http: HttpServer) -> str:
    return get(http.url + "/date").headers["last-modified"]


def test_http_refuses_as_often_as_it_was_told(http):
    http.add("/a", BODY, failures=[Failure(429, "1"), Failure.dated(503, 5)], authorization="Bearer x")
    first, second, third = (get(http.url + "/a") for _ in range(3))
    assert (first.status_code, first.headers["retry-after"]) == (429, "1")
    assert (second.status_code, second.headers["retry-after"][-3:]) == (503, "GMT")
    assert third.status_code == 401
    assert get(http.url + "/a", Authorization="Bearer x").status_code == 200


def test_http_redirects_and_the_log_shows_who_got_the_token(http):
    with HttpServer() as other:
        other.add("/b", BODY)
        http.add("/near", redirect="/far")
        http.add("/far", redirect=other.url + "/b")
        answer = httpx2.get(http.url + "/near", headers={"Authorization": "Bearer x"}, follow_redirects=True)
        assert answer.content == BODY
        assert [e.authorized for e in http.log] == [True, True]
        assert [e.authorized for e in other.log] == [False]


def test_http_throttles_and_an_endless_body_ends_with_the_client(http):
    http.add("/slow", BODY[:4096], rate=10_000, piece=512)
    http.add("/endless", b"x", endless=True)
    begun = time.monotonic()
    assert len(get(http.url + "/slow").content) == 4096
    assert 0.35 < time.monotonic() - begun < 3
    got = 0
    with httpx2.stream("GET", http.url + "/endless") as answer:
        for piece in answer.iter_raw():
            got += len(piece)
            if got > 1_000_000:
                break
    assert got > 1_000_000


def test_listeners_leave_no_thread_even_with_an_answer_under_way():
    before = set(threading.enumerate())
    server = HttpServer()
    with server:
        server.add("/a", b"x", endless=True, rate=100_000)
        with httpx2.stream("GET", server.url + "/a") as answer:
            pieces = answer.iter_raw()  # kept: a collected iterator closes the connection
            next(pieces)
            begun = time.monotonic()
            server.__exit__(None, None, None)
            took = time.monotonic() - begun
        server.__enter__()
        server.add("/b", BODY)
        assert get(server.url + "/b").content == BODY
    assert took < 2
    assert set(threading.enumerate()) == before


def test_http_may_not_answer_at_all_and_may_be_careless(http):
    http.add(
        "/a", BODY, failures=[Failure(0)], ranges="careless", replacement=b"n" * 20, replace_after_requests=1
    )
    with pytest.raises(httpx2.TransportError):
        get(http.url + "/a")
    tag = get(http.url + "/a").headers["etag"]
    part = get(http.url + "/a", Range="bytes=5-9", If_Range=tag, If_Match=tag)
    assert (part.status_code, part.content, part.headers["etag"] == tag) == (206, b"nnnnn", False)
    http.add("/b", BODY, ranges="no_total")
    assert get(http.url + "/b", Range="bytes=5-9").headers["content-range"] == "bytes 5-9/*"
