"""Nets: families of generator and discriminator, a file each, built here from a recipe; and their files.

It may import recipe, common and errors. Start reading at dcgan.py; a new family is a file and a row of FAMILIES.
"""

import torch
from torch import nn

from figment.common.seeds import generator_at
from figment.nets import dcgan, r3gan
from figment.recipe import Recipe

# recipe.nets → the module with its Generator and Discriminator, both built from a recipe, and their initial weights
FAMILIES = {"dcgan": dcgan, "r3gan": r3gan}


def generator(recipe: Recipe) -> nn.Module:
    """An uninitialised generator on the meta device: codes (N, code_size), classes (N,) → pictures (N, C, H, W).

    Raises InputError for r3gan's widths that don't fit the size.
    """
    with torch.device("meta"):
        return FAMILIES[recipe.nets].generator(recipe)


def discriminator(recipe: Recipe) -> nn.Module:
    """An uninitialised discriminator on the meta device: pictures (N, C, H, W), classes (N,) → logits (N,), above 0 for real.

    Raises InputError for r3gan's widths that don't fit the size.
    """
    with torch.device("meta"):
        return FAMILIES[recipe.nets].discriminator(recipe)


def initialised(net: nn.Module, seed: int, role: str) -> nn.Module:
    """The meta net given memory on the CPU and its family's initial weights, drawn from (seed, role)."""
    family = next(f for f in FAMILIES.values() if isinstance(net, f.Generator | f.Discriminator))
    net.to_empty(device="cpu")
    family.initialise(net, generator_at(seed, "weights", role))
    return net


def parameter_count(net: nn.Module) -> int:
    """Trainable numbers in a net."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)
