"""Hugging Face dataset repositories: listed by huggingface_hub, read by `/resolve/` at a pinned commit.

huggingface_hub no longer resumes a download (since its pull request 4228), so the bytes come through the
common ranged reader. No code of a repository is ever executed: files are bytes. The token comes from
`HF_TOKEN` or the library's own store, the address from `HF_ENDPOINT`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from pixelated.core.errors import UsageError
from pixelated.core.places import http
from pixelated.core.places.answers import listed
from pixelated.core.places.protocol import Entry, Facts, Opened, TryAgainError, UnavailableError
from pixelated.core.places.retrying import patiently, refuse_down

_CLIENTS = ("httpx", "httpx2", "httpcore", "httpcore2", "requests")
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


def hub_library() -> Any:
    """Return the module huggingface_hub, or raise `UsageError` that says how to install it."""
    try:
        import huggingface_hub
    except ImportError as error:
        raise UsageError(
            "missing_library",
            "Hugging Face needs huggingface_hub",
            "install it: pip install 'pixelated-empathy[hub]'",
        ) from error
    return huggingface_hub


def hub_endpoint() -> str:
    """Return the Hub's address: `HF_ENDPOINT`, else the library's own."""
    hub_library()
    from huggingface_hub import constants  # the package names it as no attribute of its own

    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or str(constants.ENDPOINT).rstrip("/")


class HubPlace:
    """A dataset repository at a revision, or the files under one of its folders."""

    def __init__(self, repo: str, revision: str = "", folder: str = "") -> None:
        self._hub = hub_library()
        self._repo, self._revision = repo, revision
        self._folder = folder.strip("/")
        at = f"@{revision}" if revision else ""
        self.uri = f"hf://datasets/{repo}{at}" + (f"/{self._folder}" if self._folder else "")

    def facts(self) -> Facts:
        """Return the owner, the licence tag and the commit of the repository, as the Hub states them."""
        info = self._info
        card = info.card_data.to_dict() if info.card_data is not None else {}
        named = card.get("license")
        tags = [t.removeprefix("license:") for t in info.tags or () if t.startswith("license:")]
        tag = ",".join(named) if isinstance(named, list) else str(named or (tags[0] if tags else ""))
        more = {"id": info.id, "gated": str(info.gated or ""), "private": str(bool(info.private))}
        return Facts(info.id.split("/")[0], tag, info.sha or "", more)

    def entries(self) -> Iterator[Entry]:
        """Yield the files of the repository, git's own left out."""
        return listed(self.uri, self._entries())

    def _entries(self) -> Iterator[Entry]:
        info = self._info
        prefix = f"{self._folder}/" if self._folder else ""
        for file in sorted(info.siblings or (), key=lambda f: f.rfilename):
            if not file.rfilename.startswith(prefix) or file.rfilename == ".gitattributes":
                continue
            sha256 = file.lfs.sha256 if file.lfs is not None else ""
            size = file.lfs.size if file.lfs is not None else file.size
            git = "" if sha256 else file.blob_id or ""
            version = f"commit {info.sha}"
            yield Entry(file.rfilename.removeprefix(prefix), size, version, sha256=sha256, git_sha1=git)

    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> AbstractContextManager[Opened]:
        """Open a file of the pinned commit at a byte."""
        from huggingface_hub.utils import build_hf_headers

        path = f"{self._folder}/{entry.name}" if self._folder else entry.name
        url = f"{hub_endpoint()}/datasets/{quote(self._info.id)}/resolve/{self._info.sha}/{quote(path)}"
        headers = {
            k: v for k, v in build_hf_headers().items() if k.lower() in ("authorization", "user-agent")
        }
        return http.read(url, start, end, headers=headers)

    @cached_property
    def _info(self) -> Any:
        return patiently(self._ask)

    def _ask(self) -> Any:
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError

        host = urlsplit(hub_endpoint()).netloc
        refuse_down(host)
        api = self._hub.HfApi(endpoint=hub_endpoint(), library_name="pixelated")
        try:
            return api.dataset_info(self._repo, revision=self._revision or None, files_metadata=True)
        except HFValidationError as error:
            raise UsageError("bad_address", f"{self.uri}: no name of a repository", "owner/name") from error
        except HfHubHTTPError as error:
            raise self._explain(error) from error
        except OSError as error:  # connection errors of whatever client the library uses
            raise TryAgainError(f"{self.uri}: no connection ({type(error).__name__})") from error
        except Exception as error:
            if type(error).__module__.split(".")[0] in _CLIENTS:
                name = type(error).__name__
                down = host if name in ("ConnectError", "ConnectTimeout") else ""
                raise TryAgainError(f"{self.uri}: no connection ({name})", down=down) from error
            raise

    def _explain(self, error: Any) -> UnavailableError | TryAgainError:
        name = type(error).__name__
        answer = getattr(error, "response", None)
        status = answer.status_code if answer is not None else 0
        if answer is not None and status in _BUSY:
            wait = answer.headers.get("Retry-After", "")
            return TryAgainError(
                f"{self.uri}: the Hub answered {status}", float(wait) if wait.isdigit() else None
            )
        if name == "GatedRepoError":
            return UnavailableError(
                "gated", f"{self.uri}: gated: its owner must let you in", "ask on its page; set HF_TOKEN"
            )
        if name == "RevisionNotFoundError":
            return UnavailableError("not_found", f"{self.uri}: no such revision", "correct the revision")
        if name == "RepositoryNotFoundError":
            return UnavailableError(
                "not_found", f"{self.uri}: not there, or private", "check the name; set HF_TOKEN"
            )
        return UnavailableError(
            "refused", f"{self.uri}: the Hub answered {status or name}", "check HF_TOKEN and HF_ENDPOINT"
        )
