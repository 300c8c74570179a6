"""Small nets that read pictures whose truth is known: taught once by freshly drawn pictures, then kept in the cache.

All comes from the lesson's own seed, on the CPU and in float32, so that two machines' readers differ by the rounding of
sums alone, and two with equal processors and threads not by a byte.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from figment.common import tensorfiles
from figment.common.cache import cache_folder, locked
from figment.common.files import naming_full_disk, write_atomically
from figment.common.pixels import to_float
from figment.common.progress import Tally
from figment.common.seeds import generator_at
from figment.common.signals import sigterm_as_interrupt
from figment.data.portraits.table import DRAWING
from figment.errors import Interrupted

FORMAT = 1  # of the files; to be raised whenever a lesson, a net or what is kept with it changes
BATCH = 64
LEARNING_RATE, WARM_UP = 3e-3, 100
ROUGHNESS = 0.15  # greatest deviation of the noise on the pictures that teach, of −1…1: generators draw roughly
BLOTCHES, CELLS = 0.3, 8  # and of another noise, CELLS × CELLS enlarged: their colours vary from place to place
READ_AT_ONCE = 256

Pictures = NDArray[np.uint8]


class Net(nn.Module):
    """Halves the picture down to 4×4, a convolution each time, then one hidden layer; answers with `head` numbers.

    Pictures of any size, uint8 (N, 3 or 1, H, W), are brought to side × side, and grey ones' channel is repeated.
    """

    def __init__(self, head: int, widths: Sequence[int], channels: int = 3, hidden: int = 256) -> None:
        super().__init__()
        self.side, self.channels = 4 * 2 ** len(widths), channels
        layers: list[nn.Module] = []
        for before, after in zip([channels, *widths], widths, strict=False):
            layers += [nn.Conv2d(before, after, 3 if layers else 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.seeing = nn.Sequential(*layers)
        self.telling = nn.Sequential(nn.Linear(16 * widths[-1], hidden), nn.ReLU(), nn.Linear(hidden, head))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Tensor:
        """Floats of about −1…1, (N, channels, side, side) → (N, head)."""
        answer: Tensor = self.telling(self.seeing(x).flatten(1))
        return answer

    def prepared(self, pictures: Pictures) -> Tensor:
        """uint8 (N, 3 or 1, H, W) as the net wants them."""
        x = to_float(torch.from_numpy(np.ascontiguousarray(pictures)))
        if x.shape[2:] != (self.side, self.side):
            shrinks = max(x.shape[2:]) > self.side
            x = F.interpolate(x, (self.side, self.side), mode="bilinear", antialias=shrinks, align_corners=False)
        return x.expand(-1, self.channels, -1, -1).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def answers(self, pictures: Pictures) -> Tensor:
        """What the net makes of pictures at once, (N, head)."""
        answers: Tensor = self.eval()(self.prepared(pictures))
        return answers


@dataclass(frozen=True)
class Lesson:
    """How a net is taught: everything that its file depends on.

    name: of its file, with the size of the pictures. net: the net before it has learnt anything. draw: pictures and
    their targets, by how many; drawn: how many are drawn. loss: of answers and targets, a scalar. examine: what is kept
    beside the weights, tensors and facts, from `examined` pictures that it hasn't seen.
    """

    name: str
    net: Callable[[], Net]
    draw: Callable[[int, Tally], tuple[Pictures, Tensor]]
    drawn: int
    steps: int
    loss: Callable[[Tensor, Tensor], Tensor]
    examine: Callable[[Net, int, Tally], tuple[dict[str, Tensor], dict[str, Any]]]
    examined: int
    seed: int = 0

    @property
    def work(self) -> int:
        """Pictures that are drawn, learnt from or read: what is counted as progress."""
        return self.drawn + self.steps * BATCH + self.examined

    @property
    def file(self) -> Path:
        """Where the net is kept: another file for pictures drawn otherwise, which must be learnt anew."""
        about = repr(
            (
                DRAWING,
                self.drawn,
                self.steps,
                self.examined,
                self.seed,
                BATCH,
                LEARNING_RATE,
                WARM_UP,
                ROUGHNESS,
                BLOTCHES,
            )
        )
        mark = hashlib.blake2b(about.encode(), digest_size=6).hexdigest()
        return cache_folder() / "readers" / f"{self.name}-{FORMAT}-{mark}.safetensors"


@dataclass(frozen=True)
class Taught:
    """A net that has learnt, and what was found in examining it."""

    net: Net
    kept: dict[str, Tensor]
    facts: dict[str, Any]


def work(lesson: Lesson) -> int:
    """What is still to do for a lesson, in the units of its progress; 0 where its net is in the cache."""
    return 0 if lesson.file.is_file() else lesson.work


def taught(lesson: Lesson, tally: Tally) -> Taught:
    """The lesson's net from the cache, or taught now and kept there.

    A damaged file is made anew. Raises Interrupted after Ctrl-C: what was learnt is kept, and the next call goes on
    from there. Raises InputError where the cache can't be written to.
    """
    with locked(lesson.file.with_suffix(".lock"), lesson.file.parent), sigterm_as_interrupt():
        found = _read(lesson, lesson.file)
        if found is not None:
            return found
        try:
            net = _learnt(lesson, tally)
            kept, facts = lesson.examine(net, lesson.examined, tally)
        except KeyboardInterrupt:
            raise Interrupted("Interrupted. What the reader has learnt is kept; the same command goes on.") from None
        state = {f"net.{name}": value for name, value in net.state_dict().items()}
        with naming_full_disk("the reader of pictures", "Free some space, and the same command goes on."):
            state |= {f"kept.{name}": value for name, value in kept.items()}
            write_atomically(lesson.file, tensorfiles.packed(state, facts))
        _part(lesson.file).unlink(missing_ok=True)
        return Taught(net, kept, facts)


def _learnt(lesson: Lesson, tally: Tally) -> Net:
    """The lesson's net when it has learnt; what an interrupted lesson put down is taken up."""
    net = lesson.net()
    initialise(net, generator_at(lesson.seed, "weights"))
    optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
    step = _take_up(lesson, net, optimizer)
    if step < lesson.steps:
        pictures, targets = lesson.draw(lesson.drawn, tally)
        order = batches(len(pictures), lesson.steps, lesson.seed)
    else:
        tally(lesson.drawn)
    tally(step * BATCH)
    try:
        while step < lesson.steps:
            _learn(net.train(), optimizer, lesson, pictures, targets, order[step], step)
            step += 1
            tally(BATCH)
    finally:  # before the examination too, since that can be interrupted as well
        _put_down(lesson, net, optimizer, step)
    return net.eval()


def initialise(net: Net, random: torch.Generator) -> None:
    """He's normal weights (arXiv 1502.01852, eq. 10) and zeros, from a generator that is passed along."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.weight.normal_(0, math.sqrt(2 / module.weight[0].numel()), generator=random)
                if module.bias is not None:
                    module.bias.zero_()
        *_, last = (module for module in net.modules() if isinstance(module, nn.Linear))
        last.weight.mul_(0.1)  # answers begin near 0, within what is wanted


def rate(step: int, steps: int) -> float:
    """Of learning: up in a line, down in half a cosine."""
    return LEARNING_RATE * min(1, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2


def batches(count: int, steps: int, seed: int) -> Tensor:
    """Which of count pictures each step learns from, int64 (steps, BATCH): all of them in turn, in ever new orders."""
    passes = -(-steps * BATCH // count)
    orders = [torch.randperm(count, generator=generator_at(seed, "order", number)) for number in range(passes)]
    return torch.cat(orders)[: steps * BATCH].reshape(steps, BATCH)


def _learn(
    net: Net, optimizer: torch.optim.Adam, lesson: Lesson, pictures: Pictures, targets: Tensor, which: Tensor, step: int
) -> None:
    # The noise depends on the step alone, so that going on after an interruption equals not being interrupted.
    random = generator_at(lesson.seed, "noise", step)
    x = roughened(net.prepared(pictures[which.numpy()]), random)
    for group in optimizer.param_groups:
        group["lr"] = rate(step, lesson.steps)
    optimizer.zero_grad()
    lesson.loss(net(x), targets[which]).backward()
    optimizer.step()


def roughened(x: Tensor, random: torch.Generator) -> Tensor:
    """Pictures (N, C, H, W) as generators draw them: each softer by an amount of its own, mostly little, and noisier, at the
    finest and at a coarse scale."""
    count, channels = x.shape[:2]
    soft, fine, coarse = torch.rand(3, count, 1, 1, 1, generator=random) ** 2
    x = torch.lerp(x, softened(x), soft)
    blotches = torch.randn(count, channels, CELLS, CELLS, generator=random)
    blotches = F.interpolate(blotches, x.shape[2:], mode="bilinear", align_corners=False)
    return x + ROUGHNESS * fine * torch.randn(x.shape, generator=random) + BLOTCHES * coarse * blotches


def softened(x: Tensor) -> Tensor:
    """Means of 3×3 pixels, the edge's repeated beyond it: (N, C, H, W). Sums of slices take a third of avg_pool2d's time."""
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    x = x[:, :, :-2] + x[:, :, 1:-1] + x[:, :, 2:]
    return (x[..., :-2] + x[..., 1:-1] + x[..., 2:]) / 9


def _part(file: Path) -> Path:
    return file.with_suffix(".part")


def _put_down(lesson: Lesson, net: Net, optimizer: torch.optim.Adam, step: int) -> None:
    """Keep a net in the midst of learning. Where even that can't be written, the lesson begins anew."""
    tensors = {f"net.{name}": value for name, value in net.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    with suppress(OSError):
        write_atomically(_part(lesson.file), tensorfiles.packed(tensors, {"step": step}))


def _take_up(lesson: Lesson, net: Net, optimizer: torch.optim.Adam) -> int:
    """Go on with a net that was put down: the step that comes next, 0 where there is none."""
    found = _tensors(_part(lesson.file))
    if found is None:
        return 0
    tensors, facts = found
    states: dict[int, dict[str, Tensor]] = {}
    for key in [key for key in tensors if key.startswith("adam.")]:
        _, number, name = key.split(".")
        states.setdefault(int(number), {})[name] = tensors[key]
    fresh = {name: value.clone() for name, value in net.state_dict().items()}
    try:
        step = int(facts["step"])
        net.load_state_dict({k.removeprefix("net."): v for k, v in tensors.items() if k.startswith("net.")})
        optimizer.load_state_dict(optimizer.state_dict() | {"state": states})
    except (RuntimeError, ValueError, KeyError, TypeError):  # a lesson's of another version
        net.load_state_dict(fresh)
        return 0
    return min(step, lesson.steps)


def _read(lesson: Lesson, file: Path) -> Taught | None:
    """What a file holds; None where there is no such file, or it isn't whole and this lesson's."""
    found = _tensors(file)
    if found is None:
        return None
    tensors, facts = found
    net = lesson.net()
    weights = {k.removeprefix("net."): v for k, v in tensors.items() if k.startswith("net.")}
    try:
        net.load_state_dict(weights)
    except RuntimeError:
        return None
    return Taught(net.eval(), {k.removeprefix("kept."): v for k, v in tensors.items() if k.startswith("kept.")}, facts)


def _tensors(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    try:
        with tensorfiles.opened(file) as content:
            facts = content.header
            return content.tensors(), facts
    except (*tensorfiles.DAMAGED, ValueError, KeyError):
        return None
