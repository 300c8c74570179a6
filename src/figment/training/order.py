"""Which picture comes at each place of a training: epoch after epoch, in each every picture once, in an order of its own."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.seeds import generator_at, seed_at
from figment.training.permutation import permuted


class Order:
    """The order of some pictures, which depends on the seed alone, so that training goes on with it from any place.

    indices: int64 (n,), places of the pictures in their bank, in any kind of array. by_formula: whether an epoch's order is
    computed place by place, or shuffled, as a list of 8 bytes a picture that stays until the next epoch.
    """

    def __init__(self, indices: np.ndarray, seed: int, by_formula: bool = False) -> None:
        self.indices, self.seed, self.by_formula = indices, seed, by_formula
        self.epoch, self.shuffled = -1, torch.empty(0, dtype=torch.int64)

    def at(self, numbers: np.ndarray) -> NDArray[np.int64]:
        """Places in the bank of the pictures that come at these numbers, counted from 0 over all epochs: int64 (m,)."""
        epochs, places = np.divmod(numbers, len(self.indices))
        found = np.empty(len(numbers), np.int64)
        for epoch in np.unique(epochs).tolist():
            here = epochs == epoch
            found[here] = self._in_epoch(epoch, places[here])
        return self.indices[found]

    def another(self, seed: int) -> "Order":
        """The same pictures, in the order of another seed."""
        other = copy.copy(self)
        other.seed, other.epoch = seed, -1
        return other

    def _in_epoch(self, epoch: int, places: np.ndarray) -> NDArray[np.int64]:
        n = len(self.indices)
        if self.by_formula:
            return permuted(places, n, seed_at(self.seed, "order by formula", epoch))
        if epoch != self.epoch:
            self.shuffled = torch.randperm(n, generator=generator_at(self.seed, "order", epoch))
            self.epoch = epoch
        return self.shuffled.numpy()[places]
