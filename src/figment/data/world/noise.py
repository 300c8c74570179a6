"""Gaussian noise of any spectrum: clouds, marble, grain, and everything between."""

from functools import lru_cache

import numpy as np
from numpy.random import Generator, Philox

from figment.data.world.canvas import Array


@lru_cache(maxsize=8)
def _frequencies(size: int) -> tuple[Array, Array, Array]:
    """Row and column of the waves that a picture can hold, the coarsest first: every size starts with the same ones.

    Thirdly, for each place of the picture's half spectrum, which wave stands there; their number where none does.
    """
    reach = (size - 1) // 2
    grid = np.meshgrid(np.arange(-reach, reach + 1), np.arange(reach + 1), indexing="ij")
    down, along = (numbers.ravel() for numbers in grid)
    ring = np.maximum(np.abs(down), along)
    order = np.lexsort((along, down, ring))[1:]  # the first is the mean
    down, along = down[order], along[order]
    waves = np.full((size, size // 2 + 1), len(order))
    waves[down, along] = np.arange(len(order))
    return down, along, waves


def noise(rng: Generator, size: int, planes: int, falloff: float, stretch: float = 1.0, angle: float = 0.0) -> Array:
    """Noise whose amplitude falls with the frequency f as f^−falloff: float32 (planes, size, size), mean 0, deviation 1.

    falloff: 0 is white, 1 is nature's, 2 is clouds. stretch: how many times coarser it is along the direction at angle
    (radians). The waves that two sizes share are the same ones.
    """
    down, along, place = _frequencies(size)
    c, s = np.cos(angle), np.sin(angle)
    square = ((c * along + s * down) * stretch) ** 2 + (c * down - s * along) ** 2
    # From a stream of its own, so that the size changes nothing of what is drawn later.
    stream = Generator(Philox(key=int(rng.integers(2**63))))
    parts = stream.standard_normal((len(down), 2 * planes), np.float32).T.reshape(planes, 2, -1)
    parts *= (square ** (-falloff / 2)).astype(np.float32)
    waves = np.zeros((planes, len(down) + 1), np.complex64)  # the last is none
    waves.real[:, :-1], waves.imag[:, :-1] = parts[:, 0], parts[:, 1]
    field = np.fft.irfft2(np.take(waves, place, axis=1), (size, size), axes=(1, 2)).astype(np.float32)
    field -= field.mean((1, 2), keepdims=True)
    return field / (field.std((1, 2), keepdims=True) + np.float32(1e-9))
