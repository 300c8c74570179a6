import json
import math

import numpy as np
import pytest

from figment.metrics import scores
from figment.metrics.estimate import Estimate, jackknifed, mean, share
from figment.metrics.scores import KINDS, Reference, Score, feature_scores, inception_score, picture_scores


def normal(count, dimension=6, seed=0, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(count, dimension)) + shift).astype(np.float32)


def score(name, value, floor, error=0.0, floor_error=0.0):
    return Score(name, KINDS[name], name, Estimate(value, error), Estimate(floor, floor_error), 100, 100)


def test_all_that_there_are_pictures_enough_for():
    found, missing = feature_scores(normal(600), normal(600, 10, 3), Reference(normal(700, seed=1)))
    names = ["fd", "fd_limit", "kid", "precision", "recall", "density", "coverage", "inception_score"]
    assert list(found) == names
    assert not missing
    assert found["fd"][1:] == (600, 700)
    assert found["recall"][1:] == (600, 600)
    assert found["inception_score"].reference == 0


def test_each_score_says_how_many_pictures_it_needs_and_the_others_come():
    found, missing = feature_scores(normal(120), normal(120, 10), Reference(normal(200, seed=1)))
    assert set(found) == {"fd", "kid", "precision", "recall", "density", "coverage"}
    assert missing == {
        "fd_limit": "needs 500 samples, and there are 120",
        "inception_score": "needs 500 samples, and there are 120",
    }
    found, missing = feature_scores(normal(200), None, Reference(normal(30, seed=1)))
    assert not found
    assert missing["kid"] == "needs 50 real pictures to compare with, and there are 30"
    assert missing["recall"] == "needs 50 samples, and there are 30"
    wide, missing = feature_scores(normal(600, 512), None, Reference(normal(600, 512, 1)))
    assert "fd" in wide
    assert missing["fd_limit"] == "needs 642 samples, and there are 600"


def test_patches_need_pictures_that_hold_them():
    pictures = np.zeros((20, 3, 12, 40), np.uint8)
    assert picture_scores(pictures, pictures) == ({}, {"swd": "needs pictures of at least 14 pixels a side"})
    assert "20" not in picture_scores(pictures[:3, :, :, :12].repeat(2, 2), pictures.repeat(2, 2))[1]["swd"]
    assert picture_scores(pictures.repeat(2, 2), pictures.repeat(2, 2))[0]["swd"].n == 20


@pytest.mark.parametrize(
    ("name", "value", "floor", "verdict"),
    [
        ("fd", 10.0, 2.0, "5 times what real pictures reach"),
        ("fd", 2.1, 2.0, "as good as real pictures"),  # less off than chance could be
        ("kid", 5.0, -0.1, "farther than real pictures"),  # a ratio to a floor of 0 says nothing
        ("kid", -0.2, 0.1, "not told from real pictures by so few"),  # nor can anything be as good as 0
        ("fd", 0.5, 0.3, "not told from real pictures by so few"),  # an error as large as the floor
        ("recall", 3.0, 6.0, "0.5 of what real pictures reach"),
        ("recall", 7.0, 6.0, "as good as real pictures"),
    ],
)
def test_the_verdict_is_by_the_floor_and_the_errors(name, value, floor, verdict):
    assert score(name, value, floor, 0.1, 0.1).verdict == verdict


def test_records_are_json_and_hold_none_for_what_is_not_known():
    record = json.loads(json.dumps(score("fd", 3.0, 1.0, math.nan).as_record()))
    assert record["error"] is None
    assert record["floor"] == 1.0
    assert record["n"] == record["reference"] == 100


def test_the_inception_score_is_the_papers():
    logits = normal(50, 7, 4) * 3
    values = []
    for part in np.array_split(logits.astype(np.float64), 10):
        p = np.exp(part) / np.exp(part).sum(1, keepdims=True)
        values.append(math.exp(np.mean([(row * np.log(row / p.mean(0))).sum() for row in p])))
    found = inception_score(logits)
    assert found.value == pytest.approx(np.mean(values), rel=1e-9)
    assert found.error == pytest.approx(np.std(values, ddof=1) / math.sqrt(10), rel=1e-9)
    assert inception_score(np.zeros((40, 5), np.float32)).value == pytest.approx(1)
    sure = np.full((1000, 10), -1000, np.float32)  # each class a tenth, without doubt
    sure[np.arange(1000), np.arange(1000) % 10] = 1000
    assert inception_score(sure).value == pytest.approx(10)


def test_the_jackknife_is_that_of_the_books():
    values = np.random.default_rng(0).normal(size=50)
    found, limit = jackknifed(lambda indices: float(values[indices].mean()), 50)
    groups = values.reshape(10, 5).mean(0)  # every fifth
    assert found.value == pytest.approx(values.mean())
    assert limit.value == pytest.approx(values.mean())  # a mean has no bias
    assert found.error == pytest.approx(groups.std(ddof=1) / math.sqrt(5))
    _, limit = jackknifed(lambda indices: 3 + 7 / len(indices), 50)  # a bias in 1/N goes
    assert limit.value == pytest.approx(3)


def test_estimates_are_shown_to_the_digits_that_their_errors_leave():
    assert str(Estimate(12.3456, 0.41)) == "12.35 ± 0.41"
    assert str(Estimate(1234.5, 33)) == "1,234 ± 33"
    assert str(Estimate(0.25)) == "0.25"
    assert str(Estimate(43210.0)) == "43,210"
    assert str(Estimate(-1e-9, 0.001)) == "0.0000 ± 0.0010"
    assert str(Estimate(3.21e-7, 2e-8)) == "3.2e-07 ± 2e-08"
    assert share(np.array([True, False, True, False])) == Estimate(0.5, pytest.approx(math.sqrt(0.25 / 8)))
    assert share(np.ones(96, bool)) == Estimate(1.0, pytest.approx(math.sqrt(0.98 * 0.02 / 100)))
    assert mean(np.array([1.0, 3.0])) == Estimate(2.0, 1.0)


def test_every_kind_is_told_of():
    assert all(kind.meaning and kind.min_pictures for kind in scores.KINDS.values())
