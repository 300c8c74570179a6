"""Exemplars: groups of samples whose mean code stands for what they have in common. As texts: group_texts.py."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment import codes
from figment.attributes.conditions import margins, parse_conditions, satisfied
from figment.attributes.predictor import AttributePredictor
from figment.attributes.readings import READ_SAMPLES, Readings, read_samples
from figment.common.progress import Progress
from figment.errors import InputError
from figment.generator import Generator

MAX_SAMPLES = 4096  # of a seed that are looked through for a group
# Of so many times the samples wanted the clearest are taken, as a person would choose. On three portraits generators that
# lifts the share of sums of means of three that come true from 0.50, 0.51, 0.56 to 0.58, 0.60, 0.66 (six sums, 200 cases).
CANDIDATES_EACH = 4


@dataclass(frozen=True, eq=False)
class Group:
    """Samples that have something in common.

    name: what a person calls it: its numbers, conditions or file. codes: float32 (K, code_size). numbers: of the samples in
    their seed; none where the codes came from a file.
    """

    name: str
    codes: Tensor
    numbers: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.codes)


def numbered_group(generator: Generator, numbers: Sequence[int], seed: int = 0) -> Group:
    """Samples of a seed by their numbers, each once; at least one."""
    numbers = list(dict.fromkeys(numbers))
    z = torch.cat([generator.codes(1, seed, number) for number in numbers])
    return Group(",".join(map(str, numbers)), z, tuple(numbers))


def refuse_single(option: str, group: Group) -> None:
    """Raise InputError for a group that has no mean worth the name."""
    if len(group) < 2:
        raise InputError(
            f"{option} {group.name}: a group of a single picture is unstable, for it brings along all else that is in it: "
            "give two or more samples, best three (a class that is a number is written as class=9)."
        )


def group_meeting(
    generator: Generator, predictor: AttributePredictor, conditions: str, count: int = 3, seed: int = 0, label: str | None = None,
    option: str = "--a", progress: Progress | None = None,
) -> Group:  # fmt: skip
    """Samples of a seed that meet conditions: of the first 4 · count that do, the clearest.

    Parameters
    ----------
    generator : Generator
    predictor : AttributePredictor
        Reads the samples, of which at most 4,096 are looked through.
    conditions : str
        That all have to hold, such as "glasses, smile>0.4, no beard": see parse_conditions.
    count : int
        Samples in the group.
    seed : int
    label : str, optional
        Class that a generator with classes draws all in; by default each has its own.
    option : str
        That the conditions were given for, for messages.
    progress : callable, optional
        Told how many samples were found, of how many.

    Returns
    -------
    Group

    Raises
    ------
    InputError
        Where fewer than count samples meet the conditions, or these make no sense.
    """
    wanted = parse_conditions(conditions, predictor, option)
    seen = Readings(torch.empty(0, generator.recipe.code_size), {})
    while len(seen) < MAX_SAMPLES:
        more = read_samples(generator, predictor, READ_SAMPLES, seed, label, len(seen))
        scores = {n: np.concatenate([seen.scores.get(n, more.scores[n][:0]), more.scores[n]]) for n in predictor.names}
        seen = Readings(torch.cat([seen.codes, more.codes]), scores)
        met = np.flatnonzero(satisfied(seen.scores, wanted))
        if progress:
            progress(min(len(met), CANDIDATES_EACH * count), CANDIDATES_EACH * count)
        if len(met) >= CANDIDATES_EACH * count:
            break
    if len(met) < count:
        raise InputError(
            f"{option} {conditions}: {len(met)} of the {len(seen):,} first samples meet{'s' * (len(met) == 1)} it, and "
            f"{count} are wanted: ask for less, or for another --seed."
        )
    chosen = clearest(met[: CANDIDATES_EACH * count], margins(seen.scores, wanted), count)
    return Group(conditions, seen.codes[chosen], tuple(map(int, chosen)))


def clearest(met: NDArray[np.int64], margin: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The count of those met that have the largest margin, in order of their numbers."""
    return np.sort(met[np.argsort(-margin[met], kind="stable")[:count]])


def mean_code(z: Tensor, prior: str) -> Tensor:
    """The mean of codes (K, d) in Gaussian space, float64 (d,)."""
    return codes.to_gaussian(z.double(), prior).mean(0)
