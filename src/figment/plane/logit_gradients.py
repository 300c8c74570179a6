"""The derivatives of game/objectives.py by each logit, written out: through autograd they would take half of a step's time.

real, fake: logits, (N,) each. A test holds every row to the objective of its name.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Gradients(NamedTuple):
    """discriminator(real, fake): of D's loss, by the reals' logits and by the fakes'.

    generator(fake, real): of G's loss, by the fakes' logits.
    """

    discriminator: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    generator: Callable[[np.ndarray, np.ndarray], np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), which overflows nowhere."""
    return (1 + np.tanh(x / 2)) / 2


def _cross_entropy(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return -sigmoid(-real) / len(real), sigmoid(fake) / len(fake)


def _non_saturating(fake: np.ndarray, _: np.ndarray) -> np.ndarray:
    return -sigmoid(-fake) / len(fake)


def _maximum_likelihood(fake: np.ndarray, _: np.ndarray) -> np.ndarray:
    return -np.exp(fake) / (2 * len(fake))


def _least_squares(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (real - 1) / len(real), fake / len(fake)


def _least_squares_generator(fake: np.ndarray, _: np.ndarray) -> np.ndarray:
    return (fake - 1) / len(fake)


def _hinge(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return -(real < 1).astype(real.dtype) / len(real), (fake > -1).astype(fake.dtype) / len(fake)


def _wasserstein(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.full_like(real, -1 / len(real)), np.full_like(fake, 1 / len(fake))


def _generator_critic(fake: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.full_like(fake, -1 / len(fake))


def _relativistic(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pull = sigmoid(fake - real) / len(real)
    return -pull, pull


def _relativistic_generator(fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    return -sigmoid(real - fake) / len(fake)


GRADIENTS: dict[str, Gradients] = {
    # name                   discriminator   generator
    "bce":          Gradients(_cross_entropy, _non_saturating),
    "ml":           Gradients(_cross_entropy, _maximum_likelihood),
    "mse":          Gradients(_least_squares, _least_squares_generator),
    "hinge":        Gradients(_hinge,         _generator_critic),
    "wgan":         Gradients(_wasserstein,   _generator_critic),
    "relativistic": Gradients(_relativistic,  _relativistic_generator),
}  # fmt: skip
