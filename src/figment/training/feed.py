"""Minibatches straight from the resident uint8 bank: gathered and mirrored in one go, with no loader process."""

import warnings

import numpy as np
import torch
from torch import Tensor

from figment.randomness import generator_at


class Feed:
    """Training pictures in an order that depends on the seed and the images seen alone.

    pictures: uint8 (N, C, H, W), a memory map or an array; indices: which of them are trained on.
    """

    def __init__(self, pictures: np.ndarray, indices: np.ndarray, seed: int, flips: bool, device: torch.device) -> None:
        self.indices = torch.from_numpy(indices)
        self.seed, self.flips, self.device = seed, flips, device
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)
        self._resident = _resident(pictures, device)

    def batch(self, images: int, count: int) -> Tensor:
        """The count reals that follow after so many images seen: float32 (count, C, H, W) in [-1, 1], channels last."""
        which = torch.cat([self._run_of(start, length) for start, length in self._pieces(images, count)])
        pictures = self.pictures(which)
        if self.flips:
            mirrored = torch.rand(count, generator=generator_at(self.seed, "flips", images)) < 0.5
            pictures = torch.where(mirrored.to(self.device).view(-1, 1, 1, 1), pictures.flip(3), pictures)
        return pictures.contiguous(memory_format=torch.channels_last)

    def pictures(self, which: Tensor) -> Tensor:
        """Pictures by their place in the bank, float32 in [-1, 1] on the device."""
        return self._resident[which.to(self._resident.device)].to(self.device).float() / 127.5 - 1

    def _pieces(self, images: int, count: int) -> list[tuple[int, int]]:
        """Where a batch begins in its epoch, and how much of it lies in that epoch and the next ones."""
        pieces, n = [], len(self.indices)
        while count:
            length = min(count, n - images % n)
            pieces.append((images, length))
            images, count = images + length, count - length
        return pieces

    def _run_of(self, images: int, length: int) -> Tensor:
        epoch, place = divmod(images, len(self.indices))
        if epoch != self._epoch:
            self._order = torch.randperm(len(self.indices), generator=generator_at(self.seed, "order", epoch))
            self._epoch = epoch
        return self.indices[self._order[place : place + length]]


def _resident(pictures: np.ndarray, device: torch.device) -> Tensor:
    """The bank on the GPU where half of its free memory holds it; else as it is, mapped into this process's memory."""
    with warnings.catch_warnings():
        # The map is read-only, as is what we do with it; torch has no read-only tensors to say so.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        mapped = torch.from_numpy(np.asarray(pictures))
    fits = device.type == "cuda" and pictures.nbytes < torch.cuda.mem_get_info(device)[0] / 2
    return mapped.to(device) if fits else mapped
