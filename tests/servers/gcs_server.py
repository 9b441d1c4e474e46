"""A Google Cloud Storage emulator (gcp-storage-emulator) in a process of its own."""
from __future__ import annotations

import os
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
            httpx2.post(f"{self.url}/storage/v1/b", params={"project": "test"}, json={"name": bucket}).raise_for_status()
        return {name: self.put(bucket, name, body) for name, body in objects.items()}

    def put(self, bucket: str, name: str, body: bytes) -> dict:
        """Put one object and return its resource."""
        answer = httpx2.post(
            f"{self.url}/upload/storage/v1/b/{bucket}/o",
            params={"uploadType": "media", "name": name},
            content=body,
            headers={"Content-Type": "application/octet-stream"},
        )
        return answer.raise_for_status().json()
