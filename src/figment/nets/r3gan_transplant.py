"""R3GAN's nets, old into new: see transplant.py."""

import torch
from torch import Tensor, nn

from figment.nets import overlap
from figment.nets.r3gan import CLASS_EMBEDDING_SIZE, Block, Discriminator, Down, End, Generator, Up
from figment.recipe import Recipe


def copy_generator(source: Recipe, old: Generator, target: Recipe, new: Generator) -> None:
    """What fits of a generator into a fresh one, in place."""
    basis = new.start.basis
    overlap.copy_channels(basis, overlap.resized(old.start.basis[None], *basis.shape[1:])[0])
    linear = overlap.code_inputs(old.start.linear.weight, _inputs(source), _inputs(target), axis=1)
    overlap.copy_weights(new.start.linear.weight, linear)
    if old.start.embedding is not None and new.start.embedding is not None:
        ours = new.start.embedding.weight
        overlap.copy_classes(ours, old.start.embedding.weight, target.classes, source.classes, ours.clone())
    for a, b in zip(old.stages, new.stages, strict=False):
        _copy_stage(a, b)
    colours = overlap.colours_out(old.rgb.weight, int(target.channels), axis=0)
    for stage in new.stages[len(old.stages) :]:  # new ones double the pixels of these, and add nothing to them
        (change,) = _changes(stage)
        if isinstance(change, nn.Conv2d):
            overlap.copy_weights(change.weight, colours)
            colours = torch.eye(len(colours))[..., None, None]
    if len(old.stages) <= len(new.stages):
        overlap.copy_weights(new.rgb.weight, colours)


def copy_discriminator(source: Recipe, old: Discriminator, target: Recipe, new: Discriminator) -> None:
    """What fits of a discriminator into a fresh one, in place. A class that it didn't know gets the logits of all."""
    for a, b in zip(reversed(old.stages), reversed(new.stages), strict=False):
        _copy_stage(a, b)
    colours = overlap.colours_in(old.rgb.weight, int(target.channels))
    for stage in new.stages[::-1][len(old.stages) :]:  # from the start grid up; new ones halve the pictures
        (change,) = _changes(stage)
        if isinstance(change, nn.Conv2d):
            overlap.copy_weights(change.weight, colours)
            colours = torch.eye(colours.shape[1])[..., None, None]
    if len(old.stages) <= len(new.stages):
        overlap.copy_weights(new.rgb.weight, colours)
    pool = new.end.pool.weight
    overlap.copy_channels(pool, overlap.resized_sum(old.end.pool.weight, *pool.shape[2:]))
    _copy_end(source, old.end, target, new.end)


def _copy_end(source: Recipe, old: End, target: Recipe, new: End) -> None:
    """A logit is ⟨Linear(features), a class's vector⟩; without classes as if all had the vector 1."""
    linear, vectors = old.linear.weight, _vectors(old)
    if new.embedding is None:
        overlap.copy_weights(new.linear.weight, vectors.mean(0, keepdim=True) @ linear)
        return
    overlap.copy_weights(new.linear.weight, linear)
    ours = new.embedding.weight
    theirs = ours.new_zeros(len(vectors), ours.shape[1])
    theirs[:, : vectors.shape[1]] = vectors
    overlap.copy_classes(ours, theirs, target.classes, source.classes, theirs.mean(0))


def _vectors(end: End) -> Tensor:
    return torch.ones(1, 1) if end.embedding is None else end.embedding.weight


def _copy_stage(old: nn.Module, new: nn.Module) -> None:
    for block, fresh in zip(_blocks(old), _blocks(new), strict=False):
        _copy_block(block, fresh)
    for a, b in zip(_changes(old), _changes(new), strict=False):
        if isinstance(b, nn.Conv2d):
            unchanged = torch.eye(_blocks(old)[0].narrow.out_channels)[..., None, None]
            overlap.copy_weights(b.weight, a.weight if isinstance(a, nn.Conv2d) else unchanged)


def _copy_block(old: Block, new: Block) -> None:
    """The narrow channels' sum stays what it was; a block that the source lacks adds nothing to begin with."""
    overlap.copy_weights(new.widen.weight, old.widen.weight)
    overlap.copy_grouped(new.mix.weight, old.mix.weight)
    overlap.copy_weights(new.narrow.weight, old.narrow.weight)
    for a, b in ((old.widen.bias, new.widen.bias), (old.mix.bias, new.mix.bias)):
        assert a is not None
        assert b is not None
        overlap.copy_channels(b, a)


def _blocks(stage: nn.Module) -> list[Block]:
    return [m for m in stage.children() if isinstance(m, Block)]


def _changes(stage: nn.Module) -> list[nn.Module]:
    """What changes the width, where the stage begins or ends with that: an Identity where it stays."""
    return [m.change for m in stage.children() if isinstance(m, Up | Down)]


def _inputs(recipe: Recipe) -> tuple[int, int]:
    """Numbers in a code, and in the vector of its class."""
    return recipe.code_size, CLASS_EMBEDDING_SIZE * bool(recipe.classes)
