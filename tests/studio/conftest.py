"""The studio's tests share one server for what only reads, and one Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from figtest.runs import build
from figtest.studios import Started, asking, started

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run, which is only read."""
    folder = tmp_path_factory.mktemp("shelf")
    run = build(folder)
    shutil.copy(run.snapshot_file(10240), run.generator_file)
    return folder / "runs"


@pytest.fixture(scope="session")
def served(shelf: Path) -> Iterator[Started]:
    """A studio on it, in a process of its own."""
    with started(shelf) as it:
        yield it


@pytest.fixture
def ask(shelf: Path) -> Iterator[Any]:
    """A client of a studio on it, in this process."""
    with asking(shelf) as client:
        yield client


@pytest.fixture(scope="session")
def playwright_chromium() -> Iterator[Any]:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("needs Debian's package chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-sync",
                                            "--disable-background-networking", "--disable-component-update"],
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture
def open_page(playwright_chromium: Any) -> Iterator[Any]:
    """open_page(address, dark=False, width=1200) → a page of its own that fails the test for errors of its scripts, refusals
    of the content policy, and requests to anywhere else."""
    contexts, complaints = [], []

    def opened(address: str, dark: bool = False, width: int = 1200) -> Any:
        context = playwright_chromium.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": width, "height": 900}, has_touch=width < 500
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        home = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda it: complaints.append(f"{it.type}: {it.text}") if it.type == "error" else None)
        page.on("request", lambda it: complaints.append(it.url) if elsewhere(it.url, home) else None)
        page.complaints = complaints
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def elsewhere(address: str, home: str) -> bool:
    return not address.startswith((f"{home}/", home.replace("http", "ws", 1) + "/", "data:", "blob:"))
