"""A run's own discriminator as a network of features: what it sees before its last layer.

It was trained to find faults in one generator, and sees what that one got wrong last. That serves to watch the run that
it comes from; it says nothing of another.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from figment import nets
from figment.errors import InputError
from figment.metrics.features import resized
from figment.metrics.weights import fill, tensors
from figment.nets import dcgan
from figment.recipe import Recipe, from_json
from figment.run import Run

LIMIT = 1024  # numbers in a vector, beyond which neighbouring places are averaged
GREY = (0.299, 0.587, 0.114)  # brightness of red, green and blue as Pillow has it (ITU-R 601)


class Pooled(nn.Module):
    """In place of a last layer: its input (N, C, h, w) → (N, C · h′ · w′), averaged to at most LIMIT numbers, or to C."""

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        side = max(1, math.isqrt(LIMIT // x.shape[1]))
        return F.adaptive_avg_pool2d(x, (min(side, x.shape[2]), min(side, x.shape[3]))).flatten(1)


def found(path: Path) -> Path:
    """The discriminator's file of a run folder, or the file itself. Raises InputError where there is none."""
    if not path.is_dir():
        return path
    file = Run(path).discriminator_file
    if not file.is_file():
        raise InputError(f"--features own:{path} has no discriminator yet: go on with figment resume {path}")
    return file


def loaded(file: Path) -> tuple[nn.Module, Recipe]:
    """The discriminator of a file, on the CPU, with Pooled in place of its last layer; and its recipe.

    Raises InputError where there is no such file, or it is damaged or none of figment's discriminators.
    """
    option = f"--features own:{file}"
    weights = tensors(file, option)
    recipe = _recipe(file, option)
    net = nets.discriminator(recipe)
    fill(net, weights, option, "the recipe in its header says")
    if isinstance(net, dcgan.Discriminator):
        if not isinstance(net[-1], dcgan.Projection):
            del net[-1]  # Flatten, behind the convolution
        net[-1] = Pooled()
    else:
        net.end = Pooled()
    return net.to(memory_format=torch.channels_last), recipe  # type: ignore[call-overload]


def prepared(pictures: Tensor, recipe: Recipe) -> Tensor:
    """uint8 (N, 3, H, W) → what the discriminator takes: float (N, channels, height, width) in [-1, 1]."""
    x = resized(pictures.float(), recipe.shape)
    if recipe.channels == 1:
        x = (x * torch.tensor(GREY, device=x.device).view(3, 1, 1)).sum(1, keepdim=True)
    return x.div(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


def _recipe(file: Path, option: str) -> Recipe:
    try:
        with safe_open(file, framework="pt") as content:
            header = json.loads((content.metadata() or {})["figment"])
        kind, recipe = header["kind"], header["recipe"]
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        kind, recipe = None, None
    if kind != "discriminator":
        raise InputError(f"{option} is no figment discriminator: name a run, or the discriminator.safetensors of one")
    return from_json(json.dumps(recipe), str(file))
