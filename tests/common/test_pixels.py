"""Pictures from one form into another."""

import subprocess
import sys

import numpy as np
import torch
from PIL import Image

from figment.common.pixels import luma, to_float, to_grey, to_input, to_levels, to_rgb, to_uint8

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 3, 7, 9), np.uint8)


def test_grey_is_pillows() -> None:
    by_pillow = [np.asarray(Image.fromarray(p.transpose(1, 2, 0)).convert("L")) for p in PICTURES]
    assert np.array_equal(to_grey(PICTURES)[:, 0], by_pillow)
    assert np.abs(luma(PICTURES.transpose(0, 2, 3, 1)) - by_pillow).max() < 0.51


def test_what_is_grey_or_in_colour_already_stays() -> None:
    grey = to_grey(PICTURES)
    assert to_grey(grey) is grey
    assert to_rgb(PICTURES) is PICTURES
    assert np.array_equal(to_rgb(grey), np.repeat(grey, 3, axis=1))


def test_levels() -> None:
    assert to_uint8(torch.tensor([-1.0, 0.0, 1.0, 2.0])).tolist() == [0, 128, 255, 255]
    every = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    assert torch.equal(to_uint8(to_float(every)), every)
    assert torch.allclose(to_levels(to_float(every)), every.float(), atol=1e-4)


def test_input_is_laid_out_channels_last() -> None:
    x = to_input(torch.from_numpy(PICTURES))
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert x.dtype == torch.float32
    assert torch.equal(x, torch.from_numpy(PICTURES).float() / 127.5 - 1)


def test_arrays_need_no_torch() -> None:
    check = "import sys, figment.common.pixels as p; assert p.LUMA and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
