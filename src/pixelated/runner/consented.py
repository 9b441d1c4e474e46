"""What rests on people's consent is built from only while the consent holds.

`acquire` looked at the papers when it wrote the transcripts. Since then a consent may have been revoked, have
expired or be gone, and the registry entry may have been changed; so a build looks again. The receipts say
under which papers a transcript was made, whatever the entry says now.
"""

from __future__ import annotations

from pathlib import Path

from pixelated.acquire.documents import Documents, read_documents
from pixelated.acquire.permission import paper_refusals, rests_on_consent
from pixelated.core.errors import IncompleteError
from pixelated.core.receipts import FileReceipt, read_receipt
from pixelated.core.source import Source
from pixelated.recipe import Loaded
from pixelated.runner.context import Options

_SHOWN = 12  # hex digits of a hash in a message
_MANY = 3


def refuse_withdrawn(loaded: Loaded, options: Options) -> None:
    """Raise where a source rests on papers that are not there, or hold no longer; before anything is read.

    Raises:
        IncompleteError: `consent_missing`, names every source, speaker and what is missing.
        UsageError: the folder of documents can't be read, or `today` is no date.
    """
    made = {s.id: _transcripts(loaded.corpora, s) for s in loaded.sources.values()}
    resting = [s for s in loaded.sources.values() if made[s.id] or _guarded(loaded, s)]
    if not resting:
        return
    documents = read_documents(options.permissions) if options.permissions else Documents()
    lines = []
    for source in resting:
        found = paper_refusals(source, options.permissions, options.today)
        lines += [f"{r.who}: {r.missing}" for r in found]
        lines += _made_under_revoked(source, made[source.id], documents)
        if not options.permissions:
            lines.append(f"{source.id}: no folder of permission and consent documents is given")
    if lines:
        names = ", ".join(s.id for s in resting)
        raise IncompleteError("consent_missing", "; ".join(lines), _remedy(names, options))


def _guarded(loaded: Loaded, source: Source) -> bool:
    """Say whether the entry asks for papers; a family that was guessed from a file's name does not."""
    return rests_on_consent(source) and bool(loaded.recipe.registry)


def _transcripts(corpora: Path, source: Source) -> list[FileReceipt]:
    """Return the receipts of the transcripts of a source that are still there."""
    files = read_receipt(corpora, source.id).files.values()
    return [f for f in files if f.rests_on and (corpora / source.path / f.name).is_file()]


def _made_under_revoked(source: Source, made: list[FileReceipt], documents: Documents) -> list[str]:
    revoked = sorted({p for file in made for p in file.rests_on} & documents.revoked)
    lines = []
    for paper in revoked:
        names = [f.name for f in made if paper in f.rests_on]
        some = ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")
        lines.append(f"{source.id}: {some} made under a document ({paper[:_SHOWN]}...) that was revoked")
    return lines


def _remedy(names: str, options: Options) -> str:
    if not options.permissions:
        return f"give the folder: --permissions DIR; or leave out what rests on consent: {names}"
    return (
        "delete the transcripts that no consent covers and do what the consent says; or build without the "
        "source: what this run keeps of it is removed then (docs/speech.md)"
    )
