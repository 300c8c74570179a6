"""What changes over a run, as functions of images seen."""

import math
from functools import lru_cache

from figment.recipe import Recipe


def learning_rate(recipe: Recipe, images: int) -> float:
    """lr, held until lr_decay_start, then along a half cosine to lr·lr_final at the planned end, and held from there."""
    start = recipe.lr_decay_start * recipe.planned_images
    progress = (images - start) / max(recipe.planned_images - start, 1)
    share = (1 + math.cos(math.pi * min(max(progress, 0), 1))) / 2
    return recipe.lr * (recipe.lr_final + (1 - recipe.lr_final) * share)


@lru_cache(maxsize=1)
def snapshot_times(recipe: Recipe) -> list[int]:
    """Images seen at which pictures are kept: 0, then growing geometrically to the planned end, in whole steps.

    Early changes are fast and late ones slow, so equal ratios show equal change.
    """
    step, end = recipe.images_a_step, last_step(recipe)
    first = min(end, max(16 * step, end / 200))  # before that there is nothing but grey
    ratio = (end / first) ** (1 / max(recipe.snapshots - 2, 1))
    times = [round(first * ratio**i / step) * step for i in range(recipe.snapshots - 1)]
    return sorted({0, *(t for t in times if 0 < t < end), end})


def is_snapshot(recipe: Recipe, images: int) -> bool:
    """Whether a snapshot is due after so many images, a whole number of steps."""
    return images > 0 and next_snapshot(recipe, images - recipe.images_a_step) == images


def next_snapshot(recipe: Recipe, images: int) -> int:
    """The first snapshot after so many images; beyond the planned end at the last ratio on."""
    times = snapshot_times(recipe)
    later = [t for t in times if t > images]
    if later:
        return later[0]
    ratio = max(times[-1] / max(times[-2], 1), 1.1) if times[-1] else 2
    step, t = recipe.images_a_step, max(times[-1], recipe.images_a_step)
    while t <= images:
        t = max(t + step, math.ceil(t * ratio / step) * step)
    return t


def last_step(recipe: Recipe) -> int:
    """The planned images, rounded up to whole steps."""
    return math.ceil(recipe.planned_images / recipe.images_a_step) * recipe.images_a_step


def tick_images(recipe: Recipe) -> int:
    """Images between two readings: a hundredth of the plan, but at most 20,000, in whole steps."""
    step = recipe.images_a_step
    return max(1, round(min(recipe.planned_images / 100, 20_000) / step)) * step
