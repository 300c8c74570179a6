"""What changes over a run, as functions of images seen."""

import math
from functools import lru_cache
from typing import NamedTuple

from figment.recipe import Recipe

GOOD_TICKS = 4  # readings from one state that training may go back to, to the next: at most 80,000 images are lost
STILL_COST = (
    1 / 3
)  # time that a step on single frames takes, as a share of one on clips, of which three are drawn (LOG 124)


class Rates(NamedTuple):
    """What the schedule sets at one moment."""

    lr: float
    beta2: float
    gamma: float  # weight of R1 + R2
    half_life: float  # of the averaged generator, images
    augment_p: float


def decay_progress(recipe: Recipe, images: int) -> float:
    """How much of the decay has passed: 0 until lr_decay_start, then along a half cosine to 1 at lr_decay_end.

    One curve drives everything that changes, as in section 4 of arXiv 2501.05441, whose burn-in is a decay that begins
    at once and ends early.
    """
    start, end = recipe.lr_decay_start * recipe.planned_images, recipe.lr_decay_end * recipe.planned_images
    share = min(max((images - start) / max(end - start, 1), 0), 1)
    return (1 - math.cos(math.pi * share)) / 2


def rates(recipe: Recipe, images: int) -> Rates:
    """The rates after so many images seen; beyond the planned end, those of the end."""
    done = decay_progress(recipe, images)

    def towards(end: float) -> float:
        return 1 + (end - 1) * done

    final = recipe.beta2 if recipe.beta2_final is None else recipe.beta2_final
    return Rates(
        lr=recipe.lr * towards(recipe.lr_final),
        beta2=recipe.beta2 + (final - recipe.beta2) * done,
        gamma=recipe.gamma * towards(recipe.gamma_final),
        # Early in a run the half-life is at most a twentieth of the images seen, so that the first random weights are
        # soon forgotten (the ramp-up of arXiv 1912.04958's training).
        half_life=recipe.ema_half_life * done if recipe.ema_ramp else min(recipe.ema_half_life, images / 20),
        augment_p=recipe.augment_p * (done if recipe.augment_mode == "ramp" else 1),
    )


def penalty_is_due(recipe: Recipe, images: int) -> bool:
    """Whether the step after so many images has its R1 + R2: every step, or every so many."""
    return recipe.gamma > 0 and images // recipe.batch % recipe.penalty_every == 0


def is_still(recipe: Recipe, images: int) -> bool:
    """Whether the step after so many clips seen learns from single frames of them: images first, then motion."""
    return images < recipe.images_first * recipe.planned_images


def images_in(recipe: Recipe, seconds: float, rate: float) -> float:
    """Images that seconds are good for, at so many a second; where single frames come first, at so many clips a second."""
    return seconds * rate / (recipe.images_first * STILL_COST + 1 - recipe.images_first)


def images_after(recipe: Recipe, images: int, seconds: float, pace: float) -> float:
    """Images that will have been seen after so many seconds more, at the pace, in images a second, that they have now.

    Where single frames come first, they go by much faster than the clips will: a plan by their pace alone would be off
    threefold. Once motion is learnt it goes on being learnt.
    """
    if is_still(recipe, images):
        return images_in(recipe, images / pace + seconds, pace * STILL_COST)
    most = max(images / recipe.images_first, recipe.planned_images) if recipe.images_first else math.inf
    return min(images + pace * seconds, most)


def is_good_point(recipe: Recipe, images: int) -> bool:
    """Whether the state after so many images, at a tick, is kept for training to go back to when it diverges."""
    return images % (GOOD_TICKS * tick_images(recipe)) == 0


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
    """Images between two readings: a hundredth of the plan but at most 20,000, in whole steps.

    In a short run 4,096, but 32 readings; in one of a minute 1,500, but 8: a reading costs what 70 to 150 images of
    training cost (LOG 42, 96), a tenth of such a stretch. Where R1 + R2 are taken every so many steps of D, whole rounds
    of these lie between two readings, or their means would mix more of them with fewer, or with none. At the end of a plan
    that is shorter than such a round there is a reading, too.
    """
    step, planned = recipe.images_a_step, recipe.planned_images
    round_steps = math.lcm(recipe.penalty_every, recipe.discriminator_steps) // recipe.discriminator_steps
    unit = step * (round_steps if recipe.gamma else 1)
    wished = min(max(planned / 100, min(4096, planned / 32), min(1500, planned / 8)), 20_000)
    return min(max(1, round(wished / unit)) * unit, max(last_step(recipe), step))
