"""Reads a built-in portrait's attributes back from its picture, and tells whether it is a portrait at all.

A small net is trained on portraits of a seed of its own, drawn at the size of the pictures to be read, with their exact
attributes. A picture counts as a portrait when what was read explains it: a portrait is drawn from that, and both are
compared at 16×16 pixels. The limit is what 3 of 4 blends of two portraits exceed, or what 99 of 100 unseen portraits
stay below if that is more; so a rough portrait still counts, and one that is two at once doesn't.

On 4,000 unseen portraits of 64 px: R² .93 (brows) to .99 by attribute, 99.1 % to all of each category read right; at 32
px .86 (smile) to .99, and 98.7 % or more. At 64 px no portraits are .1 % of portraits, also of ones with noise of 12
levels or blurred over 3×3 pixels, 75 % of blends, 99 % of halves of two portraits side by side, and all of shuffled
squares, noise, flat pictures and portraits upside down. Of a generator's samples 99 % after 19,000 images seen, 69 %
after 103,000.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.attributes.small_nets import (
    PREDICT_PICTURES,
    PictureArray,
    SmallNet,
    TrainedNet,
    TrainingPlan,
    load_or_train,
)
from figment.common import rehearsal
from figment.common.pixels import to_grey
from figment.common.progress import Tally
from figment.common.seeds import seed_at
from figment.data.bank.workers import map_unordered
from figment.data.portraits.shapes import scatter
from figment.data.portraits.table import ATTRIBUTES, MIN_SIDE, Attribute, Table, draw_attributes, portraits, render
from figment.errors import InputError

NET_SIDE = 64  # pixels that the net sees; larger pictures are reduced to it
LAYER_CHANNELS = (24, 48, 96, 128)  # of the net's convolutions, from the picture up
TRAINING_PORTRAITS, TRAINING_STEPS, EVALUATION_PORTRAITS = 8_000, 1_000, 4_000
TRAINING_SEED = 1911  # no portrait of a small seed, as people train on, is among those trained on
TEACHING_A_PICTURE = 1.3e-3  # seconds of a quiet core, of remaining_work
CHUNK_PORTRAITS = 256  # drawn at a time
COMPARED_SIDE = 16  # pixels at which a portrait is compared with its redrawing
REDRAWN_SIDE = 32  # and at which that is drawn
MIN_VALID_SHARE = 0.99  # of unseen portraits, that count as portraits
BLENDS = 1_000  # of two portraits, of which …
MIN_CAUGHT_SHARE = 0.75  # … this share must not count as portraits, if the reals allow it

CONTINUOUS = tuple(a for a in ATTRIBUTES if a.kind == "continuous")
CATEGORIES = tuple(a for a in ATTRIBUTES if a.kind == "category")
READ_ATTRIBUTES = (*CONTINUOUS, *CATEGORIES)
ANSWERS = len(CONTINUOUS) + sum(len(a.names) for a in CATEGORIES)


@dataclass(frozen=True, eq=False)
class PortraitReadings:
    """What was read from N pictures.

    table: a column for each of READ_ATTRIBUTES, as draw_attributes has them. misfit: float32 (N,), the root of the mean
    squared difference, in levels of 255, between the picture and what its attributes draw.
    """

    table: Table
    misfit: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.misfit)


@dataclass(frozen=True, eq=False)
class PortraitReader:
    """A net that reads portraits of one size.

    side: pixels a side of the portraits that it was trained on. accuracy: by attribute, on unseen portraits, R² of a
    continuous one, the share read right of a category. limit: the misfit above which a picture is no portrait.
    reference: the readings of those unseen portraits, which stand for the truth as this reader sees it. told: what the
    net's answers say, as columns of a table; to_table for None.
    """

    net: SmallNet
    side: int
    accuracy: dict[str, float]
    limit: float
    reference: PortraitReadings
    told: Callable[[Tensor], Table] | None = None

    def predict(self, pictures: PictureArray, tally: Tally | None = None) -> PortraitReadings:
        """Read square pictures, uint8 (N, 3 or 1, S, S)."""
        return read(self.net, pictures, tally, self.told)

    def invalid(self, readings: PortraitReadings) -> NDArray[np.bool_]:
        """Which pictures are no portraits, bool (N,)."""
        return readings.misfit > self.limit


def portrait_reader(size: int, tally: Tally | None = None) -> PortraitReader:
    """The reader of portraits of size pixels a side: from the cache, or trained now, which takes a minute or so."""
    return reader_of(load_or_train(training_plan(size), tally or Tally(None, 0)), READ_ATTRIBUTES)


def reader_of(
    found: TrainedNet, columns: Sequence[Attribute], told: Callable[[Tensor], Table] | None = None
) -> PortraitReader:
    """A trained net and what was kept with it, as a reader of these columns."""
    table = {a.name: found.kept[a.name].numpy().astype(a.dtype) for a in columns}
    facts = found.facts
    reference = PortraitReadings(table, found.kept["misfit"].numpy())
    return PortraitReader(found.net, facts["side"], facts["accuracy"], facts["limit"], reference, told)


def remaining_work(size: int) -> int:
    """What portrait_reader() has still to do, in pictures."""
    return training_plan(size).remaining_work


def training_plan(
    size: int,
    portraits: int = TRAINING_PORTRAITS,
    steps: int = TRAINING_STEPS,
    evaluation_portraits: int = EVALUATION_PORTRAITS,
) -> TrainingPlan:
    """How the reader is trained of portraits of size pixels a side. Raises InputError for sizes that can't be drawn."""
    if size < MIN_SIDE:
        raise InputError(f"portraits of {size} pixels a side can't be read: give pictures of at least {MIN_SIDE}.")
    side = min(size, NET_SIDE)
    return TrainingPlan(
        name=f"portraits-{side}",
        net=partial(SmallNet, ANSWERS, LAYER_CHANNELS),
        draw=partial(_training_portraits, side),
        pictures=rehearsal.at_most(portraits, rehearsal.READER_PICTURES),
        steps=rehearsal.at_most(steps, rehearsal.READER_STEPS),
        loss=loss,
        evaluate=partial(_evaluated, side),
        evaluation_pictures=rehearsal.at_most(evaluation_portraits, rehearsal.READER_EXAMINED),
        seed=TRAINING_SEED,
    )


def read(
    net: SmallNet,
    pictures: PictureArray,
    tally: Tally | None = None,
    told: Callable[[Tensor], Table] | None = None,
) -> PortraitReadings:
    """Attributes and misfits of square pictures, uint8 (N, 3 or 1, S, S). told: of the net's answers; to_table for None."""
    tables, misfits = [], []
    for start in range(0, len(pictures), PREDICT_PICTURES):
        part = pictures[start : start + PREDICT_PICTURES]
        tables.append((told or to_table)(net.predict(part)))
        misfits.append(misfit(part, tables[-1]))
        if tally:
            tally(len(part))
    table = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    return PortraitReadings(table, np.concatenate(misfits))


def split_answers(answers: Tensor) -> tuple[Tensor, ...]:
    """The net's answers, (N, ANSWERS): those of CONTINUOUS, (N, C), and the logits of each category, (N, names)."""
    return answers.split([len(CONTINUOUS), *(len(a.names) for a in CATEGORIES)], 1)


def to_table(answers: Tensor) -> Table:
    """The net's answers, (N, ANSWERS), as columns of a table: continuous ones within their limits."""
    scaled, *odds = split_answers(answers)
    table: Table = {}
    for a, column, (mean, deviation) in zip(CONTINUOUS, scaled.numpy().T, means_and_deviations(), strict=True):
        table[a.name] = np.clip(mean + deviation * column.astype(np.float64), a.low, a.high).astype(a.dtype)
    for a, column in zip(CATEGORIES, odds, strict=True):
        table[a.name] = column.argmax(1).numpy().astype(a.dtype)
    return table


def targets(table: Table) -> Tensor:
    """What the net shall answer, float32 (N, READ_ATTRIBUTES).

    Continuous attributes in deviations from their means, then the numbers of the categories.
    """
    scaled = [
        (table[a.name] - mean) / deviation
        for a, (mean, deviation) in zip(CONTINUOUS, means_and_deviations(), strict=True)
    ]
    return torch.from_numpy(np.stack([*scaled, *(table[a.name] for a in CATEGORIES)], 1).astype(np.float32))


@lru_cache(1)
def means_and_deviations() -> list[tuple[float, float]]:
    """Mean and deviation of each of CONTINUOUS."""
    table = draw_attributes(20_000, seed_at(TRAINING_SEED, "spreads"))
    return [
        (float(table[a.name].mean(dtype=np.float64)), float(table[a.name].std(dtype=np.float64))) for a in CONTINUOUS
    ]


def loss(answers: Tensor, wanted: Tensor) -> Tensor:
    """Sum over the attributes: mean squared error, or cross-entropy of a category.

    answers: (N, ANSWERS). wanted: targets(), (N, READ_ATTRIBUTES). Returns a scalar.
    """
    scaled, *odds = split_answers(answers)
    whole = (scaled - wanted[:, : len(CONTINUOUS)]).square().mean(0).sum()
    for column, right in zip(odds, wanted[:, len(CONTINUOUS) :].T, strict=True):
        whole = whole + F.cross_entropy(column, right.long())
    return whole


def misfit(pictures: PictureArray, table: Table) -> NDArray[np.float32]:
    """How badly attributes explain pictures, uint8 (N, 3 or 1, S, S): the difference from what they draw, float32 (N,).

    The parting, which no attribute tells, is tried on both sides.
    """
    seen = _coarse(pictures)
    differences = []
    for detail in partings():
        drawn = render({**table, "detail": np.full(len(pictures), detail, np.uint32)}, REDRAWN_SIDE)
        drawn = drawn if pictures.shape[1] == 3 else to_grey(drawn)
        differences.append((seen - _coarse(drawn)).square().mean((1, 2, 3)).sqrt())
    return torch.stack(differences).amin(0).numpy()


@lru_cache(1)
def partings() -> tuple[int, int]:
    """Two detail seeds that part the hair on either side, the rest of what they choose being as middling as can be."""
    seeds = np.arange(1 << 15)
    chosen = np.stack([scatter(seeds, stream) for stream in range(6)])
    extreme = np.abs(chosen[1:] - 0.5).max(0)
    left = chosen[0] < 0.5
    return int(np.where(left, extreme, 1).argmin()), int(np.where(left, 1, extreme).argmin())


def accuracies(read: Table, truth: Table) -> dict[str, float]:
    """R² of each continuous attribute, 1 − Σ(read − true)² / Σ(true − mean)², and the share right of each category."""
    found = {}
    for a in CONTINUOUS:
        true = truth[a.name].astype(np.float64)
        found[a.name] = 1 - float(np.square(read[a.name] - true).sum() / np.square(true - true.mean()).sum())
    return found | {a.name: float((read[a.name] == truth[a.name]).mean()) for a in CATEGORIES}


def r_squared(read: NDArray, truth: NDArray) -> float:
    """1 − Σ(read − true)² / Σ(true − mean)²."""
    true = truth.astype(np.float64)
    return 1 - float(np.square(read - true).sum() / np.square(true - true.mean()).sum())


def draw_portraits(count: int, seed: int, size: int, tally: Tally | None = None) -> tuple[PictureArray, Table]:
    """portraits() on all cores, with progress."""
    return draw_in_chunks(partial(_chunk, count, seed, size), count, size, ATTRIBUTES, tally)


def draw_in_chunks(
    chunk: Callable[[int], tuple[int, PictureArray, Table]],
    count: int,
    size: int,
    columns: Sequence[Attribute],
    tally: Tally | None = None,
) -> tuple[PictureArray, Table]:
    """On all cores, what chunk draws from each CHUNK_PORTRAITS-th place on; it gives the place, pictures and columns."""
    pictures = np.empty((count, 3, size, size), np.uint8)
    table = {a.name: np.empty(count, a.dtype) for a in columns}
    for start, some, found in map_unordered(chunk, range(0, count, CHUNK_PORTRAITS)):
        pictures[start : start + len(some)] = some
        for name, column in found.items():
            table[name][start : start + len(some)] = column
        if tally:
            tally(len(some))
    return pictures, table


def _chunk(count: int, seed: int, size: int, start: int) -> tuple[int, PictureArray, Table]:
    return start, *portraits(min(CHUNK_PORTRAITS, count - start), seed, size, start)


def _coarse(pictures: PictureArray) -> Tensor:
    """Means of squares of pixels, uint8 (N, C, S, S) → float32 (N, C, COMPARED_SIDE, COMPARED_SIDE) of 0…255."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).float()
    return F.interpolate(x, (COMPARED_SIDE, COMPARED_SIDE), mode="area")


def _training_portraits(side: int, count: int, tally: Tally) -> tuple[PictureArray, Tensor]:
    pictures, table = draw_portraits(count, seed_at(TRAINING_SEED, "lesson"), side, tally)
    return pictures, targets(table)


def _evaluated(side: int, net: SmallNet, count: int, tally: Tally) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Readings of unseen portraits, and what they say of the reader."""
    pictures, truth = draw_portraits(count, seed_at(TRAINING_SEED, "examination"), side, tally)
    return examined(net, pictures, truth)


def examined(
    net: SmallNet, pictures: PictureArray, truth: Table, told: Callable[[Tensor], Table] | None = None
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Readings of unseen portraits, as tensors to be kept, and accuracy and limit, which they say of the reader."""
    found = read(net, pictures, told=told)
    wrong = {name: read(net, spoilt, told=told).misfit for name, spoilt in non_portraits(pictures[:BLENDS]).items()}
    valid, caught = np.quantile(found.misfit, MIN_VALID_SHARE), np.quantile(wrong["blends"], 1 - MIN_CAUGHT_SHARE)
    limit = round(float(max(valid, caught)), 3)
    kept = {name: torch.from_numpy(column) for name, column in (found.table | {"misfit": found.misfit}).items()}
    facts = {
        "side": pictures.shape[2],
        "examined": len(pictures),
        "accuracy": {name: round(value, 4) for name, value in accuracies(found.table, truth).items()},
        "limit": limit,
        "invalid": {name: round(float((m > limit).mean()), 4) for name, m in ({"reals": found.misfit} | wrong).items()},
    }
    return kept, facts


def non_portraits(pictures: PictureArray) -> dict[str, PictureArray]:
    """What is no portrait: each one's blend with the next one, and its left half beside the next one's right."""
    others, half = np.roll(pictures, -1, 0), pictures.shape[3] // 2
    blends = ((pictures.astype(np.uint16) + others) // 2).astype(np.uint8)
    return {"blends": blends, "halves": np.concatenate([pictures[..., :half], others[..., half:]], 3)}
