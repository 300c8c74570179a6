"""What a discriminator has learnt of pictures, told by how well a linear classifier does on what it sees.

The DCGAN paper's section 5 (Radford et al., arXiv 1511.06434): every layer's maps, max-pooled to 4×4, and a linear support-vector
machine; with its controls: the features of a discriminator that learnt from other pictures, and a net of the same architecture
taught with supervision. Raw pixels and an untrained discriminator of the same nets show what can be had without learning.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.progress import Progress
from figment.common.text import printable
from figment.discriminator import Discriminator, untrained
from figment.explain.labelled import (
    Describe,
    LabelledPictures,
    as_recipe,
    discriminator_features,
    features_of,
    few_of_each,
    pixel_features,
)
from figment.explain.supervised import Classifier
from figment.explain.svm import LinearSVM, best_penalty
from figment.finding import Finding, Sheet
from figment.media.charts import bars
from figment.recipe import Recipe

FEW_LABEL_DRAWS = 5  # of the few labels, whose mean counts
VALIDATED_PICTURES = 2_000  # labelled ones that C is chosen on for all of them
CLEAR_ERRORS = 2.0  # standard errors by which a lead counts
SHOWN_PICTURES = 10  # that are told wrong
PIXELS, RANDOM, OURS, SUPERVISED = "raw pixels", "an untrained discriminator", "this discriminator", "supervised net"


@dataclass(frozen=True, eq=False)
class ProbeAccuracy:
    """Which held-out pictures are told right with some features, bool (1 + draws, N): with all labels, then by draw of the few.

    dimension: numbers a picture. penalties: the machines' C with all labels and with the few; none of a net.
    """

    dimension: int
    right: NDArray[np.bool_]
    penalties: tuple[float, ...] = ()

    @property
    def full(self) -> float:
        """Share told right with all labels."""
        return float(self.right[0].mean())

    @property
    def few(self) -> tuple[float, ...]:
        """Shares told right with the few, by draw."""
        return tuple(map(float, self.right[1:].mean(1)))

    @property
    def mean(self) -> float:
        """Mean over the draws."""
        return float(np.mean(self.few))

    @property
    def error(self) -> float:
        """Standard error of the mean; of a single draw 0."""
        return _error(np.array(self.few))

    def lead(self, other: "ProbeAccuracy") -> tuple[float, float]:
        """By how much more is told right with the few labels than by another, and its standard error.

        Both have the same draws and pictures, so the differences count: what they scatter by over pictures, and over draws.
        """
        differences = self.right[1:].astype(float) - other.right[1:]
        return float(differences.mean()), math.hypot(_error(differences.mean(0)), _error(differences.mean(1)))

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        shares = {"full": self.full, "few": self.few, "mean": self.mean, "error": self.error}
        return {"dimension": self.dimension, "penalties": self.penalties} | shares


def _error(numbers: NDArray[np.float64]) -> float:
    """Standard error of a mean; of a single number 0."""
    return float(numbers.std(ddof=1) / len(numbers) ** 0.5) if len(numbers) > 1 else 0.0


@dataclass(frozen=True, eq=False)
class FeatureComparison:
    """How well held-out pictures are told apart by features of several kinds.

    accuracies: by what the features are called, in the order of the table. few: labels a class, in draws whose mean number of
    labels is few_labels, beside all of them: labels. names: of the classes, by number. truth: the held-out pictures' classes;
    said: what the machine says of them that all labels taught by this discriminator's features; int64 (N,) both. wrong:
    places of the first of those that it tells wrong, int64 (K,), and wrong_pictures, uint8 (K, C, H, W). told_classes: whether
    the discriminator was trained with classes.
    """

    accuracies: dict[str, ProbeAccuracy]
    few: int
    few_labels: int
    labels: int
    names: tuple[str, ...]
    truth: NDArray[np.int64]
    said: NDArray[np.int64]
    wrong: NDArray[np.int64]
    wrong_pictures: NDArray[np.uint8]
    told_classes: bool
    source: str
    seed: int

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a chart, with a sheet of what is told wrong; name: tells it from others of its kind."""
        counts = {"labels": self.labels, "few": self.few_labels, "tested": len(self.truth)}
        results = self.accuracies.values()
        groups = {f"{self.few_labels:,} labels": [(one.mean, one.error) for one in results]}
        cells = [[f"{100 * one.mean:.1f} ± {100 * one.error:.1f} %"] for one in results]
        if self.few_labels < self.labels:  # else the few are all that there are, and have nothing beside them
            groups = {f"{self.labels:,} labels": [(one.full, 0.0) for one in results]} | groups
            cells = [[f"{100 * one.full:.1f} %", *row] for one, row in zip(results, cells, strict=True)]
        chart = bars(list(self.accuracies), groups, "held-out pictures told right")
        caption = (
            f"Linear support-vector machines on features of {printable(self.source)}, tested on {len(self.truth):,} held-out "
            f"pictures; of the few labels the mean of {FEW_LABEL_DRAWS} draws with its standard error."
        )
        sheets = {"": Sheet(chart, caption, None)}
        if len(self.wrong):
            sheets["wrong"] = self._sheet_of_wrong()
        return Finding(
            "features",
            sentence(self.accuracies, counts, self.told_classes),
            sheets,
            counts | {
                "source": self.source, "classes": list(self.names), "few_a_class": self.few,
                "draws": FEW_LABEL_DRAWS, "seed": self.seed,
                "told_classes_in_training": self.told_classes,
                "results": {of: one.as_record() for of, one in self.accuracies.items()},
            },
            ("features", "numbers", *groups),
            tuple(
                (of, f"{one.dimension:,}", *row)
                for (of, one), row in zip(self.accuracies.items(), cells, strict=True)
            ),
            name=name,
        )  # fmt: skip

    def _sheet_of_wrong(self) -> Sheet:
        titles = [f"{self.names[self.truth[i]]}, said {self.names[self.said[i]]}" for i in self.wrong]
        caption = (
            "Held-out pictures that are told wrong by what this discriminator sees: what they are, and what was said."
        )
        return Sheet.of_strips([("", self.wrong_pictures)], caption, None, titles)


def features(
    discriminator: Discriminator, data: LabelledPictures, few: int = 100, others: dict[str, Discriminator] | None = None,
    supervised: bool = True, seed: int = 0, progress: Progress | None = None,
) -> FeatureComparison:  # fmt: skip
    """How well held-out pictures are told apart by what a discriminator sees in them, beside the paper's controls.

    Parameters
    ----------
    discriminator : Discriminator
        Whose features are tried, beside raw pixels and those of an untrained one of the same nets.
    data : LabelledPictures
        As labelled_pictures() gives them for a bank.
    few : int
        Labels a class, in five draws, beside all of them.
    others : dict of str to Discriminator, optional
        Discriminators that learnt from other pictures, by what they are called.
    supervised : bool
        Whether to teach a net of the same architecture, which takes the most time.
    seed : int
        Of the draws, the machines and the untrained nets.
    progress : callable, optional
        Told what is done, of how much.

    Returns
    -------
    FeatureComparison
    """
    describing: dict[str, Describe] = {
        PIXELS: pixel_features,
        RANDOM: discriminator_features(untrained(discriminator.recipe, seed, discriminator.device)),
        OURS: discriminator_features(discriminator),
        **{f"discriminator of {name}": discriminator_features(other) for name, other in (others or {}).items()},
    }
    draws = [few_of_each(data.train_classes, few, [seed, 2, i]) for i in range(FEW_LABEL_DRAWS)]
    stages = len(describing) + (1 + FEW_LABEL_DRAWS if supervised else 0)
    accuracies, said = {}, np.empty(0, np.int64)
    for place, (name, describe) in enumerate(describing.items()):
        accuracies[name], answers = by_features(data, describe, draws, seed)
        said = answers if name == OURS else said
        if progress:
            progress(place + 1, stages)
    if supervised:
        told = None if progress is None else (lambda done: progress(len(describing) + done, stages))
        accuracies[SUPERVISED] = by_supervision(data, discriminator.recipe, draws, seed, discriminator.device, told)
    wrong = np.flatnonzero(said != data.test_classes)[:SHOWN_PICTURES]
    return FeatureComparison(
        accuracies, few, int(np.mean([len(draw) for draw in draws])), len(data.train), data.names, data.test_classes,
        said, wrong, data.test[wrong], bool(discriminator.recipe.classes), data.source, seed,
    )  # fmt: skip


def by_features(
    data: LabelledPictures, describe: Describe, draws: list[NDArray[np.int64]], seed: int
) -> tuple[ProbeAccuracy, NDArray[np.int64]]:
    """How linear machines do on some features; and what that taught by all labels says of the held-out pictures.

    C is found by cross-validation: for the few labels on their first draw, for all of them on at most 2,000.
    """
    train, test = features_of(data.train, describe), features_of(data.test, describe)
    classes = data.train_classes
    some = np.random.default_rng([seed, 6]).permutation(len(train))[:VALIDATED_PICTURES]
    full, few = (best_penalty(train[part], classes[part], seed) for part in (some, draws[0]))
    parts = [(np.arange(len(train)), full), *((draw, few) for draw in draws)]
    said = np.stack([LinearSVM(penalty, seed).fit(train[part], classes[part]).predict(test) for part, penalty in parts])
    return ProbeAccuracy(train.shape[1], said == data.test_classes, (full, few)), said[0]


def by_supervision(
    data: LabelledPictures, recipe: Recipe, draws: list[NDArray[np.int64]], seed: int, device: torch.device,
    done: Callable[[int], None] | None,
) -> ProbeAccuracy:  # fmt: skip
    """How nets of a recipe's discriminator do that are taught by the labels themselves."""
    train, test = (as_recipe(pictures, recipe) for pictures in (data.train, data.test))
    right = []
    for i, draw in enumerate((np.arange(len(data.train)), *draws)):
        classes = data.train_classes[draw]
        net = Classifier(recipe, int(classes.max()) + 1, seed + i).to(device).fit(train[draw], classes)
        right.append(net.predict(test) == data.test_classes)
        if done:
            done(i + 1)
    return ProbeAccuracy(net.head.in_features, np.stack(right))


def sentence(accuracies: dict[str, ProbeAccuracy], counts: dict[str, int], told_classes: bool) -> str:
    """What one sees, in words."""
    ours, plain = accuracies[OURS], {name: accuracies[name] for name in (PIXELS, RANDOM)}
    best = max(plain, key=lambda name: plain[name].mean)
    lead, error = ours.lead(plain[best])
    if lead > CLEAR_ERRORS * error:
        verdict = "This discriminator has learnt something of the classes"
    elif lead < -CLEAR_ERRORS * error:
        verdict = "What this discriminator has learnt is of no use for telling the classes apart"
    else:
        verdict = "That this discriminator has learnt something of the classes can't be told"
    said = (
        f"{verdict}: with {counts['few']:,} labels a linear classifier on what it sees tells {100 * ours.mean:.1f} % of "
        f"{counts['tested']:,} held-out pictures right, against {100 * plain[best].mean:.1f} % on {best}"
    )
    few_are_all = counts["few"] == counts["labels"]
    if not few_are_all:
        said += f", and {100 * ours.full:.1f} % against {100 * plain[best].full:.1f} % with all {counts['labels']:,}"
    said += "."
    for name, one in accuracies.items():
        reached = f"{100 * one.mean:.1f} %" + ("" if few_are_all else f" and {100 * one.full:.1f} %")
        if name == SUPERVISED:
            said += f" The same nets taught by the labels themselves reach {reached}."
        elif name not in (OURS, *plain):
            said += f" The {name}, which learnt from other pictures, reaches {reached}."
    if told_classes:
        said += " It was told the classes while it was trained, so that it isn't without labels that it learnt them."
    return said
