"""What the readings mean, in words."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any

from figment.common.jsontext import are_missing
from figment.recipe import Recipe
from figment.training.monitor import Reading

MIN_SPREAD = 0.4  # spread below which pictures are alike
CERTAIN_AUC = 0.998  # AUC
BLIND_LOSS = {"relativistic": math.log(2), "bce": 2 * math.log(2)}  # D's loss where it can't tell anything
CERTAIN_LOSS_SHARE, BLIND_LOSS_SHARE = 0.1, 0.98  # shares of it below and above which D is certain, or all but blind
RECENT_READINGS = 5  # readings looked at together: a single one of 256 pictures wavers by ±.03


def diagnose(readings: Iterable[Reading], widest: float = 0.0) -> list[str]:
    """Plain sentences on the state of the game, the gravest first; one reassuring line if nothing is wrong.

    readings: the last few at least. widest: the greatest spread of those before them.
    """
    readings = list(readings)
    if len(readings) < RECENT_READINGS:
        return ["too early to tell"]
    recent = readings[-RECENT_READINGS:]
    if max(widest, *(r.spread for r in readings)) < MIN_SPREAD:  # grey from the start: that is no collapse
        return ["the pictures are still forming and much alike (if that lasts: a smaller lr, or another objective)"]
    found = [sentence for holds, sentence in SIGNS if holds(recent)]
    return found or ["the two nets are in balance"]


def _median(recent: Sequence[Reading], name: str) -> float | None:
    values = [v for r in recent if (v := getattr(r, name)) is not None]
    return median(values) if values else None


def _above(name: str, limit: float) -> Callable[[Sequence[Reading]], bool]:
    return lambda recent: (value := _median(recent, name)) is not None and value > limit


def _below(name: str, limit: float) -> Callable[[Sequence[Reading]], bool]:
    return lambda recent: (value := _median(recent, name)) is not None and value < limit


def _wins_too_easily(recent: Sequence[Reading]) -> bool:
    """Hardly a fake is taken for real and hardly a real for fake; by ranks alone where there are no probabilities.

    With smoothed targets P(fake) of reals can't fall below 0.1.
    """
    of_fakes, of_reals = _median(recent, "p_fake_fake"), _median(recent, "p_fake_real")
    if of_fakes is None or of_reals is None:
        return _above("separation", 0.9995)(recent)
    return of_fakes > 0.97 and of_reals < 0.13


def _is_ahead(recent: Sequence[Reading]) -> bool:
    return _above("separation", 0.995)(recent) and not _wins_too_easily(recent)


SIGNS: list[tuple[Callable[[Sequence[Reading]], bool], str]] = [
    (
        _below("spread", MIN_SPREAD),
        "the generator has collapsed to a few pictures (try a smaller lr, or another objective)",
    ),
    (_is_ahead, "the discriminator is well ahead; while the pictures still improve, that does no harm"),
    (_wins_too_easily, "the discriminator wins too easily (try dropout=0.3, or a smaller lr)"),
    (
        _above("memorising", 0.65),
        "it memorises: the discriminator knows its training pictures (more of them would help)",
    ),
    (
        _below("separation", 0.55),
        "the discriminator can't tell fakes from reals (look at the grid; a wider net may see more)",
    ),
]


def hints(recipe: Recipe, ticks: Iterable[dict[str, Any]]) -> list[str]:
    """What D's loss and gradient say about γ; nothing where all is well, too early, or the objective has no blind loss.

    Where γ is too small the penalty weighs nothing while D tells all pictures apart for certain, and G is led by noise.
    Where it is too large D is so flat that its loss stays a blind D's, though it ranks reals and fakes rightly.
    """
    blind, recent = BLIND_LOSS.get(recipe.objective), list(ticks)[-RECENT_READINGS:]
    if not recipe.gamma or len(recent) < RECENT_READINGS or blind is None:
        return []
    if any(are_missing(("squared_gradient", "separation", "loss_discriminator", "gamma"), tick) for tick in recent):
        return []  # an older figment's, or damaged
    slope, separation = (median(t[name] for t in recent) for name in ("squared_gradient", "separation"))
    sides = 1 if recipe.penalised == "both" else 0.5  # the mean of R1 and R2, of which γ/2 of each is in the loss
    setup = median(t["loss_discriminator"] - sides * t["gamma"] * t["squared_gradient"] for t in recent)
    if separation > CERTAIN_AUC and setup < CERTAIN_LOSS_SHARE * blind:
        return [f"γ looks too small: D is certain, its squared gradient {slope:.3g} (try gamma={8 * recipe.gamma:g})"]
    if separation > 0.9 and setup > BLIND_LOSS_SHARE * blind:
        return [f"γ looks too large: D is too flat to tell what it ranks rightly (try gamma={recipe.gamma / 8:g})"]
    return []
