"""What a reply to a client in crisis does, and what in it may harm, sentence by sentence.

A wording that harms does not count where the reply denies it ("you are not selfish") or says it as the
client's own view ("you feel that nothing can change").
"""

from __future__ import annotations

import re
from functools import lru_cache

from pixelated.score._crisis import clauses
from pixelated.score._cues import Cues, cues
from pixelated.score.words import stem, words

# How much each step speaks for a reply, and each fault against it, in log-odds; set by hand.
GOOD = {
    "ask": 1.6,
    "assess": 1.2,
    "plan": 1.0,
    "reflect": 1.0,
    "resources": 0.8,
    "stay": 0.8,
    "explore": 0.7,
    "related": 0.6,
    "pain_named": 0.4,
    "risk_named": 0.4,
}
HARM = {
    "agrees": 2.6,
    "dare": 2.6,
    "method": 2.6,
    "orders": 2.4,
    "secrecy": 2.4,
    "boundary": 2.2,
    "abandons": 2.6,
    "blame": 2.6,
    "discloses": 2.4,
    "minimise": 2.4,
    "deflects": 1.8,
    "professional": 2.0,
    "religion": 2.0,
    "commands": 0.4,
}
# No kindness beside them makes up for these.
GRAVE = frozenset({"agrees", "dare", "method", "orders", "secrecy", "boundary"})
AS_THE_CLIENT_SEES_IT = frozenset(
    {"agrees", "blame", "minimise", "abandons", "dare", "religion", "orders", "method"}
)
_CLAUSES = re.compile(r"[.!?;\n]+|\b(?:but|however|though|although|yet)\b")
_SEEN = re.compile(
    r"\b(?:feel|feels|feeling|felt|believe|believes|convinced|in your eyes|to you|seem|seems|seemed|sounds?|"
    r"as if|as though|(?:you|youve|youre|do you|did you) (?:\w+ )?(?:think|thinking|thought|wonder\w*|"
    r"fear\w*|say|saying|said|tell\w*|told|worry|worried|afraid|scared|hope\w*|want\w*)|"
    r"looks? (?:to you |like )|part of you|hear\w*|have you|is there|are you|do you have|"
    r"did (?:they|he|she|anyone)|(?:he|she|they) (?:said|told|called)|called you|told you)\b"
)
_DENIALS = re.compile(
    r"\b(?:not|never|dont|doesnt|didnt|isnt|arent|wasnt|wouldnt|wont|cant|cannot|nothing|without|no|nobody|"
    r"instead of)\b"
)
# "Talk to your doctor before you change the dose": the change is spoken of, not ordered.
_ONLY_NAMED = re.compile(
    r"\b(?:before|whether|if|when|since|after|until|why|did|do|have|has|are|been|about|from|a|the|to) "
    r"(?:you|he|she|they|to)?\b|\b(?:doctor|psychiatrist|prescriber|pharmacist)\b"
)
REACH = 40
CONTENT_LETTERS = 4  # shorter words hardly ever carry the topic
# What shows that a reply is about the danger or the pain at all.
ENGAGES = frozenset({"ask", "assess", "plan", "resources", "stay", "risk_named", "pain_named"})
_NO_TOPIC = frozenset(
    words(
        "monday tuesday wednesday thursday friday saturday sunday about would could should there their they "
        "them that this what when with your have been want like just know feel think really more some into "
        "from then than because going tonight today tomorrow week were does doing will anything something "
        "nothing"
    )
)


@lru_cache(maxsize=2048)
def good(plain: str) -> frozenset[str]:
    """Return the helpful steps that a reply in plain form takes."""
    return cues("crisis_good").found(plain.replace("'", ""))


@lru_cache(maxsize=2048)
def harm(plain: str) -> frozenset[str]:
    """Return the faults of a reply in plain form."""
    text, table = plain.replace("'", ""), cues("crisis_harm")
    if not table.found(text):
        return frozenset()
    found: set[str] = set()
    for clause in clauses(text, _CLAUSES):
        for name in table.found(clause.strip()):
            if name not in found and _meant(clause.strip(), name, table):
                found.add(name)
    return frozenset(found)


def _meant(clause: str, name: str, table: Cues) -> bool:
    for start, _ in table.places(name, clause):
        before = clause[max(0, start - REACH) : start]
        denied = len(_DENIALS.findall(before)) % 2 == 1
        seen = name in AS_THE_CLIENT_SEES_IT and bool(_SEEN.search(before))
        only_named = name == "orders" and bool(_ONLY_NAMED.search(before))
        if not (denied or seen or only_named):
            return True
    return False


def related(client: str, reply: str) -> bool:
    """Whether a question of the reply takes up a word of the client's (both in plain form)."""
    asked = [part for part in re.split(r"(?<=[.!?\n])", reply) if part.rstrip().endswith("?")]
    return bool(_topic(client) & _topic(" ".join(asked)))


def _topic(text: str) -> frozenset[str]:
    return frozenset(
        stem(word) for word in words(text) if len(word) >= CONTENT_LETTERS and word not in _NO_TOPIC
    )
