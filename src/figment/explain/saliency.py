"""Which parts of a picture a discriminator's verdict rests on: two maps, made independently, and a test of each.

A map is float (N, H, W), in units of the logit: above 0 where a part speaks for fake, below 0 where it speaks for real.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from figment.common.seeds import generator_at
from figment.discriminator import Discriminator

SQUARES_PER_SIDE = 8  # that would lie side by side along the shorter side of a picture
PATH_STEPS = 64  # from the baseline to the picture
TOP_SHARE = 0.1  # of the pixels, that the most telling ones are
MOVED_REGIONS = 8  # places that a region is moved to

Done = Callable[[int], None]


@torch.no_grad()
def occlusion(
    discriminator: Discriminator, x: Tensor, labels: Tensor | None, fill: Tensor, done: Done = lambda more: None
) -> Tensor:
    """How much more real a picture gets when a square is covered (Zeiler and Fergus, arXiv 1311.2901, section 4.1).

    x: pictures, float (N, C, H, W) in [-1, 1]; labels: int64 (N,), or None; fill: float (1 or N, C, H, W), what covered
    places show. A pixel's number is the mean over the squares that cover it. done: called after each square.
    """
    before, fill = discriminator(x, labels), fill.expand_as(x)
    total, times = torch.zeros_like(x[:, 0]), torch.zeros_like(x[0, 0])
    for rows, columns in occlusion_squares(*x.shape[2:]):
        covered = x.clone()
        covered[..., rows, columns] = fill[..., rows, columns]
        total[:, rows, columns] += (discriminator(covered, labels) - before)[:, None, None]
        times[rows, columns] += 1
        done(1)
    return total / times


def integrated_gradients(
    discriminator: Discriminator,
    x: Tensor,
    labels: Tensor | None,
    baseline: Tensor,
    steps: int = PATH_STEPS,
    done: Done = lambda more: None,
) -> tuple[Tensor, Tensor]:
    """(x − x′) times the mean gradient of −logit between the baseline x′ and x: eq. 1 and 3 of arXiv 1703.01365.

    x, labels: as for occlusion; baseline: float (1 or N, C, H, W). Steps lie at the middles of equal parts. Returns the map,
    summed over channels, and by how much each map's sum misses the difference of the logits, which it should equal
    (completeness, proposition 1): (N,). done: called after each step.
    """
    gradient, baseline = torch.zeros_like(x), baseline.expand_as(x)
    for step in range(steps):
        between = torch.lerp(baseline, x, (step + 0.5) / steps).requires_grad_()
        gradient -= torch.autograd.grad(discriminator(between, labels).sum(), between)[0] / steps
        done(1)
    found = ((x - baseline) * gradient).sum(1)
    with torch.no_grad():
        difference = discriminator(baseline.contiguous(), labels) - discriminator(x, labels)
    return found, found.sum((1, 2)) - difference


def occlusion_squares(height: int, width: int) -> list[tuple[slice, slice]]:
    """The squares that occlusion covers, each half a side from the next, that reach all of a picture."""
    side = max(2, min(height, width) // SQUARES_PER_SIDE)

    def starts(length: int) -> list[int]:
        gaps = max(1, math.ceil(2 * (length - side) / side))
        return [round(i * (length - side) / gaps) for i in range(gaps + 1)]

    return [(slice(top, top + side), slice(left, left + side)) for top in starts(height) for left in starts(width)]


def gaussian_blur(x: Tensor) -> Tensor:
    """Pictures or maps without detail, (N, C, H, W), by a Gaussian whose deviation is half a square's side."""
    reach = max(2, min(x.shape[2:]) // SQUARES_PER_SIDE)
    places = torch.arange(-reach, reach + 1, device=x.device)
    weights = torch.exp(-((places / (reach / 2)) ** 2) / 2).expand(x.shape[1], 1, 1, -1)
    weights = weights / weights[0].sum()
    padded = F.pad(x, (reach,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, weights, groups=x.shape[1]), weights.mT, groups=x.shape[1])


@torch.no_grad()
def deletion_test(
    discriminator: Discriminator, x: Tensor, labels: Tensor | None, evidence: Tensor, fill: Tensor, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """How much more real pictures get without the tenth that speaks most for fake, and without such a tenth elsewhere.

    x, labels, fill: as for occlusion; evidence: a map. Elsewhere are the same pixels, moved by 8 random ways around
    the picture's edges, so that only their place differs. Changes of the logit, (N,), and the mean of those elsewhere,
    (N,), on the CPU. Of a map that is right, the first is the larger (Samek et al., arXiv 1509.06321, section 3).
    """
    regions, before = top_tenth(evidence), discriminator(x, labels)

    def change(region: Tensor) -> Tensor:
        return discriminator(torch.where(region[:, None], fill, x), labels) - before

    random = generator_at(seed, "elsewhere")
    ways = torch.stack([torch.randint(1, side, (MOVED_REGIONS,), generator=random) for side in evidence.shape[1:]], 1)
    elsewhere = [change(regions.roll(way, (1, 2))) for way in ways.tolist()]
    return change(regions).cpu(), torch.stack(elsewhere).mean(0).cpu()


def top_tenth(evidence: Tensor) -> Tensor:
    """The tenth of the pixels with the highest numbers, bool (N, H, W)."""
    flat = evidence.flatten(1)
    top = flat.topk(max(1, round(TOP_SHARE * flat.shape[1]))).indices
    return torch.zeros_like(flat, dtype=torch.bool).scatter_(1, top, True).view_as(evidence)


def concentration(evidence: Tensor) -> Tensor:
    """The share of all evidence, for and against, that lies in the most telling tenth of each picture, (N,)."""
    size = evidence.abs()
    return (size * top_tenth(size)).sum((1, 2)) / size.sum((1, 2)).clamp_min(1e-12)


def rank_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Spearman's rank correlation of two maps of each picture, (N,). Ties are ranked as they come."""
    ranks = [its.flatten(1).argsort(1).argsort(1).double() for its in (first, second)]
    centred = [its - its.mean(1, keepdim=True) for its in ranks]
    return (centred[0] * centred[1]).sum(1) / (centred[0].norm(dim=1) * centred[1].norm(dim=1))
