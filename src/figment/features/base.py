"""What a network of features is: pictures to vectors, with what tells it from other networks."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from figment.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Network = Callable[[np.ndarray], np.ndarray]  # uint8 (N, 3, H, W) → float32 (N, dimension)
Forward = Callable[["Tensor"], "Tensor"]  # 0…255 (N, 3, H, W) on any device → float (N, dimension), with gradients
GPU_BATCH_PICTURES = 128  # pictures at once on a GPU, whichever the network


class Extractor:
    """A network that turns pictures into vectors.

    name: as it goes into tables, without folders. dimension: length of a vector. Called with uint8 (N, 3, H, W) it
    returns float32 (N, dimension). Pictures go through it in batches, so memory grows with N by the result alone.
    label: of the Fréchet distance that is made with it; "FID" is that of the published Inception alone. resize: how
    pictures are brought to its size, in words. digest: 16 hex digits that tell its weights from others, None where it
    has none. head: features (N, dimension) → logits (N, K) of the Inception Score, both float32; None where it has
    none. forward: the same for tensors, through which gradients flow; None for what isn't a torch network.
    """

    def __init__(
        self,
        name: str,
        dimension: int,
        batch: int,
        network: Network,
        *,
        label: str = "",
        resize: str = "none",
        digest: str | None = None,
        head: Network | None = None,
        forward: Forward | None = None,
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.batch = batch
        self.network = network
        self.label = label or f"FD-{name}"
        self.resize = resize
        self.digest = digest
        self.head = head
        self.forward = forward

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        if pictures.ndim != 4 or pictures.shape[1] != 3 or pictures.dtype != np.uint8:
            raise ValueError(f"wanted uint8 (N, 3, H, W), got {pictures.dtype} {pictures.shape}")
        found = np.empty((len(pictures), self.dimension), np.float32)
        for start in range(0, len(pictures), self.batch):
            part = slice(start, start + self.batch)
            # Torch shares memory with what it is given, and warns where that can't be written to.
            found[part] = self.network(np.require(pictures[part], requirements=["C", "W"]))
        if not np.isfinite(found).all():
            raise InputError(
                f"--features {self.name} gives numbers that aren't finite: give it another range of pixels."
            )
        return found


def array_network(device: str, forward: Forward) -> Network:
    """A torch network, which computes on the device, as a function of arrays, without gradients."""
    import torch

    @torch.inference_mode()
    def network(pictures: np.ndarray) -> np.ndarray:
        return forward(torch.from_numpy(pictures)).float().cpu().numpy()

    if torch.device(device).type != "cuda":
        return network

    def exactly(pictures: np.ndarray) -> np.ndarray:
        # TensorFloat-32, which torch's convolutions use unasked, has 10 bits of a number's 23.
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
                return network(pictures)
        finally:
            torch.set_float32_matmul_precision(before)

    return exactly
