"""Halving keeps what is best, at a part of the cost; and says on what evidence the rest was cut."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from figment.studies.halving import LEFT, RUNGS, cost, halve
from figment.studies.results import CellResult, Mark

OBJECTIVES, WIDTHS, DROPOUTS = ("bce", "mse", "ml", "hinge"), (16, 24, 32), (0.0, 0.3)
SEEDS = (0, 1, 2)


def study(random, spread=0.3, exponents=0.1, seeds=0.1, measuring=0.02):
    """24 settings × 3 seeds with the marks of both rungs, and what each setting comes to in the end, (24,).

    Learning curves are powers of the images seen; half of what a seed differs by stays with it. spread, seeds, measuring: shares.
    """
    final = random.normal(0, spread, 24)
    slope = random.normal(0.5, exponents, 24)
    kept = random.normal(0, seeds / np.sqrt(2), (24, 3))
    scores = [
        100 * np.exp(final[:, None] - slope[:, None] * np.log(share) + kept
                     + random.normal(0, seeds / np.sqrt(2), (24, 3)) + random.normal(0, measuring, (24, 3)))
        for share in RUNGS
    ]  # fmt: skip
    cells = []
    for place, (objective, width, dropout) in enumerate(itertools.product(OBJECTIVES, WIDTHS, DROPOUTS)):
        for seed in SEEDS:
            marks = tuple(
                Mark(round(share * 1e5), share * 1e3, float(score[place, seed]), 1.0)
                for share, score in zip(RUNGS, scores, strict=True)
            )
            levels = {"objective": objective, "width": width, "dropout": dropout}
            cells.append(CellResult(len(cells), levels, seed, "running", marks=marks))
    return cells, final


def halved(cells):
    """The settings' places that are left after both rungs."""
    for rung in range(len(RUNGS)):
        cut = halve(cells, rung, "kid").cut
        cells = [replace(cell, state="cut", note=cut[cell.number]) if cell.number in cut else cell for cell in cells]
    return {cell.number // len(SEEDS) for cell in cells if cell.state == "running"}


def kept_the_best(studies, seed=0, **noise):
    random = np.random.default_rng(seed)
    made = (study(random, **noise) for _ in range(studies))
    return np.mean([final.argmin() in halved(cells) for cells, final in made])


def test_it_keeps_the_best_in_most_of_realistic_studies():
    assert kept_the_best(60) >= 0.95


@pytest.mark.slow
def test_it_keeps_the_best_in_a_thousand_studies_noisier_ones_too():
    assert kept_the_best(1000) >= 0.95
    assert kept_the_best(1000, seeds=0.2) >= 0.93
    assert kept_the_best(1000, exponents=0.15) >= 0.91  # learning curves that cross more often


def test_it_costs_two_fifths_at_most():
    for settings in (8, 12, 16, 24, 48):
        assert cost(settings) <= 0.4, settings
    spans = np.diff([0, *RUNGS, 1])
    assert cost(24) == pytest.approx((24 * spans[0] + 12 * spans[1] + 6 * spans[2]) / 24)


def test_settings_stay_whole_and_a_reason_is_given():
    cells, _ = study(np.random.default_rng(3))
    decision = halve(cells, 0, "kid")
    kept = {number // 3 for number in decision.go_on}
    assert len(decision.go_on) == 24 * 3 * LEFT[0]
    assert {number for place in kept for number in range(3 * place, 3 * place + 3)} == set(decision.go_on)
    means = np.array([cell.marks[0].score for cell in cells]).reshape(24, 3).mean(1)
    order = np.argsort(means)
    assert kept == set(order[:12])
    assert decision.go_on[0] // 3 == order[0]
    assert decision.cut[3 * order[12]].startswith(
        f"KID {means[order[12]]:,.4g} after 12.5 kimg (3 seeds): place 13 of 24"
    )


def test_more_is_better_of_some_scores():
    cells, _ = study(np.random.default_rng(3))
    low, high = (halve(cells, 0, score).go_on for score in ("kid", "recall"))
    assert not set(low) & set(high)


def test_a_seed_that_is_missing_is_no_advantage():
    """A setting whose hard seed collapsed isn't ranked by its easy ones."""
    marks = lambda score: (Mark(1000, 10.0, score, 0.1),)  # noqa: E731
    hard = {0: 0.0, 1: 0.0, 2: 60.0}  # of a seed, to all settings
    cells = [
        CellResult(3 * place + seed, {"width": place}, seed, "running", marks=marks(100.0 + place + hard[seed]))
        for place in range(8)
        for seed in SEEDS
    ]
    cells[3 * 7 + 2] = replace(cells[3 * 7 + 2], state="collapsed", marks=())
    assert {number // 3 for number in halve(cells, 0, "kid").go_on} == {0, 1, 2, 3}


def test_what_mostly_collapsed_comes_last():
    cells = [
        CellResult(3 * place + seed, {"width": place}, seed, "running", marks=(Mark(1000, 10.0, 100.0 + place, 0.1),))
        for place in range(8)
        for seed in SEEDS
    ]
    cells[0], cells[1] = (replace(cell, state="collapsed", marks=()) for cell in cells[:2])
    assert 2 in halve(cells, 0, "kid").cut


def test_what_has_ended_is_left_as_it_is():
    cells = [CellResult(0, {"width": 1}, 0, "finished"), CellResult(1, {"width": 2}, 0, "failed")]
    assert halve(cells, 0, "kid").go_on == ()
