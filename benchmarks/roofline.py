"""What a step asks of a machine, and what the machine could give at most; shared by benchmarks, not a script.

A step's convolutions are noted as they are called, with their shapes, and called again one by one: what they take alone,
each in its faster memory format, no training step can beat by arithmetic of the same precision.
"""

import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from figment.nets import parameter_count
from figment.planning.trials import synchronise

aten = torch.ops.aten
LEAST_SECONDS = 0.03  # that something is timed for
# Numbers read and written a weight: p, g, m, v, and p, m, v again; average, p, average.
ADAM_PASSES, AVERAGE_PASSES = 7, 3


class Call(NamedTuple):
    """A convolution, or with wanted its gradients at input and weight, as a step calls it. Shapes only."""

    pictures: tuple[int, ...]
    weight: tuple[int, ...]
    out: tuple[int, ...]
    settings: tuple[Any, ...]  # stride, padding, dilation, transposed, output padding, groups
    wanted: tuple[bool, bool] | None = None

    @property
    def parts(self) -> int:
        """Convolutions in it: one forwards, up to two backwards."""
        return 1 if self.wanted is None else sum(self.wanted)

    @property
    def flops(self) -> int:
        """Two for each product that is summed."""
        return self.parts * products(self.pictures, self.weight, self.out, self.settings[3])

    @property
    def numbers(self) -> int:
        """Read and written at least: each part touches input, weight and output once."""
        return self.parts * sum(math.prod(shape) for shape in (self.pictures, self.weight, self.out))


class Work(NamedTuple):
    """One step: all its floating-point operations, and its convolutions by how often each is called."""

    flops: int
    calls: Counter[Call]


def products(pictures: Any, weight: Any, out: Any, transposed: bool) -> int:
    """Floating-point operations of a convolution: each place of the output (transposed: input) meets each weight once."""
    places = math.prod((pictures if transposed else out)[2:])
    return int(2 * pictures[0] * places * math.prod(weight))


def _gradients(grad: Tensor, pictures: Tensor, weight: Tensor, *rest: Any, **kwargs: Any) -> int:
    """torch's own count takes a grouped convolution's gradient at its weight `groups` times."""
    transposed, wanted = rest[4], rest[7]
    return sum(wanted[:2]) * products(pictures.shape, weight.shape, grad.shape, transposed)


FORMULAS: dict[Any, Callable[..., int]] = {**flop_registry, aten.convolution_backward: _gradients}


class _Noting(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.flops = 0
        self.calls: Counter[Call] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if formula := FORMULAS.get(func._overloadpacket):
            self.flops += formula(*args, **(kwargs or {}), out_val=result)
        if func is aten.convolution.default:
            x, weight, _, *settings = args
            self._note(x, weight, result, settings)
        elif func is aten.convolution_backward.default:
            grad, x, weight, _, *settings, mask = args
            self._note(x, weight, grad, settings, (mask[0], mask[1]))
        return result

    def _note(self, x: Tensor, w: Tensor, out: Tensor, settings: Any, wanted: tuple[bool, bool] | None = None) -> None:
        plain = tuple(tuple(s) if isinstance(s, list | tuple) else s for s in settings)
        self.calls[Call(tuple(x.shape), tuple(w.shape), tuple(out.shape), plain, wanted)] += 1


def work_of(step: Callable[[], object]) -> Work:
    """What one eager step asks for, by torch's own formulas for each operation. Compiled kernels can't be counted.

    torch's FlopCounterMode itself, which also tells modules apart, fails where a gradient is taken within a step.
    """
    with _Noting() as noting:
        step()
    return Work(noting.flops, noting.calls)


def convolution_seconds(work: Work, precision: torch.dtype, device: torch.device) -> float:
    """Seconds that a step's convolutions take alone, each in the faster of both memory formats."""
    formats = (torch.contiguous_format, torch.channels_last)
    return sum(
        count * min(seconds_of(_played(call, precision, device, layout), device) for layout in formats)
        for call, count in work.calls.items()
    )


def _played(call: Call, precision: torch.dtype, device: torch.device, layout: torch.memory_format) -> Callable[[], Any]:
    x, weight, out = (
        torch.randn(shape, device=device).to(precision, memory_format=layout)
        for shape in (call.pictures, call.weight, call.out)
    )
    if call.wanted is None:
        return lambda: aten.convolution(x, weight, None, *call.settings)
    mask = (*call.wanted, False)
    return lambda: aten.convolution_backward(out, x, weight, None, *call.settings, mask)


def matrix_rate(precision: torch.dtype, device: torch.device) -> float:
    """Floating-point operations a second in a product of two large square matrices."""
    side = 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(side, side, device=device).to(precision) for _ in range(2))
    return 2 * side**3 / seconds_of(lambda: a @ b, device, 0.3)


def bandwidth(device: torch.device) -> float:
    """Bytes a second that a copy reads and writes in memory far larger than any cache."""
    source = torch.ones(2**30 if device.type == "cuda" else 2**28, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds_of(lambda: target.copy_(source), device, 0.3)


def seconds_of(action: Callable[[], object], device: torch.device, least: float = LEAST_SECONDS) -> float:
    """Seconds that something takes, after once to warm up, over as many times as fill `least`."""
    action()
    synchronise(device)
    repeats = 1
    while True:
        start = time.perf_counter()
        for _ in range(repeats):
            action()
        synchronise(device)
        taken = time.perf_counter() - start
        if taken >= least:
            return taken / repeats
        repeats = math.ceil(repeats * min(1.2 * least / taken, 100))


class Limit(NamedTuple):
    """The least seconds that a step can take, in parts."""

    convolutions: float  # each by arithmetic or by memory, whichever takes longer
    by_memory: float  # of these, those that memory decides
    other: float  # matrix products beside
    weights: float  # Adam and the average, by memory

    @property
    def seconds(self) -> float:
        return self.convolutions + self.other + self.weights


def limit(work: Work, generator: nn.Module, discriminator: nn.Module, rate: float, memory: float, width: int) -> Limit:
    """A step's limit at `rate` operations and `memory` bytes a second with activations of `width` bytes.

    It is generous: norms, activations, resampling and losses are taken as free, as if fused into convolutions.
    """
    least = [(n * c.flops / rate, n * c.numbers * width / memory) for c, n in work.calls.items()]
    convolving = sum(n * c.flops for c, n in work.calls.items())
    g, d = parameter_count(generator), parameter_count(discriminator)
    touched = 4 * (ADAM_PASSES * (g + d) + AVERAGE_PASSES * g)
    return Limit(
        convolutions=sum(max(pair) for pair in least),
        by_memory=sum(bytes_ for flops, bytes_ in least if bytes_ > flops),
        other=(work.flops - convolving) / rate,
        weights=touched / memory,
    )
