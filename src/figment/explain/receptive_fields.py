"""How strongly filters of a discriminator respond to pictures, where, what their units can see, and to what in it."""

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.pixels import to_input
from figment.common.progress import Progress
from figment.common.seeds import generator_at
from figment.discriminator import Discriminator
from figment.explain.guided_backprop import guided

BATCH_PICTURES = 64  # that go through a discriminator at once
TOP_PICTURES = 4  # a filter's, with the largest responses


@dataclass(frozen=True, eq=False)
class LayerResponses:
    """How a layer's C filters respond to N pictures.

    strongest: the largest response in each picture, float32 (N, C). place: its row and column, int64 (N, C, 2). mean,
    deviation: over all places of all pictures, float64 (C,).
    """

    strongest: NDArray[np.float32]
    place: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @property
    def top(self) -> NDArray[np.int64]:
        """The pictures with the largest responses, largest first, and the first of equal ones: int64 (C, up to 4)."""
        return np.argsort(-self.strongest, axis=0, kind="stable")[:TOP_PICTURES].T

    @property
    def selectivity(self) -> NDArray[np.float64]:
        """How far the largest responses lie above the mean one, in standard deviations: float64 (C,).

        (A ratio to the mean would say nothing of responses that have either sign.) Filters that never change have 0.
        """
        largest = np.take_along_axis(self.strongest, self.top.T, 0).mean(0)
        changing = self.deviation > 1e-6 * np.abs(self.mean)
        return np.where(changing, (largest - self.mean) / np.where(changing, self.deviation, 1), 0.0)


@torch.inference_mode()
def layer_responses(
    discriminator: Discriminator, pictures: NDArray[np.uint8], layer: int, progress: Progress | None = None
) -> LayerResponses:
    """How the filters of a layer, counted from 1, respond to pictures, uint8 (N, C, H, W)."""
    strongest, places = [], []
    sums = squares = torch.zeros(())
    count = 0
    for start in range(0, len(pictures), BATCH_PICTURES):
        x = to_input(torch.from_numpy(pictures[start : start + BATCH_PICTURES])).to(discriminator.device)
        maps = discriminator.maps(x)[layer - 1].cpu().double()
        value, place = maps.flatten(2).max(2)
        strongest.append(value.float())
        places.append(torch.stack([place // maps.shape[3], place % maps.shape[3]], 2))
        sums, squares = sums + maps.sum((0, 2, 3)), squares + maps.square().sum((0, 2, 3))
        count += len(maps) * maps[0, 0].numel()
        if progress:
            progress(min(start + BATCH_PICTURES, len(pictures)), len(pictures))
    mean = sums / count
    deviation = (squares / count - mean.square()).clamp(min=0).sqrt()
    return LayerResponses(torch.cat(strongest).numpy(), torch.cat(places).numpy(), mean.numpy(), deviation.numpy())


@dataclass(frozen=True, eq=False)
class ReceptiveFields:
    """What units of a layer can see of a picture: by a unit's row, int64 (h, 2), the first row of pixels and the one behind
    the last; columns likewise."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a whole field, at most the picture's; that of units near an edge reaches beyond it."""
        height, width = (int((ends[:, 1] - ends[:, 0]).max()) for ends in (self.rows, self.columns))
        return height, width

    def cut(self, picture: NDArray[np.uint8], row: int, column: int, outside: int) -> NDArray[np.uint8]:
        """What the unit in this row and column sees of a picture (C, H, W), in a whole field's size (C, h, w), with this
        value where it reaches beyond the picture."""
        (top, bottom), (left, right) = self.rows[row], self.columns[column]
        short = [whole - seen for whole, seen in zip(self.size, (bottom - top, right - left), strict=True)]
        margins = [(lack, 0) if first == 0 else (0, lack) for lack, first in zip(short, (top, left), strict=True)]
        return np.pad(picture[:, top:bottom, left:right], [(0, 0), *margins], constant_values=outside)


def receptive_fields(discriminator: Discriminator, layer: int) -> ReceptiveFields:
    """What the units of a layer can see: the pixels by which any filter's response there changes.

    Found from gradients, so that it holds for whatever nets; a block that starts as the identity sees less until it has learnt.
    """
    recipe = discriminator.recipe
    x = torch.rand(1, int(recipe.channels), *recipe.shape, generator=generator_at(0, "field"))
    x = (2 * x - 1).to(discriminator.device)
    height, width = discriminator.maps(x)[layer - 1].shape[2:]
    ends = []
    for axis, units in ((2, height), (3, width)):
        inputs = x.repeat(units, 1, 1, 1).requires_grad_()
        maps = discriminator.maps(inputs)[layer - 1].movedim(axis, 1)  # (units, units, …): picture i is asked of unit i
        (gradient,) = torch.autograd.grad(maps.diagonal().sum(), inputs)
        seen = gradient.movedim(axis, 1).flatten(2).abs().amax(2).cpu().numpy() > 0  # (units, pixels along the axis)
        ends.append(np.stack([seen.argmax(1), seen.shape[1] - seen[:, ::-1].argmax(1)], 1))
    return ReceptiveFields(*ends)


def unit_gradients(
    discriminator: Discriminator, pictures: NDArray[np.uint8], layer: int, unit: NDArray[np.int64], guiding: bool
) -> NDArray[np.float32]:
    """Gradients of a unit's response in each picture by its pixels, guided or plain: float32 (N, C, H, W).

    pictures: uint8 (N, C, H, W). unit: int64 (N, 3), its filter, row and column.
    """
    found = []
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        x = to_input(torch.from_numpy(pictures[part])).to(discriminator.device).requires_grad_()
        channel, row, column = unit[part].T
        with guided() if guiding else nullcontext():
            maps = discriminator.maps(x)[layer - 1]
        (gradient,) = torch.autograd.grad(maps[np.arange(len(x)), channel, row, column].sum(), x)
        found.append(gradient.float().cpu())
    return torch.cat(found).numpy()
