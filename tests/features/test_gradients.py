"""Counted differences, against counting by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from figment.features import gradients, registry
from figtest.pictures import noise_batch


def test_gradients_are_counted_as_by_hand():
    x = noise_batch(2, seed=1)
    found = registry.extractor("gradients")(x)
    for picture, row in zip(x.astype(float), found, strict=True):
        sizes, places = [], []
        for scale in range(gradients.SCALES):
            side = 32 >> scale
            red, green, blue = picture.reshape(3, side, 64 // side, side, 64 // side).mean((2, 4))
            planes = [(red + green + blue) / 3, (red - blue) / 2, (2 * green - red - blue) / 4]
            for axis in (1, 0):
                for plane in planes:
                    counts = np.histogram(np.abs(np.diff(plane, axis=axis)), [0, *gradients.BIN_EDGES, 1000])[0]
                    sizes.append(counts / counts.sum() / 9)
                if scale == 0:
                    differences = np.zeros((32, 32))
                    change = np.abs(np.diff(planes[0], axis=axis))
                    differences[: change.shape[0], : change.shape[1]] = change
                    cells = [
                        differences[i : i + 4, j : j + 4].mean() + 0.05
                        for i in range(0, 32, 4)
                        for j in range(0, 32, 4)
                    ]
                    places.append(np.array(cells) / np.sum(cells) / 2)
        assert np.allclose(row, np.concatenate([*sizes, *places]), atol=1e-6)
        assert row.sum() == pytest.approx(3, abs=1e-5)


def test_gradients_of_pictures_of_another_size_are_those_of_them_resized():
    large = np.repeat(np.repeat(noise_batch(2), 2, axis=2), 2, axis=3)
    resized = F.interpolate(torch.from_numpy(large).float(), (64, 64), mode="bicubic", antialias=True)
    gradients = registry.extractor("gradients")
    assert np.array_equal(gradients(large), gradients(resized.round().clamp(0, 255).byte().numpy()))


def test_a_flat_picture_has_only_the_smallest_gradients():
    found = gradients.gradients(np.full((1, 3, 64, 64), 77, np.uint8))[0]
    bins = len(gradients.BIN_EDGES) + 1
    assert np.allclose(found[: 18 * bins].reshape(18, bins), np.eye(bins)[0] / 9)
    assert np.allclose(found[18 * bins :], 1 / 64 / 2)
