"""What generated pictures look like beside real ones, in numbers that cost next to nothing: no network looks at them.

At 64 px a look at 256 pictures takes as long as ten images of training (LOG 78).
"""

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from figment.metrics.distinct import Distinct, distinct, nearest

SMALL_SIDE = 8  # pixels a side to which pictures are reduced where composition and colour are compared, not detail
GRID_SIDE = 4  # pixels; the period of what two transposed convolutions of stride 2 leave behind


@dataclass(frozen=True, eq=False)
class Look:
    """What is kept of some pictures.

    composition: they reduced to 8×8, as vectors (N, C·64) on the CPU: no detail and no noise. fine_energy: mean square of what
    is left of the grey pictures when every 2×2 pixels are set to their mean. chequers: the share of contrast within squares of
    4×4 pixels that all squares of a picture have alike, 0 … 1. Real pictures have next to none of it (1 in as many as there are
    squares); a generator's chequerboard repeats with this period.
    """

    composition: Tensor
    fine_energy: float
    chequers: float

    @cached_property
    def distances(self) -> Tensor:
        """Between the compositions of all pairs, (N·(N - 1)/2,)."""
        return F.pdist(self.composition)

    @cached_property
    def apart(self) -> float:
        """The mean distance between two; 0 of fewer."""
        return float(self.distances.mean()) if len(self.distances) else 0.0

    @cached_property
    def near(self) -> float:
        """The median distance from a picture to its nearest neighbour; 0 of fewer than two."""
        if len(self.composition) < 2:
            return 0.0
        return nearest(torch.cdist(self.composition, self.composition).double().numpy())


def look(pictures: Tensor) -> Look:
    """Look at pictures (N, C, H, W) in [-1, 1], whose sides are multiples of 4."""
    pictures = pictures.float().contiguous()
    grey = pictures.mean(1, keepdim=True)
    energy, coarse = grey.square().mean(), F.avg_pool2d(grey, GRID_SIDE)
    fine = float(energy - F.avg_pool2d(grey, 2).square().mean())
    inside = float(energy - coarse.square().mean())
    squares = grey.view(len(grey), grey.shape[2] // GRID_SIDE, GRID_SIDE, grey.shape[3] // GRID_SIDE, GRID_SIDE)
    alike = float(squares.mean((1, 3)).flatten(1).var(1, correction=0).mean())
    return Look(_composition(pictures).cpu(), max(fine, 0.0), alike / inside if inside > 1e-9 else 0.0)


def spread(fakes: Look, reals: Look) -> float:
    """Mean distance between two fakes over that between two reals.

    Near 1 for fakes as varied as the reals, near 0 for a generator that draws one picture.
    """
    return fakes.apart / reals.apart if reals.apart else 0.0


def distance(fakes: Look, reals: Look) -> float:
    """The energy distance of fakes from reals, 2E|X-Y| - E|X-X'| - E|Y-Y'| (Székely and Rizzo 2013), over E|Y-Y'|.

    0 for other reals, .4 for one grey in the middle of them.
    """
    between = 2 * float(torch.cdist(fakes.composition, reals.composition).mean())
    return max(between - fakes.apart - reals.apart, 0.0) / reals.apart if reals.apart else 0.0


def detail(fakes: Look, reals: Look) -> float | None:
    """Contrast between neighbouring pixels in fakes over that in reals: below 1 where they are blurred, above for noise.

    None where the reals have none.
    """
    return (fakes.fine_energy / reals.fine_energy) ** 0.5 if reals.fine_energy else None


def chequers(fakes: Look, reals: Look) -> float:
    """The share of fakes' contrast that is a chequerboard, beyond that of reals."""
    return max(fakes.chequers - reals.chequers, 0.0)


def variety(fakes: Look, reals: Look) -> Distinct | None:
    """How many different pictures the fakes are; None where hardly two are as near as a real is to its nearest neighbour."""
    return distinct(fakes.distances.double().numpy(), reals.near) if reals.near else None


def _composition(pictures: Tensor) -> Tensor:
    height, width = pictures.shape[2:]
    if height % SMALL_SIDE or width % SMALL_SIDE:
        return F.adaptive_avg_pool2d(pictures, SMALL_SIDE).flatten(1)
    return F.avg_pool2d(pictures, (height // SMALL_SIDE, width // SMALL_SIDE)).flatten(1)  # the same, in half the time
