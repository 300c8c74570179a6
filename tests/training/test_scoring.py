import json
import time
from pathlib import Path

import numpy as np
import pytest

import figment
from figment.common import run_time
from figment.features.registry import extractor
from figment.metrics.frechet import frechet
from figment.recipe import Recipe
from figment.training import scoring

pytestmark = pytest.mark.usefixtures("without_report")

TINY = dict(recipe="dcgan", size=16, width=4, batch=16, snapshots=6)


def scores(*values: float, error: float = 0.1) -> list[dict]:
    return [
        {"images": i, "fd": v, "error": error, "features": "random", "title": "FD-random", "floor": 0.0, "took": 0.1}
        for i, v in enumerate(values)
    ]


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at few samples, so that tiny runs have some."""
    monkeypatch.setattr(scoring, "SAMPLE_COUNTS", (40,))
    monkeypatch.setattr(scoring, "SCORES_A_RUN", 2)
    monkeypatch.setattr(scoring, "MIN_REALS", 20)
    monkeypatch.setattr(scoring, "LIKELY_SAMPLE_SECONDS", 1e-4)


def test_a_warning_comes_when_five_looks_in_a_row_are_worse_than_the_best_by_more_than_chance_and_a_quarter():
    assert "3, its best, at 1 images to 4: generator-best" in scoring.rise_warning(scores(5, 3, 4, 4, 9, 4, 4))
    assert scoring.rise_warning(scores(5, 3, 4, 4, 9, 4)) is None  # four so far
    assert scoring.rise_warning(scores(5, 3, 4, 3.5, 4, 4, 4)) is None  # one is worse by less than a quarter
    assert scoring.rise_warning(scores(5, 3, 4, 4, 4, 4, 4, error=0.5)) is None  # that may be chance
    assert scoring.rise_warning(scores(9, 8, 7, 6, 5, 4)) is None
    assert scoring.rise_warning([]) is None


@pytest.mark.parametrize("planned", [10_000, 100_000, 1_000_000, 25_000_000])
def test_looks_of_an_image_budget_cost_at_most_a_twentieth_of_it(planned):
    recipe = Recipe(images=planned, planned_images=planned)
    samples = scoring.samples_for(recipe)
    times = scoring.schedule.snapshot_times(recipe)
    at = [images for images in times if samples and scoring.is_scored_at(recipe, samples, images)]
    assert len(at) * samples <= 0.05 * planned
    assert (len(at) >= scoring.SCORES_A_RUN) == (planned > 10_000)
    assert not at or at[-1] == scoring.schedule.snapshot_times(recipe)[-1]


def test_scores_are_those_of_the_snapshots_and_the_best_one_is_kept(often, faces: Path, tmp_path: Path):
    run = figment.train(faces, images=1600, out=tmp_path / "run", **TINY)
    looks = run.events("score")
    assert [look["images"] for look in looks] == list(run.snapshots())[-2:]
    best = min(looks, key=lambda look: look["fd"])
    assert run.best_file.read_bytes() == run.snapshots()[best["images"]].read_bytes()
    generator = figment.load(run.snapshots()[looks[0]["images"]])
    network = extractor("random")
    scorer = scoring.Scorer(
        run, figment.reals.bank_of(run, figment.common.progress.Silent()), run.recipe, generator.device
    )
    samples = generator.sample(40, scoring.seed_at(run.recipe.seed, "scored")).numpy()
    assert looks[0]["fd"] == pytest.approx(frechet(network(samples), scorer._reals()), abs=1e-3)
    assert np.isfinite(looks[0]["floor"])


def test_what_is_scored_is_no_part_of_the_game(often, faces: Path, tmp_path: Path):
    scored = figment.train(faces, images=1600, out=tmp_path / "scored", **TINY)
    unscored = figment.train(faces, images=1600, out=tmp_path / "unscored", scores="none", **TINY)
    assert scored.events("score")
    assert not unscored.events("score")
    assert not unscored.best_file.exists()
    ours, theirs = (figment.load(run.folder).net.state_dict() for run in (scored, unscored))
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_a_run_taken_back_has_the_best_of_what_is_left(often, faces: Path, tmp_path: Path):
    run = figment.train(faces, images=1600, out=tmp_path / "run", **TINY)
    events = run.events()
    first, second = (e["images"] for e in events if e["event"] == "score")
    for event in events:  # as if the later one had been the best
        if event["event"] == "score":
            event["fd"] = 1.0 if event["images"] == second else 2.0
    (run.folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    bank = figment.reals.bank_of(run, figment.common.progress.Silent())
    scoring.Scorer(run, bank, run.recipe, figment.load(run.folder).device)
    assert run.best_file.read_bytes() == run.snapshots()[second].read_bytes()
    run.forget_after(first)
    scoring.Scorer(run, bank, run.recipe, figment.load(run.folder).device)
    assert run.best_file.read_bytes() == run.snapshots()[first].read_bytes()


def test_under_a_time_budget_the_clock_keeps_looks_to_a_twentieth(
    often, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_time, "now", time.process_time)  # by its own work, which that of others doesn't stretch
    run = figment.train(faces, time="4s", out=tmp_path / "run", **TINY)
    recipe, looks = run.recipe, run.events("score")
    assert looks
    bank = figment.reals.bank_of(run, figment.common.progress.Silent())
    scorer = scoring.Scorer(run, bank, recipe, figment.load(run.folder).device)
    spent = sum(look["took"] for look in looks)
    assert not scorer.is_due(recipe, 100, (spent + scorer.cost) / 0.05 - 1)
    assert scorer.is_due(recipe, 100, (spent + scorer.cost) / 0.05 + 1)


def test_a_mistyped_network_is_told_before_a_run_is_made(often, faces: Path, tmp_path: Path):
    with pytest.raises(figment.InputError, match="--set scores=rnadom"):
        figment.train(faces, images=1600, out=tmp_path / "run", scores="rnadom", **TINY)
    assert not (tmp_path / "run").exists()
