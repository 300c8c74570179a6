"""What discriminators' features are worth, on classes planted in pictures."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from figment.discriminator import untrained
from figment.explain.labelled import LabelledPictures, few_of_each
from figment.explain.linear_probe import (
    OURS,
    PIXELS,
    RANDOM,
    SUPERVISED,
    FeatureComparison,
    ProbeAccuracy,
    by_features,
    features,
    sentence,
)
from figment.recipe import Recipe
from figtest.command import command


def test_separable_features_are_told_apart_and_random_ones_are_not(striped: LabelledPictures) -> None:
    draws = [few_of_each(striped.train_classes, 10, [0, i]) for i in range(3)]

    def telling(pictures: np.ndarray) -> np.ndarray:  # how much rows differ, against columns
        x = pictures.astype(np.float32)
        both = [np.abs(np.diff(x.mean(axis), axis=-1)).mean((1, 2)) for axis in (2, 3)]
        return np.stack(both, 1)

    def nothing(pictures: np.ndarray) -> np.ndarray:
        return np.random.default_rng(len(pictures)).standard_normal((len(pictures), 5)).astype(np.float32)

    result, said = by_features(striped, telling, draws, 0)
    assert result.full == 1
    assert result.few == (1, 1, 1)
    assert result.error == 0
    assert result.dimension == 2
    assert np.array_equal(said, striped.test_classes)
    assert by_features(striped, nothing, draws, 0)[0].mean == pytest.approx(0.5, abs=0.15)
    assert result_of(1.0, (0.4, 0.6, 0.8)).mean == pytest.approx(0.6)
    assert result_of(1.0, (0.4, 0.6, 0.8)).error == pytest.approx(0.2 / 3**0.5)


def result_of(full: float, few: tuple[float, ...], count: int = 1000) -> ProbeAccuracy:
    """A result in which these shares of the pictures, the first ones, are told right."""
    return ProbeAccuracy(9, np.stack([np.arange(count) < share * count for share in (full, *few)]))


def test_a_lead_is_that_of_the_same_pictures_and_draws() -> None:
    """Against its parts: features that are right on other pictures scatter, those right on the same and more don't."""
    better, worse = result_of(0.9, (0.7, 0.75, 0.71)), result_of(0.8, (0.65, 0.7, 0.66))
    lead, error = better.lead(worse)
    assert lead == pytest.approx(0.05)
    share = (better.right[1:].astype(float) - worse.right[1:]).mean(0)
    assert error == pytest.approx(share.std(ddof=1) / 1000**0.5)  # each draw leads by as much, so only pictures scatter
    elsewhere = ProbeAccuracy(9, worse.right[:, ::-1])
    assert better.lead(elsewhere)[0] == pytest.approx(0.05)
    assert better.lead(elsewhere)[1] > 2 * error
    assert worse.lead(better)[0] == pytest.approx(-0.05)


def test_features_are_compared_and_told_of(striped: LabelledPictures, recipe_of: Callable[..., Recipe]) -> None:
    told: list[tuple[int, int]] = []
    result = features(
        untrained(recipe_of("dcgan-r1"), 5),
        striped,
        20,
        {"other": untrained(recipe_of("dcgan-r1", channels=1), 6)},
        False,
        0,
        lambda a, b: told.append((a, b)),
    )
    assert isinstance(result, FeatureComparison)
    ours = result.accuracies[OURS]
    assert ours.right.shape == (6, 150)
    assert np.array_equal(ours.right[0], result.said == striped.test_classes)
    assert np.array_equal(result.truth, striped.test_classes)
    assert np.array_equal(result.wrong_pictures, striped.test[result.wrong])
    assert not ours.right[0][result.wrong].any()
    finding = result.finding("tried")
    assert finding.name == "tried"
    assert [row[0] for row in finding.rows] == [PIXELS, RANDOM, OURS, "discriminator of other"]
    assert finding.numbers["few"] == 40
    assert finding.numbers["tested"] == 150
    assert told[-1] == (4, 4)
    results = finding.numbers["results"]
    assert results[PIXELS]["full"] < 0.75 < results[OURS]["full"]  # phases make pixels useless, filters see directions
    assert results[PIXELS]["dimension"] == 768
    assert all(sheet.source is None for sheet in finding.sheets.values())
    assert finding.codes is None
    assert "The discriminator of other, which learnt from other pictures" in finding.sentence


@pytest.mark.parametrize("few", [50, 100, 101])
def test_few_labels_that_are_all_there_are_stand_in_the_table_once(
    striped: LabelledPictures, recipe_of: Callable[..., Recipe], few: int
) -> None:
    count = len(striped.train)
    results = {name: result_of(0.9, (0.9, 0.8, 0.7), 150) for name in (PIXELS, RANDOM, OURS)}
    comparison = FeatureComparison(
        results, few, min(2 * few, count), count, striped.names, striped.test_classes, striped.test_classes,
        np.empty(0, np.int64), striped.test[:0], False, "stripes", 0,
    )  # fmt: skip
    finding = comparison.finding()
    assert len(set(finding.columns)) == len(finding.columns)
    assert {len(row) for row in finding.rows} == {len(finding.columns)}
    assert (f"with all {count:,}" in finding.sentence) == (2 * few < count)
    assert finding.rows[0][-1].startswith("80.0 ± ")


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        ((0.9, (0.9, 0.91, 0.9)), "has learnt something of the classes:"),
        ((0.7, (0.7, 0.71, 0.7)), "can't be told"),
        ((0.3, (0.3, 0.31, 0.3)), "is of no use"),
    ],
)
def test_the_verdict_follows_the_numbers(ours: tuple, words: str) -> None:
    results = {
        PIXELS: result_of(0.6, (0.6, 0.61, 0.6)),
        RANDOM: result_of(0.7, (0.7, 0.7, 0.71)),
        OURS: result_of(*ours),
    }
    counts = {"few": 30, "labels": 300, "tested": 1000}
    said = sentence(results, counts, False)
    assert words in said
    assert f"against {70.3:.1f} % on {RANDOM}" in said
    assert "told the classes" not in said
    told = sentence(results | {SUPERVISED: result_of(0.95, (0.8,))}, counts, True)
    assert "It was told the classes while it was trained" in told
    assert "taught by the labels themselves reach 80.0 % and 95.0 %" in told


def test_the_command_compares_features_and_examples(
    run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "found"
    others = ("--few", 5, "--other", run_with_classes, "--other", run_with_classes, "--no-supervised")
    assert command("explain", "features", run_with_classes, *others, "--out", out) == 0
    said = capsys.readouterr().out
    assert "It was told the classes while it was trained" in said
    assert "generated examples a class" in said
    record = json.loads((out / "features.json").read_text())
    assert record["numbers"]["results"][OURS] == record["numbers"]["results"]["discriminator of classes"]
    assert "discriminator of classes (2)" in record["numbers"]["results"]
    assert (out / "features-neighbours.nearest.png").is_file()
    assert (out / "features-neighbours.safetensors").is_file()


def test_the_command_takes_classes_of_fewer_pictures_than_few(
    run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command("explain", "features", run_with_classes, "--no-supervised", "--out", tmp_path / "found") == 0
    table = json.loads((tmp_path / "found" / "features.json").read_text())
    assert len(table["columns"]) == len(table["rows"][0]) == 3
    assert "labels a linear classifier" in capsys.readouterr().out
