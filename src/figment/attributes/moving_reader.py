"""Reads the frames of moving portraits: all that portrait_reader reads of stills, and tilt and lids, which only these have.

The same net with two more answers, which learns from frames of as many clips. Blinks are short, so that of most frames
there is nothing to be learnt of lids: of those learnt from, a third have them anywhere between open and closed.

On 100 unseen clips of 36 frames of 64 px: R² .84 (gaze, which shut eyes hide) to .99, lids .99, tilt .98; 97 % or more of
each category right, and hair style, glasses, beard and hair colour read alike through all of a clip in 100, 100, 97 and
92 % of clips. The stills' reader reads upright frames as well as stills, but a tilt beyond 4 degrees takes it three times
as far off in the turn, and it takes a quarter of such frames for no portraits.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from figment.attributes import portrait_reader
from figment.attributes.portrait_reader import (
    CHUNK_PORTRAITS,
    LAYER_CHANNELS,
    READ_ATTRIBUTES,
    TRAINING_SEED,
    PictureArray,
    PortraitReader,
    draw_in_chunks,
    examined,
    r_squared,
    reader_of,
    training_plan,
)
from figment.attributes.small_nets import SmallNet, TrainingPlan, load_or_train
from figment.common.progress import Tally
from figment.common.seeds import seed_at
from figment.data.portraits.moving import DRAWING, frame_table
from figment.data.portraits.table import ATTRIBUTES, MOVES, Table, render

ANSWERS = portrait_reader.ANSWERS + len(MOVES)
READ = (*READ_ATTRIBUTES, *MOVES)
SCALES = {"tilt": (0.0, 3.3), "lids": (0.15, 0.3)}  # mean and deviation of what is learnt from, about
BLINKING = 3  # each so manieth picture that is learnt from has lids of any place


def moving_reader(size: int, tally: Tally | None = None) -> PortraitReader:
    """The reader of moving portraits of size pixels a side: from the cache, or trained now, in two minutes or so."""
    return reader_of(load_or_train(moving_plan(size), tally or Tally(None, 0)), READ, to_table)


def remaining_work(size: int) -> int:
    """What moving_reader() has still to do, in pictures."""
    return moving_plan(size).remaining_work


def moving_plan(size: int) -> TrainingPlan:
    """How it is trained. Raises InputError for sizes that can't be drawn."""
    plan = training_plan(size)
    side = min(size, portrait_reader.NET_SIDE)
    return TrainingPlan(
        name=f"{DRAWING}-{side}",
        net=partial(SmallNet, ANSWERS, LAYER_CHANNELS),
        draw=partial(_lesson, side),
        pictures=plan.pictures,
        steps=plan.steps,
        loss=loss,
        evaluate=partial(_examined, side),
        evaluation_pictures=plan.evaluation_pictures,
        seed=TRAINING_SEED,
    )


def to_table(answers: Tensor) -> Table:
    """The net's answers, (N, ANSWERS), as columns of a table, within their limits."""
    table = portrait_reader.to_table(answers[:, : portrait_reader.ANSWERS])
    for a, column in zip(MOVES, answers[:, portrait_reader.ANSWERS :].numpy().T, strict=True):
        mean, deviation = SCALES[a.name]
        table[a.name] = np.clip(mean + deviation * column, a.low, a.high).astype(a.dtype)
    return table


def targets(table: Table) -> Tensor:
    """What the net shall answer, float32 (N, READ): portrait_reader's targets, then MOVES in deviations from their means."""
    moves = np.stack([(table[a.name] - SCALES[a.name][0]) / SCALES[a.name][1] for a in MOVES], 1)
    return torch.cat([portrait_reader.targets(table), torch.from_numpy(moves.astype(np.float32))], 1)


def loss(answers: Tensor, wanted: Tensor) -> Tensor:
    """portrait_reader's loss and the mean squared errors of MOVES. answers: (N, ANSWERS); wanted: (N, READ). A scalar."""
    stills = portrait_reader.loss(answers[:, : portrait_reader.ANSWERS], wanted[:, : len(READ_ATTRIBUTES)])
    return stills + (answers[:, portrait_reader.ANSWERS :] - wanted[:, len(READ_ATTRIBUTES) :]).square().mean(0).sum()


def draw_frames(
    count: int, seed: int, size: int, tally: Tally | None = None, blinking: bool = False
) -> tuple[PictureArray, Table]:
    """A frame of each of the first clips of a seed, on all cores. blinking: a third with lids at any place."""
    return draw_in_chunks(partial(_chunk, count, seed, size, blinking), count, size, (*ATTRIBUTES, *MOVES), tally)


def _chunk(count: int, seed: int, size: int, blinking: bool, start: int) -> tuple[int, PictureArray, Table]:
    table = frame_table(np.arange(start, min(start + CHUNK_PORTRAITS, count)), 1, 1.0, seed)
    if blinking:
        some = table["lids"][::BLINKING]
        some[:] = np.random.default_rng([seed, start]).random(len(some))
    return start, render(table, size), table


def _lesson(side: int, count: int, tally: Tally) -> tuple[PictureArray, Tensor]:
    pictures, table = draw_frames(count, seed_at(TRAINING_SEED, "moving lesson"), side, tally, blinking=True)
    return pictures, targets(table)


def _examined(side: int, net: SmallNet, count: int, tally: Tally) -> tuple[dict[str, Tensor], dict[str, Any]]:
    pictures, truth = draw_frames(count, seed_at(TRAINING_SEED, "moving examination"), side, tally)
    kept, facts = examined(net, pictures, truth, to_table)
    facts["accuracy"] |= {a.name: round(r_squared(kept[a.name].numpy(), truth[a.name]), 4) for a in MOVES}
    return kept, facts
