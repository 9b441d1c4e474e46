"""Checks of a registry as a whole: what only shows when entries are looked at together, or by their use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pixelated.core.source import Source
from pixelated.registry.locations import fits, kind_of

SHA256 = re.compile(r"[0-9a-f]{64}")
EDGE_FAMILIES = frozenset({"edge_case_generator", "edge_case_resulting_chats", "edge_case_synthetic"})
CONSENT_BASES = ("", "public_domain", "licensed", "research_consent", "synthetic", "written_specific")
OF_NOBODY = ("synthetic", "model")  # origins of text that no person spoke or wrote
USES = ("train", "redistribute", "commercial")
Licenses = Mapping[str, Mapping[str, bool | None]]


@dataclass(frozen=True)
class Finding:
    """A broken rule: which, where, and what was found."""

    rule: str
    source: str
    what: str


def unpinned(sources: Iterable[Source]) -> list[str]:
    """Return the ids of sources whose bytes could change unseen: no revision, no hash for every file."""
    return sorted(s.id for s in sources if not _pinned(s))


def check_sources(sources: Iterable[Source], licenses: Licenses) -> list[Finding]:
    """Return the broken rules, sorted by source.

    Args:
        sources: entries of one or several registries.
        licenses: use to true, false or null, by licence (presets/licenses).
    """
    found: list[Finding] = []
    listed = sorted(sources, key=lambda s: s.id)
    for source in listed:
        found += _locations(source)
        found += _expected(source)
        found += _use(source, licenses)
        found += _consent(source)
    return found + _paths(listed)


def _pinned(source: Source) -> bool:
    expected = source.acquire.expected
    return bool(source.revision) or (bool(expected) and all(e.sha256 for e in expected.values()))


def _locations(source: Source) -> list[Finding]:
    acquire = source.acquire
    unknown = [x for x in (acquire.location, *acquire.fallbacks) if x and kind_of(x) is None]
    out = [Finding("location_parses", source.id, f"{x!r} has no known form") for x in unknown]
    if acquire.location and acquire.kind and not fits(acquire.kind, acquire.location):
        what = f"kind is {acquire.kind}, the location {acquire.location!r} is not"
        out.append(Finding("kind_fits_location", source.id, what))
    if acquire.fallbacks and not acquire.location:
        out.append(Finding("fallback_of_nothing", source.id, "fallbacks without a location"))
    if len(set(acquire.fallbacks)) < len(acquire.fallbacks) or acquire.location in acquire.fallbacks:
        out.append(Finding("fallbacks_differ", source.id, "a location stands twice"))
    return out


def _expected(source: Source) -> list[Finding]:
    out = []
    for name, expected in source.acquire.expected.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            out.append(Finding("expected_name", source.id, f"{name!r} leads out of the source's folder"))
        if expected.sha256 and not SHA256.fullmatch(expected.sha256):
            out.append(
                Finding("expected_sha256", source.id, f"{name}: {expected.sha256!r} is not 64 hex digits")
            )
        if expected.size is not None and expected.size < 0:
            out.append(Finding("expected_size", source.id, f"{name}: {expected.size} bytes"))
    return out


def _use(source: Source, licenses: Licenses) -> list[Finding]:
    """Hold what a person allowed against the licence, and the bypass against the families."""
    governance, uses, out = source.governance, licenses.get(source.license, {}), []
    for use in USES:
        if use in governance.allowed_uses and uses.get(use) is not True:
            said = "refuses" if uses.get(use) is False else "does not show"
            out.append(Finding("allowed_by_licence", source.id, f"{source.license} {said} {use!r}"))
        if use in governance.allowed_uses and use in governance.prohibited_uses:
            out.append(Finding("allowed_or_prohibited", source.id, f"{use!r} is both"))
    if source.license == "NOASSERTION" and not source.license_evidence.strip():
        out.append(Finding("licence_evidence", source.id, "NOASSERTION without a word on what is missing"))
    if source.edge_bypass and not EDGE_FAMILIES.intersection(source.families):
        what = f"grants the edge-case bypass, and is of {', '.join(source.families) or 'no family'}"
        out.append(Finding("bypass_of_edge_families", source.id, what))
    if governance.approval_status == "approved" and not _pinned(source):
        out.append(
            Finding("approved_is_pinned", source.id, "approved, and its bytes may change: no revision")
        )
    return out


def _consent(source: Source) -> list[Finding]:
    """Hold what is said of people's consent against what is there: a licence is none."""
    basis, governance = source.consent_basis, source.governance
    why = ""
    if basis not in CONSENT_BASES:
        why = f"consent_basis {basis!r} is none of {', '.join(CONSENT_BASES[1:])}"
    elif basis in ("licensed", "public_domain") and governance.pii_present and source.origin not in OF_NOBODY:
        why = f"{basis} is no consent of people whose personal data it may hold: leave consent_basis empty"
    elif basis == "synthetic" and source.origin not in OF_NOBODY:
        why = f"consent_basis synthetic, and its origin is {source.origin}"
    elif basis == "written_specific" and not governance.consents:
        why = "written_specific, and governance.consents names no document"
    out = [Finding("consent_is_shown", source.id, why)] if why else []
    persona = "voice_persona" in source.families or "voice_persona" in source.stage
    if persona and source.origin not in OF_NOBODY and not governance.consents:
        missing = {"voice_imitation", "style_imitation"} - set(governance.prohibited_uses)
        if missing:
            what = f"a persona of people without a consent, and {', '.join(sorted(missing))} not prohibited"
            out.append(Finding("persona_needs_consent", source.id, what))
    return out


def _paths(sources: list[Source]) -> list[Finding]:
    """Find sources that would be written into one another; what nobody fetches writes nothing."""
    written = {s.id: PurePosixPath(s.path).parts for s in sources if s.acquire.location}
    by_path: dict[tuple[str, ...], str] = {}
    out = []
    for source_id, parts in written.items():
        if parts in by_path:
            what = f"writes {'/'.join(parts) or '.'}, and so does {by_path[parts]}"
            out.append(Finding("paths_differ", source_id, what))
        by_path.setdefault(parts, source_id)
    for source_id, parts in written.items():
        above = next((by_path[parts[:n]] for n in range(len(parts)) if parts[:n] in by_path), None)
        if above:
            out.append(Finding("paths_differ", source_id, f"writes into the folder of {above}"))
    return out
