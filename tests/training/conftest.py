"""What tests of training share: runs that end without their page, whose charts take a second each."""

import pytest

from figment.reporting import report


@pytest.fixture
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process no run's page is written; tests/reporting has the page."""
    monkeypatch.setattr(report, "write_report", lambda run, **told: run.report_file)
