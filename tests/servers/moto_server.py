"""moto's S3 server in a process of its own, so that neither its memory nor its CPU time is counted as ours."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from .process import ChildServer, python_command

CHILD = """
import time
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
time.sleep(10**9)
"""


class MotoServer(ChildServer):
    """S3 in memory, gone with the process: multipart with list_parts, If-Match 412, If-None-Match, versions.

    Args:
        check_keys: refuse (403) a key that moto's IAM does not know; otherwise any key is let in.
    """

    KEYS: ClassVar = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret"}
    REGION = "us-east-1"

    def __init__(self, *, check_keys: bool = False) -> None:
        super().__init__()
        self.check_keys = check_keys

    def command(self) -> list[str]:
        return python_command(CHILD)

    def environment(self) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return given | ({"INITIAL_NO_AUTH_ACTION_COUNT": "0"} if self.check_keys else {})

    @property
    def client_environment(self) -> dict[str, str]:
        """Return what a client's environment must hold to reach this server and no other."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": self.REGION,
            "AWS_REGION": self.REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.KEYS,
        }

    def client(self) -> Any:
        """Return a boto3 client of this server."""
        return s3_client(self.url, *self.KEYS.values(), region=self.REGION)

    def fill(self, bucket: str, objects: Mapping[str, bytes], *, versioned: bool = False) -> Any:
        """Create a bucket unless it is there, put the objects, and return the client."""
        return fill_bucket(self.client(), bucket, objects, versioned=versioned)


def s3_client(url: str, key: str, secret: str, *, region: str = "us-east-1") -> Any:
    """Return a boto3 S3 client that gives up soon."""
    import boto3
    from botocore.config import Config

    settings = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        retries={"max_attempts": 1},
        connect_timeout=5,
        read_timeout=20,
    )
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=region,
        config=settings,
    )


def fill_bucket(client: Any, bucket: str, objects: Mapping[str, bytes], *, versioned: bool = False) -> Any:
    """Create a bucket unless it is there and put objects into it."""
    if bucket not in {found["Name"] for found in client.list_buckets().get("Buckets", [])}:
        client.create_bucket(Bucket=bucket)
    if versioned:
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for name, body in objects.items():
        client.put_object(Bucket=bucket, Key=name, Body=body)
    return client
