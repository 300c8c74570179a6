"""P(fake): a discriminator's logits read as a probability, by a curve fitted to pictures that it didn't learn from.

A game needs logits that point the right way, and none makes σ(−logit) a probability: under R1 logits are far too flat, smoothed
targets shrink them, those of a critic have no zero, and reals that were trained on are known by heart. So two numbers are
fitted, as Platt does for the scores of support-vector machines (in: Advances in Large Margin Classifiers, 1999).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

MIN_PICTURES = 30  # of each kind: P(fake) by a curve fitted to 30 is off by .035 in the mean, to 10 by .067 (LOG 79)
MAX_NEWTON_STEPS = 50
TOLERANCE = 1e-10  # of the gradient, where a step ends the search


@dataclass(frozen=True)
class Calibration:
    """P(fake) = σ(−(slope · logit + offset)): that a picture is fake, if half of those shown are the run's own fakes and half
    real pictures of its kind.

    slope is 0 or more: above a higher logit nothing is called more fake. reals, fakes: how many pictures it was fitted to.
    """

    slope: float
    offset: float
    reals: int
    fakes: int

    def p_fake(self, logits: Tensor) -> Tensor:
        """Logits (N,) → P(fake), float64 (N,) in [0, 1]."""
        return torch.sigmoid(-(self.slope * logits.double() + self.offset))


def fit(reals: Tensor, fakes: Tensor) -> Calibration | None:
    """The curve of the greatest likelihood for logits of held-out reals (N,) and of fresh fakes (M,), both kinds weighing half.

    None where there are fewer than 30 of either, or a logit is no number.
    """
    if min(len(reals), len(fakes)) < MIN_PICTURES or not bool(torch.cat([reals, fakes]).isfinite().all()):
        return None
    return _fitted(reals, fakes)


def cross_fitted(reals: Tensor, fakes: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor] | None:
    """P(fake) of held-out reals (N,) and fakes (M,), each by a curve that was fitted to the other half of both; and of others.

    Those have the mean of the two curves. None where fit() gives none.
    """
    if fit(reals, fakes) is None:
        return None
    first, second = (_fitted(reals[1 - half :: 2], fakes[1 - half :: 2]) for half in (0, 1))
    of_reals, of_fakes = torch.empty(len(reals)).double(), torch.empty(len(fakes)).double()
    for half, curve in enumerate((first, second)):
        of_reals[half::2], of_fakes[half::2] = curve.p_fake(reals[half::2]), curve.p_fake(fakes[half::2])
    return of_reals, of_fakes, (first.p_fake(others) + second.p_fake(others)) / 2


def _fitted(reals: Tensor, fakes: Tensor) -> Calibration:
    """Targets are Platt's, (N + 1)/(N + 2) and 1/(M + 2): kinds that are told apart without error leave the slope finite."""
    n, m, logits = len(reals), len(fakes), torch.cat([reals, fakes]).double().cpu()
    target = torch.tensor([(n + 1) / (n + 2)] * n + [1 / (m + 2)] * m, dtype=torch.float64)
    weight = torch.tensor([0.5 / n] * n + [0.5 / m] * m, dtype=torch.float64)
    middle, scale = float(logits.mean()), float(logits.std())
    slope, offset = _logistic_regression((logits - middle) / scale, target, weight) if scale else (0.0, 0.0)
    if slope > 0:
        return Calibration(slope / scale, offset - slope * middle / scale, n, m)
    # The likelihood has one hill: where its top lies at a slope below 0, the best of those allowed is at 0.
    return Calibration(0.0, float(torch.logit((weight * target).sum())), n, m)


def _logistic_regression(x: Tensor, target: Tensor, weight: Tensor) -> tuple[float, float]:
    """Slope and offset of P(real) = σ(slope · x + offset), by Newton's method on weighted cross-entropy; x: (N,)."""
    design, found = torch.stack([x, torch.ones_like(x)], 1), torch.zeros(2, dtype=torch.float64)

    def loss(at: Tensor) -> Tensor:
        score = design @ at
        return (weight * (F.softplus(score) - target * score)).sum()

    for _ in range(MAX_NEWTON_STEPS):
        p = torch.sigmoid(design @ found)
        gradient = design.T @ (weight * (p - target))
        if float(gradient.abs().max()) < TOLERANCE:
            break
        hessian = (design.T * (weight * p * (1 - p))) @ design
        step = torch.linalg.solve(hessian + 1e-12 * torch.eye(2, dtype=torch.float64), gradient)
        while float(loss(found - step)) > float(loss(found)) and float(step.abs().max()) > TOLERANCE:
            step = step / 2
        found = found - step
    return float(found[0]), float(found[1])
