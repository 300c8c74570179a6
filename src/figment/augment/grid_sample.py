"""Pictures fetched from places between pixels, so that it can be differentiated twice in every PyTorch from 2.11 on."""

import torch
import torch.nn.functional as F
from torch import Tensor

# grid_sample got its second derivative, which R1 and R2 through augmentation need, in PyTorch 2.13.
BY_GRID_SAMPLE = torch.__version__ >= "2.13"


def bilinear(pictures: Tensor, grid: Tensor) -> Tensor:
    """Pictures (N, C, h, w), mirrored at their borders without end, at places (N, h', w', 2) as grid_sample has them."""
    if BY_GRID_SAMPLE:
        return F.grid_sample(pictures, grid, "bilinear", "reflection", align_corners=False)
    height, width = pictures.shape[2:]
    (left, right, across), (top, bottom, down) = _between(grid[..., 0], width), _between(grid[..., 1], height)
    corners = (_fetched(pictures, row, column) for row in (top, bottom) for column in (left, right))
    weights = (a * b for a in (1 - down, down) for b in (1 - across, across))
    return torch.stack([c * w.unsqueeze(1) for c, w in zip(corners, weights, strict=True)]).sum(0)


def nearest(pictures: Tensor, grid: Tensor) -> Tensor:
    """Pictures (N, C, h, w) with 0 around them, at places (N, h', w', 2): each place's nearest pixel."""
    if BY_GRID_SAMPLE:
        return F.grid_sample(pictures, grid, "nearest", "zeros", align_corners=False)
    height, width = pictures.shape[2:]
    column, row = (_pixels(grid[..., i], size).round().long() for i, size in enumerate((width, height)))
    within = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    found = _fetched(pictures, row.clamp(0, height - 1), column.clamp(0, width - 1))
    return torch.where(within.unsqueeze(1), found, 0)


def _pixels(places: Tensor, size: int) -> Tensor:
    """From -1…1, border to border, to pixels' numbers."""
    return ((places + 1) * size - 1) / 2


def _between(places: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """The pixels on both sides of mirrored places, and how far towards the second they lie."""
    folded = (_pixels(places, size) + 0.5).remainder(2 * size)
    pixels = (torch.minimum(folded, 2 * size - folded) - 0.5).clamp(0, size - 1)
    first = pixels.floor()
    return first.long(), (first.long() + 1).clamp(max=size - 1), pixels - first


def _fetched(pictures: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Pixels (N, C, h', w') of pictures (N, C, h, w) at rows and columns (N, h', w')."""
    count, channels, _, width = pictures.shape
    places = (row * width + column).flatten(1).unsqueeze(1).expand(count, channels, -1)
    return pictures.flatten(2).gather(2, places).view(count, channels, *row.shape[1:])
