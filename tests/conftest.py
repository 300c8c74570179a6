"""What the tests share: a cache of their own, small pictures, and short runs."""

import os
import signal
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import torch

from figment.reporting import curves, report
from figtest.pictures import draw_faces
from figtest.runs import build

LONG_ROOMS = ("training", "studies")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: the pages' examples, some of which take as long as hundreds of other tests, then the
    rooms that train and start processes.

    Then no process of pytest-xdist is left with one of them when the others have nothing more to do.
    """
    items.sort(key=lambda item: ("test_every_example" not in item.name, item.path.parent.name not in LONG_ROOMS))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder that all tests of a process share and nobody else does, but for the readers in it.

    Those are small nets that take seconds to be taught, each under a lock: all of pytest-xdist's processes share them.
    """
    base = tmp_path_factory.getbasetemp()
    cache, readers = base / "cache", base.parent / "readers"
    cache.mkdir()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then the parent of a process's base is the session's
        readers.mkdir(exist_ok=True)
        (cache / "readers").symlink_to(readers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(cache))
        yield cache


@pytest.fixture(scope="session", autouse=True)
def one_thread_a_process() -> Iterator[None]:
    """One thread in this process and in those that a test starts: the nets are tiny, and sums are added in one order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        yield


@pytest.fixture(scope="session", autouse=True)
def modules_are_compiled_once() -> Iterator[None]:
    """What a test starts keeps the modules that it compiles, as Python does by default: hundreds of workers import them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def charts_are_drawn_once() -> Iterator[None]:
    """Of the same readings a report has the same charts: a second's work, which commands and tests ask for hundreds of times."""
    known: dict[tuple[Any, str], Any] = {}

    @wraps(curves.drawn)
    def drawn(chart: Any, ticks: Any) -> Any:
        key = chart, repr(ticks)
        if key not in known:
            known[key] = drawn.__wrapped__(chart, ticks)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "drawn", drawn)
        yield


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_interrupts() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, nohup SIGHUP, and so would all that a test starts."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A folder of 80 small pictures of the test's own."""
    return draw_faces(tmp_path / "faces")


@pytest.fixture
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process no run's page is written, whose charts take a second each; tests/reporting has the page."""
    monkeypatch.setattr(report, "write_report", lambda run, *more, **told: run.report_file)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Headless Chromium that keeps a log of what pages ask for and complain of. It takes seconds to start."""
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
def browser(chromium: Any) -> Any:
    """Chromium as if it had just been started: no page, an empty log, its own size and colours."""
    chromium.get("about:blank")
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    for log in ("performance", "browser"):
        chromium.get_log(log)
    return chromium


@pytest.fixture
def make_run(tmp_path):
    """make_run(ticks=40, snapshots=SNAPSHOTS, **facts) → a Run of the test's own."""
    return lambda **changes: build(tmp_path, **changes)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished run for tests that only read it."""
    return build(tmp_path_factory.mktemp("finished"))
