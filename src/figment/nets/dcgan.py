"""The article's and the DCGAN paper's nets (Radford, Metz, Chintala 2016, arXiv 1511.06434), at any power-of-two size.

Strided convolutions in place of pooling, batch norm except at G's output and D's input, no hidden layer that is fully
connected. Channels at resolution r are width · min(8, size / 2r): at 64 px and width 64 that is 512→256→128→64.
"""

import itertools

import torch
from torch import Tensor, nn


def channels_at(resolution: int, size: int, width: int) -> int:
    """Feature maps at a resolution of a net for pictures of the given size."""
    return width * min(8, size // (2 * resolution))


def resolutions(size: int) -> list[int]:
    """Resolutions that carry feature maps, from the 4×4 start to half the size."""
    return [4 * 2**i for i in range((size // 4).bit_length() - 1)]


class Generator(nn.Sequential):
    """Code → picture by fractionally-strided convolutions.

    Input: codes, float (N, code_size). Output: pictures, float (N, channels, size, size) in [-1, 1].
    """

    def __init__(self, size: int, channels: int, width: int, code_size: int, activation: str = "relu") -> None:
        maps = [channels_at(r, size, width) for r in resolutions(size)]
        start = nn.ConvTranspose2d(code_size, maps[0], 4, 1, 0, bias=False)
        ups = [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in itertools.pairwise(maps)]
        last = nn.ConvTranspose2d(maps[-1], channels, 4, 2, 1, bias=False)
        layers: list[nn.Module] = [nn.Unflatten(1, (code_size, 1, 1))]
        for conv in (start, *ups):
            layers += [conv, nn.BatchNorm2d(conv.out_channels), _activation(activation)]
        super().__init__(*layers, last, nn.Tanh())


class Discriminator(nn.Sequential):
    """Picture → logit by strided convolutions; above 0 means real.

    Input: pictures, float (N, channels, size, size) in [-1, 1]. Output: logits (N,).
    norm: "batch", or "none" where a penalty is put on each sample's own gradient. dropout: share of features dropped.
    """

    def __init__(self, size: int, channels: int, width: int, norm: str = "batch", dropout: float = 0.0) -> None:
        maps = [channels_at(r, size, width) for r in reversed(resolutions(size))]
        bias = norm == "none"  # batch norm has its own
        layers: list[nn.Module] = [nn.Conv2d(channels, maps[0], 4, 2, 1, bias=bias), nn.LeakyReLU(0.2)]
        for a, b in itertools.pairwise(maps):
            layers.append(nn.Conv2d(a, b, 4, 2, 1, bias=bias))
            if norm == "batch":
                layers.append(nn.BatchNorm2d(b))
            layers.append(nn.LeakyReLU(0.2))
            if dropout:
                layers.append(nn.Dropout2d(dropout))
        super().__init__(*layers, nn.Conv2d(maps[-1], 1, 4, 1, 0, bias=bias), nn.Flatten(0))


def _activation(name: str) -> nn.Module:
    return nn.ReLU() if name == "relu" else nn.LeakyReLU(0.2)


@torch.no_grad()
def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """The paper's start: weights N(0, 0.02²), biases 0; batch norm scales N(1, 0.02²), as its authors' code has them."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            _normal(module.weight, 0.0, generator)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            _normal(module.weight, 1.0, generator)
            module.bias.zero_()


def _normal(weight: Tensor, mean: float, generator: torch.Generator) -> None:
    weight.normal_(mean, 0.02, generator=generator)
