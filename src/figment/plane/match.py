"""A match: a generator and a discriminator of some thousand numbers that play in the plane, step by step.

A step is numpy alone, and takes about half a millisecond for nets of 32 and 32 units (LOG 110).
"""

from typing import NamedTuple

import numpy as np

from figment.common.seeds import seed_at
from figment.plane import nets, penalties
from figment.plane.adam import adam
from figment.plane.logit_gradients import GRADIENTS
from figment.plane.points import pool
from figment.plane.settings import Settings

OVERFLOWS = np.errstate(over="ignore", invalid="ignore")  # is_finite tells


class Batch(NamedTuple):
    """real: points, (N, 2); made: G's pass over as many codes."""

    real: np.ndarray
    made: nets.Pass


class Match:
    """generator: codes (N, code_size) → points (N, 2); discriminator: points → logits (N, 1), above 0 for true.

    true: the points that batches are drawn from, (POOL, 2); steps: how many each net has made. The same settings give the same
    numbers.
    """

    def __init__(self, settings: Settings) -> None:
        s = self.settings = settings
        self.true = pool(s.points, s.drawn, self.random("points"))
        self._reals, self._codes, self._mixes = (self.random(name) for name in ("reals", "codes", "mixes"))
        g_widths = (s.code_size, *[s.generator_width] * s.generator_depth, 2)
        d_widths = (2, *[s.discriminator_width] * s.discriminator_depth, 1)
        self.generator = nets.fresh(g_widths, self.random("generator"))
        self.discriminator = nets.fresh(d_widths, self.random("discriminator"))
        self._adam_g, self._adam_d = adam(self.generator.numbers), adam(self.discriminator.numbers)

    def random(self, *place: int | str) -> np.random.Generator:
        """Random numbers for a place, always the same ones."""
        return np.random.default_rng(seed_at(self.settings.seed, "plane", *place))

    @property
    def steps(self) -> tuple[int, int]:
        """Of G and of D, made so far."""
        return self._adam_g.steps, self._adam_d.steps

    @property
    def is_finite(self) -> bool:
        """Whether the game goes on: numbers that overflowed never come back."""
        return bool(np.isfinite(self.generator.numbers).all() and np.isfinite(self.discriminator.numbers).all())

    @OVERFLOWS
    def step(self) -> None:
        """A turn: D's steps, and G's, of which the first is on the batch that D saw last."""
        for _ in range(self.settings.discriminator_steps):
            batch = self._batch()
            self._move_discriminator(batch)
        self._move_generator(batch)
        for _ in range(self.settings.generator_steps - 1):
            self._move_generator(self._batch())

    @OVERFLOWS
    def discriminator_step(self) -> None:
        """One step of D alone."""
        self._move_discriminator(self._batch())

    @OVERFLOWS
    def generator_step(self) -> None:
        """One step of G alone."""
        self._move_generator(self._batch())

    def _batch(self) -> Batch:
        count, size = self.settings.batch, self.settings.code_size
        codes = self._codes.standard_normal((count, size), np.float32)
        return Batch(self.true[self._reals.integers(len(self.true), size=count)], nets.forward(self.generator, codes))

    def _move_discriminator(self, batch: Batch) -> None:
        s = self.settings
        gradient = discriminator_gradient(self.discriminator, batch.real, batch.made.output, s)
        if s.gradient_penalty:
            mix = self._mixes.random((s.batch, 1), np.float32)
            gradient += wasserstein_gradient(self.discriminator, batch.real, batch.made.output, mix, s.gradient_penalty)
        self._adam_d.step(self.discriminator.numbers, gradient, s.lr_discriminator, s.beta1, s.beta2)

    def _move_generator(self, batch: Batch) -> None:
        s = self.settings
        wishes = push(self.discriminator, batch.real, batch.made.output, s)
        gradient = nets.backward(self.generator, batch.made, wishes)
        self._adam_g.step(self.generator.numbers, gradient, s.lr_generator, s.beta1, s.beta2)


def discriminator_gradient(net: nets.Net, real: np.ndarray, fake: np.ndarray, s: Settings) -> np.ndarray:
    """Of D's loss and γ/2·(R1 + R2) by D's numbers, a vector. real, fake: (N, 2)."""
    count = len(real)
    seen = nets.forward(net, np.concatenate([real, fake]))
    by_logit = GRADIENTS[s.objective].discriminator(seen.output[:count, 0], seen.output[count:, 0])
    gradient = nets.backward(net, seen, np.concatenate(by_logit)[:, None])
    if s.r1 or s.r2:
        slope = nets.slope(net, seen)
        at_real, at_fake = slope.at_inputs[:count], slope.at_inputs[count:]
        by_slope = [penalties.zero_centred(at_real, s.r1), penalties.zero_centred(at_fake, s.r2)]
        gradient += nets.slope_backward(net, seen, slope, np.concatenate(by_slope))
    return gradient


def wasserstein_gradient(
    net: nets.Net, real: np.ndarray, fake: np.ndarray, mix: np.ndarray, weight: float
) -> np.ndarray:
    """Of λ times the Wasserstein penalty by D's numbers, a vector. mix: the share of the real in each point, (N, 1)."""
    seen = nets.forward(net, mix * real + (1 - mix) * fake)
    slope = nets.slope(net, seen)
    return nets.slope_backward(net, seen, slope, penalties.wasserstein(slope.at_inputs, weight))


def push(net: nets.Net, real: np.ndarray, fake: np.ndarray, s: Settings) -> np.ndarray:
    """The gradient of G's loss by each generated point, (N, 2): G's next step moves them against it."""
    seen = nets.forward(net, np.concatenate([fake, real]))
    logits = seen.output[:, 0]
    by_logit = GRADIENTS[s.objective].generator(logits[: len(fake)], logits[len(fake) :])
    made = nets.Pass(seen.output, seen.inputs, [slopes[: len(fake)] for slopes in seen.slopes])
    return nets.to_inputs(net, made, by_logit[:, None])
