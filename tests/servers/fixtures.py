"""Fixtures of the servers, fresh for each test unless their start is slow (`moto`, `gcs`: one a session)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .gcs_server import GcsServer
from .http_server import HttpServer
from .hub_server import HubServer
from .kaggle_server import KaggleServer
from .moto_server import MotoServer
from .rclone_servers import RcloneHttp, RcloneS3, RcloneSftp


@pytest.fixture
def http_server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def other_host() -> Iterator[HttpServer]:
    """Another origin than `http_server`: the same address, another port."""
    with HttpServer() as server:
        yield server


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def kaggle() -> Iterator[KaggleServer]:
    with KaggleServer() as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[MotoServer]:
    """One for the session (0.7 s to start): use a bucket of the test's own."""
    with MotoServer() as server:
        yield server


@pytest.fixture(scope="session")
def gcs() -> Iterator[GcsServer]:
    """One for the session: use a bucket of the test's own."""
    with GcsServer() as server:
        yield server


@pytest.fixture
def store_folder(tmp_path: Path) -> Path:
    """The folder that the rclone servers of the test serve."""
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def rclone_s3(store_folder: Path) -> Iterator[RcloneS3]:
    with RcloneS3(store_folder) as server:
        yield server


@pytest.fixture
def rclone_http(store_folder: Path) -> Iterator[RcloneHttp]:
    with RcloneHttp(store_folder) as server:
        yield server


@pytest.fixture
def rclone_sftp(store_folder: Path) -> Iterator[RcloneSftp]:
    with RcloneSftp(store_folder) as server:
        yield server
