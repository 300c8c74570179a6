"""Nets: families of generator and discriminator, a file each, built here from a recipe; and their files.

It may import recipe, common and errors. Start reading at dcgan.py; a new family is a file and a row of FAMILIES.
"""

import itertools

import torch
from torch import nn

from figment.common.seeds import generator_at
from figment.nets import clips, dcgan, r3gan
from figment.recipe import Recipe

# recipe.nets → the module with its Generator and Discriminator, both built from a recipe, and their initial weights
FAMILIES = {"dcgan": dcgan, "r3gan": r3gan}


def generator(recipe: Recipe) -> nn.Module:
    """An uninitialised generator on the meta device: codes (N, code_size), classes (N,) → pictures (N, C, H, W).

    Of a recipe with frames, one of clips (clips.py). Raises InputError for widths that don't fit the size.
    """
    with torch.device("meta"):
        if recipe.frames:
            return clips.generator(recipe)
        return FAMILIES[recipe.nets].generator(recipe)


def discriminator(recipe: Recipe) -> nn.Module:
    """An uninitialised discriminator on the meta device: pictures (N, C, H, W), classes (N,) → logits (N,), above 0 for real.

    Of a recipe with frames, one of clips (clips.py). Raises InputError for widths that don't fit the size.
    """
    with torch.device("meta"):
        if recipe.frames:
            return clips.discriminator(recipe)
        return FAMILIES[recipe.nets].discriminator(recipe)


def initialised(net: nn.Module, seed: int, role: str) -> nn.Module:
    """The meta net given memory on the CPU and its family's initial weights, drawn from (seed, role)."""
    net.to_empty(device="cpu")
    random = generator_at(seed, "weights", role)
    for part in [net.image, net.motion] if isinstance(net, clips.ClipDiscriminator) else [net]:
        family = next(f for f in FAMILIES.values() if isinstance(part, f.Generator | f.Discriminator))
        family.initialise(part, random)
    return net


def first_stages(discriminator: nn.Module, count: int) -> list[nn.Parameter]:
    """The weights of a discriminator's first stages, from the picture's side; what comes before its last layer is count's most.

    Of the DCGAN's nets a stage is a halving, of R3GAN's the blocks of one resolution, the first one's with its colours. Of a
    discriminator of clips they are its image part's.
    """
    if isinstance(discriminator, clips.ClipDiscriminator):
        return first_stages(discriminator.image, count)
    if isinstance(discriminator, dcgan.Discriminator):
        layers = list(discriminator)[
            :-1
        ]  # without a class's projection; another last layer is one convolution too many
        stages = itertools.accumulate(isinstance(layer, nn.Conv2d) for layer in layers)
        chosen = [layer for layer, stage in zip(layers, stages, strict=True) if stage <= count]
    else:
        assert isinstance(discriminator, r3gan.Discriminator)
        chosen = [discriminator.rgb, *discriminator.stages[:count]] if count else []
    return [p for layer in chosen for p in layer.parameters()]


def let_learn(discriminator: nn.Module, frozen_stages: int = 0) -> None:
    """Let all weights of a discriminator ask for gradients but those of its first stages: FreezeD, arXiv 2002.10964."""
    discriminator.requires_grad_(True)
    for p in first_stages(discriminator, frozen_stages):
        p.requires_grad_(False)


def parameter_count(net: nn.Module) -> int:
    """Trainable numbers in a net."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)
