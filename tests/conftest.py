"""What the tests share: a cache of their own, small pictures, and short runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from figtest.runs import build

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that all tests of a session share and nobody else does."""
    cache = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("FIGMENT_CACHE", str(cache))
    return cache


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, here and in processes that a test starts: the nets are tiny, and sums are added in one order."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder of 80 small pictures, each its own: a disc of a random colour and place on a random ground."""
    folder = tmp_path / "faces"
    folder.mkdir()
    random = np.random.default_rng(0)
    y, x = np.mgrid[:24, :24]
    for i in range(80):
        picture = np.empty((24, 24, 3), np.uint8)
        picture[:] = random.integers(0, 256, 3)
        cy, cx, r = random.integers(6, 18, 3)
        picture[(y - cy) ** 2 + (x - cx) ** 2 < (r / 2) ** 2] = random.integers(0, 256, 3)
        Image.fromarray(picture).save(folder / f"{i:03d}.png")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium that keeps a log of what pages ask for and complain of."""
    if not (os.access(CHROMIUM, os.X_OK) and os.access(DRIVER, os.X_OK)):
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def make_run(tmp_path):
    """make_run(ticks=40, snapshots=SNAPSHOTS, **facts) → a Run of the test's own."""
    return lambda **changes: build(tmp_path, **changes)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished run for tests that only read it."""
    return build(tmp_path_factory.mktemp("finished"))
