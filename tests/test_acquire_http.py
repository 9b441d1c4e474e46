"""Downloads from a server that cuts, lies, changes the object, is busy, sends elsewhere."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from pixelated.acquire.fetch import Options, fetch_source
from pixelated.core.downloads.download import Got, Job, download
from pixelated.core.downloads.limiter import Limiter
from pixelated.core.places import Given, UnavailableError, place_of, retrying
from pixelated.core.source import Acquisition, Expected, Source
from servers.http_server import Failure, HttpServer

BODY = random.Random(3).randbytes(300_000)
OTHER = random.Random(4).randbytes(300_000)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits are noted and not waited."""
    waits: list[float] = []
    monkeypatch.setattr(retrying.time, "sleep", waits.append)
    monkeypatch.setattr(Limiter, "sleep", lambda _self, seconds: waits.append(seconds))
    return waits


def job(server: HttpServer, folder: Path, name: str = "a.bin", **expected: object) -> Job:
    place = place_of(f"{server.url}/{name}")
    entry = next(iter(place.entries()))
    again = lambda: next(iter(place.entries()))  # noqa: E731
    return Job(place, entry, folder / "final" / name, folder / "staging", Expected(**expected), again)  # type: ignore[arg-type]


def got(server: HttpServer, folder: Path, name: str = "a.bin", **expected: object) -> Got:
    found = download(job(server, folder, name, **expected))
    assert hashlib.sha256((folder / "final" / name).read_bytes()).hexdigest() == found.sha256
    assert not list((folder / "staging").glob("*.part"))
    return found


def refused(server: HttpServer, folder: Path, name: str = "a.bin", **expected: object) -> UnavailableError:
    with pytest.raises(UnavailableError) as caught:
        download(job(server, folder, name, **expected))
    assert not (folder / "final" / name).exists()
    return caught.value


def test_a_plain_file_comes_in_one_request(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", BODY)
    assert got(http_server, tmp_path).fetched == len(BODY)
    assert http_server.sent["/a.bin"] == len(BODY)


def test_an_empty_file_is_a_file(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", b"")
    assert got(http_server, tmp_path).size == 0


def test_a_cut_connection_goes_on_at_the_byte_where_it_was_cut(
    http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", BODY, cut_after=70_000, times=4)
    assert got(http_server, tmp_path).fetched == len(BODY)
    assert http_server.sent["/a.bin"] <= 1.05 * len(BODY)
    starts = [e.range for e in http_server.requests("/a.bin", "GET")]
    assert starts[1] is not None


def test_a_server_without_ranges_is_read_from_the_first_byte_again(
    http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", BODY, ranges="none", cut_after=70_000, times=2)
    assert got(http_server, tmp_path).size == len(BODY)


def test_the_right_bytes_under_status_200_are_taken_where_content_range_is_exact(
    http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", BODY, ranges="status_200", cut_after=70_000, times=3)
    assert got(http_server, tmp_path).fetched == len(BODY)
    assert http_server.sent["/a.bin"] <= 1.05 * len(BODY)


def test_a_part_from_another_byte_is_not_taken(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", BODY, ranges="wrong_start", cut_after=70_000, times=1)
    assert "sent" in refused(http_server, tmp_path).message


@pytest.mark.parametrize("ranges", ["good", "careless"])
def test_an_object_that_changes_midway_is_fetched_anew_and_never_mixed(
    http_server: HttpServer, tmp_path: Path, ranges: str
) -> None:
    http_server.add(
        "/a.bin",
        BODY,
        cut_after=70_000,
        times=1,
        replacement=OTHER,
        replace_after_bytes=60_000,
        ranges=ranges,
    )
    found = got(http_server, tmp_path)
    assert found.sha256 == hashlib.sha256(OTHER).hexdigest()


def test_without_a_validator_nothing_is_resumed(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add(
        "/a.bin",
        BODY,
        cut_after=70_000,
        times=1,
        replacement=OTHER,
        replace_after_bytes=60_000,
        validator="neither",
        ranges="careless",
    )
    assert got(http_server, tmp_path).sha256 == hashlib.sha256(OTHER).hexdigest()


def test_a_known_checksum_stands_in_for_a_validator(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", BODY, cut_after=70_000, times=2, validator="neither")
    found = got(http_server, tmp_path, sha256=hashlib.sha256(BODY).hexdigest())
    assert (found.checked, found.fetched) == ("sha256", len(BODY))
    assert http_server.sent["/a.bin"] <= 1.05 * len(BODY)


def test_a_wrong_checksum_is_refused_and_nothing_has_the_final_name(
    http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", BODY)
    error = refused(http_server, tmp_path, sha256=hashlib.sha256(OTHER).hexdigest())
    assert error.code == "wrong_sha256"
    assert not list((tmp_path / "staging").glob("*.part"))


def test_a_wrong_size_is_refused_before_a_byte_is_fetched(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", BODY)
    assert refused(http_server, tmp_path, size=17).code == "wrong_size"
    assert http_server.sent["/a.bin"] == 0


@pytest.mark.parametrize("off", [50, -50])
def test_a_server_that_lies_about_the_length_gives_no_file(
    http_server: HttpServer, tmp_path: Path, off: int
) -> None:
    http_server.add("/a.bin", BODY, length_off=off)
    expected = {"size": len(BODY)} if off < 0 else {}
    assert refused(http_server, tmp_path, **expected).code in ("unreachable", "wrong_size", "changing")


def test_an_endless_body_is_stopped_at_the_size_that_is_known(
    http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", BODY, endless=True, chunked=True)
    assert refused(http_server, tmp_path, size=len(BODY)).code == "too_long"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_in_seconds(
    http_server: HttpServer, tmp_path: Path, status: int, no_waiting: list[float]
) -> None:
    http_server.add("/a.bin", BODY, failures=[Failure(status, "7"), Failure(status, "9")])
    assert got(http_server, tmp_path).size == len(BODY)
    assert max(no_waiting) == 9
    assert 7 in no_waiting


def test_retry_after_is_honoured_as_a_date(
    http_server: HttpServer, tmp_path: Path, no_waiting: list[float]
) -> None:
    http_server.add("/a.bin", BODY, failures=[Failure.dated(503, 30)])
    assert got(http_server, tmp_path).size == len(BODY)
    assert 25 <= max(no_waiting) <= 31


def test_a_server_that_asks_to_wait_for_an_hour_is_unavailable(
    http_server: HttpServer, tmp_path: Path
) -> None:
    http_server.add("/a.bin", BODY, failures=[Failure(429, "3600")])
    with pytest.raises(UnavailableError, match="3600"):
        job(http_server, tmp_path)


def test_faults_that_do_not_pass_end_the_tries(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", BODY, cut_after=0)
    assert refused(http_server, tmp_path).code == "unreachable"


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_found"), (403, "no_access"), (401, "no_access"), (410, "not_found")]
)
def test_what_cannot_be_had_is_named_and_not_tried_again(
    http_server: HttpServer, tmp_path: Path, status: int, code: str
) -> None:
    http_server.add("/a.bin", BODY, failures=[Failure(status)])
    with pytest.raises(UnavailableError) as caught:
        job(http_server, tmp_path)
    assert caught.value.code == code
    assert len(http_server.requests("/a.bin")) == 1


def test_a_packed_answer_is_unpacked(http_server: HttpServer, tmp_path: Path) -> None:
    text = b"a line of text\n" * 5000
    http_server.add("/a.txt", text, gzip=True)
    assert got(http_server, tmp_path, "a.txt").sha256 == hashlib.sha256(text).hexdigest()


def test_a_redirect_to_another_host_takes_no_credentials_along(
    http_server: HttpServer, other_host: HttpServer
) -> None:
    from pixelated.core.places import http

    other_host.add("/there.bin", BODY)
    http_server.add("/a.bin", b"", redirect=f"{other_host.url}/there.bin")
    with http.read(f"{http_server.url}/a.bin", headers={"Authorization": "Bearer planted-secret"}) as opened:
        assert b"".join(opened.chunks) == BODY
    assert http_server.log[0].authorized
    assert not any(e.authorized for e in other_host.log)


def test_names_and_fallbacks_of_a_source(
    http_server: HttpServer, other_host: HttpServer, tmp_path: Path
) -> None:
    """The location is gone, the fallback serves one file right and one file changed."""
    other_host.add("/set/a.jsonl", b'{"x": 1}\n')
    other_host.add("/set/b.jsonl", b'{"x": 2}\n')
    digests = {
        n: hashlib.sha256(b).hexdigest() for n, b in (("a.jsonl", b'{"x": 1}\n'), ("b.jsonl", b"other\n"))
    }
    expected = {name: Expected(None, digest) for name, digest in digests.items()}
    where = Acquisition(
        location=f"{http_server.url}/gone/", fallbacks=(f"{other_host.url}/set/",), expected=expected
    )
    outcome = fetch_source(Source(id="set", path="raw/set", acquire=where), Options(tmp_path))
    assert outcome.status == "incomplete"
    assert [f.name for f in outcome.files] == ["a.jsonl"]
    assert [what for what, _ in outcome.problems] == ["b.jsonl"]
    assert sorted(p.name for p in (tmp_path / "raw/set").iterdir()) == ["a.jsonl"]
    again = fetch_source(Source(id="set", path="raw/set", acquire=where), Options(tmp_path))
    assert again.kept == ["a.jsonl"]


def test_a_file_that_was_there_is_moved_aside_and_not_lost(http_server: HttpServer, tmp_path: Path) -> None:
    http_server.add("/a.bin", BODY)
    (tmp_path / "final").mkdir()
    (tmp_path / "final/a.bin").write_bytes(b"mine")
    got(http_server, tmp_path)
    [aside] = (tmp_path / "staging/replaced").iterdir()
    assert aside.read_bytes() == b"mine"


def test_a_full_disk_says_so_and_the_part_stays(
    http_server: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    import pixelated.core.downloads.download as module
    from pixelated.core.errors import InternalError

    http_server.add("/a.bin", BODY)
    written: list[int] = []
    real = module.os.write

    def full(file: int, data: bytes) -> int:
        if sum(written) > 100_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(real(file, data))
        return written[-1]

    wanted = job(http_server, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(module.os, "write", full)
        with pytest.raises(InternalError, match="no space left"):
            download(wanted)
    assert wanted.part.stat().st_size == sum(written)
    assert download(wanted).resumed == sum(written)


def test_a_web_address_with_a_slash_needs_names(http_server: HttpServer) -> None:
    with pytest.raises(UnavailableError, match="does not list"):
        list(place_of(f"{http_server.url}/set/", Given()).entries())
