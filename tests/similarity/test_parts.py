"""Parts and blends are found, and the numbers are those of brute force and of plain least squares."""

from itertools import combinations

import numpy as np
import pytest

from figment.data.portraits.table import portraits
from figment.similarity import parts
from figment.similarity.alignment import GRAIN_LEVELS, blurred
from figment.similarity.frames import band_correlations
from figment.similarity.lookup import BANDS
from figment.similarity.parts import (
    BLEND_POWER,
    BLEND_WAVES,
    PART_POWER,
    PART_WAVES,
    PARTS,
    WHOLE,
    DetailIndex,
    blend_likeness,
    box,
    part_likeness,
)
from figment.similarity.thumbnails import thumbnails

Pixels = np.ndarray


@pytest.fixture(scope="module")
def small() -> Pixels:
    pictures, _ = portraits(160, size=64)
    return thumbnails(pictures.transpose(0, 2, 3, 1))


def by_hand(pictures: Pixels) -> Pixels:
    """Windows' cosine waves, one picture and one wave after the other: (N, 5, 143)."""
    found = []
    for picture in pictures.astype(float):
        windows = [picture[:24, :24], picture[:24, 24:], picture[24:, :24], picture[24:, 24:], picture[12:36, 12:36]]
        x = (np.arange(24) + 0.5) / 24
        waves = [np.cos(np.pi * k * x) for k in range(12)]
        its = [[(w * np.outer(waves[a], waves[b])).mean() * 2 / (2 ** ((a == 0) / 2 + (b == 0) / 2))
                for a in range(12) for b in range(12)][1:] for w in windows]  # fmt: skip
        found.append(its)
    return np.array(found)


def test_the_nearest_is_that_of_brute_force(small: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    set_, queries, own = small[:40], small[30:60], np.array([*range(30, 40), *[0] * 20])
    monkeypatch.setattr(parts, "BLOCK_QUERIES", 7)
    monkeypatch.setattr(parts, "BLOCK_REFERENCES", 11)
    found = DetailIndex(set_, 12, 0.6).nearest(queries, [*PARTS.values(), WHOLE], own)
    both = np.stack([by_hand(set_), by_hand(set_[:, :, ::-1])], 1)  # 40, 2, 5, 143
    spread = np.sqrt((both**2).mean((0, 1)))
    spread += 0.02 * spread.mean(1, keepdims=True)
    spread = spread**0.6 * spread.mean(1, keepdims=True) ** 0.4
    units, asked = both / spread, by_hand(queries) / spread
    units /= np.maximum(np.linalg.norm(units, axis=-1, keepdims=True), 1)
    asked /= np.maximum(np.linalg.norm(asked, axis=-1, keepdims=True), 1)
    product = np.einsum("nwd,mfwd->wnmf", asked, units)
    product[:, np.arange(30), own] = -np.inf
    for column, windows in enumerate([*PARTS.values(), (0, 1, 2, 3)]):
        total = product[list(windows)].mean(0).reshape(30, -1)
        assert np.array_equal(found.place[:, column] * 2 + found.mirrored[:, column], total.argmax(1))
        assert np.allclose(found.product[:, column], total.max(1), atol=1e-4)


def test_a_picture_alone_has_no_other(small: Pixels) -> None:
    found = DetailIndex(small[:1], 8, 1).nearest(small[:1], [WHOLE], np.array([0]))
    assert (found.place == -1).all()


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("part", list(PARTS))
def test_a_part_counts_alone(small: Pixels, part: str, shift: int) -> None:
    rows, columns = box(part)
    beside, copied = small[:60].copy(), small[100:].copy()
    beside[:, rows, columns] = copied[:, rows, columns]
    beside = np.roll(beside, (shift, 0), (1, 2))
    found = DetailIndex(small[100:], PART_WAVES, PART_POWER).nearest(beside[:, :, ::-1], list(PARTS.values()))
    mirrored = {"left": "right", "right": "left"}
    words = [mirrored.get(word, word) for word in part.split()]
    column = list(PARTS).index(" ".join(words))
    right = (found.place[:, column] == np.arange(60)) & found.mirrored[:, column]
    assert right.mean() > (0.4 if shift else 0.99)
    scores = part_likeness(" ".join(words), beside[:, :, ::-1], copied, np.ones(60, bool))
    assert np.quantile(scores, 0.05) > 0.97  # GRAIN_LEVELS keep a faint part below 1
    assert scores.max() <= 1


def test_correlations_of_bands_are_numpys() -> None:
    random = np.random.default_rng(0)
    first = random.integers(0, 256, (3, 24, 48)).astype(np.float32)
    second = (first + random.normal(0, 40, first.shape)).astype(np.float32)
    found = band_correlations(first, second)
    for k, (fine, coarse) in enumerate(BANDS):
        a, b = ((blurred(x, fine) - blurred(x, coarse)).reshape(3, -1).astype(float) for x in (first, second))
        for i in range(3):
            covariance = np.cov(a[i], b[i], bias=True)
            grainy = covariance[0, 1] / np.sqrt(np.prod(np.diag(covariance) + GRAIN_LEVELS**2))
            assert found[i, k] == pytest.approx(grainy, abs=1e-4)


def test_blends_are_those_of_least_squares(small: Pixels) -> None:
    random = np.random.default_rng(0)
    a, b, y = small[:6], small[10:16], small[20:26]
    y = np.rint(0.5 * a + 0.3 * b[:, :, ::-1] + 0.2 * y + random.normal(0, 2, y.shape)).clip(0, 255).astype(np.uint8)
    scores, shares = blend_likeness(y, a, b, np.array([[False, True]] * 6))
    for i in range(6):
        for k, (fine, coarse) in enumerate(BANDS):
            bands = [
                (blurred(x[None].astype(np.float32), fine) - blurred(x[None].astype(np.float32), coarse)).ravel()
                for x in (y[i], a[i], b[i, :, ::-1])
            ]
            target, *both = (x - x.mean() for x in bands)
            weights, left, *_ = np.linalg.lstsq(np.stack(both, 1), target, rcond=None)
            assert scores[i, k] == pytest.approx(np.sqrt(1 - left[0] / (target @ target)), abs=0.01)
        assert shares[i] == pytest.approx(min(weights) / sum(weights), abs=0.02)
    assert shares == pytest.approx(0.375, abs=0.08)  # the third picture is like both
    assert (blend_likeness(y, 255 - a, b, np.zeros((6, 2), bool))[1] < 0).all()  # one is subtracted


def test_matching_pursuit_finds_the_pair_that_all_pairs_give(small: Pixels) -> None:
    set_ = small[:16]
    random = np.random.default_rng(1)
    truth = [tuple(random.choice(16, 2, replace=False)) for _ in range(8)]
    share = random.uniform(0.3, 0.5, 8)
    made = [np.rint((1 - w) * set_[a] + w * set_[b][:, ::-1]) for w, (a, b) in zip(share, truth, strict=True)]
    queries = np.stack(made).astype(np.uint8)
    index = DetailIndex(set_, BLEND_WAVES, BLEND_POWER)
    found = index.nearest(queries, [WHOLE])
    first, flipped = found.place[:, 0], found.mirrored[:, 0]
    second = index.second(queries, first, flipped)
    both = np.concatenate([set_, set_[:, :, ::-1]])
    pairs = np.array([(i, j) for i, j in combinations(range(32), 2) if j != i + 16])
    for k, query in enumerate(queries):
        asked = np.broadcast_to(query, (len(pairs), 48, 48))
        scores, shares = blend_likeness(asked, both[pairs[:, 0]], both[pairs[:, 1]], np.zeros((len(pairs), 2), bool))
        best = pairs[np.where(shares > 0.2, scores[:, 2], -1).argmax()]
        assert set(best % 16) == set(truth[k]) == {first[k], second.place[k, 0]}
        assert {bool(i >= 16) for i in best} == {bool(flipped[k]), bool(second.mirrored[k, 0])}
