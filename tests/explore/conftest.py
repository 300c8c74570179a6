"""A generator whose codes are known to mean something, and a predictor that reads it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from figment.attributes.predictor import AttributePredictor
from figment.generator import Generator
from figment.presets import make

NAMES = ("left", "right", "both", "last")


class Drawn(nn.Module):
    """Four numbers of a code as the brightness of four stripes, in Gaussian space; a class adds nothing."""

    def __init__(self, prior: str) -> None:
        super().__init__()
        self.scale, self.prior = nn.Parameter(torch.tensor(0.2)), prior

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        g = torch.special.ndtri((z[:, :4].double() + 1) / 2).float() if self.prior == "uniform" else z[:, :4]
        return (self.scale * g).clamp(-1, 1).repeat_interleave(4, 1)[:, None, None].expand(-1, 1, 16, 16)


def stripes(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """What the four numbers were, but that "both" is the sum of left, right and the third."""
    g = (pictures.astype(np.float32)[:, 0, 0, 2::4] / 127.5 - 1) / 0.2
    return dict(zip(NAMES, (g[:, 0], g[:, 1] - 0.5, g[:, :3].sum(1), g[:, 3]), strict=True))


@pytest.fixture
def world() -> Callable[..., tuple[Generator, AttributePredictor]]:
    """world(prior) → a generator of codes of 12 numbers, of which four show, and its predictor: "right" is there or not."""

    def made(prior: str = "normal", classes: tuple[str, ...] = ()) -> tuple[Generator, AttributePredictor]:
        recipe = make("dcgan", size=16, channels=1, width=1, code_size=12, prior=prior, classes=classes)
        continuous = frozenset({"left", "both", "last"})
        return Generator(Drawn(prior), recipe), AttributePredictor(NAMES, continuous, {}, stripes, "the stripes")

    return made
