"""The pictures of several banks as those of one."""

from collections.abc import Sequence

import numpy as np

from figment.data.bank.shards import Shards


class Stacked:
    """uint8 pictures (N, C, H, W) of several banks of one shape, one bank after the other, read as Shards are."""

    def __init__(self, banks: Sequence[Shards]) -> None:
        self.banks = banks
        self.starts = np.cumsum([0, *map(len, banks)])
        self.shape = (int(self.starts[-1]), *banks[0].shape[1:])
        self.nbytes = sum(bank.nbytes for bank in banks)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: "slice | np.ndarray") -> np.ndarray:
        places = np.arange(*which.indices(len(self))) if isinstance(which, slice) else which
        found = np.empty((len(places), *self.shape[1:]), np.uint8)
        for bank, here, own in self._by_bank(places):
            found[here] = bank[own]
        return found

    def prefetch(self, places: np.ndarray) -> None:
        """As Shards.prefetch has it."""
        for bank, _, own in self._by_bank(places):
            bank.prefetch(own)

    def _by_bank(self, places: np.ndarray) -> list[tuple[Shards, np.ndarray, np.ndarray]]:
        """Of each bank that is asked: which of the places are its own, bool, and its pictures there."""
        numbers = np.searchsorted(self.starts, places, side="right") - 1
        asked = [(number, numbers == number) for number in np.unique(numbers).tolist()]
        return [(self.banks[number], here, places[here] - self.starts[number]) for number, here in asked]
