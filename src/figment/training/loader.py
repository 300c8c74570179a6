"""Minibatches straight from the uint8 bank: asked of the disk ahead of time, gathered and mirrored in one go."""

import copy
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from figment.common.machine import to_device
from figment.common.pixels import to_float
from figment.common.seeds import generator_at, seed_at
from figment.data.bank.shards import Shards
from figment.data.bank.stacked import Stacked
from figment.training.dealt import DealtOrder
from figment.training.order import Order

PREFETCH_BATCHES = 2  # batches before it is wanted, a batch is asked of the disk
CHUNK_PICTURES = 4096  # pictures at a time on their way to a GPU

Place = tuple[int, int]  # of a batch: images seen before it, pictures in it


class Feed:
    """Training pictures in an order that depends on the seed and the images seen alone.

    pictures: uint8 (N, C, H, W), a bank's shards or an array; order: in which they come; or which of them are trained on, int64,
    in shuffled lists by the seed. part: (k, n) for the k-th of n processes, which gets every n-th picture of each batch and
    touches no others. classes: int64 (N,).

    A GPU that has room for the bank holds it. Elsewhere a batch is copied out of the memory map, and since a bank may be
    larger than memory, the system is told two batches before which pictures will be wanted, and reads them meanwhile.
    (A thread that gathered batches ahead took 12 % of the speed on two cores, which the nets' own threads fill.)
    """

    def __init__(
        self,
        pictures: "Shards | Stacked | np.ndarray",
        order: "Order | DealtOrder | np.ndarray",
        seed: int,
        flips: bool,
        device: torch.device,
        part: tuple[int, int] = (0, 1),
        classes: np.ndarray | None = None,
    ) -> None:
        self.seed, self.flips, self.device, self.part = seed, flips, device, part
        self._order = Order(order, seed) if isinstance(order, np.ndarray) else order
        self._bank = pictures
        self._on_gpu = _moved(pictures, device) if _fits(pictures, device) else None
        self._classes = None if classes is None else torch.from_numpy(classes).to(device)
        self._coming: dict[Place, Tensor] = {}  # places in the bank of batches that have been asked for

    @cached_property
    def other(self) -> "Feed":
        """The same pictures, in an order of their own: for the phase of G that is set against other reals than D's."""
        other = copy.copy(self)
        other.seed, other._coming = seed_at(self.seed, "another order"), {}
        other._order = self._order.another(other.seed)
        return other

    def batch(self, images: int, count: int) -> tuple[Tensor, Tensor | None]:
        """The count reals that follow after so many images seen, and their classes, int64 (count,), if there are any.

        Pictures are float32 (count, C, H, W) in [-1, 1], channels last. Of several parts, this one's share, so fewer.
        """
        which = self._which(images, count) if self._on_gpu is not None else self._next(images, count)
        return self._mirrored(self.pictures(which), images, count), self.classes(which)

    def pictures(self, which: Tensor) -> Tensor:
        """Pictures by their place in the bank, float32 in [-1, 1] on the device."""
        if self._on_gpu is not None:
            return to_float(self._on_gpu[to_device(which, self.device)])
        return to_float(to_device(torch.from_numpy(self._bank[which.numpy()]), self.device))

    def classes(self, which: Tensor) -> Tensor | None:
        """Classes of pictures by their place in the bank, int64 on the device."""
        return None if self._classes is None else self._classes[to_device(which, self.device)]

    def _mirrored(self, pictures: Tensor, images: int, count: int) -> Tensor:
        """This part's pictures of a batch, mirrored with probability ½ where that is wanted; channels last."""
        if self.flips:
            drawn = torch.rand(count, generator=generator_at(self.seed, "flips", images)) < 0.5
            mirrored = to_device(drawn[self._mine(count)], self.device).view(-1, 1, 1, 1)
            pictures = torch.where(mirrored, pictures.flip(3), pictures)
        return pictures.contiguous(memory_format=torch.channels_last)

    def _next(self, images: int, count: int) -> Tensor:
        """Places in the bank of a batch; those that are expected to follow are asked of the disk."""
        which = self._coming.get((images, count))
        coming = [(images + k * count, count) for k in range(1, PREFETCH_BATCHES + 1)]
        # What nobody asks for any more is dropped: a batch is a function of its place, so nothing is lost.
        self._coming = {
            batch: self._coming[batch] if batch in self._coming else self._asked(*batch) for batch in coming
        }
        return self._which(images, count) if which is None else which

    def _asked(self, images: int, count: int) -> Tensor:
        which = self._which(images, count)
        if isinstance(self._bank, Shards | Stacked):
            self._bank.prefetch(which.numpy())
        return which

    def _which(self, images: int, count: int) -> Tensor:
        """Places in the bank of this part's share of a batch."""
        return torch.from_numpy(self._order.at(images + np.arange(count)[self._mine(count)]))

    def _mine(self, count: int) -> slice:
        return slice(self.part[0], count, self.part[1])


def _fits(pictures: "Shards | Stacked | np.ndarray", device: torch.device) -> bool:
    """Whether half of a GPU's free memory holds the bank."""
    return device.type == "cuda" and pictures.nbytes < torch.cuda.mem_get_info(device)[0] / 2


def _moved(pictures: "Shards | Stacked | np.ndarray", device: torch.device) -> Tensor:
    resident = torch.empty(pictures.shape, dtype=torch.uint8, device=device)
    for start in range(0, len(pictures), CHUNK_PICTURES):
        resident[start : start + CHUNK_PICTURES] = torch.from_numpy(pictures[start : start + CHUNK_PICTURES]).to(device)
    return resident
