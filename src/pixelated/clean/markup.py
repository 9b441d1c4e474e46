"""HTML entities and tags, and the marks that `curate` decides on: think-tags and placeholders."""

from __future__ import annotations

import html
import re

import re2

ENTITY_TRIGGER = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});"
_ENTITY = re.compile(ENTITY_TRIGGER)
_NESTED_AMPERSANDS = re.compile(r"&(?:amp;)+", re.IGNORECASE)

# The element names of HTML, obsolete ones included; those of _BLOCKS end a line.
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "p br div li ul ol dl dt dd tr td th table thead tbody tfoot h1 h2 h3 h4 h5 h6 hr pre blockquote "
        "section article header footer aside nav main figure figcaption form fieldset address title option",
    )
)
_KNOWN = _BLOCKS | frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym b bdi bdo big button caption center cite code col colgroup data del details dfn em "
        "embed font html head body i iframe img input ins kbd label legend link map mark meta noscript "
        "object param picture q rp rt ruby s samp select small source span strike strong sub summary sup svg "
        "textarea time tt u var video audio wbr",
    )
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,12})(?=[\s/>])[^<>]*>")
_UNSHOWN = re2.compile(r"(?is)<!--.*?-->|<(?:script|style)\b[^>]*>.*?</(?:script|style)\s*>")
_MANY_BREAKS = re.compile(r"[ \t]*\n[ \t]*\n\s*")

# A model's hidden reasoning that leaked into a reply.
THINK = r"(?i)</?(?:think|thinking|thought|reasoning|scratchpad)>|<\|(?:begin|end)_of_thought\|>"

# Slots that nobody filled, in an answer: a name, a date, a contact. "[insert country here]" in a reply is a
# figure of speech, and editors put "[the doctor]" into transcripts.
_WHOSE = r"(?:client|patient|user|therapist|counsell?or|speaker|person|partner|friend)'?s?"
_FILLING = (
    r"(?:name|first name|last name|full name|date|time|age|location|city|place|address|phone|number|email"
    r"|company|organi[sz]ation|title|details?|information|text|response|content|example|quote)s?"
)
SLOT = (
    rf"(?i)\[(?:insert|enter|add)[ _](?:(?:the|your|a|an|specific|relevant)[ _])?(?:{_WHOSE}[ _])?{_FILLING}"
    r"(?:[ _]here)?\]"
    rf"|\[(?:the[ _])?{_WHOSE}[ _]{_FILLING}\]|\[your[ _](?:{_WHOSE}[ _])?{_FILLING}\]"
    r"|\[(?:name|date|location|city|age|place|placeholder|redacted|text|content|response)\]"
    r"|\b[a-z]+_redacted\b"
    r"|\{\{[^{}\n]{1,40}\}\}"
    r"|\blorem ipsum\b"
    r"|\b(?:response|text|content|reply|answer) goes here\b|\byour text here\b"
)
# A whole text that stands where a text should be, in anybody's turn; people do say "test" and "none".
STUB = (
    r"(?i)\A\s*(?:"
    r"(?:test|sample|dummy|example) (?:prompt|behaviou?r|response|message|reply|text|input|output)"
    r"[ #:_-]{0,3}[0-9]{0,6}"
    r"|emptypost|placeholder(?: (?:text|prompt|response|reply|message|dialogue))?[ #:_-]{0,3}[0-9]{0,6}"
    r"|(?:todo|fixme|tbd)\b[ :-]{0,3}(?:(?:add|write|insert|fill(?: in)?|generate|replace|create|complete)\b"
    r"[^\n]{0,60}\b(?:prompt|placeholder|response|content|dialogue|conversation)s?\b[^\n]{0,40})?"
    r"|xxx+|\[deleted\]|\[removed\]|null|nan|undefined"
    r")[.!?]?\s*\z"
)
REPLACEMENT = r"\x{fffd}"
# Tag -> (pattern, the text is that of an answer to learn from).
MARKS = {
    "placeholder": ((STUB, False), (SLOT, True)),
    "replacement_character": ((REPLACEMENT, False),),
    "think_tag": ((THINK, False),),
}


def unescape(text: str) -> str:
    """Resolve HTML entities, also escaped twice or more; a bare `&` stays."""
    if "&" not in text or not _ENTITY.search(text):
        return text
    flat = _NESTED_AMPERSANDS.sub("&amp;", text)
    once = _ENTITY.sub(_one, flat)
    return _ENTITY.sub(_one, once) if once != flat else once


def strip_tags(text: str) -> str:
    """Remove HTML tags, comments, scripts and styles; block tags become line breaks.

    Only tags that HTML knows are removed: `<name>` and `<think>` are text.
    """
    if "<" not in text:
        return text
    shown = _UNSHOWN.sub("", text)
    stripped = _TAG.sub(_replacement, shown)
    return _MANY_BREAKS.sub("\n\n", stripped).strip() if stripped != text else text


def _one(match: re.Match[str]) -> str:
    return html.unescape(match.group())


def _replacement(match: re.Match[str]) -> str:
    name = match.group(2).lower()
    if name not in _KNOWN:
        return match.group()
    return "\n" if name in _BLOCKS else ""
