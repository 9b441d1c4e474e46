"""Numbers that only a label makes identifiers: of records, accounts, plans, licences, devices, cases."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.spans import DIGITS, Span, detector, stands_alone

_NUMBER = r"(?:numbers?|nos?\.?|num\.?|nbr\.?|#|id|code)"
# Type -> labels. HIPAA elements H, I, J, K, L, M and R.
_LABELS = {
    "MRN": rf"mrn(?: ?{_NUMBER})?|m\.r\.n\.?|medical[ -]records?[ -]?{_NUMBER}"
    rf"|patient identifier|e[mh]r ?#|(?:patient|chart|client|hospital|nhs)[ -]?{_NUMBER}",
    "HEALTH_PLAN": r"(?:member(?:ship)?|subscriber|beneficiary|insurance|policy|health ?plan|group)"
    rf" ?{_NUMBER}|(?:medicaid|medicare)(?: ?{_NUMBER})?",
    "ACCOUNT": rf"(?:bank )?(?:account|acct\.?|routing|iban|sort code|customer) ?{_NUMBER}"
    r"|acct\.?|a/c|sort code",
    "LICENCE_NO": rf"(?:driver'?s?,? |driving )?licen[cs]e(?: ?{_NUMBER})?|passport(?: ?{_NUMBER})?"
    rf"|npi(?: ?{_NUMBER})?|(?:dl|dea|certificate|permit|badge) ?{_NUMBER}",
    "VEHICLE": rf"vin(?: ?{_NUMBER})?|(?:licen[cs]e |number )?plates?(?: ?{_NUMBER})?"
    rf"|(?:vehicle identification|registration) ?{_NUMBER}",
    "DEVICE": rf"imei(?: ?{_NUMBER})?|(?:serial|device) ?{_NUMBER}|s/n|udi(?: ?{_NUMBER})?|meid",
    "ID": rf"(?:case|record|file|claim|student|employee|inmate|docket|reference|confirmation|booking"
    rf"|ticket|identification|national|voter|military|service|tax) ?{_NUMBER}|\bid ?(?:numbers?|nos?\.?|#)",
}
# Labels that other words follow as well: only a number with letters or a slash in it is one behind them.
_LOOSE = (
    rf"ref(?:erence)?\.?(?: ?{_NUMBER})?|file|case|claim|docket|record|incident|urn|uhid|pid"
    rf"|(?:crime|case|file|patient|police) ref(?:erence)?(?: ?{_NUMBER})?"
)
_LOOSE_MEDICAL = (
    rf"nhi(?: ?{_NUMBER})?|chi|chart|hosp(?:ital)?\.?(?: ?{_NUMBER})?|nhs"
    rf"|unit ?{_NUMBER}|patient(?: ?{_NUMBER})?"
)
_MIXED = (
    r"(?: (?:is|was))?[\s:#.=\-]{1,3}"
    r"((?:[a-z]{1,5}[/\-.]?)?[0-9][a-z0-9/\-.]{2,24}|[a-z]{1,5}[/\-][a-z0-9/\-.]{3,24})"
)
_VALUE = (
    r"(?: ?(?:is|was|are|reads|=|:|#|no\.?|number))*[\s:#.=\-]{0,4}"
    r"([a-z0-9][a-z0-9\-/]{0,30}(?: [0-9][0-9\-]{1,10}){0,4})"
)
_PATTERNS = {kind: re2.compile(rf"(?i)\b(?:{labels}){_VALUE}") for kind, labels in sorted(_LABELS.items())}
_LOOSELY = {
    "ID": re2.compile(rf"(?i)\b(?:{_LOOSE}){_MIXED}"),
    "MRN": re2.compile(rf"(?i)\b(?:{_LOOSE_MEDICAL}){_MIXED}"),
}
_ANY_LABEL = re2.compile("(?i)" + "|".join([*_LABELS.values(), _LOOSE, _LOOSE_MEDICAL]))
_MIN_DIGITS = 4
_MANY_DIGITS = 6  # of a number with slashes and no letter: fewer are a month or a share
_GENERAL = 0.9  # "record number": any other label that fits says more
_YEAR = re2.compile(r"(?:19|20)[0-9]{2}s?")
_YEARS = re2.compile(r"(?:19|20)[0-9]{2}[/\-.](?:[0-9]{2}|(?:19|20)[0-9]{2})")  # "2019/20"
_DATED = re2.compile(r"[0-9]{1,4}[/\-.][0-9]{1,2}[/\-.][0-9]{2,4}")
_WORD_AND_YEAR = re2.compile(r"(?i)[a-z]+-?(?:19|20)[0-9]{2}")


@detector(
    "labelled",
    types=sorted(_LABELS),
    trigger=r"[0-9](?:[ \-/A-Za-z]{0,2}[0-9]){3}",
    gate=(DIGITS,),
)
def find(text: str) -> Iterator[Span]:
    """Find values with four digits or more behind a label."""
    if not _ANY_LABEL.search(text):
        return
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            start, end = match.span(1)
            value = match.group(1).rstrip("-/ ")
            end = start + len(value)
            if _is_number(value, kind) and stands_alone(text, start, end):
                yield Span(start, end, kind, _GENERAL if kind == "ID" else 1.0)
    for kind, pattern in _LOOSELY.items():
        for match in pattern.finditer(text):
            value = match.group(1).rstrip("-/. ")
            start, end = match.start(1), match.start(1) + len(value)
            if _is_mixed(value) and _is_number(value, "ID") and stands_alone(text, start, end):
                yield Span(start, end, kind, _GENERAL)


def _is_mixed(value: str) -> bool:
    """Say whether a number has letters or slashes, and is neither a span of years nor a date."""
    letters = any(c.isalpha() for c in value)
    long = sum(c.isdigit() for c in value) >= _MANY_DIGITS
    return (
        (letters or ("/" in value and long)) and not _YEARS.fullmatch(value) and not _DATED.fullmatch(value)
    )


def _is_number(value: str, kind: str) -> bool:
    digits = sum(c.isdigit() for c in value)
    is_year = _YEAR.fullmatch(value) or _WORD_AND_YEAR.fullmatch(value)
    return digits >= _MIN_DIGITS and (kind == "MRN" or not is_year)
