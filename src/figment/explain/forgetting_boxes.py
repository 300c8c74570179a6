"""Forgetting what boxes mark in samples: the DCGAN paper's window experiment as it was made (arXiv 1511.06434, section 6.3.1).

There a layer's activations at places in the boxes are positives of a logistic regression, those at other places of the same
samples negatives. Of an object that always has one place (glasses, say) that finds whatever else is there (eyes): so here the
same places of samples without boxes are the negatives, and the paper's way stands beside it. Nobody reads the result: it is
told by where pictures change.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.common.pixels import to_rgb
from figment.common.progress import Progress, Tally
from figment.explain.ablation import (
    CONTROL_DRAWS,
    Ablation,
    LayerMaps,
    candidate_ablations,
    change_pictures,
    layer_numbers,
    logistic_weights,
    paper_layer,
    tried_choices,
)
from figment.explain.boxes import Box, BoxedSamples, Boxes, boxed_samples, draw_boxes
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import Row

INVISIBLE_CHANGE = 0.01  # of a pixel, as a share of the range, that nobody sees
SHOWN_SAMPLES = 10
MIN_UNBOXED_SAMPLES = 100  # samples without boxes
MIN_SPLIT_SAMPLES = 4  # samples of which half can be held back
CLEAR_RATIO = 2.0  # of changes, from which the maps are said to draw what the boxes mark


@dataclass(frozen=True)
class PixelChange:
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
        return self.inside / max(self.outside, self.elsewhere, INVISIBLE_CHANGE)


@dataclass(frozen=True, eq=False)
class AblatedSamples:
    """Samples before and after: their numbers in their seed, codes, float32 (N, code_size), labels, int64 (N,), or None, and
    pictures, as they are and without the maps, uint8 (N, C, H, W)."""

    numbers: list[int]
    codes: Tensor
    labels: Tensor | None
    pictures: NDArray[np.uint8]
    without: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class BoxedForgetting:
    """Which feature maps draw what boxes mark, and samples without them.

    ablation: the maps that were chosen. changes: by what was dropped: first these maps, then as many others, then the paper's
    choice where it makes one. boxes: by the number of the sample that they lie in. boxed, unboxed: the samples measured on,
    with boxes and without; found_on, unboxed_found_on: numbers of those that the maps were found by. held_back: whether these
    are others.
    """

    ablation: Ablation
    changes: dict[str, PixelChange]
    boxes: Boxes
    boxed: AblatedSamples
    unboxed: AblatedSamples
    found_on: list[int]
    unboxed_found_on: list[int]
    held_back: bool
    seed: int

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet of some samples; name: tells it from others of its kind."""
        best, parts = self.ablation, (self.boxed, self.unboxed)
        shown, shown_unboxed = (part.numbers[:SHOWN_SAMPLES] for part in parts)
        unseen = "none of which the maps were chosen on" if self.held_back else "which the maps were chosen on, too"
        caption = (
            f"Samples of seed {self.seed}, by number, {unseen}: as they are, with {best.description}, and the difference; "
            f"beneath samples {', '.join(map(str, shown_unboxed))}, that have no boxes."
        )
        labels = [part.labels[:SHOWN_SAMPLES] for part in parts if part.labels is not None]
        return Finding(
            "forget",
            sentence(best, list(self.changes.values()), len(self.boxed.numbers), self.held_back),
            {"": self._sheet(caption)},
            {
                "seed": self.seed, "boxes": {str(number): [list(box) for box in its] for number, its in self.boxes.items()},
                "found_on": self.found_on, "measured_on": self.boxed.numbers, "layer": best.layer, "maps": list(best.maps),
                "of": best.of, "by": best.by,
                "without_boxes": {"found_on": self.unboxed_found_on, "measured_on": self.unboxed.numbers},
                "changes": {of: asdict(one) for of, one in self.changes.items()}, "shown": shown + shown_unboxed,
            },
            ("dropped", "change in boxes", "outside", "there, without boxes"),
            tuple((of, *(f"{100 * share:.1f} %" for share in astuple(one))) for of, one in self.changes.items()),
            torch.cat([part.codes[:SHOWN_SAMPLES] for part in parts]),
            torch.cat(labels) if labels else None,
            name,
        )  # fmt: skip

    def _sheet(self, caption: str) -> Sheet:
        its, gone, unboxed, unboxed_gone = (
            pictures[:SHOWN_SAMPLES]
            for part in (self.boxed, self.unboxed)
            for pictures in (part.pictures, part.without)
        )
        marked = [draw_boxes(*one) for one in zip(its, map(self.boxes.__getitem__, self.boxed.numbers), strict=False)]
        rows: list[Row] = [
            ("samples, with boxes", np.stack(marked)),
            ("without\nthese maps", to_rgb(gone)),
            ("what has changed", to_rgb(change_pictures(its, gone))),
            ("samples without boxes", to_rgb(unboxed)),
            ("without\nthese maps", to_rgb(unboxed_gone)),
        ]
        return Sheet.of_strips(rows, caption, titles=[str(number) for number in self.boxed.numbers[:SHOWN_SAMPLES]])


def forget_boxed(
    generator: Generator, boxes: Boxes, layer: int | None = None, drop: float | None = None, by: str | None = None,
    seed: int = 0, progress: Progress | None = None,
) -> BoxedForgetting:  # fmt: skip
    """Find the feature maps that draw what boxes mark in samples of a seed, and what the samples are without them.

    What isn't given is chosen by how much more changes in boxes than elsewhere. Of four samples and more every second one is
    held back, to be measured on. Samples that have no boxes are taken not to have the object, the first of the seed; some may
    all the same.

    Parameters
    ----------
    generator : Generator
        Whose maps are dropped.
    boxes : dict of int to list of (left, top, right, bottom)
        By the sample's number, in pixels; the last two lie outside. read_boxes() reads them from a file.
    layer, drop, by : int, float, "zero" or "mean", optional
        As in forget().
    seed : int
        Of the samples.
    progress : callable, optional
        Told what is done, of how much.

    Returns
    -------
    BoxedForgetting

    Raises
    ------
    InputError
        For a layer that isn't there.
    """
    numbers, (shares, fills) = layer_numbers(generator, layer), tried_choices(drop, by)
    order = sorted(boxes)
    held_back = len(order) >= MIN_SPLIT_SAMPLES
    parts = (order[::2], order[1::2]) if held_back else (order, order)
    free = (number for number in itertools.count() if number not in boxes)
    find, measure = (_compared(generator, {number: boxes[number] for number in part}, free, seed) for part in parts)
    tally = Tally(progress, len(numbers) * len(shares) * len(fills))
    known = {number: layer_by_boxes(find.boxed, find.unboxed, number) for number in numbers}
    tried = []
    for ablation in candidate_ablations(known.values(), shares, fills):
        tried.append((find.change(ablation).lead, ablation))
        tally(1)
    best = max(tried, key=lambda one: one[0])[1]
    paper = layer_by_other_places(find.boxed, paper_layer(generator))
    boxed, unboxed = (_ablated(samples, best) for samples in (measure.boxed, measure.unboxed))
    return BoxedForgetting(
        best, _changes(measure, best, known[best.layer], paper, seed), {number: boxes[number] for number in order},
        boxed, unboxed, find.boxed.numbers, find.unboxed.numbers, held_back, seed,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Compared:
    """Samples with boxes, and others that have none, with the boxes' places in them."""

    boxed: BoxedSamples
    unboxed: BoxedSamples

    def change(self, ablation: Ablation) -> PixelChange:
        return PixelChange(*self.boxed.change(ablation), self.unboxed.change(ablation)[0])


def _compared(generator: Generator, boxes: Boxes, free: Iterator[int], seed: int) -> _Compared:
    """Samples with these boxes, and at least as many of the free numbers."""
    places: list[list[Box]] = list(
        itertools.islice(itertools.cycle(boxes.values()), max(MIN_UNBOXED_SAMPLES, len(boxes)))
    )
    unboxed = dict(zip(itertools.islice(free, len(places)), places, strict=True))
    return _Compared(boxed_samples(generator, boxes, seed), boxed_samples(generator, unboxed, seed))


def _ablated(samples: BoxedSamples, ablation: Ablation) -> AblatedSamples:
    return AblatedSamples(samples.numbers, samples.z, samples.labels, samples.pictures, samples.ablated(ablation))


def _changes(
    measure: _Compared, best: Ablation, known: LayerMaps, paper: LayerMaps, seed: int
) -> dict[str, PixelChange]:
    """What the best ablation changes, what as many other maps of its layer do, and the paper's choice where it makes one."""
    others = [measure.change(known.control(best, seed + i)) for i in range(CONTROL_DRAWS)]
    changes = {
        best.description: measure.change(best),
        f"as many others (mean of {CONTROL_DRAWS} draws)": PixelChange(
            *np.mean([astuple(one) for one in others], 0).tolist()
        ),
    }
    if (paper.weights > 0).any():
        whole = paper.ablation(paper.strongest(), "zero")
        changes[f"the paper's way: {whole.description}"] = measure.change(whole)
    return changes


def layer_by_boxes(boxed: BoxedSamples, unboxed: BoxedSamples, number: int) -> LayerMaps:
    """How a layer's maps tell boxes from the same places of samples without boxes: by their means over the places.

    The maps' means are those of the samples without boxes.
    """
    features: list[NDArray[np.float32]] = []
    for samples in (boxed, unboxed):
        maps = samples.activations(number)
        places = samples.places(maps)[:, None]
        features.append((maps * places).sum((2, 3)) / places.sum((2, 3)))
    positive = np.repeat([True, False], [len(boxed.z), len(unboxed.z)])
    return LayerMaps(number, logistic_weights(np.concatenate(features), positive), torch.from_numpy(maps.mean(0)))


def layer_by_other_places(its: BoxedSamples, number: int) -> LayerMaps:
    """How a layer's maps tell places in the boxes from the other places of the same samples, as in the paper.

    Where the boxes leave no other place, nothing is told.
    """
    maps = its.activations(number)
    rows, positive = maps.transpose(0, 2, 3, 1).reshape(-1, maps.shape[1]), its.places(maps).flatten()
    found = np.zeros(maps.shape[1]) if positive.all() else logistic_weights(rows, positive)
    return LayerMaps(number, found, torch.from_numpy(maps.mean(0)))


def sentence(best: Ablation, changes: Sequence[PixelChange], count: int, unseen: bool) -> str:
    """What one sees, in words. unseen: whether the samples are others than those that the maps were found by."""
    ours, others = changes[:2]
    which = "These maps" if unseen else "As far as the samples tell that they were found by, these maps"
    if ours.ratio > CLEAR_RATIO * max(1.0, others.ratio):
        verdict = f"{which} draw what the boxes mark more than anything else"
    elif ours.lead > 0 and ours.ratio > others.ratio:
        verdict = f"{which} have a part in what the boxes mark, but draw much else as well"
    else:
        verdict = "No maps were found that draw what the boxes mark rather than anything else"
    return (
        f"{verdict}: with {best.description}, pixels in the boxes of {count} samples change by {100 * ours.inside:.1f} % of the "
        f"range, others by {100 * ours.outside:.1f} %, and those at the boxes' places in samples without boxes by "
        f"{100 * ours.elsewhere:.1f} %; with as many other maps it is {100 * others.inside:.1f} %, {100 * others.outside:.1f} % "
        f"and {100 * others.elsewhere:.1f} %. Whether the object is gone is for the eye to say."
        + (
            ""
            if unseen
            else " The maps were found by these very samples: mark more, and half are held back to tell by."
        )
    )
