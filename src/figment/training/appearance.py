"""What generated pictures look like beside real ones, in numbers that cost next to nothing: no network looks at them.

All take pictures (N, C, H, W) in [-1, 1] and tell a share: 1, or 0, is what as many other reals would give, about.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from figment.metrics.distinct import Distinct, distinct, nearest

SMALL_SIDE = 8  # pixels a side to which pictures are reduced where composition and colour are compared, not detail
GRID_SIDE = 4  # pixels; the period of what two transposed convolutions of stride 2 leave behind


def composition(pictures: Tensor) -> Tensor:
    """Pictures reduced to 8×8, as vectors (N, C·64): composition and colour without detail or noise."""
    return F.adaptive_avg_pool2d(pictures.float(), SMALL_SIDE).flatten(1)


def spread(fakes: Tensor, reals: Tensor) -> float:
    """Mean distance between two fakes over that between two reals, by composition.

    Near 1 for fakes as varied as the reals, near 0 for a generator that draws one picture.
    """
    between_reals = float(F.pdist(composition(reals)).mean())
    return float(F.pdist(composition(fakes)).mean()) / between_reals if between_reals else 0.0


def distance(fakes: Tensor, reals: Tensor) -> float:
    """The energy distance of fakes from reals, 2E|X-Y| - E|X-X'| - E|Y-Y'| (Székely and Rizzo 2013), by composition.

    As a share of E|Y-Y'|, that between two reals: 0 for other reals, .4 for one grey in the middle of them.
    """
    x, y = composition(fakes), composition(reals)
    between_reals = float(F.pdist(y).mean())
    apart = 2 * float(torch.cdist(x, y).mean()) - float(F.pdist(x).mean()) - between_reals
    return max(apart, 0.0) / between_reals if between_reals else 0.0


def variety(fakes: Tensor, reals: Tensor) -> Distinct | None:
    """How many different pictures the fakes are, by composition; "near" is as near as a real's nearest neighbour is.

    None of fewer than two reals, or where all of these are one.
    """
    if len(reals) < 2:
        return None
    y = composition(reals)
    near = nearest(torch.cdist(y, y).double().cpu().numpy())
    return distinct(F.pdist(composition(fakes)).double().cpu().numpy(), near) if near else None


def detail(fakes: Tensor, reals: Tensor) -> float:
    """Contrast between neighbouring pixels in fakes over that in reals: below 1 where they are blurred, above for noise."""
    of_reals = _fine_energy(reals)
    return (_fine_energy(fakes) / of_reals) ** 0.5 if of_reals else 0.0


def chequers(pictures: Tensor) -> float:
    """The share of contrast within squares of 4×4 pixels that all squares of a picture have alike: 0 … 1.

    Pictures have next to none of it (1 in as many as there are squares); a generator's chequerboard repeats with this
    period.
    """
    grey = pictures.float().mean(1, keepdim=True)
    cells = F.pixel_unshuffle(grey, GRID_SIDE).flatten(2)  # (N, 16, squares)
    inside = cells - cells.mean(1, keepdim=True)
    energy = float(inside.square().mean())
    return float(inside.mean(2).square().mean()) / energy if energy > 1e-9 else 0.0


def _fine_energy(pictures: Tensor) -> float:
    """Mean square of what is left of a grey picture when every 2×2 pixels are set to their mean."""
    grey = pictures.float().mean(1, keepdim=True)
    cells = F.pixel_unshuffle(grey, 2)
    return float((cells - cells.mean(1, keepdim=True)).square().mean())
