"""Weights of one size put into those of another: what both have is copied, what would disturb it starts at 0."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@torch.no_grad()
def copy_channels(target: Tensor, source: Tensor) -> None:
    """The first channels of each, (C, …) ← (C′, …): biases, a norm's scales and statistics, learned maps. The rest stays."""
    both = min(len(target), len(source))
    target[:both] = source[:both]


@torch.no_grad()
def copy_weights(target: Tensor, source: Tensor, outputs: int = 0, inputs: int = 1) -> None:
    """Weights between channels, in place; outputs, inputs: the axes of these, the others are of equal sizes.

    Of outputs that both have, inputs that the source lacks start at 0, so that they give what they gave. Outputs that the
    source lacks stay as they are.
    """
    new, old = (w.movedim((outputs, inputs), (0, 1)) for w in (target, source))
    rows, columns = (min(a, b) for a, b in zip(new.shape[:2], old.shape[:2], strict=True))
    new[:rows, columns:] = 0
    new[:rows, :columns] = old[:rows, :columns]


@torch.no_grad()
def copy_grouped(target: Tensor, source: Tensor) -> None:
    """Weights (C, C/groups, h, w) of a grouped convolution; the groups may be of other sizes.

    Of outputs that both have, inputs that aren't in a group with them in the source start at 0.
    """
    rows = torch.arange(min(len(target), len(source)))[:, None]
    width, old = target.shape[1], source.shape[1]
    places = (
        rows // width * width + torch.arange(width) - rows // old * old
    )  # of the target's inputs, in the source's group
    there = (places >= 0) & (places < old)
    target[: len(rows)] = source[rows, places.clamp(0, old - 1)] * there[..., None, None]


def resized(weight: Tensor, height: int, width: int) -> Tensor:
    """A learned map (A, B, h, w) for a grid of another shape, between its places; as it is for the same."""
    if weight.shape[2:] == (height, width):
        return weight
    return F.interpolate(weight, (height, width), mode="bilinear", align_corners=False)


def resized_sum(weight: Tensor, height: int, width: int) -> Tensor:
    """The same for weights that are summed over the grid: the sums keep their size."""
    return resized(weight, height, width) * (weight[0, 0].numel() / (height * width))


def colours_in(weight: Tensor, channels: int) -> Tensor:
    """A discriminator's first weights (C, channels, h, w) for pictures of other colours: grey ones give what they gave."""
    if weight.shape[1] == channels:
        return weight
    return weight.sum(1, keepdim=True).expand(-1, channels, -1, -1) / channels


def colours_out(weight: Tensor, channels: int, axis: int) -> Tensor:
    """A generator's last weights for pictures of other colours, which lie along an axis: grey is their mean."""
    if weight.shape[axis] == channels:
        return weight
    shape = list(weight.shape)
    shape[axis] = channels
    return weight.mean(axis, keepdim=True).expand(shape)


def code_inputs(weight: Tensor, sizes: tuple[int, int], wanted: tuple[int, int], axis: int) -> Tensor:
    """Weights on a code with a class's vector behind it for other numbers of each: what isn't there gets 0.

    sizes, wanted: of code and vector, in the source and the target. axis: the one of the inputs.
    """
    code, vector = weight.movedim(axis, 0).split(sizes)
    return torch.cat([_fitted(code, wanted[0]), _fitted(vector, wanted[1])]).movedim(0, axis)


def _fitted(rows: Tensor, count: int) -> Tensor:
    lacking = rows.new_zeros(max(count - len(rows), 0), *rows.shape[1:])
    return torch.cat([rows[:count], lacking])


@torch.no_grad()
def copy_norm(target: nn.BatchNorm2d, source: nn.BatchNorm2d) -> None:
    """Scales, shifts and statistics of the channels that both have."""
    for name, tensor in target.state_dict().items():
        old = source.state_dict()[name]
        copy_channels(tensor, old) if tensor.dim() else tensor.copy_(old)


@torch.no_grad()
def copy_classes(target: Tensor, source: Tensor, names: tuple[str, ...], known: tuple[str, ...], new: Tensor) -> None:
    """The vectors of classes that both know, by their names; those of the others become new, (D,) or (classes, D)."""
    target.copy_(new)
    for place, name in enumerate(names):
        if name in known:
            target[place] = source[known.index(name)]
