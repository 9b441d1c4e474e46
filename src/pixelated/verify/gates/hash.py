"""Hash: every file and every record is, byte for byte, what it is declared to be."""

from __future__ import annotations

import re
from typing import Any

from pixelated.verify.dataset import MANIFEST
from pixelated.verify.exports import FOLDERS
from pixelated.verify.findings import shown
from pixelated.verify.front_matter import check_front_matter
from pixelated.verify.hashes import tagged
from pixelated.verify.record import Record, mapping, natural
from pixelated.verify.registry import GATES, Gate

_SHA = re.compile(r"[0-9a-f]{64}\Z")
_ROLES = ("system", "user", "assistant")
# written after the dataset was verified, or by hand; a loader takes no records from them
_LATER = {MANIFEST, "verdicts.json", "report.html"}
_DATA = (".jsonl", ".json", ".parquet", ".csv", ".tsv", ".arrow", ".feather", ".txt", ".gz", ".zst", ".bz2",
         ".xz", ".zip", ".tar", ".lz4", ".pkl", ".bin", ".npy")  # fmt: skip
_NO_RECORDS = ("croissant.json", "bypass_audit.jsonl")  # files that describe the data
_DATA_FOLDERS = ("shards", *FOLDERS)


@GATES.register("hash")
class Hash(Gate):
    """Files have their declared size and SHA-256, records their hashes, and Parquet twins the same rows."""

    remedy = (
        "do not edit a dataset by hand: compile it again, or restore the file from where it was published"
    )

    def see(self, record: Record) -> None:
        """Compare both hashes of a record with its text."""
        if record.content is None or record.strict is None:
            self.findings.add("a record holds no readable messages", record.name)
            return
        for name, digest in (("content_hash", record.content), ("strict_hash", record.strict)):
            if record.metadata.get(name) != tagged(digest):
                self.findings.add(f"{name} is not the hash of the text", record.name)
        if any(role not in _ROLES for part in record.texts or () for role, _ in part):
            self.findings.add("a role is none of system, user, assistant", record.name)

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Compare every file with its declaration, and the folder with the list of files."""
        declared = self._declared()
        checked = sum(self._check_file(name, facts) for name, facts in declared)
        names = {name for name, _ in declared}
        shards = {name: s.split for s in self.dataset.shards for name in (s.path, s.twin)}
        for name, is_link in self.dataset.files.walk():
            self._see_file(name, names, shards, is_link=is_link)
        check_front_matter(self.dataset.files, shards, self.findings)
        self.findings.merge(self.dataset.integrity)
        self.findings.merge(self.dataset.exports.integrity)
        return (
            {"files_checked": checked, "records_hashed": len(self.dataset.keys)},
            {"files": "every declared file, and no other data", "records": "both hashes, both formats"},
        )

    def _declared(self) -> list[tuple[str, dict[str, Any]]]:
        """Return (path, size and SHA-256) from the shard entries and from `files`; a path may come twice."""
        out = []
        for shard in self.dataset.shards:
            twin = mapping(shard.entry.get("parquet"))
            out += [(shard.path, shard.entry), (shard.twin, twin)]
        files = self.dataset.manifest.get("files")
        if not isinstance(files, dict):
            self.findings.add("the manifest has no list of files", MANIFEST)
        for name, _ in out:
            if isinstance(files, dict) and name not in files:
                self.findings.add("a shard file is not in the manifest's files", shown(name, 200) or MANIFEST)
        return out + [(str(name), mapping(facts)) for name, facts in mapping(files).items()]

    def _check_file(self, name: str, facts: dict[str, Any]) -> bool:
        fact, who = self.dataset.files.fact(name), shown(name, 200) or MANIFEST
        size, sha = natural(facts.get("size_bytes")), facts.get("sha256")
        if fact.problem:
            self.findings.add(f"a declared file {fact.problem}", who)
            return False
        if size is None or not isinstance(sha, str) or not _SHA.match(sha):
            self.findings.add("a file is declared without a valid size and SHA-256", who)
            return False
        if fact.size != size:
            self.findings.add(f"a file of {size} bytes has {fact.size}", who)
        elif fact.sha256 != sha:
            self.findings.add("a file's SHA-256 is not the declared one", who)
        return True

    def _see_file(self, name: str, declared: set[str], shards: dict[str, str], *, is_link: bool) -> None:
        folder = name.split("/", maxsplit=1)[0]
        is_data = folder in _DATA_FOLDERS or name.lower().endswith(_DATA)
        if is_link:
            self.findings.add("a symbolic link stands in the dataset", shown(name, 200))
        elif name not in declared and name not in _LATER and is_data:
            self.findings.add("a data file is not declared", shown(name, 200), "remove it, or compile again")
        elif (
            is_data and name not in shards and name not in _LATER | set(_NO_RECORDS) and folder not in FOLDERS
        ):
            # listed, but no shard: a loader would take its records, and no gate has seen them
            self.findings.add("a data file is no shard", shown(name, 200), "remove it, or compile again")
