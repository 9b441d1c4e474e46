"""The pii gate's own search: what it must find, what must not ring, and how it is disguised."""

from __future__ import annotations

import pytest

from pixelated.core.presets import load_preset
from pixelated.verify.identifiers import Search


@pytest.fixture(scope="module")
def search() -> Search:
    rules = load_preset("gates", "pii_required")
    return Search(rules["helplines"], rules["hosts"], rules["not_handles"])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("EMAIL", "write to jo.doe+x@mail.example.co.uk please"),
        ("EMAIL", "jo (at) example (dot) com"),
        ("EMAIL", "jo [at] example.com"),
        ("EMAIL", "jo @ example.com"),
        ("EMAIL", "jo%40example.com"),
        ("EMAIL", "jo&#64;example.com"),
        ("EMAIL", "jo\uff20example\uff0ecom"),
        ("EMAIL", "jo@exam\u00adple.com"),
        ("PHONE", "ring 555-867-5309"),
        ("PHONE", "(212) 555 0182"),
        ("PHONE", "1-212-555-0182"),
        ("PHONE", "+1 (212) 555-0182"),
        ("PHONE", "212.555.0182"),
        ("PHONE", "2125550182"),
        ("PHONE", "my cell: 555-0182"),
        ("PHONE", "+44 20 7946 0958"),
        ("PHONE", "07700 900123"),
        ("PHONE", "(020) 7946 0958"),
        ("PHONE", "06 12 34 56 78"),
        ("PHONE", "0171/1234567"),
        ("PHONE", "\u0660\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663"),
        ("PHONE", "212\u2013555\u20130182"),
        ("SSN", "078-05-1120"),
        ("SSN", "078 05 1120"),
        ("SSN", "my SSN is 078051120"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
        ("CREDIT_CARD", "3782 822463 10005"),
        ("CREDIT_CARD", "4111111111111111"),
        ("URL", "https://example.org/u/jo"),
        ("URL", "see WWW.JO-DOE.NET"),
        ("URL", "facebook.com/jo.doe"),
        ("IP", "203.0.113.77"),
        ("IP", "2001:db8:85a3::8a2e:370:7334"),
        ("MAC", "00:1B:44:11:3A:B7"),
        ("IBAN", "DE89 3704 0044 0532 0130 00"),
        ("DATE", "3/14/2019"),
        ("DATE", "14.03.2019"),
        ("DATE", "2019-03-14T10:00:00"),
        ("DATE", "March 14th, 2019"),
        ("DATE", "the 14th of March 2019"),
        ("DATE", "3/14/19"),
        ("DATE", "born 19870314"),
        ("HANDLE", "I am @jo_doe on it"),
        ("HANDLE", "as u/throwaway_jo said"),
        ("MRN", "MRN: 00123456"),
        ("MRN", "medical record number is A-998812"),
        ("MRN", "Patient ID #4471-220"),
        ("EMAIL", "jo&amp;#64;example.com"),
        ("EMAIL", "jo\U000e0020@exam\ufe0fple.com"),
        ("PHONE", "212/555-0182"),
        ("PHONE", "212 - 555 - 0182"),
        ("PHONE", "212-555-0182x12"),
        ("PHONE", "212-555-0182 ext. 12"),
        ("SSN", "078.05.1120"),
        ("SSN", "078 - 05 - 1120"),
        ("CREDIT_CARD", "4111.1111.1111.1111"),
        ("URL", "FACEBOOK.COM/jane.doe"),
        ("URL", "wWw.jo-doe.net"),
    ],
)
def test_an_identifier_is_found(kind: str, text: str, search: Search) -> None:
    assert kind in search.types(f"And then: {text}.")
    assert kind in search.types(text)


@pytest.mark.parametrize(
    "text",
    [
        "a 5/10 day, 10/10 even, 50/50", "at 10:30, until 12:45:10", "24/7", "on 9/11", "3-4 times, 2-3 days",
        "version 1.12.3.14", "v2.0.10.1", "section 1.2.3.4", "1.2.3.4", "127.0.0.1", "$1,200.50 or €1.000.000,00",
        "from 2019-2020, in 1998 and 2003", "the years 2001, 2002, 2003, 2004", "between 100-2000 calories",
        "F43.10 or 309.81", "120/80", "1 000 000", "3.14159265358979", "scaled 5/10/15 minutes", "#12345678",
        "ISBN 978-3-16-148410-0", "[PHONE_1] [EMAIL_2] [DATE_3]", "meet me @home", "@ 5 pm", "and/or, his/her, n/a",
        "the first of March", "May 2019", "on March 3rd", "4111 1111 1111 1112", "1234567890123", "note::this",
        "call 988 or 911", "1-800-273-8255", "(800) 273-8255", "+1 800 273 8255", "text HOME to 741741", "116 123",
        "0800 1111", "13 11 14", "+44 116 123", "www.988lifeline.org", "https://www.samaritans.org/how-we-can-help/",
        "medical records 2019", "patient no more", "I weigh 2000000000 reasons", "12-step, 1-2-3-4-5-6-7-8-9",
        "rated 4.5/5.0, 1234567 views", "10.000.000", "0.000123456789", "3x3x3, 16:9:4:3", "at 99.99.1",
    ],
)  # fmt: skip
def test_an_ordinary_number_or_word_does_not_ring(text: str, search: Search) -> None:
    assert search.types(f"Well, {text}, she said.") == set()
    assert search.types(text) == set()


def test_every_helpline_of_the_preset_is_left_alone_in_the_usual_spellings(search: Search) -> None:
    for digits in load_preset("gates", "pii_required")["helplines"]:
        spellings = [digits]
        if len(digits) == 10:
            a, b, c = digits[:3], digits[3:6], digits[6:]
            spellings += [
                f"{a}-{b}-{c}",
                f"({a}) {b}-{c}",
                f"1-{a}-{b}-{c}",
                f"+1 {a} {b} {c}",
                f"{a}.{b}.{c}",
            ]
        assert [s for s in spellings if search.types(f"call {s} now")] == []
