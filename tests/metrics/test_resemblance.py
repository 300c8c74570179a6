"""Whether samples look like the pictures at all, before anything is said of copying."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from figment.data.portraits.table import portraits
from figment.features.registry import extractor
from figment.metrics import resemblance as resemblances
from figment.metrics.resemblance import COMPARED_PICTURES, coarse, doubt, resemblance
from figtest.likeness import ALIKE, BLOTS

PICTURES = portraits(260, 0, 32)[0]
REALS, OTHERS = PICTURES[:160], PICTURES[160:]


def drawing(pictures: np.ndarray) -> SimpleNamespace:
    """A generator that draws these pictures, round and round."""
    return SimpleNamespace(sample=lambda n, seed: torch.from_numpy(np.resize(pictures, (n, *pictures.shape[1:]))))


NOISE = np.random.default_rng(0).integers(0, 256, OTHERS.shape, np.uint8)


@pytest.mark.parametrize(
    ("drawn", "holds"),
    [
        (OTHERS, True),
        (coarse(np.roll(OTHERS, 8, 3)), False),
        (np.full_like(OTHERS, 128), False),
        (NOISE, False),
    ],
)
def test_pictures_of_the_kind_look_like_them_and_blots_grey_and_noise_do_not(drawn: np.ndarray, holds: bool) -> None:
    found = resemblance(drawing(drawn), REALS, network=extractor("lite0"))  # type: ignore[arg-type]
    assert found is not None
    assert found.holds == holds
    assert found.pictures == 80
    assert (doubt(found) is None) == holds


def test_it_is_the_same_whenever_it_is_asked_and_looks_at_no_more_than_it_needs() -> None:
    many = np.concatenate([REALS] * 4)
    found, again = (resemblance(drawing(OTHERS), many, 3, extractor("random")) for _ in range(2))  # type: ignore[arg-type]
    assert found == again
    assert found is not None
    assert found.pictures == COMPARED_PICTURES


def test_nothing_is_told_of_too_few_pictures_or_by_a_network_that_knows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resemblance(drawing(OTHERS), REALS[:59], network=extractor("random")) is None  # type: ignore[arg-type]
    monkeypatch.setattr(resemblances, "default_network", lambda: "random")
    assert resemblance(drawing(OTHERS), REALS) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(2, 1, 16, 24), (2, 3, 64, 64), (1, 3, 20, 36)])
def test_an_eighth_of_the_resolution_is_left(shape: tuple[int, ...]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    reduced = coarse(pictures)
    assert reduced.shape == shape
    assert reduced.dtype == np.uint8
    assert reduced.std() < pictures.std() / 3
    assert (coarse(np.full(shape, 77, np.uint8)) == 77).all()


def test_why_nothing_is_said() -> None:
    assert doubt(ALIKE) is None
    assert "FD-lite0 4,000, where real ones reduced to an eighth of their sides have 3,000" in (doubt(BLOTS) or "")
    assert "wasn't told" in (doubt(None) or "")
