"""The soak tells figures: what each test did, how often, and what came of it."""

from collections.abc import Callable

import pytest

FIGURES = "figures"


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
