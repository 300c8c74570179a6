"""The spectrum of a picture as numbers: how strong its fine detail is, in which directions, and whether peaks stand out.

Generators enlarge what they draw step by step. Each step repeats the spectrum of the one before, and what its filter leaves of
the copies stands at whole fractions of the sampling frequency: peaks of transposed convolutions (Zhang, Karaman, Chang 2019,
arXiv 1907.06515), too much or too little at high frequencies (Durall, Keuper, Keuper 2020, arXiv 2003.01826).
"""

from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.typing import NDArray

from figment.common.pixels import LUMA

CELLS = 16  # a sampling frequency is parted into so many, each way
ROUNDING = 1 / 12  # variance of what rounding to whole levels adds, below which nothing is seen
RINGS = CELLS // 2 + 4  # radii 0 … 0.707 of the sampling frequency, in cells
DIRECTIONS = CELLS * (CELLS // 2 + 1)  # cells of the half plane
FINE_RINGS = CELLS // 4  # from this ring on detail is fine: half of what a picture of this size can hold
DIMENSION = RINGS + DIRECTIONS + 2 * RINGS
# What the numbers are, in the order in which they stand.
PARTS = {
    "coarse detail": slice(0, FINE_RINGS),
    "fine detail": slice(FINE_RINGS, RINGS),
    "regular patterns": slice(RINGS, RINGS + DIRECTIONS),
    "colour": slice(RINGS + DIRECTIONS, DIMENSION),
}


def spectrum(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A colour picture, uint8 (3, H, W) of any size → float32 (DIMENSION,): natural logarithms of power.

    Rings of brightness; how far each cell of the half plane lies above the others of its ring; rings of red and of blue, less
    green. Power is per pixel, so that white noise of a variance gives the same in every size. Cells that a small picture has no
    frequency in count as the others do.
    """
    red, green, blue = picture.astype(np.float32)
    planes = np.stack([LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue, red - green, blue - green])
    powers = power(planes)
    rings, cells, ring_of_cell = _sums(*picture.shape[1:])
    by_ring = np.log((rings @ powers.T).T + ROUNDING)  # (3, RINGS)
    in_cells = np.log(cells @ powers[0] + ROUNDING)
    empty = np.asarray(cells.sum(1)).ravel() == 0
    above = np.zeros(DIRECTIONS)
    for ring in range(RINGS):
        here = (ring_of_cell == ring) & ~empty
        if here.any():
            above[here] = in_cells[here] - np.median(in_cells[here])  # the median: a peak doesn't hide in its own ring
    return np.concatenate([by_ring[0], above, by_ring[1], by_ring[2]]).astype(np.float32)


def power(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power of planes (C, H, W) less their means, under a Hann window: (C, H · (W // 2 + 1)), of white noise its variance."""
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in planes.shape[1:])).astype(np.float32)
    means = (planes * window).sum((1, 2), keepdims=True) / window.sum()
    found = scipy.fft.rfft2((planes - means) * window)
    return (np.abs(found) ** 2 / np.square(window).sum()).reshape(len(planes), -1)


@lru_cache(64)
def _sums(height: int, width: int) -> tuple[scipy.sparse.csr_array, scipy.sparse.csr_array, NDArray[np.int64]]:
    """Means over the rings and over the cells as matrices, (RINGS, F) and (DIRECTIONS, F), and the ring of each cell's middle."""
    down, along = np.fft.fftfreq(height)[:, None] * CELLS, np.fft.rfftfreq(width)[None] * CELLS
    ring = np.rint(np.hypot(down, along)).astype(int).ravel()
    row, column = np.rint(down).astype(int) % CELLS, np.rint(along).astype(int)
    cell = (row * (CELLS // 2 + 1) + column).ravel()
    middle_down, middle_along = np.fft.fftfreq(CELLS) * CELLS, np.arange(CELLS // 2 + 1)
    ring_of_cell = np.rint(np.hypot(middle_down[:, None], middle_along[None])).astype(int).ravel()
    return _means(ring, RINGS), _means(cell, DIRECTIONS), ring_of_cell


def _means(place: NDArray[np.int64], count: int) -> scipy.sparse.csr_array:
    held = np.maximum(np.bincount(place, minlength=count), 1)
    shape = (count, len(place))
    return scipy.sparse.csr_array(((1 / held[place]).astype(np.float32), (place, np.arange(len(place)))), shape=shape)
