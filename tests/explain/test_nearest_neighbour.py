"""What generated examples are worth, on classes planted in pictures."""

import numpy as np
import pytest
import torch
from torch import nn

from figment.errors import InputError
from figment.explain.labelled import LabelledPictures
from figment.explain.nearest_neighbour import NeighbourTest, neighbour_test, sentence
from figment.generator import Generator
from figment.presets import make


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
    recipe = make("dcgan-r1", size=16, width=4, channels=3, labels=True, classes=("down", "across"))
    return Generator(Painter(wrong), recipe)


def test_examples_of_a_generator_that_knows_classes_are_worth_real_ones(striped: LabelledPictures) -> None:
    result = neighbour_test(painter(0.0), striped, (10, 30, 100))
    assert isinstance(result, NeighbourTest)
    assert np.array_equal(result.said, striped.test_classes[result.rows])
    assert np.array_equal(result.pictures, striped.test[result.rows[result.shown]])
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
    shown = striped.test[finding.numbers["shown"]].astype(float)
    best = [min(np.abs(one - painted).mean() for painted in again) for one in shown]
    assert np.allclose(best, np.abs(again - shown).mean((1, 2, 3)))


def test_examples_that_are_all_wrong_tell_all_pictures_wrong(striped: LabelledPictures) -> None:
    assert neighbour_test(painter(1.0), striped, (10,)).finding().numbers["right"]["generated"] == [0]


def test_classes_that_a_generator_doesnt_know_are_refused(striped: LabelledPictures) -> None:
    strange = LabelledPictures(
        ("down", "up"), striped.train, striped.train_classes, striped.test, striped.test_classes, "stripes"
    )
    with pytest.raises(InputError, match="stripes has classes that this generator doesn't know"):
        neighbour_test(painter(0.0), strange)
    few = LabelledPictures(
        striped.names, striped.train[:4], striped.train_classes[:4], striped.test, striped.test_classes, "stripes"
    )
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
    assert words in sentence((3, 10, 100), generated, real, np.repeat([0, 1, 2], [1600, 1700, 1700]))


def test_what_is_no_better_than_naming_the_commonest_class_is_said_to_be_so() -> None:
    truth = np.repeat([0, 1], [50, 50])
    assert "isn't clearly more than naming the commonest class does (50.0 %)" in sentence((3,), [0.58], [0.5], truth)
    assert "about what" in sentence((3,), [0.65], [0.5], truth)
