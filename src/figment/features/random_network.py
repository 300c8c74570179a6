"""A network that has learnt nothing, as features: no download, and no idea of what the pictures should be."""

import math
from hashlib import sha256
from typing import TYPE_CHECKING

from figment.common.pixels import to_input
from figment.features.base import GPU_BATCH_PICTURES, Extractor, Forward, Network, array_network
from figment.features.resize import resize_text, resized

if TYPE_CHECKING:
    from torch import Tensor


INPUT_SIDE = 64  # pixels a side that pictures are brought to
WEIGHTS_SEED = 2002
# The first layer has as many filters as numbers that each sees, so that nothing is lost whatever the seed: with 8
# filters the AUC of drawn faces among photographs varied from 0.56 to 0.71 by the seed, with 32 from 0.88 to 0.90.
LAYER_CHANNELS = (48, 32, 64)
BATCH_PICTURES = 64  # what fits into a core's cache; 256 at once took 1.7 times as long a picture


def random_extractor(device: str) -> Extractor:
    """The network of WEIGHTS_SEED."""
    # Not of the weights themselves, whose last bits depend on the machine that factors matrices.
    digest = sha256(f"random {WEIGHTS_SEED} {LAYER_CHANNELS}".encode()).hexdigest()[:16]
    forward = random_forward(WEIGHTS_SEED, device)
    batch = BATCH_PICTURES if device == "cpu" else GPU_BATCH_PICTURES
    return Extractor(
        "random",
        2 * sum(LAYER_CHANNELS),
        batch,
        array_network(device, forward),
        resize=resize_text(INPUT_SIDE),
        digest=digest,
        forward=forward,
    )


def random_network(seed: int, device: str = "cpu") -> Network:
    """random_forward() of arrays."""
    return array_network(device, random_forward(seed, device))


def random_forward(seed: int, device: str = "cpu") -> Forward:
    """Convolutions that were never trained: after each, mean and deviation of every channel over the picture.

    Pictures are brought to 64×64; the first layer sees squares of 4×4 pixels side by side, the others 3×3. The filters
    of a layer are orthogonal where there are few enough of them (Saxe et al. 2014, arXiv 1312.6120), so that they see
    different things.
    """
    import torch
    from torch.nn import functional as F

    random = torch.Generator().manual_seed(seed)
    layers: list[tuple[Tensor, Tensor]] = []
    channels = 3
    for width in LAYER_CHANNELS:
        side = 3 if layers else 4
        seen = side**2 * channels
        filters = torch.linalg.qr(torch.randn(max(width, seen), min(width, seen), generator=random))[0]
        filters = (filters if width >= seen else filters.T) * math.sqrt(2 * max(width, seen) / width / 1.04)
        biases = 0.1 * torch.randn(width, generator=random)
        weights = filters.reshape(width, channels, side, side).contiguous(memory_format=torch.channels_last)
        layers.append((weights.to(device), biases.to(device)))
        channels = width

    def forward(pictures: "Tensor") -> "Tensor":
        x = to_input(resized(pictures.to(device).float(), (INPUT_SIDE, INPUT_SIDE)))
        found = []
        for depth, (weights, biases) in enumerate(layers):
            x = F.avg_pool2d(x, 2) if depth else x
            x = F.leaky_relu_(F.conv2d(x, weights, biases, 1 if depth else 4, 1 if depth else 0), 0.2)
            variance, mean = torch.var_mean(x, (2, 3), correction=0)
            even = variance == 0  # where a root's gradient is infinite
            found += [mean, variance.masked_fill(even, 1).sqrt().masked_fill(even, 0)]
        return torch.cat(found, 1)

    return forward
