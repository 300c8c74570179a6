"""How many samples a look at a run has, and when there are looks: so that they cost at most a twentieth of the time.

Under a time budget the clock decides; under one of images, where no clock may, the planned images and the pictures' size.
"""

import math

from figment.recipe import Recipe
from figment.training import schedule

MAX_TIME_SHARE = 0.05  # of the time, at most
SAMPLE_COUNTS = (2000, 1000, 500, 300, 200)  # of a look: the most that allow for SCORES_A_RUN of them
SCORES_A_RUN = 8
# Looks begin after this share of the planned images, or so many images where that is sooner: before, rubbish is compared
# with rubbish, and grey fog may lie nearer to reals than a poor generator's end (LOG 77).
FIRST_SHARE, FIRST_IMAGES = 0.2, 20_000
LARGE_SIDE = 128  # pixels, of pictures of which fewer are shown to D at once
MIN_SCORES = 2  # that a short run must have time for: with fewer there is nothing to compare
SAMPLE_COST = 2  # what drawing and seeing a sample costs, in pictures seen: an allowance, which the first look corrects
# Pixels of the pictures at which a sample costs about as much as an image of training in small nets on a CPU (LOG 77). Of
# smaller pictures it costs more of them, since they are brought to the network's size; of larger ones, or in wide nets, fewer.
PIXELS_OF_EQUAL_COST = 64 * 64


def samples_for(recipe: Recipe, reals: int, each: float | None = None) -> int:
    """Samples of a look: the most of SAMPLE_COUNTS of which SCORES_A_RUN are no more than MAX_TIME_SHARE of the run.

    The fewest of them where only MIN_SCORES are; 0 where even that is too much. reals: that are seen once, too. each:
    seconds of a picture that the network sees, under a time budget; None under one of images.
    """
    if each is None:
        affordable, cost = _affordable(recipe), 1
    else:
        affordable, cost = MAX_TIME_SHARE * (recipe.seconds or 0) / each, SAMPLE_COST

    def pictures(samples: int, looks: int) -> int:
        return reals + samples + looks * cost * samples  # the floor is of as many other reals

    for samples in SAMPLE_COUNTS:
        if pictures(samples, SCORES_A_RUN) <= affordable:
            return samples
    fewest = SAMPLE_COUNTS[-1]
    return fewest if pictures(fewest, MIN_SCORES) <= affordable else 0


def in_view(count: int, recipe: Recipe) -> int:
    """How many pictures stand in for `count` in readings: beyond 128×128 pixels half as many for twice the side.

    All are in memory at once, with what the widest stages put out of each: 256 pictures of 512 px took more of it than a step
    of the training (LOG 89). A reading becomes cheaper in images of training, too, of which a run of large ones has few.
    """
    side = math.sqrt(math.prod(recipe.shape))
    return min(count, max(count // 4, round(count * LARGE_SIDE / side)))


def allowance(budget: float, seconds: float, once: float) -> float:
    """Seconds that looks may have taken after so many of a time budget.

    once: those of what comes once, the reals and the look at the end, which are the whole budget's.
    """
    return MAX_TIME_SHARE * seconds + once * max(0.0, 1 - seconds / budget)


def is_too_early(recipe: Recipe, images: int) -> bool:
    """Whether a look after so many images would tell nothing."""
    return images < min(FIRST_SHARE * recipe.planned_images, FIRST_IMAGES)


def is_scored_at(recipe: Recipe, samples: int, reals: int, images: int) -> bool:
    """Whether a run with an image budget is looked at after so many images: at its last snapshots, as many as may be.

    Snapshots lie ever farther apart, so these reach from early on to the end.
    """
    times = schedule.snapshot_times(recipe)[1:]
    looks = math.floor((_affordable(recipe) - reals) / samples) - 1
    return looks > 0 and images >= times[-min(looks, len(times))]


def _affordable(recipe: Recipe) -> float:
    """Pictures that may be seen in a run with an image budget."""
    return MAX_TIME_SHARE * recipe.planned_images / max(1.0, PIXELS_OF_EQUAL_COST / math.prod(recipe.shape))
