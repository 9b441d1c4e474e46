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
_VALUE = (
    r"(?: ?(?:is|was|are|reads|=|:|#|no\.?|number))*[\s:#.=\-]{0,4}"
    r"([a-z0-9][a-z0-9\-/]{0,30}(?: [0-9][0-9\-]{1,10}){0,4})"
)
_PATTERNS = {kind: re2.compile(rf"(?i)\b(?:{labels}){_VALUE}") for kind, labels in sorted(_LABELS.items())}
_ANY_LABEL = re2.compile("(?i)" + "|".join(_LABELS.values()))
_MIN_DIGITS = 4
_GENERAL = 0.9  # "record number": any other label that fits says more
_YEAR = re2.compile(r"(?:19|20)[0-9]{2}s?")
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


def _is_number(value: str, kind: str) -> bool:
    digits = sum(c.isdigit() for c in value)
    is_year = _YEAR.fullmatch(value) or _WORD_AND_YEAR.fullmatch(value)
    return digits >= _MIN_DIGITS and (kind == "MRN" or not is_year)
