"""What a measurement is expected to take: more of more work, and nothing of what is known already."""

import numpy as np
import pytest

from figment.features.extract import LazyPictures, extract_features
from figment.features.random_network import random_extractor
from figment.metrics import expected_time
from figment.metrics.asked import PARTS, Asked
from figment.metrics.expected_time import expected_seconds


@pytest.fixture(autouse=True)
def even(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which everything takes a millisecond a picture."""
    monkeypatch.setattr(expected_time, "_each", lambda work: 1e-3)


def pictures(count: int, key: str = "") -> LazyPictures:
    return LazyPictures(count, lambda start, stop: np.zeros((stop - start, 3, 16, 16), np.uint8), key)


def seconds(
    samples: int = 1000, reals: LazyPictures | None = None, parts: tuple[str, ...] = ("kid",), taught: int = 0
) -> float:
    asked = Asked(frozenset(parts), samples, 2000)
    network = random_extractor("cpu")
    return expected_seconds(
        pictures(samples), pictures(samples), reals or pictures(2000), [network], "none", asked, 1000, 100, (taught, 0)
    )


def test_more_work_takes_longer() -> None:
    assert seconds() < seconds(samples=2000) < seconds(samples=2000, parts=PARTS)
    assert seconds(parts=PARTS) < seconds(parts=PARTS, taught=50_000)
    assert seconds() == seconds(taught=50_000)  # attributes aren't asked for


def test_what_was_seen_before_takes_no_time() -> None:
    reals = pictures(2000, "two thousand")
    before = seconds(reals=reals)
    extract_features(reals, [random_extractor("cpu")])
    assert before - seconds(reals=reals) == pytest.approx(2.0)
