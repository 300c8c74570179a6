"""A search: settings that are found as the study goes, spread first, then where scores were best, the same by all workers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from figment.errors import InputError
from figment.studies.analysis import analyse
from figment.studies.engine import Worker
from figment.studies.factors import recipe_for
from figment.studies.page import page
from figment.studies.plan import make_plan, plan_lines
from figment.studies.race import race
from figment.studies.request import Request, asked
from figment.studies.results import CellResult
from figment.studies.search import BATCH, first_count, proposals, spread
from figment.studies.study import Cell, Study, from_json, study_results
from figtest.html import Page
from figtest.studies import Sleeper, begun, database, done, found, study_of

VARY = {"lr": "1e-4..1e-2:log", "width": "8..24", "objective": ["bce", "hinge"]}


def request_for(**changes: object) -> Request:
    return asked({"vary": VARY, "seeds": 2, "images": "20k", "search": "tpe"} | changes, "the study").checked()


def truth(levels: dict) -> float:
    """The lower, the nearer lr is to 1e-3 and the wider the nets are; hinge is better."""
    far = math.log10(levels["lr"]) + 3
    return 100 + 80 * far**2 - 2 * levels["width"] + (15 if levels["objective"] == "bce" else 0)


def searched_study(name: str = "search", trials: int = 12, seeds: int = 2, **changes: object) -> Study:
    request = request_for(trials=trials, seeds=seeds, **changes)
    plan = make_plan(request, "dcgan")
    return study_of(name).model_copy(
        update={"request": request, "cells": plan.cells, "seeds": plan.seeds, "trials": plan.trials}
    )


def finished(cell: Cell, score: float) -> CellResult:
    return CellResult(cell.number, cell.levels, cell.seed, "finished", score, 1.0)


def played(study: Study, random: np.random.Generator, scatter: float) -> list[CellResult]:
    """All cells of a study, one after the other as they are due."""
    results = {}
    while True:
        raced = race(study, results)
        due = next((task for task in raced.due if task not in results), None)
        if due is None:
            return list(raced.cells)
        cell = next(cell for cell in raced.planned if cell.number == due[0])
        results[due] = finished(cell, truth(cell.levels) + random.normal(0, scatter))


def test_the_first_settings_are_different_and_spread_evenly_over_ranges_and_levels():
    settings = spread(request_for().levels, "dcgan", {}, 64)
    assert len({str(levels) for levels in settings}) == 64
    assert all(1e-4 <= levels["lr"] <= 1e-2 and 8 <= levels["width"] <= 24 for levels in settings)
    assert all(isinstance(levels["width"], int) for levels in settings)
    # Points of a Sobol sequence: as many in each half, in each half of a half
    logs = [math.log10(levels["lr"]) for levels in settings]
    assert [sum(low <= one < low + 0.5 for one in logs) for low in (-4, -3.5, -3, -2.5)] == pytest.approx(
        [16] * 4, abs=2
    )
    assert sum(levels["objective"] == "hinge" for levels in settings) == pytest.approx(32, abs=1)
    assert settings == spread(request_for().levels, "dcgan", {}, 64)


def test_whole_numbers_of_a_range_come_equally_often():
    vary = asked({"vary": {"width": "8..11", "lr": "1e-4..1e-2:log"}}, "").levels
    counts = np.bincount([levels["width"] for levels in spread(vary, "dcgan", {}, 256)])[8:]
    assert counts.tolist() == pytest.approx([64] * 4, abs=3)


def test_what_a_recipe_refuses_is_neither_spread_nor_proposed():
    vary = {"discriminator_norm": ["batch", "none"], "gamma": [0, 0.5, 1, 2]}
    request = request_for(vary=vary)
    settings = spread(request.levels, "dcgan-r1", {}, 100)
    assert len(settings) == 5  # of 8: R1 under batch norm isn't allowed
    tried = [(levels, 1.0) for levels in settings[:2]]
    assert len(proposals(request, "dcgan-r1", tried, 4)) == 3  # and then there are no more
    for levels in settings:
        recipe_for(levels, "dcgan-r1", {})


def test_proposals_are_new_within_bounds_and_the_same_for_all_who_ask():
    request = request_for()
    tried = [(levels, truth(levels)) for levels in spread(request.levels, "dcgan", {}, 12)]
    tried[3] = (tried[3][0], None)  # failed
    first = proposals(request, "dcgan", tried, 6)
    assert len({str(levels) for levels in first} | {str(levels) for levels, _ in tried}) == 18
    assert all(1e-4 <= levels["lr"] <= 1e-2 and levels["lr"] == float(f"{levels['lr']:.3g}") for levels in first)
    first[0]["lr"] = 7  # nobody else's
    assert proposals(request, "dcgan", tried, 6)[1:] == first[1:]
    assert proposals(request, "dcgan", tried, 6)[0] != first[0]


def test_without_any_score_settings_go_on_being_spread():
    request = request_for()
    every = spread(request.levels, "dcgan", {}, 8)
    assert proposals(request, "dcgan", [(levels, None) for levels in every[:4]], 4) == every[4:]


@pytest.mark.parametrize("better", ["kid", "recall"])
def test_it_finds_better_settings_than_as_many_that_are_spread(better):
    """Simulated studies of 24 settings: how far the best tried is from the best there is, searched and spread."""
    request, random = request_for(score=better), np.random.default_rng(0)
    sign = 1 if better == "kid" else -1
    even = min(truth(levels) for levels in spread(request.levels, "dcgan", {}, 24))
    best = []
    for _ in range(8):
        tried = [(levels, 0.0) for levels in spread(request.levels, "dcgan", {}, 8)]
        while len(tried) < 24:
            scored = [(levels, sign * (truth(levels) + random.normal(0, 4))) for levels, _ in tried]
            tried += [(levels, 0.0) for levels in proposals(request, "dcgan", scored, BATCH)]
        best.append(min(truth(levels) for levels, _ in tried))
    lowest = 100 - 2 * 24
    assert np.mean(best) - lowest < 0.75 * (even - lowest)
    assert sum(one < even for one in best) >= 6


def test_batches_follow_when_all_before_are_done_each_setting_with_every_seed():
    study = searched_study(trials=12)
    assert len(study.cells) == 2 * first_count(12) == 2 * 4
    half = {(cell.number, 0): finished(cell, truth(cell.levels)) for cell in study.cells[:-1]}
    assert len(race(study, half).planned) == len(study.cells)
    last = study.cells[-1]
    now = race(study, half | {(last.number, 0): finished(last, 1.0)})
    assert [cell.number for cell in now.planned[:8]] == [cell.number for cell in study.cells]
    assert sorted(cell.number for cell in now.planned) == list(range(16))
    fresh = now.planned[8:]
    assert [cell.seed for cell in fresh] == [0] * BATCH + [1] * BATCH
    assert {cell.number // 2 for cell in fresh} == {4, 5, 6, 7}
    assert [number for number, _ in now.due] == [cell.number for cell in now.planned]


def test_a_setting_that_collapsed_or_failed_counts_as_the_worst():
    study = searched_study(trials=12)
    scored = {(cell.number, 0): finished(cell, truth(cell.levels)) for cell in study.cells}
    worst = max(scored.values(), key=lambda one: one.score).score
    first = [(number, 0) for number in (0, 1)]  # of one setting, both its seeds
    as_worst = scored | {task: replace(scored[task], score=worst) for task in first}
    collapsed = scored | {task: replace(scored[task], state="collapsed", score=1.0) for task in first}
    failed = scored | {first[0]: replace(scored[first[0]], state="failed", score=None)}
    levels = [
        [cell.levels for cell in race(study, results).planned] for results in (as_worst, collapsed, failed, scored)
    ]
    assert levels[0] == levels[1] == levels[2] != levels[3]


def test_a_study_keeps_its_search_in_its_file():
    study = searched_study()
    assert from_json(study.to_json(), "it") == study
    cells = played(study, np.random.default_rng(0), 2)
    assert played(from_json(study.to_json(), "it"), np.random.default_rng(0), 2) == cells
    assert len(cells) == 24


class Searcher(Sleeper):
    """Cells whose score is their setting's."""

    def __call__(self, cell: Cell, rung: int = 0, before: CellResult | None = None) -> CellResult:
        super().__call__(cell, rung, before)
        return finished(cell, truth(cell.levels) + cell.seed)


def test_workers_do_every_cell_of_a_search_once(tmp_path):
    place = begun(tmp_path / "search", study=searched_study("search", trials=7, seeds=1))
    told = []
    late = Worker(
        place, database(place), Searcher(place, 0), print, lambda _, now: told.append((now.done, now.total)), poll=0
    )
    searcher = Searcher(place, 0)

    def stopped(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        if len(done(place)) == 5:
            raise KeyboardInterrupt
        return searcher(cell, rung, before)

    with pytest.raises(KeyboardInterrupt):  # at a cell of the second batch
        Worker(place, database(place), stopped, print, poll=0).work()
    late.work()  # which knows of the first batch only
    results = found(place)
    assert sorted(done(place)) == list(range(7))
    assert {cell.state for cell in results} == {"finished"}
    assert told == [(6, 7), (7, 7)]
    scores = {(cell.number, 0): finished(cell, truth(cell.levels) + cell.seed) for cell in results}
    assert [cell.levels for cell in race(place.study, scores).cells] == [cell.levels for cell in results]
    complete = [trial for trial in database(place).record().get_trials() if trial.state.name == "COMPLETE"]
    assert [{**results[number].levels, "seed": 0} for number in done(place)] == [trial.params for trial in complete]


def test_the_plan_tells_how_it_searches():
    plan = make_plan(request_for(trials=20), "dcgan")
    assert (plan.settings, plan.runs, len(plan.cells)) == (20, 40, 14)
    lines = plan_lines(plan)
    assert lines[0].startswith("cells      20 settings × 2 seeds = 40 runs")
    assert "7 settings spread evenly" in lines[2]
    assert make_plan(request_for(), "dcgan").settings == 24
    timed = make_plan(request_for(images=None, **{"for": "10h"}), "dcgan")
    assert (timed.seconds + timed.measuring) * 48 == pytest.approx(36_000)
    assert make_plan(request_for(vary={"dropout": [0, 0.1, 0.3]}), "dcgan").settings == 3  # there are no more


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"search": "grid"}, "--vary lr: a range has no end of levels: name those to be weighed, or let --search tpe look"),
        ({"search": "halving"}, "a range has no end of levels"),
        ({"images": None, "for": "10m"}, "with 2 seeds (37 s each at least): give --for 30m, or --trials 8, or fewer --seeds"),
        ({"search": "grid", "trials": 5, "vary": {"dropout": [0, 0.1]}}, "--trials says how many settings --search tpe tries"),
        ({"trials": 1}, "trials"),
        ({"vary": {"lr": "1e-2..1e-4:log"}}, "a range goes from above 0 upwards"),
        ({"vary": {"lr": "1e-4..200:log"}}, "lr"),
        ({"vary": {"objective": "1..3"}}, "objective"),
    ],
)  # fmt: skip
def test_what_cant_be_searched_is_refused(changes, said):
    with pytest.raises(InputError) as error:
        make_plan(request_for(**changes), "dcgan")
    assert said in str(error.value)


def test_what_is_said_of_a_search_claims_no_effects_and_shows_where_the_best_lie():
    study = searched_study(trials=24)
    results = study_results(study, tuple(played(study, np.random.default_rng(0), 2)))
    weighed = analyse(results)
    best = weighed.settings[0]
    assert weighed.effects.factors == ()
    assert not any("can't be told apart at" in sentence for sentence in weighed.conclusions)
    lr, width, objective = weighed.conclusions[1:]
    scored = [one.levels["lr"] for one in weighed.settings[:6]]
    assert lr.startswith(
        f"lr: the best 6 of 24 settings have {min(scored):g} to {max(scored):g}, the best one {best.levels['lr']:g}"
    )
    assert width.startswith("width: the best 6 of 24 settings have")
    assert "hinge in" in objective
    assert any("what a choice does by itself isn't told" in note for note in weighed.notes)
    text = Page(page(weighed)).text
    assert "Where the best settings lie" in text
    assert "What each choice does" not in text
    assert weighed.as_json()


def test_too_few_settings_say_nothing_yet():
    study = searched_study(trials=24)
    results = study_results(study, race(study, {}).cells)
    assert analyse(results).conclusions == ["None of 16 cells has a KID yet."]
    assert "Too few settings have a score yet." in Page(page(analyse(results))).text
