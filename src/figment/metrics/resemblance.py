"""Do a generator's samples look like its pictures at all? Without that, "no copying" is said of grey and of garbage, too.

Nothing that isn't a picture yet copies one: it changes smoothly between codes, lies far from all training pictures and near
to none of them in particular. So sentences on copying wait until samples lie nearer to real pictures, in the eyes of a
network that knows pictures, than real ones do of which an eighth of the resolution is left: blots of the right colours
(LOG 79).
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.common.rehearsal import COMPARED, at_most
from figment.features.base import Extractor
from figment.features.registry import default_network, extractor
from figment.generator import Generator
from figment.metrics.frechet import frechet
from figment.reals import sample_rows
from figment.similarity.nearest import PictureSet

COMPARED_PICTURES = 256  # of each kind
MIN_COMPARED_PICTURES = 30  # of each kind, below which nothing is said
COARSE_FACTOR = 8  # by which real pictures are reduced
MAX_SHARE = 0.9  # of these ones' distance, below which samples look like the pictures: of few pictures both waver
BLIND = "random"  # the network that has learnt nothing earns no verdict


@dataclass(frozen=True)
class Resemblance:
    """How far samples lie from real pictures, and how far real ones do of which an eighth of the resolution is left.

    distance, coarse: Fréchet distances in a network's features from the same real pictures, of as many pictures each.
    """

    distance: float
    coarse: float
    pictures: int
    features: str

    @property
    def holds(self) -> bool:
        """Whether samples look like the pictures at all."""
        return self.distance < MAX_SHARE * self.coarse


def doubt(found: Resemblance | None) -> str | None:
    """Why nothing can be said of copying, as a clause; None where samples look like the pictures."""
    if found is None:
        return "whether its samples look like the pictures at all wasn't told"
    if found.holds:
        return None
    return (
        f"its samples don't look like the pictures yet (FD-{found.features} {found.distance:,.0f}, where real ones reduced to an "
        f"eighth of their sides have {found.coarse:,.0f})"
    )


def resemblance(
    generator: Generator, reals: PictureSet, seed: int = 0, network: Extractor | None = None, device: str = "cpu"
) -> Resemblance | None:
    """Whether samples look like real pictures, uint8 (N, C, H, W), of which at most 512 are looked at.

    network: lite0 where none is given. None where nobody can tell: fewer than 60 pictures, or no network that knows pictures.
    """
    count = min(at_most(COMPARED_PICTURES, COMPARED), len(reals) // 2)
    if count < MIN_COMPARED_PICTURES or (network is None and default_network() == BLIND):
        return None
    network = network or extractor(default_network(), device)
    chosen = sample_rows(np.arange(len(reals)), 2 * count, seed, 0)
    first, second = (np.asarray(reals[chosen[part::2]]) for part in (0, 1))
    kinds = (first, coarse(second), generator.sample(count, seed).numpy())
    seen, reduced, drawn = (network(to_rgb(its)) for its in kinds)
    return Resemblance(frechet(drawn, seen), frechet(reduced, seen), count, network.name)


def coarse(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (N, C, H, W) reduced to an eighth of their sides and enlarged again, without steps."""
    whole = torch.from_numpy(pictures).float()
    height, width = whole.shape[2:]
    small = F.adaptive_avg_pool2d(whole, (max(1, height // COARSE_FACTOR), max(1, width // COARSE_FACTOR)))
    large = F.interpolate(small, (height, width), mode="bicubic", align_corners=False)
    found: NDArray[np.uint8] = large.round().clamp(0, 255).to(torch.uint8).numpy()
    return found
