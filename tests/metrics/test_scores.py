import json
import math

import numpy as np
import pytest
from scipy import stats

from figment.metrics import scores
from figment.metrics.estimate import Estimate, jackknifed, mean, mean_of_parts, student_excess
from figment.metrics.scores import KINDS, Reference, Score, Seen, feature_scores, inception_score, picture_scores


def normal(count, dimension=6, seed=0, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(count, dimension)) + shift).astype(np.float32)


def score(name, value, floor, error=0.0, floor_error=0.0):
    apart = Estimate(value - floor, math.hypot(error, floor_error))
    return Score(name, KINDS[name], name, Estimate(value, error), Estimate(floor, floor_error), apart, 100, 100)


def scored(count, reference, classes=0, dimension=6):
    """Scores of so many samples, and of as many others, against a reference of so many; with logits of so many classes."""
    sets = (
        Seen(normal(count, dimension, seed), normal(count, classes, seed + 3) if classes else None) for seed in (0, 7)
    )
    return feature_scores(*sets, Reference(normal(reference, dimension, 1)))


def test_all_that_there_are_pictures_enough_for():
    found, missing = scored(600, 700, classes=10)
    names = ["fd", "fd_limit", "kid", "precision", "recall", "density", "coverage", "inception_score"]
    assert list(found) == names
    assert not missing
    assert found["fd"][1:] == (600, 700)
    assert found["recall"][1:] == (600, 600)
    assert found["inception_score"].reference == 0


def test_each_score_says_how_many_pictures_it_needs_and_the_others_come():
    found, missing = scored(120, 200, classes=10)
    assert set(found) == {"fd", "kid", "precision", "recall", "density", "coverage"}
    assert missing == {
        "fd_limit": "needs 500 samples, and there are 120",
        "inception_score": "needs 500 samples, and there are 120",
    }
    found, missing = scored(200, 30)
    assert not found
    assert missing["kid"] == "needs 50 real pictures to compare with, and there are 30"
    assert missing["recall"] == "needs 50 samples, and there are 30"
    wide, missing = scored(600, 600, dimension=512)
    assert "fd" in wide
    assert missing["fd_limit"] == "needs 642 samples, and there are 600"


def test_patches_need_pictures_that_hold_them():
    pictures = np.zeros((20, 3, 12, 40), np.uint8)
    assert picture_scores(pictures, pictures, pictures) == ({}, {"swd": "needs pictures of at least 14 pixels a side"})
    assert "20" not in picture_scores(*[pictures[:3, :, :, :12].repeat(2, 2)] * 2, pictures.repeat(2, 2))[1]["swd"]
    assert picture_scores(*[pictures.repeat(2, 2)] * 3)[0]["swd"].n == 20


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
    assert found.error == pytest.approx(mean_of_parts(np.array(values)).error, rel=1e-9)
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
    assert mean(np.array([1.0, 3.0])) == Estimate(2.0, 1.0)


def test_every_kind_is_told_of():
    assert all(kind.meaning and kind.min_pictures for kind in scores.KINDS.values())


@pytest.mark.parametrize("freedom", [4, 9, 19, 100])
def test_errors_of_few_parts_are_widened_by_student(freedom):
    assert student_excess(freedom) == pytest.approx(stats.t.ppf(0.975, freedom) / stats.norm.ppf(0.975), rel=0.02)
    values = np.random.default_rng(0).normal(size=freedom + 1)
    expected = values.std(ddof=1) / math.sqrt(freedom + 1) * student_excess(freedom)
    assert mean_of_parts(values).error == pytest.approx(expected)
