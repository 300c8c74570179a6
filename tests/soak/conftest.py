"""The soak tells figures: what each test did, how often, and what came of it."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import figtest
from figtest.forks import ForkServer

FIGURES = "figures"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """The one server of commands, for it takes seconds to begin; where there is gcc, disks can say no (`disk.c`)."""
    scratch = tmp_path_factory.mktemp("server")
    environment = {"OMP_NUM_THREADS": "1"}  # as many servers run as there are cores
    if shutil.which("gcc"):
        source, library = Path(figtest.__file__).with_name("disk.c"), scratch / "disk.so"
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        environment["LD_PRELOAD"] = str(library)
    with ForkServer(scratch, environment) as server:
        yield server


@pytest.fixture
def says_no() -> None:
    """Skips where disks can't be made to say no."""
    if not shutil.which("gcc"):
        pytest.skip("needs gcc")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """tell(sentence): a line of the table that is printed when all is done, whichever process ran the test."""
    return lambda sentence: record_property(FIGURES, sentence)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, []) if r.when == "call"]
    lines = [
        f"{r.nodeid.split('::')[-1]}: {text}" for r in reports for name, text in r.user_properties if name == FIGURES
    ]
    if lines:
        terminalreporter.section("figures")
        for line in sorted(lines):
            terminalreporter.write_line(line)
