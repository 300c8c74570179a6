"""The code whose picture comes nearest to a given one: many samples, and a descent from the best of them.

As Lipton and Tripathi (arXiv 1702.04782) and Abdal et al. (arXiv 1904.03189) do it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from figment import codes
from figment.common.pixels import to_input
from figment.common.progress import Progress, Tally
from figment.features.perceptual import PerceptualLoss, differences, pairwise_differences, pixels_plus_layers
from figment.generator import Generator

LEARNING_RATE = 0.2  # Adam's, at the start; Gaussian codes have unit variance
PRIOR_WEIGHT = 0.02  # of length_energy in the loss, which pulls towards the prior
BATCH_CODES = 32  # decoded at once
SMALLEST_SCALE = 1e-12  # so that nothing is divided by 0

Look = Callable[
    [Tensor, Tensor], None
]  # is told of a step's pictures, float (N, C, H, W) in [-1, 1], and their losses (N,)


@dataclass(frozen=True, eq=False)
class Inversions:
    """Pictures that stand for N given ones, and how near they come.

    codes: float32 (N, code_size). labels: int64 (N,), or None. pictures: uint8 (N, C, H, W). rms: root mean square of the
    pixels' differences, in levels of 255, float (N,). distance: in features, or in pixels where none are looked at, as a share
    of what a random sample differs by, float (N,). loss: what was made small, without the pull towards the prior, float (N,).
    """

    codes: Tensor
    labels: Tensor | None
    pictures: Tensor
    rms: Tensor
    distance: Tensor
    loss: Tensor

    def __getitem__(self, rows: Tensor) -> "Inversions":
        labels = None if self.labels is None else self.labels[rows]
        return Inversions(
            self.codes[rows], labels, self.pictures[rows], self.rms[rows], self.distance[rows], self.loss[rows]
        )


def invert(
    generator: Generator,
    targets: Tensor,
    perceptual: PerceptualLoss,
    restarts: int,
    steps: int,
    seed: int = 0,
    progress: Progress | None = None,
    look: Look | None = None,
) -> tuple[Inversions, Inversions]:
    """The nearest pictures that descents find, and the nearest samples of as many draws: restarts · steps of the seed.

    targets: uint8 (T, C, H, W). Descents start from the best of these samples, and keep their classes. What is made small
    is the mean squared difference of pixels plus that of the perceptual features, the mean of their layers, each as a share
    of what random samples differ by, so that they weigh alike; plus PRIOR_WEIGHT · length_energy(). Each target's result
    depends on itself and the seed alone. look: is told of each step of the descents, in which each target stands restarts
    times. Raises ValueError for pictures of another shape.
    """
    recipe = generator.recipe
    if targets.shape[1:] != (recipe.channels, *recipe.shape):
        raise ValueError(f"wanted pictures {(recipe.channels, *recipe.shape)}, got {tuple(targets.shape[1:])}")
    draws = restarts * steps
    done = Tally(progress, draws * (1 + len(targets)))
    z, labels = generator.codes(draws, seed), generator.labels(draws, seed)
    wanted = to_input(targets).to(generator.device)
    distances = []
    with torch.no_grad():
        ends = perceptual(wanted)
        for start in range(0, draws, BATCH_CODES):
            rows = torch.arange(start, min(start + BATCH_CODES, draws))
            distances.append(pairwise_differences(ends, perceptual(_pictures(generator, z[rows], _of(labels, rows)))))
            done(len(rows))
    far = torch.cat(distances, 2)
    usual = far.mean(2).clamp_min(SMALLEST_SCALE)  # (1 + L, T)
    order = pixels_plus_layers(far / usual[..., None]).topk(restarts, largest=False).indices.cpu()  # (T, restarts)
    found = []
    for part in torch.arange(len(targets)).split(max(1, BATCH_CODES // restarts)):
        rows, starts = part.repeat_interleave(restarts), order[part].flatten()
        goal, scale = [layer[rows] for layer in ends], usual[:, rows]
        v = codes.to_gaussian(z[starts], recipe.prior).to(generator.device)
        v = descend(generator, perceptual, goal, scale, v, _of(labels, starts), steps, done, look)
        tried = compare(
            generator, perceptual, codes.from_gaussian(v, recipe.prior).cpu(), _of(labels, starts), targets[rows], scale
        )
        best = tried.loss.view(-1, restarts).argmin(1) + torch.arange(len(part)) * restarts
        found.append(tried[best])
    first = order[:, 0]
    nearest = compare(generator, perceptual, z[first], _of(labels, first), targets, usual)
    descended = concatenated(found)
    better = torch.where(nearest.loss < descended.loss, 0, len(targets)) + torch.arange(len(targets))
    return concatenated([nearest, descended])[better], nearest


def descend(
    generator: Generator, perceptual: PerceptualLoss, goal: list[Tensor], scale: Tensor, v: Tensor,
    labels: Tensor | None, steps: int, done: Callable[[int], None], look: Look | None = None,
) -> Tensor:  # fmt: skip
    """Adam from Gaussian codes v, (N, code_size), towards goals, layers (N, dᵢ), at a rate that falls as half a cosine.

    scale: what squared differences are divided by, (1 + L, N). done: told after each step of how many codes it was one; look:
    of what they draw.
    """
    v = v.clone().requires_grad_()
    optimiser = torch.optim.Adam([v], LEARNING_RATE)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * step / steps)) / 2
        x = _pictures(generator, codes.from_gaussian(v, generator.recipe.prior), labels)
        loss = pixels_plus_layers(differences(perceptual(x), goal) / scale) + PRIOR_WEIGHT * length_energy(v)
        (v.grad,) = torch.autograd.grad(loss.sum(), v)
        optimiser.step()
        if look:
            look(x.detach(), loss.detach())
        done(len(v))
    return v.detach()


def length_energy(v: Tensor) -> Tensor:
    """−log of the density of |v|, over the code's size, for Gaussian codes (N, d) → (N,); constants are left out.

    That is χ's with d degrees of freedom, |v|²/2 − (d − 1)·log|v|. The density of v itself is highest at 0, where next to
    no sample lies and pictures are the dull mean.
    """
    size, length = v.shape[1], v.norm(dim=1).clamp_min(SMALLEST_SCALE)
    return (length.square() / 2 - (size - 1) * length.log()) / size


@torch.no_grad()
def compare(
    generator: Generator, perceptual: PerceptualLoss, z: Tensor, labels: Tensor | None, targets: Tensor, scale: Tensor
) -> Inversions:
    """The pictures of codes z, (N, code_size), set beside their targets, uint8 (N, C, H, W); scale: (1 + L, N)."""
    pictures, shares = generator.decode(z, labels), []
    for rows in torch.arange(len(z)).split(BATCH_CODES):
        ours, theirs = (perceptual(to_input(of[rows]).to(generator.device)) for of in (pictures, targets))
        shares.append((differences(ours, theirs) / scale[:, rows]).cpu())
    of = torch.cat(shares, 1)
    rms = (pictures.float() - targets.float()).square().mean((1, 2, 3)).sqrt()
    distance = (of[1:] if len(of) > 1 else of).mean(0).sqrt()
    return Inversions(z, labels, pictures, rms, distance, pixels_plus_layers(of))


def concatenated(parts: list[Inversions]) -> Inversions:
    """Several as one."""
    labels = [part.labels for part in parts if part.labels is not None]
    fields = ([getattr(part, name) for part in parts] for name in ("codes", "pictures", "rms", "distance", "loss"))
    z, *others = (torch.cat(field) for field in fields)
    return Inversions(z, torch.cat(labels) if labels else None, *others)


def _pictures(generator: Generator, z: Tensor, labels: Tensor | None) -> Tensor:
    z = z.to(generator.device)
    return generator.net(z) if labels is None else generator.net(z, labels.to(generator.device))


def _of(labels: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if labels is None else labels[rows]
