"""A run's own discriminator as a network of features: what it sees before its last layer.

It was trained to find faults in one generator, and sees what that one got wrong last. That serves to watch the run that
it comes from; it says nothing of another.
"""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from figment.common.pixels import LUMA, to_input
from figment.common.places import expanded
from figment.discriminator import discriminator_file, load_discriminator
from figment.features import weights
from figment.features.base import GPU_BATCH_PICTURES, Extractor, array_network
from figment.features.resize import resize_text, resized
from figment.nets import dcgan
from figment.recipe import Recipe

MAX_NUMBERS = 1024  # of a vector, beyond which neighbouring places are averaged
CPU_BATCH_PICTURES = 64


class Pooled(nn.Module):
    """In place of a last layer: its input (N, C, h, w) → (N, C · h′ · w′), averaged to at most MAX_NUMBERS, or to C."""

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        side = max(1, math.isqrt(MAX_NUMBERS // x.shape[1]))
        return F.adaptive_avg_pool2d(x, (min(side, x.shape[2]), min(side, x.shape[3]))).flatten(1)


def load_headless(file: Path) -> tuple[nn.Module, Recipe]:
    """The discriminator of a file, on the CPU, with Pooled in place of its last layer; and its recipe.

    Raises InputError where there is no such file, or it is damaged or none of figment's discriminators.
    """
    discriminator = load_discriminator(file)
    return headless(discriminator.net), discriminator.recipe


def headless(net: nn.Module) -> nn.Module:
    """A discriminator's net with Pooled in place of its last layer: the same module, changed."""
    if isinstance(net, dcgan.Discriminator):
        if not isinstance(net[-1], dcgan.Projection):
            del net[-1]  # Flatten, behind the convolution
        net[-1] = Pooled()
    else:
        net.end = Pooled()
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def prepared(pictures: Tensor, recipe: Recipe) -> Tensor:
    """uint8 (N, 3, H, W) → what the discriminator takes: float (N, channels, height, width) in [-1, 1]."""
    x = resized(pictures.float(), recipe.shape)
    if recipe.channels == 1:
        x = (x * torch.tensor(LUMA, device=x.device).view(3, 1, 1)).sum(1, keepdim=True)
    return to_input(x)


def own_extractor(path: str, device: str) -> Extractor:
    """The discriminator of a run folder, or of a discriminator.safetensors, as a network of features.

    Raises InputError where there is none.
    """
    file = discriminator_file(expanded(path))
    discriminator = load_discriminator(file)
    return headless_extractor(discriminator.net, discriminator.recipe, weights.sha256_of(file)[:16], device)


def headless_extractor(net: nn.Module, recipe: Recipe, digest: str, device: str) -> Extractor:
    """A discriminator's net, which is changed, as a network of features. digest: tells its weights from others."""
    net = headless(net).to(device)

    def forward(pictures: Tensor) -> Tensor:
        return net(prepared(pictures.to(device), recipe))

    network = array_network(device, forward)
    return Extractor(
        "own",
        network(np.zeros((1, 3, *recipe.shape), np.uint8)).shape[1],
        CPU_BATCH_PICTURES if device == "cpu" else GPU_BATCH_PICTURES,
        network,
        resize=resize_text(*recipe.shape),
        digest=digest,
        forward=forward,
    )
