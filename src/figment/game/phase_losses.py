"""The losses of the two phases of a step, as pure functions of nets, pictures and random numbers that are all passed in."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from figment.augment.pipeline import augmented
from figment.game import penalties
from figment.game.objectives import OBJECTIVES
from figment.game.one_pass import Shared, shared

Net = Callable[[Tensor, Tensor | None], Tensor]


class Batch(NamedTuple):
    """Pictures as D is shown them: (N, C, H, W) in [-1, 1], their classes (N,), and the numbers that augment them.

    Of clips: frames stacked by channels, and conditions (N, 4) in place of classes (nets/clips.py).
    """

    pictures: Tensor
    labels: Tensor | None = None
    numbers: Tensor | None = None

    def first(self, count: int) -> "Batch":
        """The first few."""
        labels, numbers = (None if part is None else part[:count] for part in (self.labels, self.numbers))
        return Batch(self.pictures[:count], labels, numbers)


class LossSettings(NamedTuple):
    """What of a recipe the losses go by."""

    objective: str = "bce"
    penalty: str | None = None  # "exact" or "finite"
    penalty_share: float = 1.0
    penalised: str = "both"  # or "reals"
    augment: str = "none"
    colours: float = 1.0  # probability of a colour change, as a share of the others'
    one_pass: bool = False  # D's phase finds G's gradient at the fakes, too
    channels: int = 0  # of a picture, where frames of a clip are stacked by channels, which are augmented alike; 0: all


class DiscriminatorTerms(NamedTuple):
    """What a D phase gives: the loss to descend, mean sign of D on reals (ADA's r_t), mean ‖∇D‖² over reals and fakes.

    both: in one pass for both nets, what makes it serve G; else empty, as torch.func knows no None.
    """

    loss: Tensor
    signs: Tensor
    norms: Tensor
    both: Shared | tuple[()] = ()


def targets(count: int, value: float, swapped: float, generator: torch.Generator) -> Tensor:
    """D's targets for one minibatch, (count,): value, or 1 - round(value) for a share of them that is swapped at random."""
    swap = torch.rand(count, generator=generator) < swapped
    return torch.where(swap, float(value < 0.5), value)


def augmented_discriminator(
    discriminator: Net, batch: Batch, p: Tensor | float, settings: LossSettings
) -> Callable[[Tensor], Tensor]:
    """D as a function of pictures alone: this minibatch's classes and augmentation are bound in. Gives logits (N,).

    float32 logits: in bf16 softplus and means lose the small differences that the game is about.
    """

    def logits(pictures: Tensor) -> Tensor:
        if batch.numbers is not None:
            pictures = augmented_alike(pictures, batch.numbers, p, settings)
        return discriminator(pictures, batch.labels).float()

    return logits


def augmented_alike(pictures: Tensor, numbers: Tensor, p: Tensor | float, settings: LossSettings) -> Tensor:
    """Pictures (N, frames·C, H, W), augmented by numbers (N, NUMBERS): all frames of a clip by the same."""
    frames = pictures.shape[1] // settings.channels if settings.channels else 1
    if frames == 1:
        return augmented(pictures, numbers, p, settings.augment, settings.colours)
    apart, each = pictures.unflatten(1, (frames, -1)).flatten(0, 1), numbers.repeat_interleave(frames, 0)
    changed = augmented(apart, each, p, settings.augment, settings.colours)
    return changed.unflatten(0, (-1, frames)).flatten(1, 2)


def discriminator_phase(
    discriminator: Net,
    real: Batch,
    fake: Batch,
    settings: LossSettings,
    p: Tensor | float = 0.0,
    gamma: Tensor | None = None,
    noise: tuple[Tensor, Tensor] | None = None,
    labels: tuple[Tensor | float, Tensor | float] = (1.0, 0.0),
) -> DiscriminatorTerms:
    """D's loss on a minibatch of reals and one of fakes, each shown on its own, as batch norm in D asks for.

    With gamma: plus γ/2·(R1 + R2), eq. 4 of arXiv 2501.05441, or γ/2·R1 (arXiv 1801.04406), on the first share of the
    minibatch. noise: for finite
    differences, normal, shaped as that share of reals and of fakes. labels: D's targets, for objectives that take them.
    """
    row = OBJECTIVES[settings.objective]
    real_logits = augmented_discriminator(discriminator, real, p, settings)(real.pictures)
    fake_logits = augmented_discriminator(discriminator, fake, p, settings)(fake.pictures)
    given = labels if row.takes_targets else ()
    loss, norms = row.discriminator(real_logits, fake_logits, *given), real_logits.new_zeros(())
    if gamma is not None:
        sides = [(real, real_logits), (fake, fake_logits)][: 1 if settings.penalised == "reals" else 2]
        means = torch.stack([
            _squared_gradient(discriminator, batch, logits, settings, p, noise and noise[i]).mean()
            for i, (batch, logits) in enumerate(sides)
        ])  # fmt: skip
        loss, norms = loss + gamma / 2 * means.sum(), means.detach().mean()
    terms = DiscriminatorTerms(loss, real_logits.detach().sign().mean(), norms)
    if not settings.one_pass:
        return terms
    both = shared(row, real_logits.detach(), fake_logits.detach(), given)
    faint = (both.faint * (fake_logits - fake_logits.detach())).sum()  # 0, with a slope
    return terms._replace(loss=loss + faint, both=both)


def generator_phase(
    discriminator: Net, fake: Batch, real: Batch | None, settings: LossSettings, p: Tensor | float = 0.0
) -> Tensor:
    """G's loss on a minibatch of fakes; for an objective that pairs them, against as many reals."""
    row = OBJECTIVES[settings.objective]
    fake_logits = augmented_discriminator(discriminator, fake, p, settings)(fake.pictures)
    if not row.paired:
        return row.generator(fake_logits)
    assert real is not None
    with torch.no_grad():  # D's opinion of reals doesn't depend on G
        real_logits = augmented_discriminator(discriminator, real, p, settings)(real.pictures)
    return row.generator(fake_logits, real_logits)


def gradient_penalty(discriminator: Net, real: Batch, fake: Batch, mix: Tensor) -> Tensor:
    """The Wasserstein penalty at mix·real + (1-mix)·fake; mix: (N,) in [0, 1]."""
    critic = augmented_discriminator(discriminator, real._replace(numbers=None), 0.0, LossSettings())
    return penalties.wasserstein_penalty(critic, real.pictures, fake.pictures, mix)


def penalised_count(count: int, share: float) -> int:
    """Pictures of a minibatch that the penalty is taken on: at least one."""
    return max(1, round(count * share))


def _squared_gradient(
    discriminator: Net, batch: Batch, logits: Tensor, settings: LossSettings, p: Tensor | float, noise: Tensor | None
) -> Tensor:
    count = penalised_count(len(logits), settings.penalty_share)
    part = batch.first(count)
    if settings.penalty == "exact":
        return penalties.zero_centred(augmented_discriminator(discriminator, part, p, settings), part.pictures)
    assert noise is not None
    return penalties.finite_difference(
        augmented_discriminator(discriminator, part, p, settings), part.pictures, logits[:count], noise
    )
