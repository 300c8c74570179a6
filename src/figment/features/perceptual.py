"""How far pictures are from others, in pixels and in features that gradients flow through."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from figment.common.pixels import to_levels
from figment.discriminator import Discriminator
from figment.errors import InputError
from figment.features.base import Extractor
from figment.features.registry import NETWORKS, extractor


@dataclass(frozen=True)
class PerceptualLoss:
    """What is looked at beside pixels.

    name: for tables. layers: pictures, float (N, C, H, W) in [-1, 1] → features, float (N, dᵢ) of each layer.
    """

    name: str
    layers: Callable[[Tensor], list[Tensor]]

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Pixels and layers of features of pictures, float (N, dᵢ) each."""
        return [x.flatten(1), *self.layers(x)]


PIXELS = PerceptualLoss("pixels", lambda x: [])


def perceptual_loss(name: str, discriminator: Callable[[], Discriminator], device: str = "cpu") -> PerceptualLoss:
    """ "pixels", "own" for the layers of a run's discriminator, or a network by a name that extractor() knows.

    Raises InputError for any other, and for networks without gradients.
    """
    if name == "pixels":
        return PIXELS
    if name == "own":
        return of_discriminator(discriminator())
    if name.partition(":")[0] not in NETWORKS:
        raise InputError(f"--features {name}: there are {_choices()}.")
    return of_network(extractor(name, device))


def of_network(network: Extractor) -> PerceptualLoss:
    """The features of a network. Raises InputError for one without gradients."""
    forward = network.forward
    if forward is None:
        raise InputError(f"--features {network.name}: it gives no gradients to go by: give {_choices()}.")
    return PerceptualLoss(network.name, lambda x: [forward(to_levels(x.expand(-1, 3, -1, -1))).to(x.device)])


def of_discriminator(discriminator: Discriminator) -> PerceptualLoss:
    """All that the layers of a discriminator make of a picture: Larsen et al.'s distance (arXiv 1512.09300)."""
    return PerceptualLoss("own", lambda x: [maps.flatten(1) for maps in discriminator.maps(x)])


def pairwise_differences(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """Mean squared differences between all of one set and all of another, layer by layer: (L, N, M)."""
    return torch.stack(
        [torch.cdist(a.float(), b.float()).square() / a.shape[1] for a, b in zip(first, second, strict=True)]
    )


def differences(first: list[Tensor], second: list[Tensor]) -> Tensor:
    """Mean squared differences between pictures and those at the same places of another set, layer by layer: (L, N)."""
    return torch.stack([(a - b).square().mean(1) for a, b in zip(first, second, strict=True)])


def pixels_plus_layers(shares: Tensor) -> Tensor:
    """One number from those of pixels and L layers, (1 + L, …) → (…): of pixels, plus the mean of the layers."""
    return shares[0] + shares[1:].mean(0) if len(shares) > 1 else shares[0]


def _choices() -> str:
    """The names that perceptual_loss() takes, in words."""
    *others, last = (network.form.partition("[")[0] for network in NETWORKS.values() if network.differentiable)
    return f"{', '.join(['pixels', 'own', *others])} or {last}"
