import pytest

from figtest.detectors import small_detector


@pytest.fixture(scope="session")
def detector():
    """A small detector, which tests only read."""
    return small_detector()
