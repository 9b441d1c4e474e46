"""Servers that mean harm: drips, endless answers, bombs, redirects inwards, listings without an end."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pixelated.acquire.fetch import Options, Outcome, fetch_source
from pixelated.acquire.run import check_all
from pixelated.core.downloads.limiter import Limiter
from pixelated.core.places import UnavailableError, http, patience, place_of, retrying
from pixelated.core.places.answers import pages
from pixelated.core.places.redirects import next_address
from pixelated.core.source import Acquisition, Source
from servers.http_server import HttpServer
from servers.hub_server import HubServer
from servers.listener import Exchange, Listener, Reply
from servers.moto_server import MotoServer


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying.time, "sleep", lambda _: None)
    monkeypatch.setattr(Limiter, "sleep", lambda _self, _seconds: None)


def fetch(location: str, root: Path, **more: object) -> Outcome:
    where = Acquisition(location=location, **more)  # type: ignore[arg-type]
    return fetch_source(Source(id="s", path="raw/s", acquire=where), Options(root))


def why(outcome: Outcome) -> str:
    assert outcome.status != "complete"
    return " ".join(text for _, text in outcome.problems)


@contextmanager
def raw_server(answer: Callable[[socket.socket, str], None]) -> Iterator[str]:
    """Serve GET and HEAD by a function that is given the socket and the method; return the address."""
    stopping = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(4096) or b"\r\n\r\n"
                answer(connection, head.split(b" ")[0].decode())
            except OSError:
                pass

    def accept() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/a.bin"
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)


HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nETag: "x"\r\nConnection: close\r\n\r\n'


def drip(connection: socket.socket, piece: bytes) -> None:
    for _ in range(600):  # half a minute at most
        connection.sendall(piece)
        threading.Event().wait(0.05)  # `time.sleep` is not slept here


def dripping_body(connection: socket.socket, method: str) -> None:
    connection.sendall(HEAD)
    if method == "GET":
        drip(connection, b"a")


def dripping_headers(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    drip(connection, b"a")


def endless_hundreds(connection: socket.socket, _: str) -> None:
    drip(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def endless_trailers(connection: socket.socket, method: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    if method == "GET":
        connection.sendall(b"5\r\nhello\r\n0\r\n")
        drip(connection, b"X: y\r\n")


@pytest.mark.parametrize("answer", [dripping_body, dripping_headers, endless_hundreds, endless_trailers])
def test_a_server_that_sends_a_byte_now_and_then_is_left(
    answer: Callable[[socket.socket, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 1.0)
    began = time.monotonic()
    with raw_server(answer) as address:
        assert "bytes came in" in why(fetch(address, tmp_path))
    assert time.monotonic() - began < 8
    assert not (tmp_path / "raw").exists()


def test_a_slow_server_that_gets_on_is_waited_for(
    http_server: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 1.0)
    http_server.add("/a.bin", bytes(30_000), rate=15_000, piece=1500)
    assert fetch(f"{http_server.url}/a.bin", tmp_path).status == "complete"


def test_an_interruption_does_not_wait_for_a_server_that_stalls(
    http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", bytes(100_000), stall_after=1000)
    command = [
        sys.executable,
        "-m",
        "pixelated",
        "acquire",
        f"{http_server.url}/a.bin",
        "--to",
        str(tmp_path / "d"),
    ]
    child = subprocess.Popen([*command, "--quiet"], stderr=subprocess.PIPE, env=os.environ)
    until = time.monotonic() + 30
    while not any(p.stat().st_size for p in tmp_path.rglob("*.part")) and time.monotonic() < until:
        threading.Event().wait(0.05)
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    try:
        _, said = child.communicate(timeout=30)
    finally:
        child.kill()
    assert time.monotonic() - began < 10
    assert (child.returncode, b"interrupted" in said) == (130, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "\u00b2"}, {"Content-Length": "9" * 5000},
        {"Date": "Mon, 01 Jan 99999999999 00:00:00 GMT", "Last-Modified": "x"},
    ],
)  # fmt: skip
def test_numbers_that_are_none_are_not_believed(headers: dict[str, str], tmp_path: Path) -> None:
    def answer(connection: socket.socket, method: str) -> None:
        lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        said = f"HTTP/1.1 200 OK\r\nConnection: close\r\n{lines}\r\n"
        connection.sendall(said.encode("latin-1") + (b"hello" if method == "GET" else b""))

    with raw_server(answer) as address:
        assert fetch(address, tmp_path).status == "complete"
    assert (tmp_path / "raw/s/a.bin").read_bytes() == b"hello"


@pytest.mark.parametrize("asked", ["\u00b2", "Mon, 01 Jan 99999999999 00:00:00 GMT"])
def test_a_wait_that_is_no_number_is_not_waited_for(asked: str, tmp_path: Path) -> None:
    said = f"HTTP/1.1 503 X\r\nContent-Length: 0\r\nDate: Mon, 05 Jan 2026 00:00:00 GMT\r\nRetry-After: {asked}\r\n\r\n"
    with raw_server(lambda c, _: c.sendall(said.encode("latin-1"))) as address:
        assert "answered 503" in why(fetch(address, tmp_path))


@pytest.mark.parametrize(
    ("at", "target", "how"),
    [
        ("https://a.example/x", "http://a.example/x", "from https to http"),
        ("https://a.example/x", "file:///etc/passwd", "no web address"),
        ("https://a.example/x", "ftp://a.example/x", "no web address"),
        ("https://a.example/x", "https://[bad/x", "no address"),
        ("https://a.example/x", "https://a.example:99999999/x", "no address"),
        ("https://a.example/x", "https://127.0.0.1/x", "loopback"),
        ("https://a.example/x", "https://localhost./x", "loopback"),
        ("https://a.example/x", "https://2130706433/x", "loopback"),
        ("https://a.example/x", "https://[::ffff:127.0.0.1]/x", "loopback"),
        ("http://127.0.0.1/x", "http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://127.0.0.1/x", "http://0xA9FEA9FE/", "link-local"),
        ("http://127.0.0.1/x", "http://metadata.google.internal/", "link-local"),
        ("http://127.0.0.1/x", "http://[fe80::1%25eth0]/", "link-local"),
    ],
)  # fmt: skip
def test_a_redirect_leads_neither_inwards_nor_to_less_safety(at: str, target: str, how: str) -> None:
    with pytest.raises(UnavailableError, match=how):
        next_address(at, target, "a.example")


def test_redirects_between_ordinary_addresses_are_followed() -> None:
    assert next_address("http://a.example/x", "https://b.example/y", "") == "https://b.example/y"
    assert next_address("https://a.example/x/1", "2", "") == "https://a.example/x/2"
    assert next_address("http://127.0.0.1:1/x", "http://127.0.0.1:2/y", "") == "http://127.0.0.1:2/y"


def test_a_redirect_is_refused_before_anybody_is_asked(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", redirect="http://169.254.169.254/latest/meta-data/")
    assert "link-local" in why(fetch(f"{http_server.url}/a.bin", tmp_path))


def test_an_endless_body_of_a_redirect_is_not_read() -> None:
    def answer(connection: socket.socket, method: str) -> None:
        connection.sendall(
            b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        if method == "GET":
            drip(connection, b"5\r\nhello\r\n")

    began = time.monotonic()
    with raw_server(answer) as address, pytest.raises((UnavailableError, http.TryAgainError)):
        http.read(address).__enter__()
    assert time.monotonic() - began < 10


def test_a_bomb_in_the_packing_of_an_answer_is_stopped(
    http_server: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_RATIO_FROM", 10**6)
    http_server.add("/a.bin", bytes(50_000_000), gzip=True)
    assert "unpacks to more than 200 times" in why(fetch(f"{http_server.url}/a.bin", tmp_path))
    assert sum(p.stat().st_size for p in tmp_path.rglob("*.part")) < 20_000_000


@pytest.mark.parametrize("packing", ["br", "x-unheard-of", "gzip, br"])
def test_bytes_that_nothing_here_unpacks_are_not_taken_for_the_file(
    packing: str, http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", b"packed", headers={"Content-Encoding": packing})
    assert "packed in a way" in why(fetch(f"{http_server.url}/a.bin", tmp_path))


def test_the_way_to_the_store_is_no_packing(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", b"plain", headers={"Content-Encoding": "aws-chunked"})
    assert fetch(f"{http_server.url}/a.bin", tmp_path).status == "complete"
    assert (tmp_path / "raw/s/a.bin").read_bytes() == b"plain"


def test_an_object_of_s3_that_is_kept_packed_comes_as_it_is_kept(
    moto: MotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress(b"text\n" * 5000, mtime=0)
    moto.fill("kept-packed", {}).put_object(
        Bucket="kept-packed", Key="raw/a.jsonl", Body=packed, ContentEncoding="gzip"
    )
    for name, value in moto.client_environment.items():
        monkeypatch.setenv(name, value)
    outcome = fetch("s3://kept-packed/raw", tmp_path)
    assert outcome.status == "complete", outcome.problems
    assert (tmp_path / "raw/s/a.jsonl").read_bytes() == packed


def test_a_huge_answer_of_an_api_is_not_held_in_memory(
    http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LARGEST_JSON", 100_000)
    http_server.add("/api", b'{"a": "' + b"x" * 200_000 + b'"}', gzip=True)
    with pytest.raises(UnavailableError, match="more than 100,000 bytes"):
        http.call(f"{http_server.url}/api")


class Pages(Listener):
    """Google's API for one bucket: each page is what `answers` says of its number."""

    answers: Callable[[int], object]

    def answer(self, _: Exchange, reply: Reply) -> None:
        reply.json(self.answers(len(self.log)))


def page(number: int, token: str) -> Mapping[str, object]:
    return {"items": [{"name": f"p/{number}.txt", "size": "1", "generation": "1"}], "nextPageToken": token}


@pytest.mark.parametrize(
    ("answers", "how"),
    [
        (lambda n: page(n, "same"), "goes round in a circle"),
        (lambda n: page(n, str(n)), "has no end"),
        (lambda n: {"items": [], "nextPageToken": str(n)}, "has no end"),
        (lambda _: {"items": [{"x": 1}]}, "can't be read"),
        (lambda _: {"items": [7]}, "can't be read"),
        (lambda _: [1, 2], "can't be read"),
        (lambda _: {"items": [{"name": "p/a", "size": "many"}]}, "can't be read"),
    ],
)
def test_a_listing_without_an_end_or_a_sense_is_the_stores_fault(
    answers: Callable[[int], object], how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelated.core.places.answers.MOST", 20)
    with Pages() as server:
        server.answers = answers
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        assert how in why(fetch("gs://bucket/p", tmp_path))


def test_pages_that_end_are_all_read() -> None:
    book = {"": ([1, 2], "b"), "b": ([], "c"), "c": ([3], "")}
    assert list(pages("x", lambda token: book[token])) == [1, 2, 3]


def test_s3_pages_go_no_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Circle(Listener):
        def answer(self, _: Exchange, reply: Reply) -> None:
            item = "<Contents><Key>p/a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
            body = f"<ListBucketResult>{more}{item}</ListBucketResult>".encode()
            reply.send(200, {"Content-Type": "application/xml"}, body)

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with Circle() as server:
        assert "goes round in a circle" in why(fetch("s3://bucket/p", tmp_path, endpoint=server.url))


def test_kaggle_without_an_owner_is_not_taken_for_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nobody(Listener):
        def answer(self, _: Exchange, reply: Reply) -> None:
            reply.json({"currentVersionNumber": 1, "licenseName": "CC0-1.0"})

    with Nobody() as server:
        monkeypatch.setenv("PIXELATED_KAGGLE_URL", f"{server.url}/api/v1")
        assert "names no owner" in why(fetch("kaggle://acme/talks", tmp_path))


def test_a_hub_dataset_that_changes_hands_after_it_was_listed_gives_no_other_bytes(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hub.client_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    repo = hub.add_repo("acme/talks", {"chats.jsonl": b"ours\n"}, license="mit")
    place = place_of("hf://datasets/acme/talks")
    [entry] = [e for e in place.entries() if e.name == "chats.jsonl"]
    taken = hub.add_repo("mallory/talks", {"chats.jsonl": b"evil\n"}, license="mit")
    old, new = repo.commits[-1], taken.commits[-1]
    taken.commits[-1] = replace(new, id=old.id)
    hub.renamed["acme/talks"] = "mallory/talks"
    with place.open(entry) as opened:
        body = b"".join(opened.chunks)
    assert body == b"evil\n"  # what the download is held to is the digest that was listed
    from pixelated.core.downloads.download import Job, download

    with pytest.raises(UnavailableError, match="is not what it must be"):
        download(Job(place, entry, tmp_path / "chats.jsonl", tmp_path / "staging"))
    assert not (tmp_path / "chats.jsonl").exists()


@pytest.mark.parametrize(
    "location",
    [
        "https://user:planted@127.0.0.1:1/a.jsonl?token=planted#planted", "foo://host/a?token=planted",
        ':http,url="https://u:planted@127.0.0.1:1/":x', ":sftp,host=127.0.0.1,port=1,pass=planted:x",
        "remote,pass=planted:x", "https://u:planted@host:99999999/x", "sftp://u:planted@host/x",
    ],
)  # fmt: skip
def test_a_check_shows_no_secret_of_an_address(location: str, tmp_path: Path) -> None:
    source = Source(id="s", path="s", acquire=Acquisition(location=location, fallbacks=(str(tmp_path),)))
    outcome = fetch_source(source, Options(tmp_path))
    told = [json.dumps(vars(access)) for access in check_all([source])]
    assert len(told) == 2
    assert "planted" not in " ".join([*told, json.dumps(outcome.as_json())])


def test_the_endpoint_of_s3_is_shown_without_its_key(tmp_path: Path) -> None:
    said = why(fetch("s3://bucket/x", tmp_path, endpoint="http://key:planted@127.0.0.1:1"))
    assert "127.0.0.1:1" in said
    assert "planted" not in said


def test_words_of_a_server_do_not_steer_the_terminal(tmp_path: Path) -> None:
    said = b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nX-Error-Message: \x1b[31mred\x07\r\n\r\n"
    with raw_server(lambda c, _: c.sendall(said)) as address:
        text = why(fetch(address, tmp_path))
    assert "[31mred" in text
    assert text.isprintable()
