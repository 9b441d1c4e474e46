"""Croissant 1.0 metadata (JSON-LD, with the Responsible AI terms) of a dataset, written by hand.

Format: https://docs.mlcommons.org/croissant/docs/croissant-spec.html and croissant-rai-spec.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pixelated.report import facts
from pixelated.report.facts import Data
from pixelated.report.wording import number, visible

PROJECT_URL = "https://github.com/pixelatedempathy/pixelated"
CONFORMS_TO = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
ENCODINGS = {
    "jsonl": "application/jsonlines",
    "parquet": "application/x-parquet",
    "json": "application/json",
    "md": "text/markdown",
    "html": "text/html",
}
SHARDS = "parquet-shards"
_TERMS = (
    "arrayShape citeAs column conformsTo:dct:conformsTo equivalentProperty examples extract field "
    "fileProperty fileObject fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path "
    "recordSet references regex repeated replace samplingRate separator source subField transform"
)

# (path in the record, type, what it is); a dotted path reaches into an object
FIELDS = (
    ("id", "sc:Text", "stable identifier of the record"),
    ("kind", "sc:Text", "dialogue, preference or text"),
    ("metadata.source_key", "sc:Text", "source that the record came from"),
    ("metadata.source_family", "sc:Text", "first of the record's families"),
    ("metadata.license", "sc:Text", "SPDX expression of the record's licence"),
    ("metadata.origin", "sc:Text", "human, transcript, synthetic, augmented or model"),
    ("metadata.split", "sc:Text", "train, val or test"),
    ("metadata.phase", "sc:Text", "curriculum stage"),
    ("metadata.group_key", "sc:Text", "unit that is never split"),
    ("metadata.content_hash", "sc:Text", "hash of the corpus contract"),
    ("metadata.strict_hash", "sc:Text", "hash over kind, roles, order and text"),
    ("metadata.pii_status", "sc:Text", "none_detected, scrubbed or requires_review"),
    ("metadata.is_training_edge_case", "sc:Boolean", "distressing on purpose, kept by policy"),
    ("metadata.masked_turns", "sc:Integer", "positions of replies that no loss is taken from"),
)
CONVERSATIONS = (
    ("messages", "the conversation: the client is user, the therapist is assistant"),
    ("chosen", "preferred answer of a preference record, else empty"),
    ("rejected", "refused answer of a preference record, else empty"),
)


def croissant(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON-LD object of the dataset.

    Args:
        data: as for `render_report`; files, sizes, hashes and dates are the manifest's.

    Returns:
        Metadata, one FileObject for each file of the manifest, and a record set over the Parquet shards.
    """
    manifest = facts.table(data, "manifest")
    date = visible(manifest.get("generated_at") or "")[:10]
    out: dict[str, Any] = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "name": facts.title(data),
        "description": _description(data),
        "conformsTo": CONFORMS_TO,
        "license": [license_url(license_id) for license_id in facts.compiled_licenses(data)],
        "url": PROJECT_URL,
        "version": _version(manifest),
        "inLanguage": "en",
        "keywords": ["conversational", "mental health", "therapist training"],
        "creator": {"@type": "sc:Organization", "name": "Pixelated Empathy", "url": PROJECT_URL},
        "citeAs": f"{facts.title(data)}, recipe {visible(manifest.get('recipe_fingerprint') or 'unknown')}",
        "isLiveDataset": False,
        **_responsible(data),
        "distribution": [*_file_objects(manifest), *_file_sets(data)],
        "recordSet": _record_sets(data),
    }
    if re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        out |= {"datePublished": date, "dateCreated": date}
    return out


def license_url(license_id: str) -> str:
    """Return the SPDX page of a single identifier; an expression or a custom reference stays text."""
    known = re.fullmatch(r"[A-Za-z0-9.+-]+", license_id) and not license_id.startswith("LicenseRef-")
    return (
        f"https://spdx.org/licenses/{license_id}.html"
        if known and license_id != "NOASSERTION"
        else license_id
    )


def _context() -> dict[str, Any]:
    terms: dict[str, Any] = {"@language": "en", "@vocab": "https://schema.org/"}
    terms |= {"sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"}
    terms |= {"rai": "http://mlcommons.org/croissant/RAI/", "dct": "http://purl.org/dc/terms/"}
    for term in _TERMS.split():
        name, _, iri = term.partition(":")
        terms[name] = iri or f"cr:{name}"
    terms["data"] = {"@id": "cr:data", "@type": "@json"}
    terms["examples"] = {"@id": "cr:examples", "@type": "@json"}
    terms["dataType"] = {"@id": "cr:dataType", "@type": "@vocab"}
    return dict(sorted(terms.items()))


def _description(data: Data) -> str:
    releasable, reasons = facts.release(data)
    status = "releasable" if releasable else f"{facts.NOT_RELEASABLE}: {'; '.join(reasons)}"
    records = number(facts.table(data, "manifest").get("total_conversations"))
    return (
        f"{records} records for training a language model that helps therapists to practise difficult "
        f"conversations. Status: {status}."
    )


def _version(manifest: Mapping[str, Any]) -> str:
    # A build has no number of its own: its identity is the recipe's fingerprint.
    fingerprint = re.sub(r"[^0-9A-Za-z-]", "", str(manifest.get("recipe_fingerprint") or ""))
    return f"0.0.0+{fingerprint}" if fingerprint else "0.0.0"


def _responsible(data: Data) -> dict[str, Any]:
    types = facts.table(data, "manifest", "pii")
    searched, not_searched = facts.strings(types.get("searched")), facts.strings(types.get("not_searched"))
    sources = facts.table(data, "manifest", "sources")
    origins = sorted({visible(facts.table(sources, name).get("origin") or "unknown") for name in sources})
    return {
        "rai:dataCollection": (
            f"Compiled from {len(sources)} registered sources ({', '.join(sorted(sources)) or 'none'}); "
            f"origins: {', '.join(origins) or 'none stated'}."
        ),
        "rai:personalSensitiveInformation": [
            "Conversations about mental health; may hold distressing content.",
            f"Identifiers were replaced by {facts.PII_CLAIM}; some may be left.",
            f"Types searched: {', '.join(searched) or 'none stated'}.",
            f"Types not searched: {', '.join(not_searched) or 'none stated'}.",
        ],
        "rai:dataUseCases": [
            "Training and evaluating a training simulator for therapists.",
            "Not therapy. Not for triage, diagnosis or monitoring of clients.",
        ],
        "rai:dataLimitations": [
            f"Scores are {facts.SCORE_CLAIM}.",
            "English only; the texts stand for no population.",
            "Synthetic records are marked in metadata.origin and are not records of real clients.",
        ],
    }


def _file_objects(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = facts.table(manifest, "files")
    return [
        _file_object(path, facts.table(listed, path)) for path in sorted(listed) if path != "croissant.json"
    ]


def _file_object(path: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    out = {"@type": "cr:FileObject", "@id": path, "name": path, "contentUrl": path}
    out["encodingFormat"] = ENCODINGS.get(path.rpartition(".")[2], "application/octet-stream")
    size = facts.count(entry, "size_bytes")
    if size is not None:
        out["contentSize"] = f"{size} B"
    if isinstance(entry.get("sha256"), str):
        out["sha256"] = entry["sha256"]
    return out


def _has_shards(data: Data) -> bool:
    return any(path.startswith("shards/") and path.endswith(".parquet") for path in facts.files(data))


def _file_sets(data: Data) -> list[dict[str, Any]]:
    if not _has_shards(data):
        return []
    names = {"@type": "cr:FileSet", "@id": SHARDS, "name": SHARDS}
    return [{**names, "encodingFormat": ENCODINGS["parquet"], "includes": "shards/*/*.parquet"}]


def _record_sets(data: Data) -> list[dict[str, Any]]:
    if not _has_shards(data):
        return []
    fields = [_field(*field) for field in FIELDS]
    fields += [_conversation(*conversation) for conversation in CONVERSATIONS]
    names = {"@type": "cr:RecordSet", "@id": "records", "name": "records"}
    return [
        {**names, "description": "every record of every split", "key": {"@id": "records/id"}, "field": fields}
    ]


def _field(path: str, data_type: str, description: str) -> dict[str, Any]:
    column, _, inner = path.partition(".")
    return {
        **_named(f"records/{path.replace('.', '/')}", description),
        "dataType": data_type,
        "source": _source(column, inner),
    }


def _conversation(column: str, description: str) -> dict[str, Any]:
    name = f"records/{column}"
    parts = [
        {
            **_named(f"{name}/{part}", f"{part} of a turn"),
            "dataType": "sc:Text",
            "source": _source(column, f"[*].{part}"),
        }
        for part in ("role", "content")
    ]
    return {**_named(name, description), "repeated": True, "subField": parts}


def _named(name: str, description: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name, "description": description}


def _source(column: str, inner: str) -> dict[str, Any]:
    source: dict[str, Any] = {"fileSet": {"@id": SHARDS}, "extract": {"column": column}}
    return {**source, "transform": {"jsonPath": inner}} if inner else source
