"""Forgetting what boxes mark in samples: the DCGAN paper's window experiment as it was made (arXiv 1511.06434, section 6.3.1).

There a layer's activations at places in the boxes are positives of a logistic regression, those at other places of the same
samples negatives. Of an object that always has one place (glasses, say) that finds whatever else is there (eyes): so here the
same places of samples without boxes are the negatives, and the paper's way stands beside it. Nobody reads the result: it is
told by where pictures change.
"""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.pixels import to_rgb
from figment.common.progress import Progress, Tally
from figment.explain.ablation import (
    BY,
    CONTROLS,
    SHARES,
    Dropping,
    Layer,
    candidates,
    difference,
    layer_numbers,
    papers_layer,
    weights,
)
from figment.explain.boxes import Boxes, Marked, outlined, with_boxes
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import strips

UNSEEN = 0.01  # change of a pixel, as a share of the range, that nobody sees
SHOWN = 10
FREE = 100  # samples without boxes, at least
ENOUGH = 4  # samples of which half can be held back
PLAIN = 2.0  # ratio of changes from which the maps are said to draw what the boxes mark


@dataclass(frozen=True)
class Change:
    """Mean change of a pixel in the boxes, outside of them, and at the boxes' places in samples that have none, as shares of
    the whole range."""

    inside: float
    outside: float
    elsewhere: float

    @property
    def lead(self) -> float:
        """By how much more the boxes change. What else changes counts twice: by the ratio alone, the fewest maps would win."""
        return self.inside - 2 * max(self.outside, self.elsewhere)

    @property
    def ratio(self) -> float:
        """The change in the boxes over the larger of the others, which count as what one just sees if they are less."""
        return self.inside / max(self.outside, self.elsewhere, UNSEEN)


def forget_boxed(
    generator: Generator, boxes: Boxes, layer: int | None = None, drop: float | None = None, by: str | None = None,
    seed: int = 0, progress: Progress | None = None,
) -> Finding:  # fmt: skip
    """Find the feature maps that draw what boxes mark in samples of a seed, and show the samples without them.

    layer, drop, by: as in forgetting.forget(). What isn't given is chosen by how much more changes in boxes than elsewhere. Of
    four samples and more every second one is held back, to be measured on. Samples that have no boxes are taken not to have
    the object, the first of the seed; some may all the same. Raises InputError for a layer that isn't there.
    """
    numbers = layer_numbers(generator, layer)
    shares, ways = SHARES if drop is None else (drop,), BY if by is None else (by,)
    order = sorted(boxes)
    enough = len(order) >= ENOUGH
    parts = (order[::2], order[1::2]) if enough else (order, order)
    free = (number for number in itertools.count() if number not in boxes)
    find, measure = (with_boxes(generator, {number: boxes[number] for number in part}, seed) for part in parts)
    find_free, measure_free = (
        with_boxes(generator, {next(free): boxes[part[i % len(part)]] for i in range(max(FREE, len(part)))}, seed)
        for part in parts
    )
    tally = Tally(progress, len(numbers) * len(shares) * len(ways))

    def change(dropping: Dropping, its: Marked, free: Marked) -> Change:
        return Change(*its.change(dropping), free.change(dropping)[0])

    known = {number: told_apart(find, find_free, number) for number in numbers}
    tried = []
    for dropping in candidates(known.values(), shares, ways):
        tried.append((change(dropping, find, find_free).lead, dropping))
        tally(1)
    best = max(tried, key=lambda one: one[0])[1]
    others = [change(known[best.layer].others(best, seed + i), measure, measure_free) for i in range(CONTROLS)]
    changes = {
        best.words: change(best, measure, measure_free),
        f"as many others (mean of {CONTROLS} draws)": Change(*np.mean([astuple(one) for one in others], 0).tolist()),
    }
    paper = papers(find, papers_layer(generator))
    if (paper.weights > 0).any():
        whole = paper.dropping(paper.strongest(), "zero")
        changes[f"the paper's way: {whole.words}"] = change(whole, measure, measure_free)
    gone, its = measure.without(best)[:SHOWN], measure.pictures[:SHOWN]
    free_its, free_gone = measure_free.pictures[:SHOWN], measure_free.without(best)[:SHOWN]
    rows = (
        ("samples, with boxes", np.stack([outlined(*one) for one in zip(its, measure.boxes, strict=False)])),
        ("without\nthese maps", to_rgb(gone)),
        ("what has changed", to_rgb(difference(its, gone))),
        ("samples without boxes", to_rgb(free_its)),
        ("without\nthese maps", to_rgb(free_gone)),
    )
    classes = [samples.labels for samples in (measure, measure_free) if samples.labels is not None]
    unseen = "none of which the maps were chosen on" if enough else "which the maps were chosen on, too"
    return Finding(
        "forget",
        sentence(best, list(changes.values()), len(measure.numbers), enough),
        {"": Sheet(strips(rows, [str(number) for number in measure.numbers[:SHOWN]]),
                   f"Samples of seed {seed}, by number, {unseen}: as they are, with {best.words}, and the difference; "
                   f"beneath samples {', '.join(map(str, measure_free.numbers[:SHOWN]))}, that have no boxes.")},
        {
            "seed": seed, "boxes": {str(number): [list(box) for box in boxes[number]] for number in order},
            "found_on": find.numbers, "measured_on": measure.numbers, "layer": best.layer, "maps": list(best.maps),
            "of": best.of, "by": best.by, "without_boxes": {"found_on": find_free.numbers, "measured_on": measure_free.numbers},
            "changes": {name: asdict(one) for name, one in changes.items()},
            "shown": measure.numbers[:SHOWN] + measure_free.numbers[:SHOWN],
        },
        ("dropped", "change in boxes", "outside", "there, without boxes"),
        tuple((name, *(f"{100 * share:.1f} %" for share in astuple(one))) for name, one in changes.items()),
        torch.cat([measure.z[:SHOWN], measure_free.z[:SHOWN]]),
        torch.cat([its[:SHOWN] for its in classes]) if classes else None,
    )  # fmt: skip


def told_apart(its: Marked, free: Marked, number: int) -> Layer:
    """How a layer's maps tell boxes from the same places of samples without boxes: by their means over the places.

    The maps' means are those of the samples without boxes.
    """
    features: list[NDArray[np.float32]] = []
    for samples in (its, free):
        maps = samples.maps(number)
        places = samples.places(maps)[:, None]
        features.append((maps * places).sum((2, 3)) / places.sum((2, 3)))
    positive = np.repeat([True, False], [len(its.z), len(free.z)])
    return Layer(number, weights(np.concatenate(features), positive), torch.from_numpy(maps.mean(0)))


def papers(its: Marked, number: int) -> Layer:
    """How a layer's maps tell places in the boxes from the other places of the same samples, as in the paper.

    Where the boxes leave no other place, nothing is told.
    """
    maps = its.maps(number)
    rows, positive = maps.transpose(0, 2, 3, 1).reshape(-1, maps.shape[1]), its.places(maps).flatten()
    found = np.zeros(maps.shape[1]) if positive.all() else weights(rows, positive)
    return Layer(number, found, torch.from_numpy(maps.mean(0)))


def sentence(best: Dropping, changes: Sequence[Change], count: int, unseen: bool) -> str:
    """What one sees, in words. unseen: whether the samples are others than those that the maps were found by."""
    ours, others = changes[:2]
    if ours.ratio > PLAIN * max(1.0, others.ratio):
        verdict = "These maps draw what the boxes mark more than anything else"
    elif ours.lead > 0 and ours.ratio > others.ratio:
        verdict = "These maps have a part in what the boxes mark, but draw much else as well"
    else:
        verdict = "No maps were found that draw what the boxes mark rather than anything else"
    return (
        f"{verdict}: with {best.words}, pixels in the boxes of {count} samples change by {100 * ours.inside:.1f} % of the "
        f"range, others by {100 * ours.outside:.1f} %, and those at the boxes' places in samples without boxes by "
        f"{100 * ours.elsewhere:.1f} %; with as many other maps it is {100 * others.inside:.1f} %, {100 * others.outside:.1f} % "
        f"and {100 * others.elsewhere:.1f} %. Whether the object is gone is for the eye to say."
        + (
            ""
            if unseen
            else " The maps were found by these very samples: mark more, and half are held back to tell by."
        )
    )
