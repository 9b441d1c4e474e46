"""Bytes to text: every byte is kept, the right encoding is found, nothing raises."""

# ruff: noqa: RUF001 -- foreign punctuation is what is tested

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.core.decoding import CP1252, decode

CORPORA = Path(os.environ.get("PIXELATED_CORPORA") or Path(__file__).parents[2] / "shared/corpora")

CHINESE = "我今天感到非常难过，不知道应该怎么办才好。我的朋友说我应该去看医生，但是我不想去。"
JAPANESE = "今日はとても悲しいです。どうすればいいのかわかりません。友達は医者に行くべきだと言っています。"
KOREAN = "오늘은 정말 슬픕니다. 어떻게 해야 할지 모르겠습니다. 친구는 의사에게 가야 한다고 말했습니다."
WESTERN = "“Ça va?” — naïve café, über £5…"


def test_utf8_is_tried_first():
    assert decode("naïve “日本” 🙂".encode()).encoding == "utf-8"
    assert decode(b"").text == ""


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_bom_decides_and_is_taken_off(codec):
    found = decode(WESTERN.encode(codec))
    assert found.text == WESTERN
    assert found.fixed == {"bom": 1}


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_without_bom_is_known_by_its_nul_bytes(codec):
    text = "Client: I feel naïve.\nTherapist: Tell me more.\n"
    found = decode(text.encode(codec))
    assert (found.text, found.encoding) == (text, codec)


def test_a_few_nul_bytes_do_not_make_utf16():
    assert decode(b"one\0two three four five six").encoding == "utf-8"


def test_stray_cp1252_bytes_in_utf8_are_decoded_one_by_one():
    data = "naïve “x” café ".encode() * 5 + b"don\x92t \x9d \xe9t\xe9"
    found = decode(data)
    assert found.text == "naïve “x” café " * 5 + "don’t \x9d été"
    assert (found.encoding, found.fixed) == ("utf-8", {"stray_cp1252_bytes": 4})


def test_a_file_that_is_mainly_cp1252_is_decoded_as_cp1252():
    # "ß“" is valid UTF-8 by accident: it must not pull the file over.
    text = WESTERN * 3 + " groß“"
    found = decode(text.encode("cp1252"))
    assert (found.text, found.encoding) == (text, "cp1252")


def test_every_byte_value_survives():
    data = bytes(range(1, 256))
    assert decode(data).text == CP1252[1:]
    assert len(set(CP1252)) == 256


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (CHINESE, "gb18030"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
        (CHINESE.translate(str.maketrans("难应该说么办医", "難應該說麼辦醫")), "big5"),
    ],
)
def test_a_cjk_encoding_is_recognised_on_strong_evidence(text, codec):
    found = decode(text.encode(codec, "ignore"))
    assert (found.text, found.encoding) == (text.encode(codec, "ignore").decode(codec), codec)


def test_western_text_is_never_taken_for_cjk():
    for text in (WESTERN, "«À» ÉÈ ÄÖÜ " * 20, "‘‘……’’" * 20):
        assert decode(text.encode("cp1252")).encoding == "cp1252"


def test_surrogates_never_reach_the_text():
    found = decode(b"a\xed\xa0\xbd\xed\xb9\x82b\xed\xa0\xbd")
    assert found.text == "a\U0001f642b\ufffd"
    assert found.fixed == {"surrogate_pairs": 1, "lone_surrogates": 1}
    assert decode(b"\xff\xfe\x3d\xd8a\0").text == "\ufffda"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_raise_and_the_text_can_be_written(data):
    found = decode(data)
    assert found.text.encode("utf-8") or not found.text.strip("\ufeff")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.binary(max_size=6))
def test_text_beside_stray_bytes_is_kept_whole(text, tail):
    head = "ñandú “é” ü — ê à ö " * 3 + text.replace("\0", "")
    assert decode(head.encode() + b"\n" + tail.replace(b"\0", b"")).text.startswith(head)


def test_the_time_grows_with_the_size_only():
    data = ("naïve “x” ".encode() * 9 + b"\x92") * 50_000  # 6 MB, 50,000 strays
    start = time.perf_counter()
    assert decode(data).fixed == {"stray_cp1252_bytes": 50_000}
    assert time.perf_counter() - start < 5  # measured: 0.2 s


@pytest.mark.corpora
def test_a_real_mixed_file_is_read_whole():
    path = CORPORA / "cams/added_CAMS_data.csv"
    if not path.is_file():
        pytest.skip(f"no corpora at {CORPORA}")
    found = decode(path.read_bytes())
    assert found.fixed == {"stray_cp1252_bytes": 127}
    assert found.text.count("\x9d") == 1


@pytest.mark.corpora
def test_the_seventeen_cp1252_files_are_known():
    files = sorted((CORPORA / "plagiarism_sheffield").glob("g*.txt"))
    if not files:
        pytest.skip(f"no corpora at {CORPORA}")
    assert sum(decode(f.read_bytes()).encoding == "cp1252" for f in files) == 17
