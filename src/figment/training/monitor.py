"""How the game stands: how the discriminator ranks reals, held-out reals and fakes, and how varied the fakes are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from figment.game.phase_losses import Batch
from figment.game.separation import auc
from figment.metrics.two_samples import mann_whitney_chance
from figment.training import appearance

MIN_OF_THEIR_OWN = 64  # held-out pictures, from which on they are a batch of their own
ROUNDED_DIGITS, ROUNDED_CHANCE_DIGITS = 4, 3  # after the point, what 256 pictures can tell; of a chance, leading ones


@dataclass(frozen=True)
class Reading:
    """One look at the game. P(fake) is calibration.py's: None where it can't be fitted."""

    separation: float  # AUC of reals against fakes: ½ D is blind, 1 it always knows
    memorising: (
        float | None
    )  # AUC of training against held-out reals: ½ D treats them alike; None without held-out ones
    memorising_chance: float | None  # of such an AUC or a higher one, if D knew none of them
    spread: float  # mean distance between two fakes, as a share of that between two reals
    distance: float  # energy distance of fakes from reals, in the same unit
    detail: float | None  # contrast between neighbouring pixels of fakes, as a share of that of reals
    chequers: float  # share of that contrast which repeats every 4 pixels, beyond that of reals
    distinct: float | None  # different pictures among the fakes; None where hardly any two are near each other
    distinct_exponent: float | None  # 0 where these are clusters, several where pictures vary without any
    p_fake_real: float | None = None
    p_fake_held_out: float | None = None
    p_fake_fake: float | None = None
    calibration_pictures: int | None = None  # held out, that P(fake) was fitted to

    def as_event(self) -> dict[str, Any]:
        """For events.jsonl, rounded to what 256 pictures can tell."""
        return {k: _rounded(k, v) for k, v in asdict(self).items()}


def _rounded(name: str, value: float | None) -> float | None:
    if value is None:
        return None
    return float(f"{value:.{ROUNDED_CHANCE_DIGITS}g}") if name.endswith("chance") else round(value, ROUNDED_DIGITS)


@torch.inference_mode()
def read(
    generator: nn.Module,
    discriminator: nn.Module,
    reals: Batch,
    held_out: Batch,
    codes: Tensor,
    seen: appearance.Look | None = None,
) -> Reading:
    """Show D training reals, held-out reals and fakes, and leave both nets as they were.

    reals, held_out: pictures (N, C, H, W) in [-1, 1] with their classes; codes (N, d), which take the reals' classes in
    turn; seen: what the reals look like, where that is known already. Nothing is augmented. Batch norm works with the
    statistics of what it is shown, as in the game: its running averages mix reals with fakes, and under them D can seem
    blind (LOG 3). Few held-out reals are shown together with the others: of them alone the statistics would be others,
    and D would tell them apart without knowing any of them. Dropout rests.
    """
    with batch_statistics(generator), batch_statistics(discriminator):
        labels = None if reals.labels is None else reals.labels[torch.arange(len(codes)) % len(reals.labels)]
        fakes = Batch(generator(codes, labels).float(), labels)
        of_fakes = discriminator(fakes.pictures, fakes.labels).float()
        if len(held_out.pictures) < MIN_OF_THEIR_OWN:
            both = discriminator(torch.cat([reals.pictures, held_out.pictures]), _joined(reals.labels, held_out.labels))
            of_reals, of_held_out = both.float().split([len(reals.pictures), len(held_out.pictures)])
        else:
            of_reals, of_held_out = (discriminator(x.pictures, x.labels).float() for x in (reals, held_out))
    drawn, real = appearance.look(fakes.pictures), seen or appearance.look(reals.pictures)
    variety = appearance.variety(drawn, real)
    return Reading(
        separation=auc(of_reals, of_fakes),
        memorising=auc(of_reals, of_held_out) if len(of_held_out) else None,
        memorising_chance=chance_of_order(of_reals, of_held_out) if len(of_held_out) else None,
        spread=appearance.spread(drawn, real),
        distance=appearance.distance(drawn, real),
        detail=appearance.detail(drawn, real),
        chequers=appearance.chequers(drawn, real),
        distinct=variety.number if variety else None,
        distinct_exponent=variety.exponent if variety else None,
    )


def _joined(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    return None if first is None or second is None else torch.cat([first, second])


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


def chance_of_order(higher: Tensor, lower: Tensor) -> float:
    """The chance that the first lie above the second as often as they do, or oftener, were both of one distribution.

    By the exact distribution of Mann and Whitney's U, so that two held-out pictures can tell. (N,), (M,) → [0, 1].
    """
    above = torch.searchsorted(lower.sort().values, higher)  # ties count for nothing
    return mann_whitney_chance(float(above.sum()), len(higher), len(lower))
