"""Labelled pictures that are to be told apart, and the features that they are told apart by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from figment.common.pixels import to_grey, to_rgb
from figment.common.text import printable
from figment.data.bank.bank import Bank
from figment.discriminator import Discriminator, representation
from figment.errors import InputError
from figment.recipe import Recipe
from figment.similarity.nearest import area_weights

MAX_TRAIN_PICTURES, MAX_TEST_PICTURES = 20_000, 5_000  # training pictures, and held-out ones
MAX_PIXEL_SIDE = 32  # pixels: larger pictures are reduced before their pixels are features
BATCH_PICTURES = 64  # described at once

Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # pictures, uint8 (N, C, H, W) → (N, d)


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """Labelled pictures to learn from and held-out ones, uint8 (N, C, H, W), with classes, int64 (N,), by place in names."""

    names: tuple[str, ...]
    train: NDArray[np.uint8]
    train_classes: NDArray[np.int64]
    test: NDArray[np.uint8]
    test_classes: NDArray[np.int64]
    source: str


def labelled_pictures(bank: Bank, seed: int = 0) -> LabelledPictures:
    """A bank's labelled pictures: what features() and neighbour_test() tell apart.

    Parameters
    ----------
    bank : Bank
        Of pictures with labels.
    seed : int
        Of the draw, where there are more than 20,000 pictures to learn from, or 5,000 held out.

    Returns
    -------
    LabelledPictures

    Raises
    ------
    InputError
        Where fewer than two classes have pictures both to learn from and held out.
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
        for k, (part, most) in enumerate(zip(known, (MAX_TRAIN_PICTURES, MAX_TEST_PICTURES), strict=True))
    )
    pictures = bank.pictures
    return LabelledPictures(names, pictures[train], classes[train], pictures[test], classes[test], bank.source)


def few_of_each(classes: NDArray[np.int64], few: int, place: list[int]) -> NDArray[np.int64]:
    """Which pictures are the few labelled ones: so many of each class, or all that it has, drawn by seed and place."""
    order = np.random.default_rng(place).permutation(len(classes))
    return np.sort(np.concatenate([order[classes[order] == kind][:few] for kind in np.unique(classes)]))


def features_of(pictures: NDArray[np.uint8], describe: Describe) -> NDArray[np.float32]:
    """Features (N, d) of pictures (N, C, H, W), some at a time."""
    starts = range(0, len(pictures), BATCH_PICTURES)
    return np.concatenate([describe(pictures[start : start + BATCH_PICTURES]) for start in starts])


def discriminator_features(discriminator: Discriminator) -> Describe:
    """What a discriminator sees in pictures, also of another size than its own."""
    return lambda pictures: representation(discriminator, as_recipe(pictures, discriminator.recipe))


def as_recipe(pictures: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.uint8]:
    """Pictures (N, C, H, W) in the size of a recipe's, and grey or in colour as these are."""
    pictures = to_grey(pictures) if recipe.channels == 1 else to_rgb(pictures)
    if pictures.shape[2:] == recipe.shape:
        return pictures
    resized = F.interpolate(torch.from_numpy(pictures).float(), recipe.shape, mode="bilinear", antialias=True)
    return resized.round().clamp(0, 255).to(torch.uint8).numpy()


def pixel_features(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels themselves, in [-1, 1], of pictures that are reduced to 32 pixels a side where they are larger: (N, C·H·W)."""
    x = pictures.astype(np.float32)
    for axis in (2, 3):
        if x.shape[axis] > MAX_PIXEL_SIDE:
            x = np.moveaxis(np.tensordot(area_weights(x.shape[axis], MAX_PIXEL_SIDE), x, ([1], [axis])), 0, axis)
    return x.reshape(len(x), -1) / 127.5 - 1
