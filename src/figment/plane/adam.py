"""Adam, on a vector: algorithm 1 of arXiv 1412.6980."""

from dataclasses import dataclass

import numpy as np

EPSILON = 1e-8


@dataclass
class Adam:
    """mean, square: running averages of the gradient and of its square, (P,) each; steps: made so far."""

    mean: np.ndarray
    square: np.ndarray
    steps: int = 0

    def step(self, numbers: np.ndarray, gradient: np.ndarray, rate: float, beta1: float, beta2: float) -> None:
        """Moves numbers in place."""
        self.steps += 1
        self.mean *= beta1
        self.mean += (1 - beta1) * gradient
        self.square *= beta2
        gradient = gradient * gradient
        gradient *= 1 - beta2
        self.square += gradient
        move = np.sqrt(self.square)
        move /= (1 - beta2**self.steps) ** 0.5
        move += EPSILON
        np.divide(self.mean, move, out=move)
        move *= rate / (1 - beta1**self.steps)
        numbers -= move


def adam(numbers: np.ndarray) -> Adam:
    """Before the first step."""
    return Adam(np.zeros_like(numbers), np.zeros_like(numbers))
