"""A generator that replays its training pictures is told from one that doesn't, and margins hold what they promise."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import figment
from figment import codes, presets
from figment.data.portraits.table import portraits
from figment.explain import memorising
from figment.explain.memorising import (
    Memorisation,
    MemorisationStats,
    kept_generators,
    memorisation_stats,
    passes_text,
    probability_nearer,
    sentence,
)
from figment.generator import load
from figment.media.provenance import source_of
from figment.metrics.resemblance import Resemblance
from figment.similarity.nearest import nearest_neighbour
from figment.similarity.spaces import PIXELS, described, described_both_ways
from figment.workbench import Workbench
from figtest.command import command
from figtest.likeness import ALIKE, CAUTIONS


@pytest.mark.parametrize("counts", [(30, 50), (200, 80)])
def test_the_chance_of_being_nearer_is_that_of_all_pairs(counts: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    ours, theirs = random.integers(0, 20, counts[0]), random.integers(3, 25, counts[1])
    pairs = (ours[:, None] < theirs[None]) + 0.5 * (ours[:, None] == theirs[None])
    share, interval = probability_nearer(ours, theirs)
    assert share == pytest.approx(pairs.mean())
    drawn = [
        pairs[np.ix_(random.integers(0, counts[0], counts[0]), random.integers(0, counts[1], counts[1]))].mean()
        for _ in range(2000)
    ]
    assert interval[1] - interval[0] == pytest.approx(2 * 1.96 * np.std(drawn), rel=0.1)  # the bootstrap's
    assert interval == pytest.approx(np.quantile(drawn, (0.025, 0.975)), abs=0.02)


def test_equal_pairs_are_even() -> None:
    assert probability_nearer(np.full(5, 2.0), np.full(9, 2.0))[0] == 0.5
    share, (low, high) = probability_nearer(np.zeros(5), np.ones(9))
    assert share == 1
    assert low == pytest.approx(0.566, abs=1e-3)  # Wilson's, of 5 of 5
    assert high == pytest.approx(1)


def found_of(samples: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> MemorisationStats:
    few = train[: len(held_out)]
    references, few_references, held_out_both = (
        described(train, PIXELS),
        described(few, PIXELS),
        described_both_ways(held_out, PIXELS),
    )
    ours = described_both_ways(samples, PIXELS)
    theirs = nearest_neighbour(*held_out_both, references).distance
    to_few, to_held_out = nearest_neighbour(*ours, few_references), nearest_neighbour(*ours, held_out_both[0])
    return memorisation_stats(700, 350, nearest_neighbour(*ours, references).distance, theirs, to_few, to_held_out)


def test_replays_lean_and_new_pictures_do_not() -> None:
    pictures, _ = portraits(750, size=16)
    train, held_out, new = pictures[:350], pictures[350:450], pictures[450:]
    random = np.random.default_rng(0)
    replayed = train[random.integers(0, 350, 300)].astype(float) + random.normal(0, 12, (300, 3, 16, 16))
    replayed = replayed.clip(0, 255).astype(np.uint8)[..., ::-1]
    told = found_of(replayed, train, held_out)
    assert told.leans
    assert told.training > 0.6
    assert told.nearer > 0.9
    assert (told.images, told.passes) == (700, 2)
    told = found_of(new, train, held_out)
    assert not told.leans
    assert abs(told.training - 0.5) < told.training_margin * 1.5
    low, high = told.nearer_interval
    assert low - 0.03 < 0.5 < high + 0.03
    plain = np.repeat(np.repeat(new[:, :, 4::8, 4::8], 8, 2), 8, 3) // 2 + pictures.mean(0).astype(np.uint8) // 2
    assert not found_of(plain, train, held_out).leans  # near to all pictures, but to none more than to others


@pytest.mark.slow
def test_the_margin_is_what_drawing_anew_which_are_held_out_gives() -> None:
    random = np.random.default_rng(1)
    pictures, _ = portraits(240, size=16)
    samples, reals = pictures[:80], pictures[80:]
    shares, margins = [], []
    for _ in range(50):
        order = random.permutation(160)
        told = found_of(samples, reals[order[:80]], reals[order[80:]])
        shares.append(told.training)
        margins.append(told.training_margin)
    assert np.mean(margins) == pytest.approx(1.96 * np.std(shares), rel=0.35)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)


def stats(count: float, **choices: float) -> MemorisationStats:
    facts = (
        dict(distance=10.0, nearer=0.5, nearer_interval=(0.47, 0.53), training=0.5, training_margin=0.05, z=0.0)
        | choices
    )
    return MemorisationStats(round(count * 100), count, **facts)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (
            stats(0.96),
            stats(47),
            ["After 0.96 passes", "no sign of learning by heart", "At the end, after 47 passes"],
        ),
        (
            stats(1),
            stats(47, training=0.7, z=5),
            ["After 1 pass,", "70 % of samples (by chance 45 to 55 %)", ": a sign of learning by heart"],
        ),
        (stats(1), stats(2, nearer=0.9, nearer_interval=(0.87, 0.92)), ["near to all pictures, as plain ones are"]),
        (stats(7), stats(9), ["kept no generator near one pass", "after 7 passes"]),
        (stats(0.3), stats(0.3), ["At the end, which is after 0.3 passes"]),
    ],
)
def test_the_sentence_says_what_the_numbers_do(
    first: MemorisationStats, last: MemorisationStats, says: list[str]
) -> None:
    told = sentence(first, last, PIXELS.name, ALIKE)
    assert all(text in told for text in says), told
    assert (": a sign of learning by heart" in told) == (first.leans or last.leans)


@pytest.mark.parametrize("alike", CAUTIONS)
def test_no_sign_is_said_only_of_what_looks_like_the_pictures(alike: Resemblance | None) -> None:
    told = sentence(stats(1), stats(5), PIXELS.name, alike)
    assert "no sign" not in told
    assert f"Of learning by heart that says nothing: {'its samples ' if alike else ''}" in told
    assert CAUTIONS[alike] in told
    assert ": a sign of learning by heart" in sentence(stats(1), stats(5, z=5), PIXELS.name, alike)


def test_of_too_few_nothing_is_said_and_no_share_leaves_0_to_100() -> None:
    told = sentence(
        stats(5, training=1.0, training_margin=0.533), stats(5, training=1.0, training_margin=0.533), "x", ALIKE
    )
    assert "100 % of samples (by chance 0 to 100 %): of learning by heart these samples" in told
    assert "no sign" not in told
    assert "±" not in told


def test_the_interval_of_a_share_of_pairs_stays_within_0_and_1() -> None:
    random = np.random.default_rng(0)
    share, (low, high) = probability_nearer(random.normal(0, 1, 50), random.normal(9, 1, 20))
    assert share == 1
    assert 0.8 < low < high <= 1
    assert high == pytest.approx(1)
    inside = 0
    for _ in range(200):  # of normal numbers one deviation apart P is Φ(1/√2) = .760
        _, (low, high) = probability_nearer(random.normal(0, 1, 40), random.normal(1, 1, 30))
        inside += low < 0.7602 < high
    assert 0.9 < inside / 200 < 0.99


def test_passes_are_counted_in_words() -> None:
    assert [passes_text(count) for count in (1, 1.04, 0.27, 46.8)] == ["1 pass", "1 pass", "0.27 passes", "47 passes"]


def test_generators_near_the_wanted_passes_are_taken(tmp_path: Path) -> None:
    run = figment.Run.create(tmp_path / "run", presets.make("dcgan", size=16), {"images": 5000})
    for images in (0, 10, 26, 60, 90, 130, 300, 500, 4900, 5000):
        run.snapshot_file(images).touch()
    files = kept_generators(run, 100)
    # Nearest to 25, 100, 400, 1600 and the end; 300 is further from 400 than 500.
    assert list(files) == [26, 90, 500, 4900, 5000]
    assert files[5000] == run.generator_file
    run.note(images=40)
    assert list(kept_generators(run, 100)) == [26, 40]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> figment.Run:
    folder = tmp_path_factory.mktemp("data") / "reals"
    folder.mkdir()
    for i, picture in enumerate(portraits(600, 0, 16)[0]):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / f"{i:03d}.png")
    out = tmp_path_factory.mktemp("runs") / "run"
    choices = dict(recipe="dcgan-r1", size=16, width=4, batch=32, scores="none", compile="off", precision="fp32")
    return figment.train(folder, images=1088, out=out, **choices)


def test_the_command_compares_the_generators_of_a_run(
    run: figment.Run, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "found"
    assert command("explain", "memorised", run.folder, "-n", 64, "--out", out) == 0
    assert "passes" in capsys.readouterr().out
    record = json.loads((out / "memorised.json").read_text())
    told = record["numbers"]["generators"]
    train = record["numbers"]["train"]
    assert told[-1]["images"] == 1088
    assert any(0.8 < its["passes"] < 1.25 for its in told)
    assert all(its["passes"] == pytest.approx(its["images"] / train) for its in told)
    assert source_of(out / "memorised.png") == "compositeWithTrainedAlgorithmicMedia"
    shown = record["numbers"]["shown"]
    assert [its["images"] for its in shown] == [told[-2]["images"] if len(told) > 1 else 1088, 1088]
    z, _ = codes.read(out / "memorised.safetensors", 100)
    last = load(run.folder)
    assert torch.equal(z, torch.cat([last.codes(1, 0, i) for i in shown[1]["samples"]]))


def test_the_result_holds_each_generators_numbers_and_the_last_ones_codes(run: figment.Run) -> None:
    bank = Workbench(run.folder, "cpu").bank
    found = figment.explain.memorised(run, bank, 64, seed=3)
    assert isinstance(found, Memorisation)
    assert [its.images for its in found.generators] == list(kept_generators(run, len(bank.train)))
    assert found.closest[-1].images == 1088
    last = load(run.folder)
    assert np.array_equal(found.closest[-1].pictures, last.sample(64, 3).numpy()[found.closest[-1].numbers])
    assert torch.equal(found.codes, last.codes(64, 3)[found.closest[-1].numbers])
    assert found.labels is None
    held_out, train = (bank.pictures[rows] for rows in (bank.held_out, bank.train))
    for its in found.closest:
        assert its.pictures.shape == its.training.shape == its.held_out.shape
        both = [np.concatenate([pictures, pictures[..., ::-1]]) for pictures in (train, held_out)]
        for real, reals in zip((its.training, its.held_out), both, strict=True):
            assert all((reals == picture).all((1, 2, 3)).any() for picture in real)
    expected = nearest_neighbour(*described_both_ways(held_out, PIXELS), described(train, PIXELS)).distance
    assert np.array_equal(np.sort(found.held_out_distances), np.sort(expected))
    assert found.finding("named").name == "named"
    assert found.finding().numbers["held_out_distance"] == np.median(expected)


def test_classes_are_kept_with_the_codes(
    run_with_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memorising, "MIN_HELD_OUT", 5)
    assert command("explain", "memorised", run_with_classes, "-n", 32, "--out", tmp_path) == 0
    z, labels = codes.read(tmp_path / "memorised.safetensors", load(run_with_classes).recipe.code_size, 2)
    assert labels is not None
    assert len(labels) == len(z)


def test_too_few_held_out_pictures_are_told_in_a_sentence(
    run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command("explain", "memorised", run_with_classes, "--out", tmp_path) == 2
    told = capsys.readouterr().err
    assert "fewer than 20 tell nothing" in told
    assert command("explain", "memorised", run_with_classes / "generator.safetensors", "--out", tmp_path) == 2
    assert "name its run folder" in capsys.readouterr().err
