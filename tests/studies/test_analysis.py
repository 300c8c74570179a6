"""What is said of a made-up study is what was put into it, and no more."""

import json
from dataclasses import replace

import numpy as np
import pytest

from figment.studies.analysis import analyse
from figment.studies.effects import fitted
from figment.studies.observed import observed
from figment.studies.results import CellResult, Factor, Mark, StudyResults
from figment.studies.scatter import uneven
from figment.studies.settings import candidates, settings_fit
from figtest.made_up_studies import ARTICLE, made_up

WORTH = {"bce": 0.0, "hinge": 0.0, "ml": 21.0, "mse": 60.0}


def truth(levels):
    return 100 + WORTH[levels["objective"]]


@pytest.fixture(scope="module")
def weighed():
    """The article's study: hinge is as good as BCE, maximum likelihood worse, mean squares always collapse."""
    return analyse(made_up(truth, collapses=lambda levels, seed: levels["objective"] == "mse"))


def test_a_factor_s_sentence_claims_what_its_intervals_allow(weighed):
    said = weighed.conclusions[1]
    effect = weighed.effects.of("objective")
    assert said.startswith("objective: ")
    assert "can't be told apart at 3 seeds (KID " in said
    assert "ml is worse than " in said
    assert "mse collapsed in 18 of 18 runs" in said
    assert not effect.between("bce", "hinge").is_sure
    difference = effect.between("ml", "bce")
    assert difference.low < 21 < difference.high
    assert effect.between("bce", "ml").difference == -difference.difference
    assert effect.levels == ("bce", "hinge", "ml")


def test_nothing_is_claimed_of_what_does_nothing(weighed):
    for said in weighed.conclusions[2:]:
        assert "can't be told apart" in said
        assert "worse" not in said
        assert "collapsed" not in said  # in all levels alike, which the objective accounts for
    assert not any(one.is_sure for one in weighed.effects.interactions)


def test_the_best_is_among_those_that_may_be(weighed):
    may_be = [setting for setting in weighed.settings if setting.may_be_best]
    assert all(setting.levels["objective"] != "ml" for setting in may_be)
    assert "the best of 18 settings may be any of" in weighed.conclusions[0]
    assert [s.mean for s in weighed.settings[:18]] == sorted(s.mean for s in weighed.settings[:18])
    assert all(setting.mean is None for setting in weighed.settings[18:])


@pytest.mark.parametrize("missing", [(), (4,)], ids=["", "a cell missing"])
@pytest.mark.parametrize("worth", [(0.0, 0.3, 1.0, 5.0), (0.0,) * 6], ids=["one best", "all alike"])
def test_the_best_setting_is_among_those_that_may_be_in_95_of_100_studies(worth, missing):
    random = np.random.default_rng(0)
    codes, seeds = (
        np.delete(cells, missing) for cells in (np.repeat(np.arange(len(worth)), 3), np.tile(np.arange(3), len(worth)))
    )
    values = (
        np.array(worth)[codes][:, None]
        + random.normal(0, 5, (3, 2000))[seeds]
        + random.normal(0, 1, (len(codes), 2000))
    )
    layout, found = settings_fit(codes, seeds, values)
    may_be = candidates(layout, found, 1)
    assert may_be[0].mean() == pytest.approx(0.95, abs=0.015) if worth[1] == 0 else may_be[0].mean() > 0.95 - 0.015
    if worth[3] > 1:
        assert may_be[3].mean() < 0.1


def test_a_setting_s_distance_from_the_best_is_over_equal_seeds():
    """Two settings, of which the one lacks the hard seed, are compared by the seeds that both have."""
    hard = {0: 0.0, 1: 1.0, 2: 90.0}
    cells = [
        CellResult(3 * place + seed, {"width": width}, seed, "finished", 100.0 + 10 * place + hard[seed] + wobble, 1.0)
        for place, width in enumerate((16, 32))
        for seed, wobble in ((0, 0.5 * place), (1, -0.5 * place), (2, 0.0))
    ]
    cells[2] = replace(cells[2], state="collapsed", score=None)
    study = StudyResults("two", (Factor("width", (16, 32)),), (0, 1, 2), "kid", tuple(cells))
    settings = analyse(study).settings
    assert [setting.levels["width"] for setting in settings] == [16, 32]
    assert settings[1].behind == pytest.approx(10.0)


def test_what_hangs_on_another_is_said_of_both():
    twisted = lambda levels: 100 + (40 if levels["width"] == 16 and levels["dropout"] else 0)  # noqa: E731
    found = analyse(made_up(twisted))
    assert "how much it does hangs on dropout (p < .001)" in found.conclusions[2]
    assert "how much it does hangs on width (p < .001)" in found.conclusions[3]
    means = next(one for one in found.effects.interactions if (one.first, one.second) == ("width", "dropout")).means
    assert means[0, 1] - means[0, 0] - (means[2, 1] - means[2, 0]) == pytest.approx(40, abs=12)


def test_of_a_score_that_should_be_high_the_highest_is_best():
    study = made_up(lambda levels: -truth(levels), ARTICLE[:2])
    found = analyse(replace(study, score="recall"))
    assert "mse is worse than" in found.conclusions[1]
    assert found.settings[0].mean == max(setting.mean for setting in found.settings)
    assert all(setting.behind <= 0 for setting in found.settings)


def test_one_seed_of_one_factor_tells_nothing_from_chance():
    found = analyse(made_up(truth, ARTICLE[:1], seeds=(0,)))
    assert "without a second seed" in found.conclusions[0]
    assert found.conclusions[1].endswith("but nothing tells how much of that is chance.")


@pytest.mark.parametrize("state", ["waiting", "running", "failed"])
def test_a_study_without_a_score_is_told_so(state):
    study = made_up(truth)
    bare = replace(study, cells=tuple(replace(c, state=state, score=None, error=None, marks=()) for c in study.cells))
    found = analyse(bare)
    assert found.conclusions[0] == "None of 72 cells has a KID yet."
    assert "no two levels have a score" in found.conclusions[1]
    assert any(note.startswith("72 runs are ") for note in found.notes)
    json.loads(found.as_json())


def test_two_cells_are_no_study_and_break_nothing():
    study = made_up(truth)
    for cells in (study.cells[:1], study.cells[:2], (study.cells[0], study.cells[40])):
        found = analyse(replace(study, cells=cells))
        assert found.lines()
        json.loads(found.as_json())


def test_cut_cells_are_compared_where_all_have_come():
    """Those that went on would be compared alone, and their end with others' beginning."""
    study = made_up(truth, common=0)
    cells = [
        replace(cell, state="cut", score=cell.marks[0].score, marks=cell.marks[:1], note="place 20") if cell.seed >= 0 and
        cell.levels["objective"] != "bce" else cell
        for cell in study.cells
    ]  # fmt: skip
    found = analyse(replace(study, cells=tuple(cells)))
    assert found.seen.mark == 0
    assert found.seen.values == pytest.approx([cell.marks[0].score for cell in cells])
    assert any("factors are compared after 12.5 kimg, as far as all came" in note for note in found.notes)
    assert {s.levels["objective"] for s in found.settings if s.mean is not None} == {"bce"}


def test_a_scatter_that_differs_by_level_is_told():
    random = np.random.default_rng(1)
    study = made_up(truth, ARTICLE)
    noisy = tuple(
        replace(c, score=c.score + random.normal(0, 60)) if c.levels["objective"] == "mse" else c for c in study.cells
    )
    told = lambda cells: [n for n in analyse(replace(study, cells=cells)).notes if "scatter" in n and "times" in n]  # noqa: E731
    assert "at objective=mse as at" in told(noisy)[0]
    assert told(study.cells) == []


def test_an_equal_scatter_is_seldom_called_unequal():
    said = 0
    for study in range(40):
        seen = observed(made_up(truth, ARTICLE[:2], random_seed=study))
        fit = fitted(seen).fit
        said += bool(uneven(seen, fit.residuals, fit.freedom))
    assert said <= 2


def test_the_front_is_what_none_beats_in_as_little_time(weighed):
    for point in weighed.front:
        assert not any(p.seconds <= point.seconds and p.score < point.score for p in weighed.points)
    beaten = [point for point in weighed.points if point not in weighed.front]
    for point in beaten:
        assert any(p.seconds <= point.seconds and p.score <= point.score for p in weighed.front)


def test_marks_that_one_seed_lacks_are_no_mean_of_the_others():
    cells = tuple(
        CellResult(
            seed,
            {"width": 16},
            seed,
            "running",
            marks=tuple(Mark(i, float(i), 10.0 + seed, 1.0) for i in range(1, 2 + seed)),
        )
        for seed in range(2)
    )
    study = StudyResults("part", (Factor("width", (16, 32)),), (0, 1), "kid", cells)
    assert [(point.seconds, point.score) for point in analyse(study).points] == [(1.0, 10.5)]


def test_equal_studies_give_equal_words(weighed):
    again = analyse(made_up(truth, collapses=lambda levels, seed: levels["objective"] == "mse"))
    assert again.lines() == weighed.lines()
    assert again.as_json() == weighed.as_json()
