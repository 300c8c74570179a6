"""Counted differences between neighbouring pixels: features without a network, nor torch where nothing is resized."""

import numpy as np

from figment.features.base import Extractor
from figment.features.resize import resize_text, resized_array

INPUT_SIDE = 64  # pixels a side that pictures are brought to
# Between the bins of differences, in levels of 255: none is a value that occurs, so that rounding decides nothing.
BIN_EDGES = (0.51, 1.51, 4.51, 13.51, 27.01)
GRID_CELLS = 8  # cells a side, in which differences are averaged
SCALES = 3  # pictures of 32, 16 and 8 pixels a side
BATCH_PICTURES = 64


def gradients_extractor() -> Extractor:
    """gradients() as a network."""
    bins = SCALES * 2 * 3 * (len(BIN_EDGES) + 1)
    return Extractor("gradients", bins + 2 * GRID_CELLS**2, BATCH_PICTURES, gradients, resize=resize_text(INPUT_SIDE))


def gradients(pictures: np.ndarray) -> np.ndarray:
    """Histograms of the differences between neighbouring pixels, and in which parts of the picture they lie.

    pictures: uint8 (N, 3, H, W), brought to 64×64. Differences, across and down, are those of brightness and two
    opponent colours at 32×32, 16×16 and 8×8 pixels. Two thirds of the vector are the shares of differences of each
    size, the rest each cell's share of the brightness differences at 32×32. float32 (N, 236): all are ≥ 0, and a
    picture's sum is 3.
    """
    count = len(pictures)
    sides = (INPUT_SIDE, INPUT_SIDE)
    sized = pictures if pictures.shape[2:] == sides else resized_array(pictures, sides)
    red, green, blue = np.moveaxis(_summed(sized.astype(np.uint16)) / np.float32(4), 1, 0)
    planes = np.stack([(red + green + blue) / 3, (red - blue) / 2, (2 * green - red - blue) / 4], 1)
    sizes, places = [], []
    for scale in range(SCALES):
        planes = _summed(planes) / 4 if scale else planes
        for axis in (3, 2):
            differences = np.abs(np.diff(planes, axis=axis))
            sizes.append(_shares(differences.reshape(count, 3, -1)).reshape(count, -1))
            if scale == 0:
                places.append(_cells(differences[:, 0]))
    # Twice the weight of the places: with equal ones, noise isn't told from faces, as it has no places of its own.
    return np.concatenate([np.concatenate(sizes, 1) / (SCALES * 3), *(cells / 2 for cells in places)], 1)


def _summed(planes: np.ndarray) -> np.ndarray:
    """Sums of 2×2 pixels, (N, C, H/2, W/2)."""
    rows = planes[:, :, ::2] + planes[:, :, 1::2]
    return rows[..., ::2] + rows[..., 1::2]


def _shares(values: np.ndarray) -> np.ndarray:
    """Shares of the values, (N, C, count), between BIN_EDGES: float32 (N, C, len(BIN_EDGES) + 1)."""
    below = [np.count_nonzero(values < edge, axis=2) for edge in BIN_EDGES]
    bounds = np.stack([np.zeros_like(below[0]), *below, np.full_like(below[0], values.shape[2])], 2)
    return np.diff(bounds, axis=2) / np.float32(values.shape[2])


def _cells(differences: np.ndarray) -> np.ndarray:
    """Each cell's share of the differences, float32 (N, GRID_CELLS²); a little added to all, as noise has no place."""
    count, height, width = differences.shape
    side = INPUT_SIDE // 2
    whole = np.pad(differences, ((0, 0), (0, side - height), (0, side - width)))
    cells = (
        whole.reshape(count, GRID_CELLS, side // GRID_CELLS, GRID_CELLS, side // GRID_CELLS)
        .mean((2, 4))
        .reshape(count, -1)
        + 0.05
    )
    return cells / cells.sum(1, keepdims=True)
