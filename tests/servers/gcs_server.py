"""A Google Cloud Storage emulator (gcp-storage-emulator) in a process of its own.

What 2026.7.19 does, each point seen over its JSON API (`tests/test_servers.py` asserts those marked *):

- `?alt=media` honours `Range: bytes=A-B` and `bytes=A-` with 206 and Content-Range*; `bytes=-N` is ignored (200); a
  start behind the end is a 206 with an empty body and a Content-Range like `bytes 20-9/10`, not 416*.
- The download carries no ETag, no x-goog-generation, no Accept-Ranges; without a Range it carries
  `X-Goog-Hash: crc32c=...,md5=...` (both in base64)*. If-Match, `generation` and `ifGenerationMatch` are ignored*:
  to notice a change, compare the resource's generation before and after.
- The resource has `generation` (new with every write), `md5Hash`, `crc32c` and `size` (a string); `etag` is the
  md5Hash*.
- HEAD is 501*; a list knows no paging (maxResults and pageToken are ignored, never a nextPageToken)*.
- A media upload with an empty body makes it hang up. A wrong md5Hash in the metadata is 400, but in a resumable
  upload only when it is complete.
- Resumable uploads work: POST `uploadType=resumable` gives Location; PUT with `Content-Range: bytes A-B/TOTAL`
  gives 308 and `Range: bytes=0-LAST`, at the end 200 and the resource*; `bytes */TOTAL` asks for the state*. Bytes
  of a chunk whose client went away midway are kept*. Unlike the real service, a session that has received
  nothing answers `Range: bytes=0-0` (the real one sends no Range)*, a chunk that does not start where the last one
  ended is 400 and nothing is taken, and a session that is complete is 404 when asked again (the real one: 200).
- An object's name may stand unquoted in the path; the real service wants its slashes quoted.
- It serves one connection at a time and closes each after its answer (HTTP/1.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import httpx2

from .process import ChildServer, python_command

CHILD = """
import time
from gcp_storage_emulator.server import create_server
server = create_server("127.0.0.1", 0, in_memory=True)
server.start()
print("http://127.0.0.1:%d" % server._api._httpd.server_address[1], flush=True)
time.sleep(10**9)
"""


class GcsServer(ChildServer):
    """Google Cloud Storage in memory."""

    def command(self) -> list[str]:
        return python_command(CHILD)

    @property
    def client_environment(self) -> dict[str, str]:
        """Return what a client's environment must hold to reach this server and no other."""
        return {
            "STORAGE_EMULATOR_HOST": self.url,
            "GOOGLE_APPLICATION_CREDENTIALS": "",
            "GOOGLE_CLOUD_PROJECT": "test",
            "GCE_METADATA_HOST": "127.0.0.1:1",
            "NO_GCE_CHECK": "true",
        }

    def object_url(self, bucket: str, name: str) -> str:
        """Return the JSON API's address of an object; with ?alt=media its bytes."""
        return f"{self.url}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"

    def fill(self, bucket: str, objects: Mapping[str, bytes]) -> dict[str, dict]:
        """Create a bucket unless it is there, put objects, and return their resources as the server gave them."""
        if httpx2.get(f"{self.url}/storage/v1/b/{bucket}").status_code == 404:
            httpx2.post(
                f"{self.url}/storage/v1/b", params={"project": "test"}, json={"name": bucket}
            ).raise_for_status()
        return {name: self.put(bucket, name, body) for name, body in objects.items()}

    def put(self, bucket: str, name: str, body: bytes) -> dict:
        """Put one object and return its resource."""
        address = f"{self.url}/upload/storage/v1/b/{bucket}/o"
        if not body:  # a media upload without a body makes the emulator hang up
            begun = httpx2.post(
                address, params={"uploadType": "resumable", "name": name}, json={"name": name}
            )
            session = begun.raise_for_status().headers["location"]
            answer = httpx2.put(session, headers={"Content-Range": "bytes */0"})
        else:
            kind = {"Content-Type": "application/octet-stream"}
            answer = httpx2.post(
                address, params={"uploadType": "media", "name": name}, content=body, headers=kind
            )
        return answer.raise_for_status().json()
