"""Motion codes: smooth random paths for the numbers of a code that move while a clip plays.

A path is a cubic B-spline over normal knots, divided by the root of the sum of its weights' squares: at every moment each
number is N(0, 1), so that each frame of a clip is an ordinary sample of its generator. It is a function of continuous time:
the same at any frame rate, as long as anybody likes (after the continuous motion codes of arXiv 2112.14683, section 3.1).
Half of the numbers have a knot in each length of a training clip, for what is slow, such as a turn; three eighths have two, an
eighth has four. (With half of them at four a clip's frames differed twice as much as real ones: LOG 124.)
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from figment import codes
from figment.common.seeds import generator_at
from figment.recipe import Recipe

KNOTS_A_CLIP = (1, 2, 4)  # of three bands of the numbers: slow, middle, fast
MIDDLE_SHARE, FAST_SHARE = 3 / 8, 1 / 8  # of the numbers; the rest is slow
DEGREE = 3  # of the spline: a moment is made of DEGREE + 1 knots


def spline_weights(place: Tensor) -> Tensor:
    """Weights of four knots in a row at a place in [0, 1) behind the second of them: (…) → (…, 4), of unit length.

    Those of the uniform cubic B-spline, which are twice differentiable, brought from unit sum to unit length.
    """
    u = place
    weights = torch.stack([(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3], -1)
    return weights / weights.norm(dim=-1, keepdim=True)


def path(knots: Tensor, times: Tensor) -> Tensor:
    """The path over knots, (N, K, d), at times in knots, (N, T) each in [0, K - DEGREE): (N, T, d)."""
    first = times.floor()
    near = torch.arange(DEGREE + 1, device=knots.device)
    clips = torch.arange(len(knots), device=knots.device)
    of_moments = knots[clips.view(-1, 1, 1), first.long().unsqueeze(2) + near]  # (N, T, 4, d)
    return (spline_weights(times - first).unsqueeze(3) * of_moments).sum(2)


def bands(recipe: Recipe) -> list[tuple[int, float]]:
    """Of each band of the motion's numbers, from slow to fast, how many they are, and seconds between its knots."""
    clip, size = recipe.frames / recipe.fps, recipe.motion_size
    middle, fast = round(size * MIDDLE_SHARE), round(size * FAST_SHARE)
    counts = (size - middle - fast, middle, fast)
    return [(count, clip / knots) for count, knots in zip(counts, KNOTS_A_CLIP, strict=True)]


class Drawn(NamedTuple):
    """What the paths of N clips are made of: phases (N, 3), the place of a clip's first moment between two knots, for each band;
    and the knots of each, (N, K, d)."""

    phases: Tensor
    slow: Tensor
    middle: Tensor
    fast: Tensor


def draw(recipe: Recipe, count: int, generator: torch.Generator) -> Drawn:
    """Paths of their own for clips as long as those that are trained on.

    A clip begins anywhere between two knots, so that no moment of a clip is special.
    """
    phases = torch.rand(count, len(KNOTS_A_CLIP), generator=generator)
    knots = [
        torch.randn(count, _knots_needed(1 + recipe.frames / recipe.fps / spacing), size, generator=generator)
        for size, spacing in bands(recipe)
    ]
    return Drawn(phases, *knots)


def paths_at(recipe: Recipe, drawn: Drawn, seconds: Tensor) -> Tensor:
    """Paths at moments (N, T), seconds since the clips' beginnings: float32 (N, T, motion_size), on the prior."""
    found = []
    for band, ((_, spacing), knots) in enumerate(zip(bands(recipe), drawn[1:], strict=True)):
        found.append(path(knots, seconds / spacing + drawn.phases[:, band, None]))
    return codes.from_gaussian(torch.cat(found, 2), recipe.prior).float()


class Paths(NamedTuple):
    """Paths of N clips from their beginnings on, to be had at any moments. prior: of the codes that they are in.

    knots: of each band, (N, K, d). spacings: seconds between the knots of each. around: of a loop, after how many knots
    each band comes back to where it began; 0 of one that goes on.
    """

    prior: str
    knots: tuple[Tensor, ...]
    spacings: tuple[float, ...]
    around: tuple[int, ...]

    def at(self, seconds: Tensor) -> Tensor:
        """At moments (T,), in seconds since the clips' beginnings: float32 (N, T, motion_size), on the prior."""
        found = []
        for knots, spacing, around in zip(self.knots, self.spacings, self.around, strict=True):
            times = seconds.double() / spacing
            found.append(path(knots.double(), (times % around if around else times).expand(len(knots), -1)))
        return codes.from_gaussian(torch.cat(found, 2), self.prior).float()


def numbered(recipe: Recipe, seed: int, numbers: Sequence[int], until: float, loop: float | None = None) -> Paths:
    """The paths of these numbers of a seed, up to so many seconds.

    Path i at a moment depends on (seed, i), the moment and loop alone, so a longer or finer film goes through the same
    pictures. loop: seconds after which it comes back to where it began, as smoothly as it moves on; it has four knots or more.
    """
    found, spacings, rounds = [], [], []
    for band, (size, spacing) in enumerate(bands(recipe)):
        around = max(DEGREE + 1, round(loop / spacing)) if loop else 0
        spacing = loop / around if loop else spacing
        needed = around or _knots_needed(until / spacing)
        drawn = [_knots(generator_at(seed, "motion", number, band), needed, size) for number in numbers]
        knots = torch.stack(drawn) if drawn else torch.empty(0, needed, size)
        found.append(torch.cat([knots, knots[:, :DEGREE]], 1) if around else knots)
        spacings.append(spacing)
        rounds.append(around)
    return Paths(recipe.prior, tuple(found), tuple(spacings), tuple(rounds))


def numbered_paths(
    recipe: Recipe, seed: int, start: int, count: int, seconds: Tensor, loop: float | None = None
) -> Tensor:
    """Paths number start … start + count - 1 of a seed at moments (T,) in seconds: float32 (count, T, motion_size)."""
    until = float(seconds.max()) if len(seconds) else 0.0
    return numbered(recipe, seed, range(start, start + count), until, loop).at(seconds)


def with_motion(content: Tensor, paths: Tensor) -> Tensor:
    """Codes of the frames of clips, (N, T, code_size): content (N, code_size), whose last numbers give way to paths (N, T, d)."""
    still = content[:, : content.shape[1] - paths.shape[2]]
    return torch.cat([still.unsqueeze(1).expand(-1, paths.shape[1], -1), paths], 2)


def frame_codes(
    content: Tensor, paths: Paths, seconds: Tensor, truncation: float = 1.0, shift: Tensor | None = None
) -> Tensor:
    """Codes of the frames of N clips at moments (T,): (N, T, code_size), of contents (N, code_size) that move along paths.

    truncation draws both in towards the prior's mean, so that clips also move less; then shift, (code_size,), moves all alike.
    """
    z = codes.truncated(with_motion(content, paths.at(seconds)), truncation)
    return z if shift is None else codes.shifted(z.flatten(0, 1), shift, paths.prior).unflatten(0, z.shape[:2])


def _knots_needed(last: float) -> int:
    """For a path up to a moment, in knots."""
    return math.floor(last) + DEGREE + 1


def _knots(generator: torch.Generator, count: int, size: int) -> Tensor:
    """One after the other, so that the first are the same however many are drawn."""
    return torch.cat([torch.randn(1, size, generator=generator) for _ in range(count)])
