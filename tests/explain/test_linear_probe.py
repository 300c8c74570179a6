"""What discriminators' features, supervised nets and generated examples are worth, on classes planted in pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from figment.data.bank.prepare import prepare
from figment.discriminator import Discriminator, representation
from figment.errors import InputError
from figment.explain import supervised
from figment.explain.labelled import (
    LabelledPictures,
    as_recipe,
    described,
    discriminator_features,
    few_of_each,
    labelled_pictures,
    pixel_features,
)
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
from figment.explain.nearest_neighbour import NeighbourTest, neighbour_test
from figment.explain.nearest_neighbour import sentence as said_of_neighbours
from figment.explain.supervised import Classifier
from figment.explain.svm import PENALTIES, LinearSVM, best_penalty
from figment.generator import Generator
from figment.media import charts
from figment.presets import make
from figment.recipe import Recipe
from figtest.command import command


def stripes(count: int, seed: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures with stripes down (0) or across (1) of any phase, so that no pixel alone tells the class."""
    random = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    waves = np.where((np.arange(16)[None] // 2 + random.integers(0, 2, count)[:, None]) % 2, 190, 60)
    down = np.broadcast_to(waves[:, None, None, :], (count, channels, 16, 16))
    whole = np.where(classes[:, None, None, None] == 0, down, down.swapaxes(2, 3))
    return (whole + random.integers(-40, 40, whole.shape)).clip(0, 255).astype(np.uint8), classes


@pytest.fixture(scope="module")
def data() -> LabelledPictures:
    return LabelledPictures(("down", "across"), *stripes(200, 0), *stripes(150, 1), "stripes")


def of(kind: str = "dcgan-r1", **choices: object) -> Recipe:
    sizes = dict(width=8, blocks=1, group_channels=4) if kind == "r3gan" else dict(width=4)
    return make(kind, **(sizes | dict(size=16, channels=3) | choices))


def test_labelled_pictures_are_split_as_the_bank_is_and_unlabelled_ones_left_out(dark_and_bright: Path) -> None:
    bank = prepare(dark_and_bright, 16)
    found = labelled_pictures(bank)
    assert found.names == ("bright", "dark")
    assert len(found.train) == len(bank.train)
    assert len(found.test) == len(bank.held_out)
    assert np.array_equal(found.test, bank.pictures[bank.held_out])
    assert [found.names[number] for number in found.test_classes] == [bank.labels[i] for i in bank.held_out]
    assert (found.train.mean((1, 2, 3)) > 120).tolist() == (found.train_classes == 0).tolist()
    bank.__dict__["labels"] = ["only" if i % 2 else None for i in range(len(bank.pictures))]
    with pytest.raises(InputError, match=r"--labels: .* has 1 classes with pictures both to learn from and held out"):
        labelled_pictures(bank)
    bank.__dict__["labels"] = [None if i % 4 == 0 else str(i % 2) for i in range(len(bank.pictures))]
    few = labelled_pictures(bank)
    assert len(few.train) == sum(i % 4 != 0 for i in bank.train)


def test_few_labels_are_so_many_of_each_class() -> None:
    classes = np.array([0] * 50 + [1] * 3 + [4] * 20)
    found = few_of_each(classes, 5, [0, 2])
    assert np.bincount(classes[found]).tolist() == [5, 3, 0, 0, 5]
    assert len(set(found)) == 13
    assert not np.array_equal(found, few_of_each(classes, 5, [0, 3]))
    assert np.array_equal(found, few_of_each(classes, 5, [0, 2]))


def test_pixels_of_large_pictures_are_means_of_areas() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 2, 64, 96), dtype=np.uint8)
    blocks = pictures.reshape(3, 2, 32, 2, 32, 3).mean((3, 5)).reshape(3, -1)
    assert np.allclose(pixel_features(pictures), blocks / 127.5 - 1, atol=1e-5)
    small = pictures[:, :, :16, :20]
    assert np.allclose(pixel_features(small), small.reshape(3, -1) / 127.5 - 1, atol=1e-6)


def test_pictures_are_adapted_to_other_nets() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 3, 16, 16), dtype=np.uint8)
    assert np.array_equal(as_recipe(pictures, of()), pictures)
    grey = as_recipe(pictures, of(channels=1))
    assert np.abs(grey[:, 0] - pictures.transpose(0, 2, 3, 1) @ [0.299, 0.587, 0.114]).max() <= 0.5 + 1e-6
    assert as_recipe(grey, of()).tolist() == np.repeat(grey, 3, 1).tolist()
    assert as_recipe(pictures, of(size=(32, 48), channels=1)).shape == (3, 1, 32, 48)
    flat = np.full((1, 3, 64, 64), 77, np.uint8)
    assert (as_recipe(flat, of()) == 77).all()


def test_what_a_discriminator_sees_is_the_papers_representation(critic: Discriminator) -> None:
    pictures = stripes(150, 2)[0]
    found = described(pictures, discriminator_features(critic))
    assert np.allclose(found, representation(critic, pictures), atol=1e-5)
    assert found.shape[1] == sum(
        maps.shape[1] * min(4, maps.shape[2]) * min(4, maps.shape[3]) for maps in critic.maps(torch.zeros(1, 3, 16, 16))
    )


def test_separable_features_are_told_apart_and_random_ones_are_not(data: LabelledPictures) -> None:
    draws = [few_of_each(data.train_classes, 10, [0, i]) for i in range(3)]

    def telling(pictures: np.ndarray) -> np.ndarray:  # how much rows differ, against columns
        x = pictures.astype(np.float32)
        both = [np.abs(np.diff(x.mean(axis), axis=-1)).mean((1, 2)) for axis in (2, 3)]
        return np.stack(both, 1)

    def nothing(pictures: np.ndarray) -> np.ndarray:
        return np.random.default_rng(len(pictures)).standard_normal((len(pictures), 5)).astype(np.float32)

    result, said = by_features(data, telling, draws, 0)
    assert result.full == 1
    assert result.few == (1, 1, 1)
    assert result.error == 0
    assert result.dimension == 2
    assert np.array_equal(said, data.test_classes)
    assert by_features(data, nothing, draws, 0)[0].mean == pytest.approx(0.5, abs=0.15)
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


def test_the_penalty_is_the_one_that_cross_validation_prefers() -> None:
    random = np.random.default_rng(0)
    classes = np.arange(60) % 2
    x = random.standard_normal((60, 300)).astype(np.float32)
    x[:, :100] += 0.35 * classes[:, None]
    from sklearn.model_selection import StratifiedKFold

    right = dict.fromkeys(PENALTIES, 0)
    for learn, test in StratifiedKFold(3, shuffle=True, random_state=0).split(x, classes):
        for penalty in PENALTIES:
            right[penalty] += (LinearSVM(penalty).fit(x[learn], classes[learn]).predict(x[test]) == classes[test]).sum()
    assert best_penalty(x, classes) == max(PENALTIES, key=lambda penalty: right[penalty])
    assert best_penalty(x[:2], classes[:2]) == PENALTIES[1]  # nothing to validate on


@pytest.mark.parametrize("kind", ["dcgan", "r3gan"])
def test_a_supervised_net_learns_what_is_to_be_learnt(
    kind: str, data: LabelledPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "MAX_IMAGES", 2000)
    monkeypatch.setattr(supervised, "CHECK_IMAGES", 400)
    told: list[float] = []
    recipe = of(kind, labels=True, classes=("down", "across"))
    net = Classifier(recipe, 2, 3).fit(data.train, data.train_classes, lambda a, b: told.append(a / b))
    assert net.score(data.test, data.test_classes) > 0.9
    assert not net.training
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_same_is_learnt_each_time_and_the_best_state_is_kept(
    data: LabelledPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "MAX_IMAGES", 600)
    monkeypatch.setattr(supervised, "CHECK_IMAGES", 1)
    first, again = (Classifier(of(), 2, 3).fit(data.train, data.train_classes).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    monkeypatch.setattr(supervised, "LEARNING_RATES", (1e-3,))
    order = np.random.default_rng([3, 0]).permutation(len(data.train))
    held = order[: int(supervised.VALIDATION_SHARE * len(order))]
    shares = []
    plain = Classifier.predict

    def noted(net: Classifier, pictures: np.ndarray) -> np.ndarray:
        said = plain(net, pictures)
        shares.append((said == data.train_classes[held]).mean())
        return said

    monkeypatch.setattr(Classifier, "predict", noted)
    net = Classifier(of(), 2, 3).fit(data.train, data.train_classes)
    assert len(shares) == 4  # after each pass over the 160 that are learnt from, to 600 seen
    assert (plain(net, data.train[held]) == data.train_classes[held]).mean() == max(shares)


def test_an_untaught_classifier_is_the_discriminators_nets_with_a_head() -> None:
    net = Classifier(of(), 5, 0)
    critic = Discriminator(net.net, of())
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    assert torch.allclose(net(x), net.head(critic.maps(x)[-1].flatten(1)))
    assert net(x).shape == (2, 5)


def test_features_are_compared_and_told_of(data: LabelledPictures) -> None:
    from figment.discriminator import untrained

    told: list[tuple[int, int]] = []
    result = features(
        untrained(of(), 5),
        data,
        20,
        {"other": untrained(of(channels=1), 6)},
        False,
        0,
        lambda a, b: told.append((a, b)),
    )
    assert isinstance(result, FeatureComparison)
    ours = result.accuracies[OURS]
    assert ours.right.shape == (6, 150)
    assert np.array_equal(ours.right[0], result.said == data.test_classes)
    assert np.array_equal(result.truth, data.test_classes)
    assert np.array_equal(result.wrong_pictures, data.test[result.wrong])
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


class Painter(nn.Module):
    """A generator that paints stripes of its class, the phase being the code's sign, and wrongly for a share of codes."""

    def __init__(self, wrong: float) -> None:
        super().__init__()
        self.wrong = nn.Parameter(torch.tensor(wrong))

    def forward(self, z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        down = torch.where((torch.arange(16)[None] // 2 + (z[:, :1] > 0).long()) % 2 == 1, 0.5, -0.5)
        whole = down[:, None, None, :].expand(-1, 3, 16, 16)
        is_down = (labels == 0) ^ (torch.erf(z[:, 1].abs() / 2**0.5) < self.wrong)
        return torch.where(is_down[:, None, None, None], whole, whole.mT)


def painter(wrong: float) -> Generator:
    return Generator(Painter(wrong), of(labels=True, classes=("down", "across")))


def test_examples_of_a_generator_that_knows_classes_are_worth_real_ones(data: LabelledPictures) -> None:
    result = neighbour_test(painter(0.0), data, (10, 30, 100))
    assert isinstance(result, NeighbourTest)
    assert np.array_equal(result.said, data.test_classes[result.rows])
    assert np.array_equal(result.pictures, data.test[result.rows[result.shown]])
    assert np.array_equal(result.examples, painter(0.0).decode(result.codes, result.labels).numpy())
    assert result.labels.tolist() == result.said[result.shown].tolist()
    finding = result.finding()
    assert (finding.name, result.finding("a").name) == ("neighbours", "a neighbours")
    right = finding.numbers["right"]
    assert right["generated"] == [1, 1, 1]
    assert len(right["real"]) == 3
    assert right["real"][-1] > 0.9
    assert finding.sheets["nearest"].source == "compositeWithTrainedAlgorithmicMedia"
    assert finding.sheets[""].source is None
    assert len(finding.codes) == len(finding.labels) == 10
    # The picture below is the nearest one, made again from its code.
    again = painter(0.0).decode(finding.codes, finding.labels).numpy().astype(float)
    shown = data.test[finding.numbers["shown"]].astype(float)
    best = [min(np.abs(one - painted).mean() for painted in again) for one in shown]
    assert np.allclose(best, np.abs(again - shown).mean((1, 2, 3)))


def test_examples_that_are_all_wrong_tell_all_pictures_wrong(data: LabelledPictures) -> None:
    assert neighbour_test(painter(1.0), data, (10,)).finding().numbers["right"]["generated"] == [0]


def test_classes_that_a_generator_doesnt_know_are_refused(data: LabelledPictures) -> None:
    strange = LabelledPictures(("down", "up"), data.train, data.train_classes, data.test, data.test_classes, "stripes")
    with pytest.raises(InputError, match="stripes has classes that this generator doesn't know"):
        neighbour_test(painter(0.0), strange)
    few = LabelledPictures(data.names, data.train[:4], data.train_classes[:4], data.test, data.test_classes, "stripes")
    with pytest.raises(InputError, match="a class of only 2 pictures to learn from, where 3 are needed"):
        neighbour_test(painter(0.0), few)


@pytest.mark.parametrize(
    ("generated", "real", "words"),
    [
        ([0.5, 0.7, 0.8], [0.6, 0.7, 0.9], "between 10 and 100 real ones a class do. More might do better."),
        ([0.5, 0.5, 0.5], [0.6, 0.7], "3 real ones a class do, or fewer. More than 3 a class hardly add to it."),
        ([0.5, 0.9, 0.9], [0.6, 0.7], "more than 10 real ones a class do. More than 10 a class hardly"),
    ],
)
def test_what_examples_are_worth_is_said(generated: list, real: list, words: str) -> None:
    assert words in said_of_neighbours((3, 10, 100), generated, real, 5000)


def test_charts_are_pictures_of_what_they_are_given() -> None:
    picture = charts.bars(["a", "b"], {"few": [(0.2, 0.1), (0.9, 0.0)], "all": [(0.5, 0.0), (0.95, 0.0)]}, "right")
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    first = np.array([int(charts.COLOURS[0][i : i + 2], 16) for i in (1, 3, 5)])
    lengths = (np.abs(picture.astype(int) - first).max(2) < 8).sum(1)
    rows = np.flatnonzero(lengths > 50)
    upper, lower = (lengths[half].max() for half in np.split(rows, [np.argmax(np.diff(rows)) + 1])[-2:])
    assert lower / upper == pytest.approx(0.9 / 0.2, rel=0.05)
    assert np.array_equal(
        picture, charts.bars(["a", "b"], {"few": [(0.2, 0.1), (0.9, 0.0)], "all": [(0.5, 0.0), (0.95, 0.0)]}, "right")
    )
    assert charts.lines((3, 10), {"x": [0.1, 0.2], "y": [0.3]}, "n", "right").shape[2] == 3


def test_the_command_compares_features_and_examples(
    run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "found"
    words = [
        "explain",
        "features",
        run_with_classes,
        "--few",
        5,
        "--other",
        run_with_classes,
        "--no-supervised",
        "--out",
        out,
    ]
    assert command(*words) == 0
    said = capsys.readouterr().out
    assert "It was told the classes while it was trained" in said
    assert "generated examples a class" in said
    record = json.loads((out / "features.json").read_text())
    assert record["numbers"]["results"][OURS] == record["numbers"]["results"]["discriminator of classes"]
    assert (out / "features-neighbours.nearest.png").is_file()
    assert (out / "features-neighbours.safetensors").is_file()


def test_pictures_without_labels_are_refused(faces: Path) -> None:
    with pytest.raises(InputError, match=r"has 0 classes with pictures .* a folder a class"):
        labelled_pictures(prepare(faces, 16))
