"""Discriminator: a trained discriminator loaded from its file, and one of the same nets that has learnt nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor, nn

from figment import nets
from figment.common import tensorfiles
from figment.common.addresses import absent
from figment.common.jsontext import fault
from figment.common.pixels import to_input
from figment.errors import InputError
from figment.game.calibration import Calibration
from figment.nets.hooks import layers, watched
from figment.nets.serialization import unpacked
from figment.recipe import Recipe
from figment.run import Run
from figment.run_files import CalibrationRecord

BATCH_PICTURES = 64  # that go through at once
CALIBRATION = "calibration"  # its key in the header of a discriminator's file


class Discriminator:
    """A discriminator that can be asked. Made by load_discriminator() or untrained().

    calibration: how its logits are read as P(fake); None where nothing tells, and then they only rank pictures.
    """

    def __init__(self, net: nn.Module, recipe: Recipe, calibration: Calibration | None = None) -> None:
        self.net = net.eval().requires_grad_(False)
        self.recipe, self.calibration = recipe, calibration

    @property
    def device(self) -> torch.device:
        return next(self.net.parameters()).device

    def to(self, device: str | torch.device) -> "Discriminator":
        """The same discriminator on another device."""
        self.net.to(device)
        return self

    @property
    def layers(self) -> list[nn.Module]:
        """The modules whose results are what it sees, from the picture up: see nets.layers."""
        return layers(self.net)

    def __call__(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits (N,) of pictures, float (N, C, H, W) in [-1, 1] on its device; above 0 means real.

        labels: classes, int64 (N,); without them a discriminator of classes takes each picture for the first class,
        which changes logits but nothing that its layers see.
        """
        if not self.recipe.classes:
            return self.net(x)
        return self.net(x, torch.zeros(len(x), dtype=torch.int64, device=x.device) if labels is None else labels)

    def logits(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits of pictures, uint8 (N, C, H, W) → float32 (N,) on the CPU."""
        return logits_of(self, self.device, pictures, labels)

    def p_fake(self, logits: Tensor) -> Tensor | None:
        """P(fake) of logits (N,), float64 (N,); None where there is no calibration. What of: see Calibration."""
        return None if self.calibration is None else self.calibration.p_fake(logits)

    def maps(self, x: Tensor) -> list[Tensor]:
        """What each layer makes of pictures, float (N, C, H, W) in [-1, 1]: (N, Cᵢ, Hᵢ, Wᵢ) each, from the picture up.

        Gradients flow through them where x asks for them.
        """
        with watched(self.layers) as seen:
            self(x)
        return seen


@torch.inference_mode()
def logits_of(
    net: Callable[[Tensor, Tensor | None], Tensor], device: torch.device, pictures: Tensor, labels: Tensor | None = None
) -> Tensor:
    """Logits of pictures, uint8 (N, C, H, W), with classes (N,) or None, by a net in evaluation mode: float32 (N,) on the CPU."""
    found = []
    for start in range(0, len(pictures), BATCH_PICTURES):
        part = slice(start, start + BATCH_PICTURES)
        own = None if labels is None else labels[part].to(device)
        found.append(net(to_input(pictures[part]).to(device), own).float().cpu())
    return torch.cat(found) if found else torch.empty(0)


def discriminator_file(path: Path) -> Path:
    """The discriminator's file of a run folder, or the file itself. Raises InputError where there is none."""
    file = Run(path).discriminator_file if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        raise Run(path).lacking("discriminator")
    if not file.is_file():
        raise InputError(absent(path, "name a run folder or a discriminator.safetensors file"))
    return file


def load_discriminator(path: str | Path, device: str | torch.device = "cpu") -> Discriminator:
    """The discriminator of a run folder, or of a discriminator.safetensors alone.

    Raises InputError if the file is missing, cut off, or no figment discriminator.
    """
    file = discriminator_file(Path(path))
    net, recipe = unpacked(file, "discriminator")
    return Discriminator(net.to(device), recipe, _calibration(file))


def _calibration(file: Path) -> Calibration | None:
    """The calibration in the header of a discriminator's file. Raises InputError where that is damaged."""
    with tensorfiles.opened(file) as content:
        kept = content.header.get(CALIBRATION)
    if kept is None:  # an older figment's, or too few pictures were held out
        return None
    try:
        return Calibration(**CalibrationRecord.model_validate(kept).model_dump())
    except ValidationError as error:
        raise InputError(f"{file} is damaged (its calibration: {fault(error)}): copy or train it again.") from None


def untrained(recipe: Recipe, seed: int = 0, device: str | torch.device = "cpu") -> Discriminator:
    """A discriminator of the recipe as it is before the first step, with weights drawn from the seed."""
    return Discriminator(nets.initialised(nets.discriminator(recipe), seed, "discriminator").to(device), recipe)


POOLED_SIDE = 4  # places, at which a layer's maps are looked at


@torch.inference_mode()
def representation(discriminator: Discriminator, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a discriminator sees in pictures, uint8 (N, C, H, W): float32 (N, d). After the DCGAN paper's section 5.1.

    Every layer's maps, max-pooled to 4×4 or left where they are smaller, in one row.
    """
    x = to_input(torch.from_numpy(np.ascontiguousarray(pictures))).to(discriminator.device)
    pooled = [
        torch.nn.functional.adaptive_max_pool2d(
            maps, (min(POOLED_SIDE, maps.shape[2]), min(POOLED_SIDE, maps.shape[3]))
        ).flatten(1)
        for maps in discriminator.maps(x)
    ]
    return torch.cat(pooled, 1).float().cpu().numpy()
