"""Labelled pictures of a bank, and the features that they are told apart by."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from figment.data.bank.prepare import prepare
from figment.discriminator import Discriminator, representation
from figment.errors import InputError
from figment.explain.labelled import (
    LabelledPictures,
    as_recipe,
    discriminator_features,
    features_of,
    few_of_each,
    labelled_pictures,
    pixel_features,
)
from figment.recipe import Recipe


def test_labelled_pictures_are_split_as_the_bank_is_and_unlabelled_ones_left_out(dark_and_bright: Path) -> None:
    bank = prepare(dark_and_bright, 16)
    found = labelled_pictures(bank)
    assert found.names == ("bright", "dark")
    assert len(found.train) == len(bank.train)
    assert len(found.test) == len(bank.held_out)
    assert np.array_equal(found.test, bank.pictures[bank.held_out])
    assert [found.names[number] for number in found.test_classes] == [bank.labels[i] for i in bank.held_out]
    assert (found.train.mean((1, 2, 3)) > 120).tolist() == (found.train_classes == 0).tolist()
    bank.__dict__["labels"] = ["only" if i % 2 else None for i in range(len(bank.pictures))]
    with pytest.raises(InputError, match=r"--labels: .* has 1 classes with pictures both to learn from and held out"):
        labelled_pictures(bank)
    bank.__dict__["labels"] = [None if i % 4 == 0 else str(i % 2) for i in range(len(bank.pictures))]
    few = labelled_pictures(bank)
    assert len(few.train) == sum(i % 4 != 0 for i in bank.train)


def test_few_labels_are_so_many_of_each_class() -> None:
    classes = np.array([0] * 50 + [1] * 3 + [4] * 20)
    found = few_of_each(classes, 5, [0, 2])
    assert np.bincount(classes[found]).tolist() == [5, 3, 0, 0, 5]
    assert len(set(found)) == 13
    assert not np.array_equal(found, few_of_each(classes, 5, [0, 3]))
    assert np.array_equal(found, few_of_each(classes, 5, [0, 2]))


def test_pixels_of_large_pictures_are_means_of_areas() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 2, 64, 96), dtype=np.uint8)
    blocks = pictures.reshape(3, 2, 32, 2, 32, 3).mean((3, 5)).reshape(3, -1)
    assert np.allclose(pixel_features(pictures), blocks / 127.5 - 1, atol=1e-5)
    small = pictures[:, :, :16, :20]
    assert np.allclose(pixel_features(small), small.reshape(3, -1) / 127.5 - 1, atol=1e-6)


def test_pictures_are_adapted_to_other_nets(recipe_of: Callable[..., Recipe]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 3, 16, 16), dtype=np.uint8)
    assert np.array_equal(as_recipe(pictures, recipe_of("dcgan-r1")), pictures)
    grey = as_recipe(pictures, recipe_of("dcgan-r1", channels=1))
    assert np.abs(grey[:, 0] - pictures.transpose(0, 2, 3, 1) @ [0.299, 0.587, 0.114]).max() <= 0.5 + 1e-6
    assert as_recipe(grey, recipe_of("dcgan-r1")).tolist() == np.repeat(grey, 3, 1).tolist()
    assert as_recipe(pictures, recipe_of("dcgan-r1", size=(32, 48), channels=1)).shape == (3, 1, 32, 48)
    flat = np.full((1, 3, 64, 64), 77, np.uint8)
    assert (as_recipe(flat, recipe_of("dcgan-r1")) == 77).all()


def test_what_a_discriminator_sees_is_the_papers_representation(
    critic: Discriminator, striped: LabelledPictures
) -> None:
    pictures = striped.test
    found = features_of(pictures, discriminator_features(critic))
    assert np.allclose(found, representation(critic, pictures), atol=1e-5)
    assert found.shape[1] == sum(
        maps.shape[1] * min(4, maps.shape[2]) * min(4, maps.shape[3]) for maps in critic.maps(torch.zeros(1, 3, 16, 16))
    )


def test_pictures_without_labels_are_refused(faces: Path) -> None:
    with pytest.raises(InputError, match=r"has 0 classes with pictures .* a folder a class"):
        labelled_pictures(prepare(faces, 16))
