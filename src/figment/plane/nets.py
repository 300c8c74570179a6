"""Multilayer perceptrons with leaky ReLUs, and their derivatives written out: torch spends 4 ms a step on overhead (LOG 110).

A net's numbers lie in one vector, so that an optimizer moves all at once; a layer's weight and bias are views of it.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

LEAK = 0.2  # slope of the leaky ReLU below 0, as in figment's discriminators
FIRST_OUTPUT = (
    0.1  # about the size of a new net's outputs: a generator begins as a small cloud, a discriminator all but flat
)


class Layer(NamedTuple):
    """weight: (in, out); bias: (out,)."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Net:
    """An MLP of widths such as (2, 32, 32, 1). numbers: all weights and biases, one vector that may be changed in place."""

    widths: tuple[int, ...]
    numbers: np.ndarray
    layers: tuple[Layer, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", layers(self.widths, self.numbers))


class Pass(NamedTuple):
    """What a forward pass leaves for the way back. output: (N, out).

    inputs: of each layer, (N, in); slopes: of the leaky ReLU behind each layer but the last, (N, out).
    """

    output: np.ndarray
    inputs: list[np.ndarray]
    slopes: list[np.ndarray]


def layers(widths: tuple[int, ...], numbers: np.ndarray) -> tuple[Layer, ...]:
    """A vector's parts as the layers of a net: views."""
    found, at = [], 0
    for wide, out in pairwise(widths):
        weight = numbers[at : at + wide * out].reshape(wide, out)
        found.append(Layer(weight, numbers[at + wide * out : at + (wide + 1) * out]))
        at += (wide + 1) * out
    return tuple(found)


def fresh(widths: tuple[int, ...], random: np.random.Generator, dtype: type[np.floating] = np.float32) -> Net:
    """A net whose signals keep their size from layer to layer (arXiv 1502.01852, eq. 15), with biases of 0."""
    size = sum((wide + 1) * out for wide, out in pairwise(widths))
    net = Net(widths, np.zeros(size, dtype))
    for layer in net.layers:
        gain = FIRST_OUTPUT if layer is net.layers[-1] else np.sqrt(2 / (1 + LEAK**2))
        layer.weight[:] = random.standard_normal(layer.weight.shape) * gain / np.sqrt(len(layer.weight))
    return net


def forward(net: Net, points: np.ndarray) -> Pass:
    """points: (N, in)."""
    inputs, slopes = [points], []
    for layer in net.layers[:-1]:
        sums = inputs[-1] @ layer.weight
        sums += layer.bias
        slope = (sums > 0).astype(sums.dtype)
        slope *= 1 - LEAK
        slope += LEAK
        sums *= slope
        inputs.append(sums)
        slopes.append(slope)
    last = net.layers[-1]
    return Pass(inputs[-1] @ last.weight + last.bias, inputs, slopes)


def backward(net: Net, seen: Pass, upstream: np.ndarray) -> np.ndarray:
    """Gradient of a loss with respect to the net's numbers, a vector. upstream: with respect to the output, (N, out)."""
    gradient = np.empty_like(net.numbers)
    ones = np.ones((1, len(upstream)), upstream.dtype)
    parts = layers(net.widths, gradient)
    for i in reversed(range(len(net.layers))):
        np.matmul(seen.inputs[i].T, upstream, out=parts[i].weight)
        np.matmul(ones, upstream, out=parts[i].bias[None])
        if i:
            upstream = _through(net, seen, i, upstream)
    return gradient


def to_inputs(net: Net, seen: Pass, upstream: np.ndarray) -> np.ndarray:
    """Gradient of a loss with respect to each point, (N, in). upstream: with respect to the output, (N, out)."""
    for i in reversed(range(1, len(net.layers))):
        upstream = _through(net, seen, i, upstream)
    return upstream @ net.layers[0].weight.T


class Slope(NamedTuple):
    """A discriminator's slope at each point, and what the way back through it needs.

    at_inputs: the gradient of each logit by its point, (N, in); at_sums: by the sums of each layer, (N, out), the first first.
    """

    at_inputs: np.ndarray
    at_sums: list[np.ndarray]


def slope(net: Net, seen: Pass) -> Slope:
    """Of a net with one output."""
    upstream = np.ones_like(seen.output)
    at_sums = [upstream]
    for i in reversed(range(1, len(net.layers))):
        upstream = _through(net, seen, i, upstream)
        at_sums.insert(0, upstream)
    return Slope(upstream @ net.layers[0].weight.T, at_sums)


def slope_backward(net: Net, seen: Pass, slope: Slope, upstream: np.ndarray) -> np.ndarray:
    """Gradient by the net's numbers of a penalty on its slope. upstream: of the penalty by slope.at_inputs, (N, in).

    A leaky ReLU has no second derivative but at 0, so that a bias has no part in it.
    """
    gradient = np.zeros_like(net.numbers)
    parts = layers(net.widths, gradient)
    for i, layer in enumerate(net.layers):
        np.matmul(upstream.T, slope.at_sums[i], out=parts[i].weight)
        if i < len(seen.slopes):
            upstream = upstream @ layer.weight
            upstream *= seen.slopes[i]
    return gradient


def _through(net: Net, seen: Pass, i: int, upstream: np.ndarray) -> np.ndarray:
    """From the output of layer i to that of the one before it."""
    upstream = upstream @ net.layers[i].weight.T
    upstream *= seen.slopes[i - 1]
    return upstream
