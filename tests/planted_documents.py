"""Documents and recordings with mistakes: PDF, EPUB, HTML, subtitles, recognisers' JSON, transcripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from documents import article, book, chapter, drawn, lines_page, scan
from planted_formats import Planted, Timed, Turn, refused, sentences
from standardise_reading import srt

CONTRACT = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def planted() -> list[Planted]:
    """Return the files."""
    return [*_pdf(), *_epub(), *_html(), *_subtitles(), *_recognisers(), *_transcripts()]


def _pdf() -> list[Planted]:
    found = []
    for name, columns, seed in (("one-column.pdf", 1, 1), ("two-columns.pdf", 2, 2)):
        paragraphs = [sentences(5, seed * 100 + k) for k in range(60)]  # 3,000 words on three pages or more
        words = f"A quiet title {' '.join(paragraphs)}"
        data = article("A quiet title", paragraphs, columns)
        found.append(Planted(name, data, 10, words=words, passages=10, formats=["pdf"], groups=1))
    pages = [lines_page([sentences(1, k * 10 + n) for n in range(12)]) for k in (1, 3)]
    words = " ".join(sentences(1, k * 10 + n) for k in (1, 3) for n in range(12))
    scanned = drawn(pages[0], scan, pages[1])
    found.append(
        Planted(
            "scan.pdf",
            scanned,
            3,
            [("page 2", "page_without_text")],
            words=words,
            passages=2,
            formats=["pdf"],
            groups=1,
        )
    )
    found.append(refused("cut.pdf", scanned[: len(scanned) * 2 // 3], "truncated_pdf"))
    turns = [("user", "I lay awake."), ("assistant", "What went round?"), ("user", "The letter.")]
    lines = [f"{'Client' if role == 'user' else 'Therapist'}: {content}" for role, content in turns]
    spaced = [text for line in lines for text in (line, "")]
    talk = drawn(lines_page(spaced))
    found.append(Planted("session.pdf", talk, 3, dialogues=[turns], formats=["pdf"]))
    return found


def _encryption(*names: str) -> str:
    entries = "".join(
        f'<EncryptedData><EncryptionMethod Algorithm="{CONTRACT}"/><CipherData>'
        f'<CipherReference URI="OPS/text/{n}"/></CipherData></EncryptedData>'
        for n in names
    )
    return f"<encryption>{entries}</encryption>"


def _epub() -> list[Planted]:
    """A chapter of 30 sentences and its heading is one passage."""
    texts = [sentences(30, k) for k in (31, 32)]
    good = {f"{k}.xhtml": chapter(f"Part {k}", text) for k, text in enumerate(texts)}
    words = f"Part 0 {texts[0]} Part 1 {texts[1]}"
    bomb = '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "ha">]><html><body><p>&a;</p></body></html>'
    chapters = {"a": good["0.xhtml"], "gone": bomb, "bomb": bomb, "locked": bomb, "z": good["1.xhtml"]}
    holes = book(chapters, **{"META-INF/encryption.xml": _encryption("locked")})
    holes = holes.replace(b"OPS/text/gone", b"OPS/text/left")
    mistakes = [
        ("chapter 2", "missing_chapter"), ("chapter 3", "dtd_entities"), ("chapter 4", "encrypted_chapter"),
    ]  # fmt: skip
    drm = book(good, **{"META-INF/encryption.xml": _encryption(*good)})
    return [
        Planted("book.epub", book(good), 2, words=words, passages=2, formats=["epub"], groups=1),
        Planted("holes.epub", holes, 5, mistakes, words=words, passages=2, formats=["epub"], groups=1),
        refused("locked.epub", drm, "encrypted_epub"),
    ]


def _html() -> list[Planted]:
    texts = [sentences(30, k) for k in (41, 42, 43)]
    body = "".join(f"<h2>Section {k}</h2><p>{text}</p>" for k, text in enumerate(texts))
    page = f"<!DOCTYPE html><html><head><title>T</title></head><body><nav>menu</nav>{body}</body></html>"
    words = " ".join(f"Section {k} {text}" for k, text in enumerate(texts))
    empty = b"<!DOCTYPE html><html><body><script>write('text')</script><nav>menu</nav></body></html>"
    return [
        Planted("page.html", page.encode(), 3, words=words, passages=3, formats=["html"], groups=1),
        refused("empty.html", empty, "empty_page"),
        refused("failed-download.csv", empty, "markup_file"),
    ]


def _clock(seconds: float) -> str:
    return f"00:{int(seconds) // 60:02}:{int(seconds) % 60:02}.{round(seconds % 1 * 1000):03}"


def _vtt(*cues: tuple[float, float, str]) -> str:
    blocks = [f"{_clock(a)} --> {_clock(b)}\n{text}\n" for a, b, text in cues]
    return "\n".join(["WEBVTT\n", *blocks])


def _subtitles() -> list[Planted]:
    said = [sentences(1, k) for k in range(60, 90)]
    shown = [said[0], *(f"{a}\n{b}" for a, b in pairwise(said))]
    rolling = srt(*shown)
    plain = [sentences(1, k) for k in (1, 2, 3, 4)]
    bad = srt(
        plain[0],
        ("00:00:07,000 --> 00:00:05,000", "It ends before it starts."),
        plain[1],
        ("00:00:75,000 --> 00:00:80,000", "Its time can't be read."),
        ("", "It has no timing."),
        plain[2],
    )
    voices = _vtt(
        (0.5, 2.0, "<v Therapist>How was the week?</v>"),
        (2.5, 4.0, "<v Client>Long.</v>"),
        (4.0, 5.5, "<v Client>I did not sleep.</v>"),
        (6.0, 7.25, "<v Therapist>Since when?</v>"),
    )
    asked = ("assistant", "How was the week?")
    talk = [asked, ("user", "Long. I did not sleep."), ("assistant", "Since when?")]
    timed = [("Therapist", 0.5, 2.0), ("Client", 2.5, 5.5), ("Therapist", 6.0, 7.25)]
    broken = voices.replace("00:04.000 --> 00:00:05.500", "00:04.000 -> soon")
    return [
        Planted(
            "rolling.srt", rolling.encode(), 30, words=" ".join(said), passages=1,
            timed=[(None, 0.0, 30.0)], formats=["srt"],
        ),
        Planted(
            "bad.srt", bad.encode(), 6, [(f"cue {k}", "bad_cue") for k in (2, 4, 5)],
            words=" ".join(plain[:3]), passages=1, timed=[(None, 0.0, 6.0)], formats=["srt"],
        ),
        Planted("voices.vtt", voices.encode(), 4, dialogues=[talk], timed=timed, formats=["vtt"]),
        Planted(
            "bad.vtt", broken.encode(), 4, [("line 9", "bad_cue")],
            dialogues=[[asked, ("user", "Long."), talk[2]]],
            timed=[timed[0], ("Client", 2.5, 4.0), timed[2]], formats=["vtt"],
        ),
    ]  # fmt: skip


def _segment(number: int, text: str, **more: Any) -> dict[str, Any]:
    quality = {"avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.2}
    return {"id": number, "start": number * 2.0, "end": number * 2 + 1.5, "text": f" {text}"} | quality | more


def _whisper(segments: Sequence[Any], **more: Any) -> bytes:
    return json.dumps({"text": "", "segments": segments, "language": "en", **more}).encode()


def _recognisers() -> list[Planted]:
    long = [sentences(1, k) for k in range(100, 190)]  # 900 words, 3 chunks
    loops: list[Any] = [_segment(0, "I slept."), *(_segment(k, "Thank you.") for k in range(1, 7))]
    loops += [
        _segment(7, "la la la la", compression_ratio=9.0),
        _segment(8, "Subtitles by nobody.", no_speech_prob=0.95, avg_logprob=-1.5),
        {"id": 9, "start": 18.0, "end": 19.0},
        "no segment",
        _segment(11, "It ends too soon.", end=1.0),
        _segment(12, "Then morning came."),
    ]
    mistakes = [(f"segment {k}", "bad_segment") for k in (10, 11, 12)]
    spoken = [("Client", "I lay awake."), ("Client", "All night."), ("Therapist", "What went round?")]
    talk = [("user", "I lay awake. All night."), ("assistant", "What went round?")]
    named = [_segment(k, text, speaker=who, words=[]) for k, (who, text) in enumerate(spoken)]
    labels = [_segment(k, text, speaker=f"SPEAKER_0{k % 2}", words=[]) for k, (_, text) in enumerate(spoken)]
    return [
        Planted(
            "whisper.json", _whisper([_segment(k, text) for k, text in enumerate(long)]), 90,
            words=" ".join(long), passages=3, formats=["recogniser"], groups=1,
            timed=[(None, 0.0, 59.5), (None, 60.0, 119.5), (None, 120.0, 179.5)],
        ),
        Planted(
            "loops.json", _whisper(loops), 13, mistakes, words="I slept. Thank you. Then morning came.",
            passages=1, timed=[(None, 0.0, 25.5)], formats=["recogniser"],
        ),
        Planted(
            "whisperx.json", _whisper(named, word_segments=[]), 3, dialogues=[talk],
            timed=[("Client", 0.0, 3.5), ("Therapist", 4.0, 5.5)], formats=["recogniser"],
        ),
        Planted("nobody.json", _whisper(labels, word_segments=[]), 3, [("segment 1", "roles_unknown")]),
    ]  # fmt: skip


def _marked(turns: Sequence[Turn], user: str, assistant: str, mark: str) -> str:
    return "".join(mark.format(user if role == "user" else assistant, text) for role, text in turns)


def _nobody(turns: Sequence[Turn], user: str, assistant: str) -> list[Timed]:
    return [(user if role == "user" else assistant, None, None) for role, _ in turns]


def _transcripts() -> list[Planted]:
    long = sentences(150, 200)  # 1,500 words in one line, 5 chunks of 300
    turns = [("user", "I lay awake."), ("assistant", "What went round?"), ("user", "The letter.")]
    turns.append(("assistant", "Read it to me."))
    session = _marked(turns, "Client", "Therapist", "{}: {}\n")
    panel = _marked(turns, "Ann", "Bob", "{}: {}\n")
    bold = _marked(turns, "Client", "Therapist", "**{}:** {}\n\n")
    chatml = _marked(turns, "user", "assistant", "<|im_start|>{}\n{}<|im_end|>\n")
    unended = chatml.removesuffix("<|im_end|>\n")
    names = _nobody(turns, "Client", "Therapist")
    return [
        Planted("long.txt", long.encode(), 1, words=long, passages=5, formats=["text"], groups=1),
        Planted("note.txt", b"A short note.\n", 1, words="A short note.", passages=1, formats=["text"]),
        Planted(
            "session.txt", session.encode(), 4, dialogues=[turns], timed=names, formats=["transcript"]
        ),
        Planted("panel.txt", panel.encode(), 4, [("line 1", "roles_unknown")]),
        Planted("bold.md", bold.encode(), 4, dialogues=[turns], timed=names, formats=["diarised"]),
        Planted(
            "blocks.chatml", chatml.encode(), 4, dialogues=[turns],
            timed=_nobody(turns, "user", "assistant"), formats=["chatml"],
        ),
        Planted("unended.chatml", unended.encode(), 4, [("line 1", "bad_chatml")]),
    ]  # fmt: skip
