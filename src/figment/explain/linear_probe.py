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
import torch.nn.functional as F
from numpy.typing import NDArray

from figment.common.pixels import to_grey, to_rgb
from figment.common.progress import Progress
from figment.common.text import printable
from figment.data.bank.bank import Bank
from figment.discriminator import Discriminator, representation, untrained
from figment.errors import InputError
from figment.explain.supervised import taught
from figment.explain.svm import best_penalty, fitted
from figment.finding import Finding, Sheet
from figment.media.charts import bars
from figment.media.strips import strips
from figment.recipe import Recipe
from figment.similarity.nearest import area_weights

MOST, TESTED = 20_000, 5_000  # training pictures, and held-out ones
DRAWS = 5  # of the few labels
VALIDATED = 2_000  # labelled pictures that C is chosen on for all of them
SURE = 2.0  # standard errors by which a lead counts
SIDE = 32  # pixels: larger pictures are reduced before their pixels are features
AT_ONCE = 64
SHOWN = 10
PIXELS, RANDOM, OURS, SUPERVISED = "raw pixels", "an untrained discriminator", "this discriminator", "supervised net"

Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # pictures, uint8 (N, C, H, W) → (N, d)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled pictures to learn from and held-out ones, uint8 (N, C, H, W), with classes, int64 (N,), by place in names."""

    names: tuple[str, ...]
    train: NDArray[np.uint8]
    train_classes: NDArray[np.int64]
    test: NDArray[np.uint8]
    test_classes: NDArray[np.int64]
    source: str


@dataclass(frozen=True, eq=False)
class Result:
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

    def lead(self, other: "Result") -> tuple[float, float]:
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


def labelled(bank: Bank, seed: int = 0) -> Labelled:
    """A bank's labelled pictures, drawn by seed where there are more than 20,000 to learn from, or 5,000 held out.

    Raises InputError where fewer than two classes have pictures both to learn from and held out.
    """
    words = [None if label is None else printable(str(label)) for label in bank.labels]
    parts = [{words[i] for i in part} - {None} for part in (bank.train, bank.held_out)]
    names = tuple(sorted(str(name) for name in parts[0] & parts[1]))
    if len(names) < 2:
        raise InputError(
            f"--labels: {bank.source} has {len(names)} classes with pictures both to learn from and held out, and two are "
            f"needed: name DATA whose pictures are labelled, such as a folder with a folder a class."
        )
    number = {name: place for place, name in enumerate(names)}
    classes = np.array([number.get(word, -1) if word is not None else -1 for word in words])
    known = [part[classes[part] >= 0] for part in (bank.train, bank.held_out)]
    train, test = (
        np.sort(np.random.default_rng([seed, k]).permutation(part)[:most])
        for k, (part, most) in enumerate(zip(known, (MOST, TESTED), strict=True))
    )
    pictures = bank.pictures
    return Labelled(names, pictures[train], classes[train], pictures[test], classes[test], bank.source)


def features(
    discriminator: Discriminator, data: Labelled, few: int = 100, others: dict[str, Discriminator] | None = None,
    supervised: bool = True, seed: int = 0, progress: Progress | None = None,
) -> Finding:  # fmt: skip
    """How well held-out pictures are told apart by what a discriminator sees in them, beside the paper's controls.

    few: labels a class, in five draws, beside all of them. others: discriminators that learnt from other pictures, by what
    they are called. supervised: whether to teach a net of the same architecture, which takes the most time.
    """
    described: dict[str, Describe] = {
        PIXELS: pixels,
        RANDOM: seen_by(untrained(discriminator.recipe, seed, discriminator.device)),
        OURS: seen_by(discriminator),
        **{f"discriminator of {name}": seen_by(other) for name, other in (others or {}).items()},
    }
    draws = [drawn(data.train_classes, few, [seed, 2, i]) for i in range(DRAWS)]
    stages = len(described) + (1 + DRAWS if supervised else 0)
    results, said = {}, np.empty(0, np.int64)
    for place, (name, describe) in enumerate(described.items()):
        results[name], answers = by_features(data, describe, draws, seed)
        said = answers if name == OURS else said
        if progress:
            progress(place + 1, stages)
    if supervised:
        told = None if progress is None else (lambda done: progress(len(described) + done, stages))
        results[SUPERVISED] = by_supervision(data, discriminator.recipe, draws, seed, discriminator.device, told)
    counts = {"labels": len(data.train), "few": int(np.mean([len(draw) for draw in draws])), "tested": len(data.test)}
    groups = {
        f"{counts['labels']:,} labels": [(one.full, 0.0) for one in results.values()],
        f"{counts['few']:,} labels": [(one.mean, one.error) for one in results.values()],
    }
    sheets = {"": Sheet(bars(list(results), groups, "held-out pictures told right"), _caption(data, counts), None)}
    wrong = np.flatnonzero(said != data.test_classes)[:SHOWN]
    if len(wrong):
        titles = [f"{data.names[data.test_classes[i]]}, said {data.names[said[i]]}" for i in wrong]
        caption = (
            "Held-out pictures that are told wrong by what this discriminator sees: what they are, and what was said."
        )
        sheets["wrong"] = Sheet(strips([("", data.test[wrong])], titles), caption, None)
    return Finding(
        "features",
        sentence(results, discriminator.recipe, counts),
        sheets,
        counts | {
            "source": data.source, "classes": list(data.names), "few_a_class": few, "draws": DRAWS, "seed": seed,
            "told_classes_in_training": bool(discriminator.recipe.classes),
            "results": {name: one.as_record() for name, one in results.items()},
        },
        ("features", "numbers", *groups),
        tuple(
            (name, f"{one.dimension:,}", f"{100 * one.full:.1f} %", f"{100 * one.mean:.1f} ± {100 * one.error:.1f} %")
            for name, one in results.items()
        ),
    )  # fmt: skip


def by_features(
    data: Labelled, describe: Describe, draws: list[NDArray[np.int64]], seed: int
) -> tuple[Result, NDArray[np.int64]]:
    """How linear machines do on some features; and what that taught by all labels says of the held-out pictures.

    C is found by cross-validation: for the few labels on their first draw, for all of them on at most 2,000.
    """
    train, test = described(data.train, describe), described(data.test, describe)
    classes = data.train_classes
    some = np.random.default_rng([seed, 6]).permutation(len(train))[:VALIDATED]
    full, few = (best_penalty(train[part], classes[part], seed) for part in (some, draws[0]))
    parts = [(np.arange(len(train)), full), *((draw, few) for draw in draws)]
    said = np.stack([fitted(train[part], classes[part], penalty, seed).predict(test) for part, penalty in parts])
    return Result(train.shape[1], said == data.test_classes, (full, few)), said[0]


def by_supervision(
    data: Labelled, recipe: Recipe, draws: list[NDArray[np.int64]], seed: int, device: torch.device,
    done: Callable[[int], None] | None,
) -> Result:  # fmt: skip
    """How nets of a recipe's discriminator do that are taught by the labels themselves."""
    pictures = [adapted(its, recipe) for its in (data.train, data.test)]
    right = []
    for i, draw in enumerate((np.arange(len(data.train)), *draws)):
        net = taught(recipe, pictures[0][draw], data.train_classes[draw], seed + i, device)
        right.append(net.classes(pictures[1]) == data.test_classes)
        if done:
            done(i + 1)
    return Result(net.head.in_features, np.stack(right))


def drawn(classes: NDArray[np.int64], few: int, place: list[int]) -> NDArray[np.int64]:
    """Which pictures are the few labelled ones: so many of each class, or all that it has, drawn by seed and place."""
    order = np.random.default_rng(place).permutation(len(classes))
    return np.sort(np.concatenate([order[classes[order] == kind][:few] for kind in np.unique(classes)]))


def described(pictures: NDArray[np.uint8], describe: Describe) -> NDArray[np.float32]:
    """Features of pictures, some at a time."""
    return np.concatenate([describe(pictures[start : start + AT_ONCE]) for start in range(0, len(pictures), AT_ONCE)])


def seen_by(discriminator: Discriminator) -> Describe:
    """What a discriminator sees in pictures, also of another size than its own."""
    return lambda pictures: representation(discriminator, adapted(pictures, discriminator.recipe))


def adapted(pictures: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.uint8]:
    """Pictures (N, C, H, W) in the size of a recipe's, and grey or in colour as these are."""
    pictures = to_grey(pictures) if recipe.channels == 1 else to_rgb(pictures)
    if pictures.shape[2:] == recipe.shape:
        return pictures
    resized = F.interpolate(torch.from_numpy(pictures).float(), recipe.shape, mode="bilinear", antialias=True)
    return resized.round().clamp(0, 255).to(torch.uint8).numpy()


def pixels(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels themselves, in [-1, 1], of pictures that are reduced to 32 pixels a side where they are larger."""
    x = pictures.astype(np.float32)
    for axis in (2, 3):
        if x.shape[axis] > SIDE:
            x = np.moveaxis(np.tensordot(area_weights(x.shape[axis], SIDE), x, ([1], [axis])), 0, axis)
    return x.reshape(len(x), -1) / 127.5 - 1


def sentence(results: dict[str, Result], recipe: Recipe, counts: dict[str, int]) -> str:
    """What one sees, in words."""
    ours, plain = results[OURS], {name: results[name] for name in (PIXELS, RANDOM)}
    best = max(plain, key=lambda name: plain[name].mean)
    lead, error = ours.lead(plain[best])
    if lead > SURE * error:
        verdict = "This discriminator has learnt something of the classes"
    elif lead < -SURE * error:
        verdict = "What this discriminator has learnt is of no use for telling the classes apart"
    else:
        verdict = "That this discriminator has learnt something of the classes can't be told"
    said = (
        f"{verdict}: with {counts['few']:,} labels a linear classifier on what it sees tells {100 * ours.mean:.1f} % of "
        f"{counts['tested']:,} held-out pictures right, against {100 * plain[best].mean:.1f} % on {best}"
    )
    said += f", and {100 * ours.full:.1f} % against {100 * plain[best].full:.1f} % with all {counts['labels']:,}."
    for name, one in results.items():
        if name == SUPERVISED:
            said += f" The same nets taught by the labels themselves reach {100 * one.mean:.1f} % and {100 * one.full:.1f} %."
        elif name not in (OURS, *plain):
            said += f" The {name}, which learnt from other pictures, reaches {100 * one.mean:.1f} % and {100 * one.full:.1f} %."
    if recipe.classes:
        said += " It was told the classes while it was trained, so that it isn't without labels that it learnt them."
    return said


def _caption(data: Labelled, counts: dict[str, int]) -> str:
    return (
        f"Linear support-vector machines on features of {printable(data.source)}, tested on {counts['tested']:,} held-out "
        f"pictures; of the few labels the mean of {DRAWS} draws with its standard error."
    )
