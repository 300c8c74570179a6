"""Dropping feature maps of a generator: which maps draw an object, and what the pictures are without them.

After the DCGAN paper's section 6.3.1 (Radford et al., arXiv 1511.06434): of a logistic regression that tells from a layer's
activations whether the object is there, the maps with positive weights are dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.errors import InputError
from figment.generator import BLOCK_SAMPLES, Generator
from figment.nets.hooks import altered, layers, watched

MAP_SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the maps with positive weights, that are tried
FILLS = ("zero", "mean")  # what maps may become
CONTROL_DRAWS = 5  # of as many other maps
LOGISTIC_C = 0.1  # scikit-learn's C: few samples have the object, and maps are many


@dataclass(frozen=True, eq=False)
class Ablation:
    """Maps of a generator's layer that are replaced: by zero, as in the paper, or by their mean where the object isn't.

    layer: its number, 1 being the one nearest the code. maps: their numbers. of: how many maps the layer has. by: "zero" or
    "mean". values: what they become, float32 (k, h, w) or (k, 1, 1).
    """

    layer: int
    maps: tuple[int, ...]
    of: int
    by: str
    values: Tensor

    @property
    def description(self) -> str:
        """Which maps these are, for people."""
        return f"{len(self.maps)} of the {self.of} maps of layer {self.layer} set to {self.by}"


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """What is known of a layer's C maps: of each its weight for the object, float64 (C,), and its mean where the object
    isn't, float32 (C, h, w) or (C, 1, 1)."""

    number: int
    weights: NDArray[np.float64]
    means: Tensor

    def strongest(self, share: float = 1.0) -> list[int]:
        """The maps with the largest weights, strongest first: this share of those with positive ones, at least one."""
        order = np.argsort(-self.weights, kind="stable")
        return order[: max(1, round(share * int((self.weights > 0).sum())))].tolist()

    def ablation(self, maps: Sequence[int], by: str) -> Ablation:
        """Some maps replaced."""
        values = torch.zeros(len(maps), 1, 1) if by == "zero" else self.means[list(maps)]
        return Ablation(self.number, tuple(maps), len(self.weights), by, values)

    def control(self, ablation: Ablation, seed: int) -> Ablation:
        """As many of the other maps, drawn by seed, or all that are left: what an ablation is compared with."""
        left = np.setdiff1d(np.arange(ablation.of), ablation.maps)
        maps = np.random.default_rng([seed, self.number]).permutation(left)[: len(ablation.maps)]
        return self.ablation(maps.tolist(), ablation.by)


def decode_ablated(
    generator: Generator, ablation: Ablation, z: Tensor, labels: Tensor | None = None
) -> NDArray[np.uint8]:
    """Pictures of codes (N, code_size), and classes (N,) where there are some, without the maps: uint8 (N, C, H, W)."""
    which = torch.tensor(ablation.maps, dtype=torch.int64, device=generator.device)
    values = ablation.values.to(generator.device)

    def drop(maps: Tensor) -> Tensor:
        kept = maps.clone()
        kept[:, which] = values.to(maps.dtype).expand(len(maps), -1, *maps.shape[2:])
        return kept

    with altered(layers(generator.net)[ablation.layer - 1], drop):
        return generator.decode(z, labels).numpy()


def activations(generator: Generator, z: Tensor, labels: Tensor | None, numbers: Sequence[int]) -> list[Tensor]:
    """What layers, by number, make of at most one block of codes: float32 (N, C, h, w) each, on the CPU."""
    assert len(z) <= BLOCK_SAMPLES
    every = layers(generator.net)
    with watched([every[number - 1] for number in numbers]) as seen:
        generator.decode(z, labels)
    return [maps.float().cpu() for maps in seen]


def logistic_weights(features: NDArray[np.float32], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of each feature its weight in a logistic regression for positive rows, in standard deviations: (N, C), (N,) → (C,).

    Both kinds count equally, however rare one is. Features that never change have weight 0.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(features.astype(np.float64))
    model = LogisticRegression(C=LOGISTIC_C, class_weight="balanced", max_iter=1000)
    found: NDArray[np.float64] = model.fit(scaled, positive).coef_[0]
    return np.where(features.std(0) > 0, found, 0.0)


def pixel_changes(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much each pixel has changed, mean over channels, as a share of the whole range: (N, C, H, W) twice → (N, H, W)."""
    return np.abs(before.astype(np.float64) - after).mean(1) / 255


def change_pictures(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where pictures (N, C, H, W) have changed, as grey ones of that shape: white is the largest change of all."""
    change = pixel_changes(before, after)[:, None]
    shades = (255 * change / max(float(change.max()), 1 / 255)).round().astype(np.uint8)
    return np.repeat(shades, before.shape[1], axis=1)


def candidate_ablations(layers: Iterable[LayerMaps], shares: Sequence[float], fills: Sequence[str]) -> list[Ablation]:
    """What may be dropped: of each layer these shares of the maps with positive weights, by each of these fills."""
    return [
        layer.ablation(maps, by)
        for layer in layers
        for maps in dict.fromkeys(tuple(layer.strongest(share)) for share in shares)
        for by in fills
    ]


def tried_choices(drop: float | None, by: str | None) -> tuple[Sequence[float], Sequence[str]]:
    """Shares of maps and fills that are tried: those asked for, or all."""
    return MAP_SHARES if drop is None else (drop,), FILLS if by is None else (by,)


def layer_numbers(generator: Generator, layer: int | None) -> list[int]:
    """The layer's number alone, or of all for None. Raises InputError where there is none such."""
    count = len(layers(generator.net))
    if layer is not None and not 1 <= layer <= count:
        raise InputError(f"--layer {layer}: this generator's layers are 1, nearest the code, to {count}.")
    return [layer] if layer else list(range(1, count + 1))


def paper_layer(generator: Generator) -> int:
    """The number of the second highest layer, whose maps the paper drops."""
    return max(1, len(layers(generator.net)) - 1)
