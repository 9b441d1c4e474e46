"""Structured identifiers are found, ordinary numbers and words are not, and helplines stay."""

import re
import time
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean import not_searched_types, searched_types
from pixelated.clean.helplines import hide, load_helplines
from pixelated.clean.pii import _any_trigger
from pixelated.clean.plain import plain_view
from pixelated.clean.redact import find_spans
from pixelated.clean.spans import DETECTORS, REVIEW, Span, resolve
from pixelated.core.presets import load_preset

FOUND = [
    ("Write to ana.lee+x@mail.example.co.uk.", "EMAIL", ["ana.lee+x@mail.example.co.uk"]),
    ("ana (at) example (dot) com, or bo at example dot org", "EMAIL",
     ["ana (at) example (dot) com", "bo at example dot org"]),
    ("foo @ example . com", "EMAIL", ["foo @ example . com"]),
    ("mailto:ana%40example.com", "EMAIL", ["ana%40example.com"]),
    ("Call (212) 555-0123 or 212.555.0123 x45", "PHONE", ["(212) 555-0123", "212.555.0123 x45"]),
    ("1-212-555-0123, +1 212 555 0123; 2125550123,3125550188", "PHONE",
     ["1-212-555-0123", "+1 212 555 0123", "2125550123", "3125550188"]),
    ("my number is 867-5309. Text me. 867-5310", "PHONE", ["867-5309", "867-5310"]),
    ("07700 900123 / +44 7700 900123 / 020 7946 0958", "PHONE",
     ["07700 900123", "+44 7700 900123", "020 7946 0958"]),
    ("+49 30 123456 and 0033 1 23 45 67 89", "PHONE", ["+49 30 123456", "0033 1 23 45 67 89"]),
    ("Phone:\n60-56-85-91", "PHONE", ["60-56-85-91"]),
    ("781 1704 office, 358 0594 fax", "PHONE", ["781 1704"]),
    ("fax: 212-555-0199", "FAX", ["212-555-0199"]),
    ("see https://example.com/a?b=c. Or (www.example.org), example.net/x", "URL",
     ["https://example.com/a?b=c", "www.example.org", "example.net/x"]),
    ("bit.ly/abc12 and foo.co.uk", "URL", ["bit.ly/abc12", "foo.co.uk"]),
    ("http : / / www . example . com / page", "URL", ["http : / / www . example . com / page"]),
    ("from 192.168.1.10 and 2001:db8::ff00:42:8329", "IP", ["192.168.1.10", "2001:db8::ff00:42:8329"]),
    ("00:1A:2B:3C:4D:5E", "MAC", ["00:1A:2B:3C:4D:5E"]),
    ("4111 1111 1111 1111 and 378282246310005", "CREDIT_CARD", ["4111 1111 1111 1111", "378282246310005"]),
    ("SSN 123456789, 123-45-6789 and 123 45 6780", "SSN", ["123456789", "123-45-6789", "123 45 6780"]),
    ("the last four of my social is 1234", "SSN", ["1234"]),
    ("MRN: A-12345, patient ID 998877, medical record number is 4455667", "MRN",
     ["A-12345", "998877", "4455667"]),
    ("account number 12345678, acct #: 0012-3344", "ACCOUNT", ["12345678", "0012-3344"]),
    ("member id XZ12345678, policy no. 445566-7", "HEALTH_PLAN", ["XZ12345678", "445566-7"]),
    ("driver's license D1234567; passport number 123456789", "LICENCE_NO", ["D1234567", "123456789"]),
    ("VIN 1HGCM82633A004352, plate ABC-1234", "VEHICLE", ["1HGCM82633A004352", "ABC-1234"]),
    ("IMEI 490154203237518, serial number SN-12345678", "DEVICE", ["490154203237518", "SN-12345678"]),
    ("case number 12-3456, student id 20231234", "ID", ["12-3456", "20231234"]),
    ("@jane_doe and (@jane.doe), u/throwaway123, jane#1234, my insta is jane_99", "HANDLE",
     ["@jane_doe", "@jane.doe", "u/throwaway123", "jane#1234", "jane_99"]),
    ("March 3, 2019; 3rd of March; 3 March 2019; 3-Mar-2019; Mar. 3", "DATE",
     ["March 3, 2019", "3rd of March", "3 March 2019", "3-Mar-2019", "Mar. 3"]),
    ("3/4/2019, 03-04-2019, 2019-03-04, 3/4/19, 04.03.2019", "DATE",
     ["3/4/2019", "03-04-2019", "2019-03-04", "3/4/19", "04.03.2019"]),
    ("2019-03-04T12:30:00Z, born 12-3-85", "DATE", ["2019-03-04T12:30:00Z", "12-3-85"]),
    ("DOB: 3/4/85, born on 3/4, birthday is 3/14, date of birth 19850304", "DATE",
     ["3/4/85", "3/4", "3/14", "19850304"]),
    ("in march 2019 and 03/2020, twenty-first of June, on may 5", "DATE",
     ["march 2019", "03/2020", "twenty-first of June", "may 5"]),
    ("GB82 WEST 1234 5698 7654 32 or DE89370400440532013000", "IBAN",
     ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"]),
    ("Boston, MA 02134; zip code 90210; SW1A 1AA", "ZIP", ["02134", "90210", "SW1A 1AA"]),
    ("\uff12\uff11\uff12-\uff15\uff15\uff15-\uff10\uff11\uff12\uff13 and 212\u2013555\u20130124", "PHONE",
     ["\uff12\uff11\uff12-\uff15\uff15\uff15-\uff10\uff11\uff12\uff13", "212\u2013555\u20130124"]),
]  # fmt: skip

ORDINARY = [
    "I'm there 24/7, it's 50/50, a 12-step program, since 9/11, 3/4 of the time",
    "In 2019 and from 2010-2015, the 1990s, May alone, I may go, we march on, in March",
    "It cost $1,234,567.89 or 100000 dollars, 10,000,000 people, 1.5 million",
    "I take 500-1000 mg, 3-5 times, 10-20 reps, 12-14 days, 98.6, 3.14159265358",
    "e.g. this, i.e. that, file.txt and report.docx, Ph.D., U.S.A., end.Then we",
    "r/depression and r/SuicideWatch, @home, @ 3pm, and/or he/she",
    "at 10:30 and 10:30:45, 1:2:3, John 3:16-17, dad::bad, 1.2.3, 5'10\"",
    "the 2 may be right, on the 3rd, 2nd floor, first of all, the second march, third time",
    "ages 12 13 14 15 16 17, scale of 1-10, 1 2 3 4 5 6 7 8 9 10, 7/10 pain",
    "my account since 2019, my case 3, group 12, member since 1999, plan 2020",
    "my Instagram is full of lies, social anxiety for 20 years, user of 3 drugs",
    "DSM-5, ICD-10 F43.10, PHQ-9 15, COVID-19, 50mg x 2, 90210, 123456789 stars",
    "[EMAIL_1] [PHONE_2] MRN: [MRN_1], call [PHONE_1], born [DATE_1], at [URL_3]",
]

HELPLINES = [
    "call 911, 988, 112 or 999; text HOME to 741741",
    "1-800-273-8255, (800) 273-8255, 18002738255, +1 800 273 8255, 1.800.273.8255",
    "Samaritans 116123 or 116 123 24/7, Lifeline 13 11 14, Childline 0800 1111",
    "0300 123 3393 or +44 300 123 3393 or +44 (0)300 123 3393",
    "1-800-656-4673 1.866.488.7386 1 (800) 662-4357 1-800-422-4453 1-833-456-4566 1-800-799-7233",
    "https://988lifeline.org/chat, www.samaritans.org, findahelpline.com, rainn.org, thetrevorproject.org",
]


def spans(text):
    wanted = [d for _, d in DETECTORS.items() if not d.soft and re2.search(d.trigger, plain_view(text))]
    return find_spans(text, wanted)[0]


def sure(text):
    return [(s.type, text[s.start : s.end]) for s in spans(text) if s.confidence >= REVIEW]


@pytest.mark.parametrize(("text", "kind", "values"), FOUND)
def test_an_identifier_is_found_whole_and_nothing_else(text, kind, values):
    found = sure(text)
    assert [value for k, value in found if k == kind] == values
    assert {k for k, _ in found} <= {kind, "FAX"}
    assert re2.search(_any_trigger(), text), "the first pass would not have shown this text to a detector"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text):
    assert spans(text) == []


@pytest.mark.parametrize("text", HELPLINES)
def test_helplines_are_kept_in_any_formatting(text):
    assert spans(text) == []


def test_a_number_that_only_contains_a_helpline_is_no_helpline():
    for text in ("call 1-800-273-82551", "212-116-1234", "0116 123 4567", "+1 212 988 9110"):
        assert [kind for kind, _ in sure(text)] == ["PHONE"], text
    assert sure("https://988lifeline.org.evil.com/x") == [("URL", "https://988lifeline.org.evil.com/x")]
    assert sure("ana@samaritans.org") == [("EMAIL", "ana@samaritans.org")]


def test_every_number_of_the_table_is_hidden_as_it_is_written_there():
    for line in load_preset("pii", "helplines")["helplines"]:
        if len(re.sub(r"\D", "", line["number"])) >= 5:
            assert hide(f"call {line['number']}.")[1] == 1, line["number"]
    assert load_helplines().domains


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("it is on my social card somewhere, the 123456789 one", "SSN"),
        ("4111 1111 1111 1112", "CREDIT_CARD"),
        ("my credit card 4111111111111112", "CREDIT_CARD"),
    ],
)
def test_what_no_rule_can_decide_goes_to_review(text, kind):
    assert sure(text) in ([], [("SSN", "123456789")])
    doubtful = [s.type for s in spans(text) if s.confidence < REVIEW]
    assert doubtful == [kind] or (kind == "SSN" and sure(text))


def test_nine_bare_digits_far_from_a_label_go_to_review():
    assert [s.confidence < REVIEW for s in spans("it is on my social card somewhere, the 123456789 one")] == [
        True
    ]


def test_the_longest_span_wins_and_doubt_gives_way():
    a, b, c = Span(0, 10, "URL"), Span(2, 6, "DATE"), Span(8, 14, "PHONE", 0.4)
    assert resolve([b, c, a]) == [a]
    assert resolve([b, c]) == [b, c]
    assert resolve([Span(0, 4, "X", 0.9), Span(0, 4, "Y")]) == [Span(0, 4, "Y")]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.builds(Span, st.integers(0, 30), st.integers(0, 30), st.sampled_from("AB")), max_size=12))
def test_chosen_spans_never_overlap(candidates):
    chosen = resolve(candidates)
    assert all(a.end <= b.start for a, b in pairwise(chosen))


@pytest.mark.parametrize("name", DETECTORS.names())
def test_the_gate_lets_through_what_a_trigger_matches(name):
    trigger, gate = DETECTORS.get(name).trigger, "|".join(DETECTORS.get(name).gate)

    @settings(max_examples=60, deadline=None)
    @given(st.from_regex(re.compile(trigger.replace(r"\x{2019}", "\u2019"), re.ASCII)))
    def check(text):
        assert re2.search(gate, text) or not re2.search(trigger, text)

    check()


def test_arrow_accepts_every_trigger():
    for pattern in (*(d.trigger for _, d in DETECTORS.items() if not d.soft), _any_trigger()):
        assert pc.match_substring_regex(pa.array(["plain words"]), pattern).to_pylist() == [False]


def test_the_hipaa_table_names_only_what_is_searched_as_searched():
    entries = load_preset("pii", "hipaa18")["identifiers"]
    assert "".join(sorted({e["letter"] for e in entries})) == "ABCDEFGHIJKLMNOPQR"
    claimed = {t for e in entries if e["status"] == "searched" for t in e["types"]}
    assert claimed == set(searched_types())
    assert not claimed & set(not_searched_types())
    assert not_searched_types() == ["BIOMETRIC", "PHOTO"]
    assert {"PERSON", "PLACE"} <= set(not_searched_types(names=False))


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "12-",
        "a@",
        "a.",
        "http://",
        "1/2/",
        "may 5 ",
        "call ",
        "social 1",
        "(1",
        ":1",
        "A1",
        "MRN ",
        "GB12 ",
    ],
)
def test_the_time_is_linear_in_hostile_text(piece):
    def seconds(n):
        start = time.process_time()
        spans(piece * n)
        return time.process_time() - start

    small = max(seconds(2_000), 0.002)
    assert seconds(16_000) < 8 * 4 * small + 0.2  # eightfold text; quadratic time would be 64-fold
