"""Families of nets, a file each; built here from a recipe."""

import torch
from torch import nn

from figment.nets import dcgan
from figment.randomness import generator_at
from figment.recipe import Recipe


def generator(recipe: Recipe) -> nn.Module:
    """An uninitialised generator on the meta device: codes (N, code_size) → pictures (N, C, S, S) in [-1, 1]."""
    with torch.device("meta"):
        return dcgan.Generator(recipe.size, int(recipe.channels), recipe.width, recipe.code_size, recipe.activation)


def discriminator(recipe: Recipe) -> nn.Module:
    """An uninitialised discriminator on the meta device: pictures (N, C, S, S) → logits (N,), above 0 for real."""
    with torch.device("meta"):
        return dcgan.Discriminator(
            recipe.size, int(recipe.channels), recipe.width, recipe.discriminator_norm, recipe.dropout
        )


def initialised(net: nn.Module, seed: int, role: str) -> nn.Module:
    """The meta net given memory on the CPU and its family's initial weights, drawn from (seed, role)."""
    net.to_empty(device="cpu")
    dcgan.initialise(net, generator_at(seed, "weights", role))
    return net


def parameter_count(net: nn.Module) -> int:
    """Trainable numbers in a net."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)
