"""How much memory training takes, and the batch that fits it."""

import torch
from torch import Tensor, nn

from figment import nets
from figment import recipe as recipes
from figment.common.machine import Machine
from figment.nets.clips import SEEN_FRAMES
from figment.recipe import Recipe

MEMORY_SHARE = 0.7  # share of the memory that nets and a step may take, beside the pictures and everybody else


def fitting_memory(recipe: Recipe, machine: Machine) -> Recipe:
    """The recipe with its batch halved until a step fits the machine's memory."""
    while training_bytes(recipe) > MEMORY_SHARE * machine.memory * 2**30 and recipe.batch >= 4:
        recipe = halved_batch(recipe)
    return recipe


def halved_batch(recipe: Recipe) -> Recipe:
    """The recipe with half the batch."""
    return recipes.changed(recipe, batch=recipe.batch // 2)


def training_bytes(recipe: Recipe) -> int:
    """Bytes that training takes, roughly: weights with gradients and Adam's moments, and what a step keeps for backward.

    What a convolution puts out is kept about three times (itself, normalised, activated), without normalisation twice;
    an exact penalty keeps everything once more for its second derivative. With R3GAN's nets this is 3 to 7 % above what an
    H100 needed, exact penalties and bf16, and a third above it without penalties (LOG 46).
    """
    generator, discriminator = nets.generator(recipe), nets.discriminator(recipe)
    weights = 4 * 4 * (nets.parameter_count(generator) + nets.parameter_count(discriminator))
    average = 4 * nets.parameter_count(generator)
    pixel = 2 if recipe.precision == "bf16" else 4
    penalty = 2 * recipe.penalty_share if recipe.gamma else 0
    z, pictures = _given(recipe)
    kept = 2 if recipe.nets == "r3gan" else 3
    maps = kept * (_activations(generator, z, recipe) + (2 + penalty) * _activations(discriminator, pictures, recipe))
    return weights + average + round(pixel * recipe.batch * maps)


def parameters(recipe: Recipe) -> int:
    """Of both nets."""
    return nets.parameter_count(nets.generator(recipe)) + nets.parameter_count(nets.discriminator(recipe))


def _given(recipe: Recipe) -> tuple[Tensor, Tensor]:
    """What G and D take for a picture of a step, or for a clip."""
    frames = SEEN_FRAMES if recipe.frames else 1
    codes = (1, frames, recipe.code_size) if recipe.frames else (1, recipe.code_size)
    pictures = torch.empty(1, frames * int(recipe.channels), *recipe.shape, device="meta")
    return torch.empty(codes, device="meta"), pictures


def _conditions(recipe: Recipe) -> Tensor | None:
    if recipe.frames:
        return torch.zeros(1, 1 + SEEN_FRAMES, device="meta")
    return torch.zeros(1, dtype=torch.int64, device="meta") if recipe.classes else None


def _activations(net: nn.Module, given: Tensor, recipe: Recipe) -> int:
    """Numbers that the convolutions of a net put out for one picture: counted on a device that only knows shapes."""
    total = 0

    def count(module: nn.Module, args: object, out: Tensor) -> None:
        nonlocal total
        total += out.numel()

    hooks = [conv.register_forward_hook(count) for conv in convolutions(net)]
    net.eval()(given, _conditions(recipe))
    for hook in hooks:
        hook.remove()
    return total


def convolutions(net: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    return [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
