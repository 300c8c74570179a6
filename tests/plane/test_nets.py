"""The nets' written-out derivatives, against autograd and against finite differences, in float64."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from figment.plane import nets
from figment.plane.adam import adam

WIDTHS = [(2, 1), (2, 5, 1), (2, 7, 6, 1), (2, 4, 5, 6, 1)]


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def net_of(widths: tuple[int, ...]) -> nets.Net:
    net = nets.fresh(widths, random(1), np.float64)
    net.numbers[:] = random(2).standard_normal(net.numbers.size)  # biases, too
    return net


def in_torch(widths: tuple[int, ...], numbers: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """The same net by torch, from the same vector."""
    at = 0
    for i, (wide, out) in enumerate(pairwise(widths)):
        weight, bias = numbers[at : at + wide * out].view(wide, out), numbers[at + wide * out : at + (wide + 1) * out]
        points = points @ weight + bias
        points = points if i == len(widths) - 2 else F.leaky_relu(points, nets.LEAK)
        at += (wide + 1) * out
    return points


@pytest.mark.parametrize("widths", WIDTHS)
def test_both_ways_equal_torch_s(widths: tuple[int, ...]) -> None:
    net, points, upstream = net_of(widths), random(3).standard_normal((9, 2)), random(4).standard_normal((9, 1))
    seen = nets.forward(net, points)
    numbers, x = torch.tensor(net.numbers, requires_grad=True), torch.tensor(points, requires_grad=True)
    output = in_torch(widths, numbers, x)
    np.testing.assert_allclose(seen.output, output.detach(), rtol=1e-12)
    by_numbers, by_points = torch.autograd.grad(output, (numbers, x), torch.tensor(upstream))
    np.testing.assert_allclose(nets.backward(net, seen, upstream), by_numbers, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(nets.to_inputs(net, seen, upstream), by_points, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("widths", WIDTHS)
def test_derivatives_of_the_slope_equal_torch_s(widths: tuple[int, ...]) -> None:
    net, points, upstream = net_of(widths), random(3).standard_normal((9, 2)), random(4).standard_normal((9, 2))
    numbers, x = torch.tensor(net.numbers, requires_grad=True), torch.tensor(points, requires_grad=True)
    (expected,) = torch.autograd.grad(in_torch(widths, numbers, x).sum(), x, create_graph=True)
    seen = nets.forward(net, points)
    slope = nets.slope(net, seen)
    np.testing.assert_allclose(slope.at_inputs, expected.detach(), rtol=1e-10)
    (by_numbers,) = torch.autograd.grad(expected, numbers, torch.tensor(upstream), materialize_grads=True)
    np.testing.assert_allclose(nets.slope_backward(net, seen, slope, upstream), by_numbers, rtol=1e-10, atol=1e-12)


def test_gradients_equal_finite_differences() -> None:
    """Of the sum of outputs, and of the sum of squared slopes, by each number of the net."""
    widths, step = (2, 6, 5, 1), 1e-6
    net, points = net_of(widths), random(3).standard_normal((8, 2))

    def both(numbers: np.ndarray) -> np.ndarray:
        moved = nets.Net(widths, numbers)
        seen = nets.forward(moved, points)
        return np.array([seen.output.sum(), (nets.slope(moved, seen).at_inputs ** 2).sum()])

    seen = nets.forward(net, points)
    slope = nets.slope(net, seen)
    ours = np.stack([
        nets.backward(net, seen, np.ones((8, 1))), nets.slope_backward(net, seen, slope, 2 * slope.at_inputs)
    ])  # fmt: skip
    nudges = step * np.eye(net.numbers.size)
    differences = np.stack([both(net.numbers + nudge) - both(net.numbers - nudge) for nudge in nudges], 1) / (2 * step)
    np.testing.assert_allclose(ours, differences, rtol=1e-6, atol=1e-6)


def test_layers_are_views_of_one_vector() -> None:
    net = nets.fresh((2, 3, 1), random())
    net.numbers[:] = np.arange(13)
    assert net.layers[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert net.layers[0].bias.tolist() == [6, 7, 8]
    assert net.layers[1].bias.tolist() == [12]


@pytest.mark.parametrize("depth", range(5))
def test_a_new_net_s_outputs_are_small_whatever_its_depth(depth: int) -> None:
    net = nets.fresh((2, *[32] * depth, 2), random())
    outputs = nets.forward(net, random(1).standard_normal((500, 2)).astype(np.float32)).output
    assert outputs.dtype == np.float32
    assert 0.03 < outputs.std() < 0.3


@pytest.mark.parametrize(("beta1", "beta2"), [(0.0, 0.99), (0.9, 0.999)])
def test_adam_steps_as_torch_s(beta1: float, beta2: float) -> None:
    numbers = random().standard_normal(20)
    theirs = torch.tensor(numbers, requires_grad=True)
    optimizer, state = torch.optim.Adam([theirs], lr=0.01, betas=(beta1, beta2)), adam(numbers)
    for i in range(6):
        gradient = random(i).standard_normal(20)
        theirs.grad = torch.tensor(gradient)
        optimizer.step()
        state.step(numbers, gradient, 0.01, beta1, beta2)
    np.testing.assert_allclose(numbers, theirs.detach(), rtol=1e-12)
    assert state.steps == 6
