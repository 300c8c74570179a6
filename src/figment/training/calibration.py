"""P(fake) of a run as it stands: fitted anew at every reading and whenever the state is kept, never to what D learns from.

It is of pictures as people meet them, one by one: D in evaluation mode, batch norm by its running averages, and samples of
the averaged generator, rounded to the 256 levels that files and real pictures have. A reading by batch statistics of each
kind (monitor.py) tells how the game stands, but no one picture has such statistics.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from figment.common.seeds import seed_at
from figment.data.bank.bank import Bank
from figment.discriminator import logits_of
from figment.game.calibration import MIN_PICTURES, Calibration, cross_fitted, fit
from figment.generator import Generator
from figment.recipe import Recipe
from figment.training.few import few
from figment.training.look_sizes import in_view
from figment.training.state import TrainState

FITTED_PICTURES = 512  # of each kind, that the kept curve is fitted to: off by .01 in the mean (LOG 79)
READING_PICTURES = (
    128  # of each kind at a tick, which costs as much as 35 images of training; of large ones fewer, as above
)


class Calibrator:
    """Fits P(fake) on held-out reals and samples that are the same all through a run: it depends on nothing but the state."""

    def __init__(self, bank: Bank, recipe: Recipe, device: torch.device) -> None:
        self.bank, self.recipe, self.device = bank, recipe, device
        self.seed = seed_at(recipe.seed, "calibration")
        random = np.random.default_rng(self.seed)
        self.count, self.count_read = (in_view(most, recipe) for most in (FITTED_PICTURES, READING_PICTURES))
        self.held_out, self.trained = (few(random, rows, self.count) for rows in (bank.held_out, bank.train))

    @property
    def lack(self) -> str | None:
        """Why this run shows no P(fake); None where it does."""
        count = len(self.held_out)
        if count >= MIN_PICTURES:
            return None
        return f"P(fake) isn't shown: it is fitted to {MIN_PICTURES} held-out pictures or more, and there are {count}"

    def fitted(self, state: TrainState) -> Calibration | None:
        """The curve for a state's nets; None where too few pictures are held out or a net gives no numbers."""
        if self.lack:
            return None
        return fit(self._of_reals(state, self.held_out), self._of_fakes(state, self.count))

    def reading(self, state: TrainState) -> dict[str, Any]:
        """Mean P(fake) of training reals, held-out reals and fakes, by curves fitted to others than these; None each where
        there is no curve. With it, how many held-out pictures they were fitted to."""
        rows, names = self.held_out[: self.count_read], ("p_fake_held_out", "p_fake_fake", "p_fake_real")
        found = None
        if not self.lack:
            of_trained = self._of_reals(state, self.trained[: self.count_read])
            found = cross_fitted(self._of_reals(state, rows), self._of_fakes(state, self.count_read), of_trained)
        if found is None:
            return dict.fromkeys(names) | {"calibration_pictures": None}
        means = {name: float(its.mean()) for name, its in zip(names, found, strict=True)}
        return means | {"calibration_pictures": len(rows)}

    def _of_reals(self, state: TrainState, rows: np.ndarray) -> Tensor:
        return self._logits(state, torch.from_numpy(np.asarray(self.bank.pictures[rows])), self._classes(rows))

    def _of_fakes(self, state: TrainState, count: int) -> Tensor:
        """Of samples, whose classes are those of held-out pictures in turn."""
        generator = Generator(state.average, self.recipe)
        labels = self._classes(np.resize(self.held_out, count))
        z = generator.codes(count, self.seed)
        return self._logits(state, generator.decode(z, labels), labels)

    def _classes(self, rows: np.ndarray) -> Tensor | None:
        return torch.from_numpy(self.bank.classes.numbers[rows]) if self.recipe.classes else None

    def _logits(self, state: TrainState, pictures: Tensor, labels: Tensor | None) -> Tensor:
        was = state.discriminator.training
        try:
            return logits_of(state.discriminator.eval(), self.device, pictures, labels)
        finally:
            state.discriminator.train(was)
