"""How the game stands: how the discriminator ranks reals, held-out reals and fakes, and how varied the fakes are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from figment.game.phase_losses import Batch

MIN_HELD_OUT = 16  # fewer held-out pictures than this say nothing about memorising


@dataclass(frozen=True)
class Reading:
    """One look at the game. P(fake) is calibration.py's: None where it can't be fitted."""

    separation: float  # AUC of reals against fakes: ½ D is blind, 1 it always knows
    memorising: float | None  # AUC of training against held-out reals: ½ D treats them alike
    spread: float  # mean distance between two fakes, as a share of that between two reals
    p_fake_real: float | None = None
    p_fake_held_out: float | None = None
    p_fake_fake: float | None = None
    calibration_pictures: int | None = None  # held out, that P(fake) was fitted to

    def as_event(self) -> dict[str, Any]:
        """For events.jsonl, rounded to what 256 pictures can tell."""
        return {k: None if v is None else round(v, 4) for k, v in asdict(self).items()}


@torch.inference_mode()
def read(generator: nn.Module, discriminator: nn.Module, reals: Batch, held_out: Batch, codes: Tensor) -> Reading:
    """Show D training reals, held-out reals and fakes, each kind on its own, and leave both nets as they were.

    reals, held_out: pictures (N, C, H, W) in [-1, 1] with their classes; codes (N, d), which take the reals' classes in
    turn. Nothing is augmented. Batch norm works with the statistics of what it is
    shown, as in the game: its running averages mix reals with fakes, and under them D can seem blind (LOG 3). Dropout
    rests.
    """
    with batch_statistics(generator), batch_statistics(discriminator):
        labels = None if reals.labels is None else reals.labels[torch.arange(len(codes)) % len(reals.labels)]
        fakes = Batch(generator(codes, labels).float(), labels)
        of_reals, of_held_out, of_fakes = (
            discriminator(x.pictures, x.labels).float() if len(x.pictures) else x.pictures.new_empty(0)
            for x in (reals, held_out, fakes)
        )
    return Reading(
        separation=auc(of_reals, of_fakes),
        memorising=auc(of_reals, of_held_out) if len(held_out.pictures) >= MIN_HELD_OUT else None,
        spread=spread(fakes.pictures, reals.pictures),
    )


@contextmanager
def batch_statistics(net: nn.Module) -> Iterator[None]:
    """Within, batch norm uses batch statistics and dropout rests; afterwards mode and running averages are as before."""
    was, buffers = net.training, [(b, b.clone()) for b in net.buffers()]
    net.eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train()
    try:
        yield
    finally:
        net.train(was)
        for buffer, before in buffers:
            buffer.copy_(before)


def auc(higher: Tensor, lower: Tensor) -> float:
    """P(a of the first > b of the second) + ½ P(a = b): the area under the ROC curve, by ranks. (N,), (M,) → [0, 1]."""
    ordered = lower.sort().values
    below = torch.searchsorted(ordered, higher) + torch.searchsorted(ordered, higher, right=True)
    return float(below.double().mean() / (2 * len(lower)))


def spread(fakes: Tensor, reals: Tensor) -> float:
    """Mean distance between two fakes over that between two reals, in pixels of pictures reduced to 8×8.

    Near 1 for fakes as varied as the reals, near 0 for a generator that draws one picture. Reduced, so that it sees
    composition and colour, not noise.
    """
    between_reals = _mean_distance(reals)
    return _mean_distance(fakes) / between_reals if between_reals else 0.0


def _mean_distance(pictures: Tensor) -> float:
    small = F.adaptive_avg_pool2d(pictures.float(), 8).flatten(1)
    return float(F.pdist(small).mean())
