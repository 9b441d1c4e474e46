"""A stand-in for Kaggle's API as kagglehub 1.0 and kagglesdk speak it: POST JSON, answers in camel case.

Paths are `/api/v1/datasets.DatasetApiService/{GetDataset,ListDatasets,ListDatasetFiles,DownloadDataset}`. A download
is a zip of the whole version, or one file as it is when the request names `fileName`; both are a `Resource`
(http_server) that honours Range and carries `x-goog-hash: md5=<base64>`. With `redirect=True` a download is a 302
to another host and port, `kaggle.storage`, as the real service does.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .http_server import HttpServer, Resource
from .listener import Exchange, Reply

SERVICE = ["api", "v1", "datasets.DatasetApiService"]


@dataclass
class Dataset:
    """One dataset `owner/slug`: its versions (the first is number 1), each files by name."""

    ref: str
    versions: list[Mapping[str, bytes]]
    license_name: str = "CC-BY-SA-4.0"
    title: str = ""
    tags: tuple[str, ...] = ()
    private: bool = False
    terms: bool = False  # a person must accept terms on the web site before a download

    def said(self) -> dict:
        """Return what the API says about the dataset."""
        return {
            "id": int(hashlib.sha256(self.ref.encode()).hexdigest()[:7], 16),
            "ref": self.ref,
            "title": self.title or self.ref.partition("/")[2],
            "ownerRef": self.ref.partition("/")[0],
            "ownerName": self.ref.partition("/")[0],
            "url": f"https://www.kaggle.com/datasets/{self.ref}",
            "licenseName": self.license_name,
            "currentVersionNumber": len(self.versions),
            "versions": [
                {"versionNumber": number, "creationDate": "2026-01-02T03:04:05.000Z", "status": "Ready"}
                for number in range(len(self.versions), 0, -1)
            ],
            "totalBytes": sum(len(body) for body in self.versions[-1].values()),
            "isPrivate": self.private,
            "lastUpdated": "2026-01-02T03:04:05.000Z",
            "tags": [{"name": tag, "ref": tag} for tag in self.tags],
        }


@dataclass
class KaggleServer(HttpServer):
    """Kaggle. `keys` are {username: key} for Basic, `tokens` for Bearer; public datasets need neither.

    `login=True` refuses (401) every request without credentials; wrong ones are always refused.
    """

    datasets: dict[str, Dataset] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    login: bool = False
    redirect: bool = False
    page: int = 20

    def __enter__(self) -> Self:
        self.storage = HttpServer().__enter__()
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        try:
            super().__exit__(*error)
        finally:
            self.storage.__exit__(*error)

    def add_dataset(self, ref: str, *versions: Mapping[str, bytes], **about: Any) -> Dataset:
        """Add a dataset; `about` are fields of Dataset."""
        self.datasets[ref] = Dataset(ref, list(versions), **about)
        return self.datasets[ref]

    def download(self, ref: str, version: int | None = None, file: str | None = None) -> Resource:
        """Return the live bytes of a download, to be spoilt or looked at."""
        dataset = self.datasets[ref]
        number = version or len(dataset.versions)
        path = f"/{ref}/{number}/{file or 'archive.zip'}"
        files = dataset.versions[number - 1]
        body = files[file] if file else zipped(files)
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        kind = "application/octet-stream" if file else "application/zip"
        with self.lock:
            return self.storage.resources.setdefault(
                path, Resource(body, content_type=kind, headers={"x-goog-hash": f"md5={digest}"})
            )

    def answer(self, exchange: Exchange, reply: Reply) -> None:
        if self.refused(exchange, reply):
            return
        user, known = self._user(exchange)
        if not known or (self.login and user is None):
            reply.json({"code": 401, "message": "Unauthenticated"}, 401)
        elif exchange.method != "POST" or exchange.parts[:3] != SERVICE or len(exchange.parts) != 4:
            reply.json({"code": 404, "message": "Not found"}, 404)
        elif exchange.parts[3] == "ListDatasets":
            self._list(exchange, reply, user)
        else:
            self._one(exchange, reply, user)

    def _user(self, exchange: Exchange) -> tuple[str | None, bool]:
        """Return the user's name or None, and whether the credentials, if any, are good."""
        kind, _, given = exchange.headers.get("authorization", "").partition(" ")
        if not kind:
            return None, True
        if kind == "Bearer":
            return self.tokens.get(given), given in self.tokens
        name, _, key = base64.b64decode(given).decode().partition(":")
        return name, self.keys.get(name) == key

    def _list(self, exchange: Exchange, reply: Reply, user: str | None) -> None:
        asked = exchange.json()
        words = str(asked.get("search") or "").lower()
        found = [
            one.said()
            for _, one in sorted(self.datasets.items())
            if words in f"{one.ref} {one.title}".lower()
            and (not one.private or one.ref.split("/")[0] == user)
        ]
        begin = (max(1, int(asked.get("page") or 1)) - 1) * self.page
        reply.json({"datasets": found[begin : begin + self.page]})

    def _one(self, exchange: Exchange, reply: Reply, user: str | None) -> None:
        asked = exchange.json()
        dataset = self.datasets.get(f"{asked.get('ownerSlug')}/{asked.get('datasetSlug')}")
        number = int(asked.get("datasetVersionNumber") or 0)
        if dataset is None or number > len(dataset.versions):
            reply.json({"code": 404, "message": "Dataset not found"}, 404)
        elif dataset.private and dataset.ref.split("/")[0] != user:
            reply.json({"code": 403, "message": "Permission 'datasets.get' was denied"}, 403)
        elif exchange.parts[3] == "GetDataset":
            reply.json(dataset.said())
        elif exchange.parts[3] == "ListDatasetFiles":
            self._files(asked, dataset, reply)
        elif exchange.parts[3] == "DownloadDataset":
            self._download(exchange, dataset, reply)
        else:
            reply.json({"code": 404, "message": "Not found"}, 404)

    def _files(self, asked: dict, dataset: Dataset, reply: Reply) -> None:
        files = dataset.versions[int(asked.get("datasetVersionNumber") or 0) - 1]
        begin = int(asked.get("pageToken") or 0)
        end = begin + min(int(asked.get("pageSize") or self.page), self.page)
        listed = [
            {"name": name, "totalBytes": len(body), "creationDate": "2026-01-02T03:04:05.000Z"}
            for name, body in sorted(files.items())
        ]
        more = {"nextPageToken": str(end)} if end < len(listed) else {}
        reply.json({"datasetFiles": listed[begin:end], **more})

    def _download(self, exchange: Exchange, dataset: Dataset, reply: Reply) -> None:
        asked = exchange.json()
        number = int(asked.get("datasetVersionNumber") or len(dataset.versions))
        file = asked.get("fileName") or None
        if dataset.terms:
            reply.json(
                {"code": 403, "message": "You must accept this dataset's terms before downloading"}, 403
            )
        elif file and file not in dataset.versions[number - 1]:
            reply.json({"code": 404, "message": "File not found"}, 404)
        elif self.redirect:
            self.download(dataset.ref, number, file)
            path = f"/{dataset.ref}/{number}/{file or 'archive.zip'}"
            reply.send(302, {"Location": f"{self.storage.url}{path}?X-Goog-Signature=signed"})
        else:
            self.serve(self.download(dataset.ref, number, file), exchange, reply)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 4)), body)
    return out.getvalue()
