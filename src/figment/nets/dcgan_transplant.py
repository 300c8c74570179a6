"""DCGAN's nets, old into new: see transplant.py."""

from torch import nn

from figment.nets import overlap
from figment.nets.dcgan import CLASS_EMBEDDING_SIZE, ClassedCode, Discriminator, Generator, Modulation, Projection
from figment.nets.dcgan_growth import Stage, grow_discriminator, grow_generator, is_wide_enough
from figment.recipe import Recipe


def copy_generator(source: Recipe, old: Generator, target: Recipe, new: Generator) -> None:
    """What fits of a generator into a fresh one, in place."""
    sizes, wanted = _inputs(source), _inputs(target)
    before, after = stages(old), stages(new)
    first, start = before[0].conv.weight, after[0].conv.weight
    first = overlap.code_inputs(overlap.resized(first, *start.shape[2:]), sizes, wanted, axis=0)
    overlap.copy_weights(start, first, outputs=1, inputs=0)
    for a, b in zip(before[1:-1], after[1:-1], strict=False):
        overlap.copy_weights(b.conv.weight, a.conv.weight, outputs=1, inputs=0)
    for a, b in zip(before[:-1], after[:-1], strict=False):
        if a.norm is not None and b.norm is not None:
            overlap.copy_norm(b.norm, a.norm)
        if b.modulation is not None:
            _copy_modulation(a.modulation, b.modulation, sizes, wanted)
    if isinstance(old[0], ClassedCode) and isinstance(new[0], ClassedCode):
        theirs, ours = old[0].embedding.weight, new[0].embedding.weight
        overlap.copy_classes(ours, theirs, target.classes, source.classes, ours.clone())
    colours, added = int(target.channels), after[len(before) - 1 :]
    last = overlap.colours_out(before[-1].conv.weight, colours, axis=1)
    if len(added) == 1:
        overlap.copy_weights(added[0].conv.weight, last, outputs=1, inputs=0)
    elif added and is_wide_enough([stage.conv.out_channels for stage in added[:-1]], colours):
        grow_generator(last, target, new, added)


def copy_discriminator(source: Recipe, old: Discriminator, target: Recipe, new: Discriminator) -> None:
    """What fits of a discriminator into a fresh one, in place. A class that it didn't know gets the logits of all."""
    before, after = stages(old)[::-1], stages(new)[::-1]  # from the start grid up
    last, end = before[0].conv, after[0].conv
    weight = last.weight
    projection, ours = old[-1], new[-1]
    if isinstance(projection, Projection) and not isinstance(ours, Projection):
        weight = weight + projection.embedding.weight.mean(0)[None, :, None, None]
    overlap.copy_weights(end.weight, overlap.resized_sum(weight, *end.weight.shape[2:]))
    _copy_bias(end, last)
    if isinstance(ours, Projection):
        vectors = ours.embedding.weight
        theirs = vectors.new_zeros(max(len(source.classes), 1), last.in_channels)
        if isinstance(projection, Projection):
            theirs = projection.embedding.weight
        fitted = vectors.new_zeros(len(theirs), vectors.shape[1])
        overlap.copy_channels(fitted.T, theirs.T)
        overlap.copy_classes(vectors, fitted, target.classes, source.classes, fitted.mean(0))
    for a, b in zip(before[1:-1], after[1:-1], strict=False):
        overlap.copy_weights(b.conv.weight, a.conv.weight)
        _copy_after(a, b)
    colours, added = int(target.channels), after[len(before) - 1 :]
    first = overlap.colours_in(before[-1].conv.weight, colours)
    if len(added) == 1:
        overlap.copy_weights(added[0].conv.weight, first)
        _copy_after(before[-1], added[0])
    elif added and added[0].norm is None and is_wide_enough([stage.conv.in_channels for stage in added[:-1]], colours):
        grow_discriminator(first, added)
        _copy_bias(added[0].conv, before[-1].conv)


def stages(net: nn.Module) -> list[Stage]:
    """A net's convolutions in their order, each with what follows it up to the next."""
    found = list[Stage]()
    for module in net.children():
        if isinstance(module, Projection):
            module = module.last
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            found.append(Stage(module))
        elif isinstance(module, nn.BatchNorm2d):
            found[-1].norm = module
        elif isinstance(module, Modulation):
            found[-1].modulation = module
    return found


def _inputs(recipe: Recipe) -> tuple[int, int]:
    """Numbers in a code, and in the vector of its class."""
    return recipe.code_size, CLASS_EMBEDDING_SIZE * bool(recipe.classes)


def _copy_after(old: Stage, new: Stage) -> None:
    _copy_bias(new.conv, old.conv)
    if old.norm is not None and new.norm is not None:
        overlap.copy_norm(new.norm, old.norm)


def _copy_bias(new: nn.Conv2d | nn.ConvTranspose2d, old: nn.Conv2d | nn.ConvTranspose2d) -> None:
    if new.bias is not None and old.bias is not None:
        overlap.copy_channels(new.bias, old.bias)


def _copy_modulation(old: Modulation | None, new: Modulation, sizes: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Scales and shifts of the channels that both have; those of the others, and of a net that had none, start at 0."""
    shifts, biases = new.out.weight.unflatten(0, (2, -1)), new.out.bias.unflatten(0, (2, -1))
    shifts.zero_()
    biases.zero_()
    if old is None:
        return
    new.hidden.weight.copy_(overlap.code_inputs(old.hidden.weight, sizes, wanted, axis=1))
    new.hidden.bias.copy_(old.hidden.bias)
    for half in (0, 1):
        overlap.copy_channels(shifts[half], old.out.weight.unflatten(0, (2, -1))[half])
        overlap.copy_channels(biases[half], old.out.bias.unflatten(0, (2, -1))[half])
