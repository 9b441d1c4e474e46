"""The report page: complete, self-contained, inert, honest about what is missing."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.report import render_report
from test_report_sample import ledger, releasable, sample

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\" ' & `</style>$body\u202e\x00\udcff"
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "footer", "nav", "section"),
    *("article", "h1", "h2", "h3", "p", "span", "b", "a", "ul", "li", "dl", "dt", "dd", "div", "code", "pre"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "figcaption", "details"),
    *("summary", "svg", "rect", "line", "path", "circle", "wbr"),
}
VOID = {"meta", "wbr"}


class Page(HTMLParser):
    """Collects elements, attributes and text, and checks that elements close in order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.words, self.open = set(), [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())


def poison(value):
    """Return `value` with every string in it, keys too where they are names, made hostile."""
    if isinstance(value, dict):
        return {key: poison(inner) for key, inner in value.items()} | {HOSTILE: 1}
    if isinstance(value, list):
        return [poison(inner) for inner in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_a_run_that_failed_a_gate_says_so_first():
    text = Page(render_report(sample())).text
    assert "NOT RELEASABLE gate coverage failed: sarcasm is missing" in text
    assert text.index("NOT RELEASABLE") < text.index("Balance of the run") < text.index("7 of 8 gates passed")
    assert text.index("7 of 8 gates passed") < text.index("Rows in + added = kept + dropped + quarantined")


def test_a_passed_run_is_releasable_and_has_no_evidence_section():
    page = render_report(releasable())
    assert "NOT RELEASABLE" not in page
    assert "8 of 8 gates passed" in page
    assert 'id="evidence"' not in page


def test_the_balance_of_the_run_reads_as_one_line():
    text = Page(render_report(sample())).text
    assert "110 rows in + 0 added = 90 kept + 17 dropped + 3 quarantined balances" in text


def test_a_step_that_loses_a_row_is_marked():
    data = sample()
    data["steps"] |= {"dedup": ledger(107, 99, dropped=7), "curate": ledger(99, 89, dropped=10)}
    page = render_report(data)
    assert "does not balance: 1 rows lost" in page
    assert page.count("does not balance") == 2  # the step and the run
    assert len(re.findall(r'class="state fail"><svg class="mark fail"[^>]*>.{0,200}?does not', page)) == 2


def test_a_failed_gate_shows_measured_required_error_example_and_remedy():
    text = Page(render_report(sample())).text
    for words in (
        "families present 13",
        "families present 14",
        "family sarcasm has 0 records, 3 are required",
        "add a source of the family sarcasm",
    ):
        assert words in text


def test_every_one_of_the_14_families_stands_in_the_chart_and_the_missing_one_says_so():
    page = render_report(sample())
    chart = page[page.index("Records per family") : page.index("Stages against their target")]
    assert chart.count("<tr") == 15
    sarcasm = chart[chart.index("sarcasm") :]
    assert ">0</td>" in sarcasm[:600]
    assert "missing" in sarcasm[:900]


def test_quarantine_shows_two_hundred_rows_and_counts_all():
    data = sample()
    row = data["quarantine"][0]
    data["quarantine"] = [{**row, "row": k, "detail": f"line {k}"} for k in range(450)]
    text = Page(render_report(data)).text
    assert "200 of 450 quarantined records" in text
    assert "line 199" in text
    assert "line 200" not in text
    assert "invalid_json 450" in text
    assert "harbour_letters/a.json 450" in text


def test_quarantine_counts_handed_over_apart_win_over_the_rows_shown():
    data = sample()
    data["quarantine_by_reason"] = {"invalid_json": 900, "zero_byte": 100}
    assert "3 of 1,000 quarantined records" in Page(render_report(data)).text


def test_claims_are_modest():
    text = Page(render_report(sample())).text
    assert "for data curation; not for triage, diagnosis or monitoring of clients" in text
    assert "automated redaction" in text
    assert "safe harbor" not in text.lower()
    assert "Types not searched PERSON" in text


def test_a_score_that_nobody_measured_is_not_drawn():
    data = sample()
    data["scores"]["coherence_v1"] = {"count": 0, "nulls": 90, "mean": None, "histogram": [0] * 20}
    page = render_report(data)
    assert '<svg class="histogram"' not in page
    assert "no histogram: not measured" in Page(page).text


def test_only_known_fields_reach_the_page_so_text_of_records_stays_out():
    data = sample()
    words = "my brother stopped calling in March"
    data["quarantine"][0]["text"] = words
    data["sources"][0]["sample"] = words
    data["verdicts"]["coverage"]["text"] = words
    data["records"] = [{"messages": [{"role": "user", "content": words}]}]
    assert words not in render_report(data)


def test_nothing_of_time_or_machine_reaches_the_page():
    data = sample()
    for step in data["steps"].values():
        step |= {"seconds": 4321.77, "bytes": 87654321, "peak_memory_mb": 7654.3}
    assert render_report(data) == render_report(sample())


def test_the_page_asks_nothing_of_the_network_and_runs_no_script():
    page = Page(render_report(sample()))
    assert page.tags <= ALLOWED
    sources = [a for a in page.attributes if a[1] in ("src", "href", "srcset", "action", "data")]
    assert sources
    assert all(tag == "a" and value.startswith("#") for tag, _, value in sources)
    assert not any(name.startswith("on") or name == "style" for _, name, _ in page.attributes)
    assert not re.search(r"@import|url\(|https?://", render_report(sample()))


def test_hostile_names_and_details_stay_inert():
    data = poison(sample()) | {"title": HOSTILE, "next": HOSTILE}
    data["scores"]['v1" onload="alert(3)"><b x="'] = sample()["scores"]["coherence_v1"]
    markup = render_report(data)
    markup.encode("utf-8")
    page = Page(markup)
    assert page.tags <= ALLOWED
    assert page.open == []
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert "\u202e" not in markup
    assert "\x00" not in markup
    assert "alert(1)" in page.text


def test_every_link_has_its_target_and_every_table_its_caption_and_headings():
    markup = render_report(sample())
    page = Page(markup)
    targets = {value for _, name, value in page.attributes if name == "id"}
    links = {value[1:] for tag, name, value in page.attributes if (tag, name) == ("a", "href")}
    assert links <= targets
    assert markup.count("<table") == markup.count("<caption>") == markup.count("<thead")
    assert 'scope="col"' in markup
    assert 'scope="row"' in markup
    levels = [int(level) for level in re.findall(r"<h([1-6])", markup)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_an_empty_run_says_not_measured_everywhere_and_is_not_releasable():
    text = Page(render_report({})).text
    assert "NOT RELEASABLE" in text
    assert "0 of 8 gates passed" in text
    assert text.count("NOT MEASURED") == 16  # the table and the evidence
    for heading in ("Steps", "Sources", "Quarantined", "Scores", "Duplicates", "Flags", "Next"):
        assert f"{heading} not measured" in text


@pytest.mark.parametrize("key", sorted(sample()))
def test_a_missing_or_null_or_empty_key_breaks_nothing(key):
    data = sample()
    del data[key]
    assert Page(render_report(data)).open == []
    for value in (None, [], {}, "", 0):
        assert Page(render_report(data | {key: value})).open == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from(sorted(sample())), value=JSON)
@settings(max_examples=60, deadline=None)
def test_any_value_under_any_key_gives_a_whole_page(key, value):
    assert Page(render_report(sample() | {key: value})).open == []


def test_planted_faults_are_told_from_real_ones():
    data = sample() | {"planted": [{"what": "zero-byte files", "planted": 2, "found": 1}]}
    text = Page(render_report(data)).text
    assert "not real data" in text
    assert "zero-byte files 2 1 differs" in text
    assert "Planted" not in Page(render_report(sample())).text
