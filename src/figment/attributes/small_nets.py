"""Small nets that read pictures whose truth is known: trained once on freshly drawn pictures, then kept in the cache.

All comes from the plan's own seed, on the CPU and in float32, so that two machines' readers differ by the rounding of
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
from figment.common.cache import cache_folder, locked, naming_cache
from figment.common.files import write_atomically
from figment.common.pixels import to_float
from figment.common.progress import Tally
from figment.common.seeds import generator_at
from figment.common.signals import sigterm_as_interrupt
from figment.data.portraits.table import DRAWING
from figment.errors import Interrupted

FORMAT = 1  # of the files; to be raised whenever a plan, a net or what is kept with it changes
BATCH_PICTURES = 64  # of a training step
LEARNING_RATE, WARM_UP_STEPS = 3e-3, 100
MAX_NOISE = 0.15  # greatest deviation of the noise on pictures trained on, of −1…1: generators draw roughly
MAX_BLOTCHES = 0.3  # and of another noise, coarse and enlarged: their colours vary from place to place
BLOTCH_CELLS = 8  # a side, of the coarse noise
PREDICT_PICTURES = 256  # at once

PictureArray = NDArray[np.uint8]


class SmallNet(nn.Module):
    """Halves the picture down to 4×4, a convolution each time, then one hidden layer; answers with `head` numbers.

    Pictures of any size, uint8 (N, 3 or 1, H, W), are brought to side × side, and grey ones' channel is repeated.
    """

    def __init__(self, head: int, widths: Sequence[int], channels: int = 3, hidden: int = 256) -> None:
        super().__init__()
        self.side, self.channels, self.head = 4 * 2 ** len(widths), channels, head
        layers: list[nn.Module] = []
        for before, after in zip([channels, *widths], widths, strict=False):
            layers += [nn.Conv2d(before, after, 3 if layers else 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        # Both names stand in the cached files.
        self.seeing = nn.Sequential(*layers)
        self.telling = nn.Sequential(nn.Linear(16 * widths[-1], hidden), nn.ReLU(), nn.Linear(hidden, head))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Tensor:
        """Floats of about −1…1, (N, channels, side, side) → (N, head)."""
        answer: Tensor = self.telling(self.seeing(x).flatten(1))
        return answer

    def to_input(self, pictures: PictureArray) -> Tensor:
        """uint8 (N, 3 or 1, H, W) as the net wants them."""
        x = to_float(torch.from_numpy(np.ascontiguousarray(pictures)))
        if x.shape[2:] != (self.side, self.side):
            shrinks = max(x.shape[2:]) > self.side
            x = F.interpolate(x, (self.side, self.side), mode="bilinear", antialias=shrinks, align_corners=False)
        return x.expand(-1, self.channels, -1, -1).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def predict(self, pictures: PictureArray, tally: Tally | None = None) -> Tensor:
        """Answers to pictures, (N, head), some at a time; tally is told how many more are through."""
        self.eval()
        parts = [torch.empty(0, self.head)]
        for start in range(0, len(pictures), PREDICT_PICTURES):
            parts.append(self(self.to_input(pictures[start : start + PREDICT_PICTURES])))
            if tally:
                tally(len(parts[-1]))
        return torch.cat(parts)


@dataclass(frozen=True)
class TrainingPlan:
    """How a net is trained: everything that its file depends on.

    name: of its file, with the size of the pictures. net: the net before it has learnt anything. draw: pictures and
    their targets, by how many; pictures: how many are drawn. loss: of answers and targets, a scalar. evaluate: what is
    kept beside the weights, tensors and facts, from evaluation_pictures that it hasn't seen.
    """

    name: str
    net: Callable[[], SmallNet]
    draw: Callable[[int, Tally], tuple[PictureArray, Tensor]]
    pictures: int
    steps: int
    loss: Callable[[Tensor, Tensor], Tensor]
    evaluate: Callable[[SmallNet, int, Tally], tuple[dict[str, Tensor], dict[str, Any]]]
    evaluation_pictures: int
    seed: int = 0

    @property
    def work(self) -> int:
        """Pictures that are drawn, learnt from or read: what progress counts."""
        return self.pictures + self.steps * BATCH_PICTURES + self.evaluation_pictures

    @property
    def remaining_work(self) -> int:
        """What of it is still to do: 0 where the net is in the cache."""
        return 0 if self.file.is_file() else self.work

    @property
    def file(self) -> Path:
        """Where the net is kept: another file for pictures drawn otherwise, which must be learnt anew."""
        about = repr((
            DRAWING, self.pictures, self.steps, self.evaluation_pictures, self.seed,
            BATCH_PICTURES, LEARNING_RATE, WARM_UP_STEPS, MAX_NOISE, MAX_BLOTCHES,
        ))  # fmt: skip
        mark = hashlib.blake2b(about.encode(), digest_size=6).hexdigest()
        return cache_folder() / "readers" / f"{self.name}-{FORMAT}-{mark}.safetensors"


@dataclass(frozen=True)
class TrainedNet:
    """A trained net, and what its evaluation found."""

    net: SmallNet
    kept: dict[str, Tensor]
    facts: dict[str, Any]


def load_or_train(plan: TrainingPlan, tally: Tally) -> TrainedNet:
    """The plan's net from the cache, or trained now and kept there.

    A damaged file is made anew. Raises Interrupted after Ctrl-C: what was learnt is kept, and the next call goes on
    from there. Raises InputError where the cache can't be written to.
    """
    with locked(plan.file.with_suffix(".lock"), plan.file.parent), sigterm_as_interrupt():
        found = _read(plan, plan.file)
        if found is not None:
            return found
        try:
            net = _fit(plan, tally)
            kept, facts = plan.evaluate(net, plan.evaluation_pictures, tally)
        except KeyboardInterrupt:
            raise Interrupted("Interrupted. What the reader has learnt is kept; the same command goes on.") from None
        state = {f"net.{name}": value for name, value in net.state_dict().items()}
        with naming_cache(plan.file.parent, "the reader of pictures"):
            state |= {f"kept.{name}": value for name, value in kept.items()}
            write_atomically(plan.file, tensorfiles.packed(state, facts))
        with suppress(OSError):
            _checkpoint_file(plan.file).unlink()
        return TrainedNet(net, kept, facts)


def _fit(plan: TrainingPlan, tally: Tally) -> SmallNet:
    """The plan's net when it has learnt, from where an interrupted training left it."""
    net = plan.net()
    initialise(net, generator_at(plan.seed, "weights"))
    optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
    step = _load_checkpoint(plan, net, optimizer)
    if step < plan.steps:
        pictures, targets = plan.draw(plan.pictures, tally)
        order = batches(len(pictures), plan.steps, plan.seed)
    else:
        tally(plan.pictures)
    tally(step * BATCH_PICTURES)
    try:
        while step < plan.steps:
            _train_step(net.train(), optimizer, plan, pictures, targets, order[step], step)
            step += 1
            tally(BATCH_PICTURES)
    finally:  # before the evaluation too, since that can be interrupted as well
        _save_checkpoint(plan, net, optimizer, step)
    return net.eval()


def initialise(net: SmallNet, random: torch.Generator) -> None:
    """He's normal weights (arXiv 1502.01852, eq. 10) and zeros, from a generator that is passed along."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.weight.normal_(0, math.sqrt(2 / module.weight[0].numel()), generator=random)
                if module.bias is not None:
                    module.bias.zero_()
        *_, last = (module for module in net.modules() if isinstance(module, nn.Linear))
        last.weight.mul_(0.1)  # answers begin near 0, within what is wanted


def learning_rate(step: int, steps: int) -> float:
    """Up in a line, then down in half a cosine."""
    return LEARNING_RATE * min(1, (step + 1) / WARM_UP_STEPS) * (1 + math.cos(math.pi * step / steps)) / 2


def batches(count: int, steps: int, seed: int) -> Tensor:
    """Which of count pictures each step learns from, int64 (steps, BATCH_PICTURES): all in turn, in ever new orders."""
    passes = -(-steps * BATCH_PICTURES // count)
    orders = [torch.randperm(count, generator=generator_at(seed, "order", number)) for number in range(passes)]
    return torch.cat(orders)[: steps * BATCH_PICTURES].reshape(steps, BATCH_PICTURES)


def _train_step(
    net: SmallNet, optimizer: torch.optim.Adam, plan: TrainingPlan, pictures: PictureArray, targets: Tensor,
    which: Tensor, step: int,
) -> None:  # fmt: skip
    # The noise depends on the step alone, so that going on after an interruption equals not being interrupted.
    random = generator_at(plan.seed, "noise", step)
    x = degraded(net.to_input(pictures[which.numpy()]), random)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, plan.steps)
    optimizer.zero_grad()
    plan.loss(net(x), targets[which]).backward()
    optimizer.step()


def degraded(x: Tensor, random: torch.Generator) -> Tensor:
    """Pictures (N, C, H, W) as generators draw them: softer, and noisier at the finest and at a coarse scale.

    Each by an amount of its own, mostly little.
    """
    count, channels = x.shape[:2]
    soft, fine, coarse = torch.rand(3, count, 1, 1, 1, generator=random) ** 2
    x = torch.lerp(x, blurred(x), soft)
    blotches = torch.randn(count, channels, BLOTCH_CELLS, BLOTCH_CELLS, generator=random)
    blotches = F.interpolate(blotches, x.shape[2:], mode="bilinear", align_corners=False)
    return x + MAX_NOISE * fine * torch.randn(x.shape, generator=random) + MAX_BLOTCHES * coarse * blotches


def blurred(x: Tensor) -> Tensor:
    """Means of 3×3 pixels, the edge's repeated beyond it: (N, C, H, W)."""
    # Sums of slices take a third of avg_pool2d's time.
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    x = x[:, :, :-2] + x[:, :, 1:-1] + x[:, :, 2:]
    return (x[..., :-2] + x[..., 1:-1] + x[..., 2:]) / 9


def _checkpoint_file(file: Path) -> Path:
    return file.with_suffix(".part")


def _save_checkpoint(plan: TrainingPlan, net: SmallNet, optimizer: torch.optim.Adam, step: int) -> None:
    """Keep a net in the midst of training. Where even that can't be written, training begins anew."""
    tensors = {f"net.{name}": value for name, value in net.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    with suppress(OSError):
        write_atomically(_checkpoint_file(plan.file), tensorfiles.packed(tensors, {"step": step}))


def _load_checkpoint(plan: TrainingPlan, net: SmallNet, optimizer: torch.optim.Adam) -> int:
    """Put a net where its training was left: the step that comes next, 0 where there is no such file."""
    found = _tensors(_checkpoint_file(plan.file))
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
    except (RuntimeError, ValueError, KeyError, TypeError):  # a checkpoint of another version
        net.load_state_dict(fresh)
        return 0
    return min(step, plan.steps)


def _read(plan: TrainingPlan, file: Path) -> TrainedNet | None:
    """What a file holds; None where there is no such file, or it isn't whole and this plan's."""
    found = _tensors(file)
    if found is None:
        return None
    tensors, facts = found
    net = plan.net()
    weights = {k.removeprefix("net."): v for k, v in tensors.items() if k.startswith("net.")}
    try:
        expected = net.state_dict()
        net.load_state_dict({k: tensorfiles.sound(k, v, expected[k].dtype) for k, v in weights.items()})
    except (RuntimeError, KeyError, tensorfiles.Unsound):
        return None
    return TrainedNet(
        net.eval(), {k.removeprefix("kept."): v for k, v in tensors.items() if k.startswith("kept.")}, facts
    )


def _tensors(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    try:
        with tensorfiles.opened(file) as content:
            facts = content.header
            return content.tensors(), facts
    except (*tensorfiles.DAMAGED, ValueError, KeyError):
        return None
