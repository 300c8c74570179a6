"""A server that misbehaves, and a client that neither waits nor knows a proxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from figment.data.public import download
from figtest.downloads import CONTENT
from figtest.servers import FaultyServer, serving


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with serving(FaultyServer(CONTENT)) as server:
        yield server


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were asked for; nobody waits."""
    naps: list[float] = []
    monkeypatch.setattr(download, "sleep", naps.append)
    return naps


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the download is to lie; its folder isn't there yet."""
    return tmp_path / "set" / "file.zip"
