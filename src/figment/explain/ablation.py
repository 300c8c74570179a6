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

SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the maps with positive weights that are tried
BY = ("zero", "mean")
CONTROLS = 5  # draws of other maps
PENALTY = 0.1  # scikit-learn's C: few samples have the object, and maps are many


@dataclass(frozen=True, eq=False)
class Dropping:
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
    def words(self) -> str:
        """Which maps these are, for people."""
        return f"{len(self.maps)} of the {self.of} maps of layer {self.layer} set to {self.by}"


@dataclass(frozen=True, eq=False)
class Layer:
    """What is known of a layer's C maps: of each its weight for the object, float64 (C,), and its mean where the object
    isn't, float32 (C, h, w) or (C, 1, 1)."""

    number: int
    weights: NDArray[np.float64]
    means: Tensor

    def strongest(self, share: float = 1.0) -> list[int]:
        """The maps with the largest weights, strongest first: this share of those with positive ones, at least one."""
        order = np.argsort(-self.weights, kind="stable")
        return order[: max(1, round(share * int((self.weights > 0).sum())))].tolist()

    def dropping(self, maps: Sequence[int], by: str) -> Dropping:
        """Some maps replaced."""
        values = torch.zeros(len(maps), 1, 1) if by == "zero" else self.means[list(maps)]
        return Dropping(self.number, tuple(maps), len(self.weights), by, values)

    def others(self, than: Dropping, seed: int) -> Dropping:
        """As many of the other maps, drawn by seed, or all that are left: what a dropping is compared with."""
        left = np.setdiff1d(np.arange(than.of), than.maps)
        maps = np.random.default_rng([seed, self.number]).permutation(left)[: len(than.maps)]
        return self.dropping(maps.tolist(), than.by)


def without(generator: Generator, dropping: Dropping, z: Tensor, labels: Tensor | None = None) -> NDArray[np.uint8]:
    """Pictures of codes (N, code_size), and classes (N,) where there are some, without the maps: uint8 (N, C, H, W)."""
    which = torch.tensor(dropping.maps, dtype=torch.int64, device=generator.device)
    values = dropping.values.to(generator.device)

    def drop(maps: Tensor) -> Tensor:
        kept = maps.clone()
        kept[:, which] = values.to(maps.dtype).expand(len(maps), -1, *maps.shape[2:])
        return kept

    with altered(layers(generator.net)[dropping.layer - 1], drop):
        return generator.decode(z, labels).numpy()


def activations(generator: Generator, z: Tensor, labels: Tensor | None, numbers: Sequence[int]) -> list[Tensor]:
    """What layers, by number, make of at most one block of codes: float32 (N, C, h, w) each, on the CPU."""
    assert len(z) <= BLOCK_SAMPLES
    every = layers(generator.net)
    with watched([every[number - 1] for number in numbers]) as seen:
        generator.decode(z, labels)
    return [maps.float().cpu() for maps in seen]


def weights(features: NDArray[np.float32], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of each feature its weight in a logistic regression for positive rows, in standard deviations: (N, C), (N,) → (C,).

    Both kinds count equally, however rare one is. Features that never change have weight 0.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(features.astype(np.float64))
    model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
    found: NDArray[np.float64] = model.fit(scaled, positive).coef_[0]
    return np.where(features.std(0) > 0, found, 0.0)


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much each pixel has changed, mean over channels, as a share of the whole range: (N, C, H, W) twice → (N, H, W)."""
    return np.abs(before.astype(np.float64) - after).mean(1) / 255


def difference(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where pictures (N, C, H, W) have changed, as grey ones of that shape: white is the largest change of all."""
    change = changed(before, after)[:, None]
    shades = (255 * change / max(float(change.max()), 1 / 255)).round().astype(np.uint8)
    return np.repeat(shades, before.shape[1], axis=1)


def candidates(layers: Iterable[Layer], shares: Sequence[float], ways: Sequence[str]) -> list[Dropping]:
    """What may be dropped: of each layer these shares of the maps with positive weights, in each of these ways."""
    return [
        layer.dropping(maps, by)
        for layer in layers
        for maps in dict.fromkeys(tuple(layer.strongest(share)) for share in shares)
        for by in ways
    ]


def layer_numbers(generator: Generator, layer: int | None) -> list[int]:
    """The layer's number alone, or of all for None. Raises InputError where there is none such."""
    count = len(layers(generator.net))
    if layer is not None and not 1 <= layer <= count:
        raise InputError(f"--layer {layer}: this generator's layers are 1, nearest the code, to {count}.")
    return [layer] if layer else list(range(1, count + 1))


def papers_layer(generator: Generator) -> int:
    """The second highest layer."""
    return max(1, len(layers(generator.net)) - 1)
