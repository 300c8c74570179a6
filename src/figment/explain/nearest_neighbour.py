"""The DCGAN paper's nearest-neighbour test: what pictures a generator makes of classes are worth as examples of them.

A picture is given the class of the nearest example, be these generated or real (Radford et al., arXiv 1511.06434, appendix A).
The more a generator knows of what belongs to a class, and of how it varies, the nearer its pictures come to real ones; and of
generated ones there are as many as one likes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.common.progress import Progress, Tally
from figment.errors import InputError
from figment.explain.labelled import LabelledPictures, as_recipe, features_of, pixel_features
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.charts import lines
from figment.media.strips import Row
from figment.metrics.two_samples import wilson_interval
from figment.similarity.nearest import nearest_neighbour

EXAMPLE_COUNTS = (3, 10, 30, 100, 300, 1000)  # examples a class
MAX_TEST_PICTURES = 2000  # held-out pictures
SHOWN_PICTURES = 10
GENERATED, REAL = "generated", "real"


@dataclass(frozen=True, eq=False)
class NeighbourTest:
    """How well held-out pictures are told apart by their nearest examples.

    counts: of examples a class. right: share told right by counts, of "generated" examples and of "real" ones, these as long as
    each class has enough. rows: the pictures tested, by place among the held-out ones; truth: their classes; said: those of
    the nearest of the most generated examples; int64 (N,). shown: some of them, int64 (K,), with pictures and examples, the
    nearest generated ones, uint8 (K, C, H, W), and the examples' codes, float32 (K, code_size), and labels, int64 (K,).
    """

    counts: tuple[int, ...]
    right: dict[str, list[float]]
    names: tuple[str, ...]
    rows: NDArray[np.int64]
    truth: NDArray[np.int64]
    said: NDArray[np.int64]
    shown: NDArray[np.int64]
    pictures: NDArray[np.uint8]
    examples: NDArray[np.uint8]
    codes: Tensor
    labels: Tensor
    source: str
    seed: int

    def finding(self, name: str = "") -> Finding:
        """In words, a table, a chart and a sheet of some pictures; name: comes before "neighbours"."""
        chart = lines(self.counts, self.right, "examples a class", "held-out pictures told right")
        of_chart = "Pictures take the class of the nearest example, by pixels: as many generated or real examples."
        titles = [self.names[self.said[i]] + (" ✓" if self.said[i] == self.truth[i] else " ✗") for i in self.shown]
        rows: list[Row] = [("held out", self.pictures), ("nearest\ngenerated", self.examples)]
        of_pairs = (
            f"Held-out pictures and the nearest of {self.counts[-1]:,} generated examples a class, with the class that it stands "
            "for, right or wrong."
        )
        return Finding(
            "features",
            sentence(self.counts, self.right[GENERATED], self.right[REAL], self.truth),
            {
                "": Sheet(chart, of_chart, None),
                "nearest": Sheet.of_strips(rows, of_pairs, "compositeWithTrainedAlgorithmicMedia", titles),
            },
            {
                "source": self.source, "classes": list(self.names), "seed": self.seed, "tested": len(self.rows),
                "counts": {kind: list(self.counts[: len(shares)]) for kind, shares in self.right.items()}, "right": self.right,
                "shown": self.rows[self.shown].tolist(),
            },
            ("examples a class", *(f"{kind} ones" for kind in self.right)),
            tuple((f"{count:,}", *(_cell(self.right[kind], i) for kind in self.right)) for i, count in enumerate(self.counts)),
            self.codes,
            self.labels,
            f"{name} neighbours".strip(),
        )  # fmt: skip


def neighbour_test(
    generator: Generator, data: LabelledPictures, counts: tuple[int, ...] = EXAMPLE_COUNTS, seed: int = 0,
    progress: Progress | None = None,
) -> NeighbourTest:  # fmt: skip
    """How well held-out pictures are told apart by their nearest generated examples, and by as many real ones.

    Distances are those of pixels, as in labelled.pixel_features().

    Parameters
    ----------
    generator : Generator
        One that was trained with classes.
    data : LabelledPictures
        As labelled_pictures() gives them, of classes that the generator knows by the same names.
    counts : tuple of int
        Examples a class, rising; of real ones only as many as each class has.
    seed : int
        Of the examples, and of the draw of held-out pictures.
    progress : callable, optional
        Told what is done, of how much.

    Returns
    -------
    NeighbourTest

    Raises
    ------
    InputError
        For classes that the generator doesn't know, or one with fewer pictures than the least count.
    """
    fewest = fewest_of_a_class(generator, data, counts[0])
    rows = np.sort(np.random.default_rng([seed, 3]).permutation(len(data.test))[:MAX_TEST_PICTURES])
    tested, truth = as_recipe(data.test[rows], generator.recipe), data.test_classes[rows]
    queries = features_of(tested, pixel_features)
    tried = {REAL: tuple(count for count in counts if count <= fewest), GENERATED: counts}
    tally = Tally(progress, counts[-1] * len(data.names) + len(queries) * sum(map(len, tried.values())))
    examples = _examples(generator, data, counts[-1], seed, tally)
    right: dict[str, list[float]] = {GENERATED: [], REAL: []}
    for kind, its_counts in tried.items():  # the nearest ones of the last are shown
        for count in its_counts:
            found = nearest_neighbour(
                queries, queries, np.concatenate([its[:count] for its in examples[kind]]), done=tally
            ).place
            said, number = found // count, found % count
            right[kind].append(float((said == truth).mean()))
    shown = np.random.default_rng([seed, 5]).permutation(len(tested))[:SHOWN_PICTURES]
    drawn = [codes_of(generator, data.names[said[i]], 1, seed, int(said[i] * counts[-1] + number[i])) for i in shown]
    z, labels = (torch.cat(one) for one in zip(*drawn, strict=True))
    return NeighbourTest(
        counts, right, data.names, rows, truth, said, shown, tested[shown], generator.decode(z, labels).numpy(), z, labels,
        data.source, seed,
    )  # fmt: skip


def fewest_of_a_class(generator: Generator, data: LabelledPictures, needed: int) -> int:
    """Pictures to learn from of the class that has fewest.

    Raises InputError where these are less than needed, or the generator doesn't know a class.
    """
    fewest = int(np.bincount(data.train_classes, minlength=len(data.names)).min())
    if not set(data.names) <= set(generator.classes):
        reason = "has classes that this generator doesn't know"
    elif fewest < needed:
        reason = f"has a class of only {fewest} pictures to learn from, where {needed} are needed"
    else:
        return fewest
    raise InputError(f"--labels: {data.source} {reason}: name other DATA.")


def _examples(
    generator: Generator, data: LabelledPictures, count: int, seed: int, tally: Tally
) -> dict[str, list[NDArray[np.float32]]]:
    """Pixels of so many generated and of at most so many real examples, by class: (n, d)."""
    order = np.random.default_rng([seed, 4]).permutation(len(data.train))
    examples: dict[str, list[NDArray[np.float32]]] = {GENERATED: [], REAL: []}
    for place, name in enumerate(data.names):
        z, labels = codes_of(generator, name, count, seed, place * count)
        examples[GENERATED].append(features_of(generator.decode(z, labels).numpy(), pixel_features))
        own = data.train[order[data.train_classes[order] == place][:count]]
        examples[REAL].append(features_of(as_recipe(own, generator.recipe), pixel_features))
        tally(count)
    return examples


def codes_of(generator: Generator, name: str, count: int, seed: int, start: int) -> tuple[Tensor, Tensor]:
    """Codes number start … start + count - 1 of a seed, and the one class for all of them."""
    return generator.codes(count, seed, start), torch.full((count,), generator.class_number(name))


def sentence(counts: tuple[int, ...], generated: list[float], real: list[float], truth: NDArray[np.int64]) -> str:
    """What one sees, in words. truth: the classes of the N pictures that are told, int64 (N,)."""
    tested, guessed = len(truth), float(np.bincount(truth).max() / len(truth))
    best, unsure = generated[-1], 2 * (0.5 / tested) ** 0.5  # two standard errors of a difference, at most
    text = (
        f"By the nearest of {counts[-1]:,} generated examples a class {100 * best:.1f} % of {tested:,} held-out pictures are "
        "told right"
    )
    if wilson_interval(best * tested, tested)[0] <= guessed:
        return f"{text}, which isn't clearly more than naming the commonest class does ({100 * guessed:.1f} %)."
    enough = next(count for count, share in zip(counts, generated, strict=True) if share >= max(generated) - unsure)
    more = "More might do better." if enough == counts[-1] else f"More than {enough:,} a class hardly add to it."
    return f"{text}: about what {_worth(counts, real, best - unsure, best + unsure)}. {more}"


def _worth(counts: tuple[int, ...], real: list[float], low: float, high: float) -> str:
    """How many real examples a class tell a share between low and high right, in words."""
    less = [count for count, share in zip(counts, real, strict=False) if share < low]
    more = [count for count, share in zip(counts, real, strict=False) if share > high]
    if less and not more:
        return f"more than {less[-1]:,} real ones a class do"
    if less:
        return f"between {less[-1]:,} and {more[0]:,} real ones a class do"
    return f"{more[0] if more else counts[len(real) - 1]:,} real ones a class do, or fewer"


def _cell(shares: list[float], i: int) -> str:
    return f"{100 * shares[i]:.1f} %" if i < len(shares) else "too few"
