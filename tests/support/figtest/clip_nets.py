"""Generators of clips that nobody trained, whose pictures differ and move."""

from typing import Any

import torch
from torch import nn

from figment import nets, presets
from figment.generator import Generator


def clip_generator(**choices: Any) -> Generator:
    """An untrained one of 16 frames of 16×16 pixels, a tenth of a second's work a clip."""
    recipe = presets.make("video-small", **dict(size=16, channels=3, width=4, code_size=10, motion_size=4) | choices)
    net = nets.initialised(nets.generator(recipe), 0, "generator")
    with torch.no_grad():
        [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)][-1].weight.mul_(6)
    return Generator(net, recipe)
