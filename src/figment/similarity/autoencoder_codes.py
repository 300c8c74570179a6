"""Near-duplicates in the way of the DCGAN paper (arXiv 1511.06434, section 4.1.1): codes of a denoising autoencoder.

The paper trains a 3072-128-3072 autoencoder with dropout and ReLU on 32×32 centre crops of the set itself, binarises the
code layer by thresholding the ReLU activations, and removes pictures with equal codes. It doesn't say how the noise is
made, how long it trains, or what the output and the loss are. Read here as: dropout on the input is the noise (and on the
code, as a regulariser), a linear output with squared error on pixels standardised over the set, a bit is "the unit is
active" (activation above 0), without dropout. Mirror images and crops get other codes: the method doesn't know them.
"""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.common.progress import Progress

SQUARE_SIDE = 32  # pixels
VALUES = 3 * SQUARE_SIDE**2  # of a square
CODE_UNITS = 128  # bits of a code
DROPOUT = 0.5  # of the input, which is the noise, and of the code
BATCH_PICTURES = 128
# Passes over the set, but no more steps than these: 12,500 pictures take about half a minute on one core.
MAX_PASSES, MAX_STEPS = 20, 2_000
LEARNING_RATE = 1e-3
CHUNK_PICTURES = 4096  # encoded at a time


def centre_square(small: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The centre square of a picture, 32×32: uint8 (3, 32, 32).

    small: the picture squeezed to a small square, uint8 (S, S, 3); width and height: what it was before.
    """
    side = len(small)
    across, down = side * min(1, height / width), side * min(1, width / height)
    box = ((side - across) / 2, (side - down) / 2, (side + across) / 2, (side + down) / 2)
    square = Image.fromarray(small).resize((SQUARE_SIDE, SQUARE_SIDE), Image.Resampling.BILINEAR, box)
    return np.asarray(square).transpose(2, 0, 1)


def autoencoder_codes(
    pictures: NDArray[np.uint8], seed: int = 0, progress: Progress | None = None, passes: int = MAX_PASSES
) -> NDArray[np.uint8]:
    """Train the autoencoder on the pictures, and give each its code: 128 bits, packed, uint8 (N, 16).

    pictures: uint8 (N, 3, 32, 32), as `centre_square` makes them. The same pictures in the same order and the same seed give
    the same codes on the same machine. Calls progress(steps done, steps in all).
    """
    import torch

    if pictures.dtype != np.uint8 or pictures.shape[1:] != (3, SQUARE_SIDE, SQUARE_SIDE):
        raise ValueError(
            f"pictures are uint8 (N, 3, {SQUARE_SIDE}, {SQUARE_SIDE}), not {pictures.dtype} {pictures.shape}"
        )
    if not len(pictures):
        return np.empty((0, CODE_UNITS // 8), np.uint8)
    random = torch.Generator().manual_seed(seed)
    mean, deviation = _spread(pictures)

    def batch(indices: NDArray[np.int64] | slice) -> torch.Tensor:
        pixels = pictures[indices].reshape(-1, VALUES).astype(np.float32)
        return torch.from_numpy((pixels - mean) / deviation)

    def dropped(values: torch.Tensor, share: float) -> torch.Tensor:
        kept = torch.rand(values.shape, generator=random) >= share
        return values * kept / (1 - share)

    encode, decode = torch.nn.Linear(VALUES, CODE_UNITS), torch.nn.Linear(CODE_UNITS, VALUES)
    with torch.no_grad():
        for layer in (encode, decode):
            layer.weight.normal_(0, (2 / layer.in_features) ** 0.5, generator=random)
            layer.bias.zero_()
    optimizer = torch.optim.Adam([*encode.parameters(), *decode.parameters()], lr=LEARNING_RATE)
    steps = min(MAX_STEPS, passes * -(-len(pictures) // BATCH_PICTURES))
    for step in range(steps):
        clean = batch(torch.randint(len(pictures), (min(BATCH_PICTURES, len(pictures)),), generator=random).numpy())
        code = torch.relu(encode(dropped(clean, DROPOUT)))
        loss = torch.nn.functional.mse_loss(decode(dropped(code, DROPOUT)), clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if progress:
            progress(step + 1, steps)
    with torch.no_grad():
        bits = [
            (encode(batch(slice(i, i + CHUNK_PICTURES))) > 0).numpy() for i in range(0, len(pictures), CHUNK_PICTURES)
        ]
    return np.packbits(np.concatenate(bits), axis=1)


def equal_codes(bits: NDArray[np.uint8]) -> list[list[int]]:
    """Groups of two or more pictures with equal codes, each ascending, ordered by their first; bits: uint8 (N, 16)."""
    same = defaultdict(list)
    for i, code in enumerate(bits):
        same[code.tobytes()].append(i)
    return [group for group in same.values() if len(group) > 1]


def _spread(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """Mean of each of the 3072 values, and their common standard deviation about it, from at most 2¹⁴ pictures."""
    some = pictures[:: -(-len(pictures) // 2**14)].reshape(-1, VALUES).astype(np.float32)
    mean = some.mean(0)
    return mean, max(float(np.sqrt(np.mean((some - mean) ** 2))), 1.0)
