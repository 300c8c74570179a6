"""Samples of a generator in which boxes mark an object."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from figment.common.pixels import to_rgb
from figment.errors import InputError
from figment.explain.ablation import Ablation, activations, decode_ablated, pixel_changes
from figment.generator import BLOCK_SAMPLES, Generator

BOX_COLOUR = (255, 60, 60)  # of their outlines

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two lie outside
Boxes = dict[int, list[Box]]  # by number of the sample


def read_boxes(file: Path, generator: Generator) -> Boxes:
    """Boxes of a CSV file, a line each: number of the sample, left, top, right, bottom; a line of headings may come first.

    Raises InputError where the file can't be read, or a box is none or lies outside the picture.
    """
    try:
        rows = [row for row in csv.reader(file.read_text("utf-8-sig").splitlines()) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or (str(error) if isinstance(error, csv.Error) else "it is no text")
        raise InputError(f"--boxes {file} can't be read ({reason}): name a CSV file of boxes.") from None
    height, width = generator.recipe.shape
    found: Boxes = {}
    for place, row in enumerate(rows):
        try:
            number, *box = map(int, row)
            left, top, right, bottom = box
        except ValueError:
            if place == 0 and not any(cell.strip().lstrip("-").isdigit() for cell in row):
                continue  # headings
            raise InputError(
                f"--boxes {file}: {','.join(row)}: write a line as sample number,left,top,right,bottom, in whole pixels."
            ) from None
        if number < 0 or not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise InputError(
                f"--boxes {file}: {','.join(row)}: the box doesn't lie in the picture: left and right are 0 to {width}, "
                f"top and bottom 0 to {height}, and none is empty."
            )
        found.setdefault(number, []).append((left, top, right, bottom))
    if not found:
        raise InputError(f"--boxes {file} has no boxes: write lines of sample number,left,top,right,bottom.")
    return found


@dataclass(frozen=True, eq=False)
class BoxedSamples:
    """Samples with boxes: codes (N, code_size), classes (N,) or None, pictures, uint8 (N, C, H, W), and where the boxes are,
    bool (N, H, W)."""

    generator: Generator
    numbers: list[int]
    boxes: list[list[Box]]
    z: Tensor
    labels: Tensor | None
    pictures: NDArray[np.uint8]
    masks: NDArray[np.bool_]

    def ablated(self, ablation: Ablation) -> NDArray[np.uint8]:
        """The pictures without some maps."""
        return decode_ablated(self.generator, ablation, self.z, self.labels)

    def activations(self, layer: int) -> NDArray[np.float32]:
        """What a layer, by number, makes of them: float32 (N, C', h, w)."""
        parts = []
        for start in range(0, len(self.z), BLOCK_SAMPLES):
            part = slice(start, start + BLOCK_SAMPLES)
            labels = None if self.labels is None else self.labels[part]
            parts += activations(self.generator, self.z[part], labels, [layer])
        return torch.cat(parts).numpy()

    def places(self, maps: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which places of maps (N, C', h, w) are in the boxes: bool (N, h, w)."""
        shape = (maps.shape[2], maps.shape[3])
        return np.stack([box_mask(boxes, self.generator.recipe.shape, shape) for boxes in self.boxes])

    def change(self, ablation: Ablation) -> tuple[float, float]:
        """The mean change of a pixel in the boxes and outside."""
        change = pixel_changes(self.pictures, self.ablated(ablation))
        inside, outside = (float(change[where].mean()) if where.any() else 0.0 for where in (self.masks, ~self.masks))
        return inside, outside


def boxed_samples(generator: Generator, boxes: Boxes, seed: int) -> BoxedSamples:
    """Samples of a seed with their boxes."""
    numbers = list(boxes)
    z = torch.cat([generator.codes(1, seed, number) for number in numbers])
    classes = [one for number in numbers if (one := generator.labels(1, seed, number)) is not None]
    labels = torch.cat(classes) if classes else None
    masks = np.stack([box_mask(boxes[number], generator.recipe.shape) for number in numbers])
    return BoxedSamples(generator, numbers, list(boxes.values()), z, labels, generator.decode(z, labels).numpy(), masks)


def box_mask(boxes: Sequence[Box], shape: tuple[int, int], places: tuple[int, int] | None = None) -> NDArray[np.bool_]:
    """Which of a picture's places have their centres in a box: bool, of places' shape (rows, columns), else of the pixels.

    A box in which no centre lies has the place that is nearest to its own centre.
    """
    rows, columns = places or shape
    y, x = (np.arange(rows) + 0.5) * shape[0] / rows, (np.arange(columns) + 0.5) * shape[1] / columns
    found = np.zeros((rows, columns), bool)
    for left, top, right, bottom in boxes:
        down, across = (y > top) & (y < bottom), (x > left) & (x < right)
        down[np.abs(y - (top + bottom) / 2).argmin()] |= not down.any()
        across[np.abs(x - (left + right) / 2).argmin()] |= not across.any()
        found |= down[:, None] & across
    return found


def draw_boxes(picture: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.uint8]:
    """A picture (C, H, W) in colour with its boxes drawn: (3, H, W)."""
    image = Image.fromarray(np.ascontiguousarray(to_rgb(picture[None])[0].transpose(1, 2, 0)))
    for left, top, right, bottom in boxes:
        ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), outline=BOX_COLOUR)
    return np.asarray(image).transpose(2, 0, 1)
