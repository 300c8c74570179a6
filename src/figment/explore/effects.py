"""What a direction does to pictures: read by a predictor where there is one, and as the share of the picture that changes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from figment.attributes.predictor import AttributePredictor
from figment.explore.attribute_directions import attribute_group
from figment.explore.direction_file import MAX_DEVIATIONS, move_codes
from figment.generator import Generator

PLACES = 7  # along a direction, from −3σ to 3σ


@dataclass(frozen=True)
class DirectionEffect:
    """What a direction does from −3σ to 3σ.

    correlation, shift: by attribute, of its score with the place along the direction, and how far its mean moves, in deviations
    of the attribute over samples. change: the mean absolute change of a pixel, as a share of the range of brightness.
    """

    correlation: dict[str, float]
    shift: dict[str, float]
    change: float

    @property
    def main_attribute(self) -> str | None:
        """The attribute that is moved furthest; None without a predictor."""
        return max(self.shift, key=self.shift.__getitem__, default=None)

    def side_effect(self, name: str) -> tuple[str, float] | None:
        """Of the attributes of another group the one that is moved furthest, and its shift as a share of the named one's."""
        others = [other for other in self.shift if attribute_group(other) != attribute_group(name)]
        if not others:
            return None
        furthest = max(others, key=self.shift.__getitem__)
        return furthest, self.shift[furthest] / max(self.shift[name], 1e-12)


def places_along(z: Tensor, vector: Tensor, prior: str) -> Tensor:
    """Codes (N, d) at −3, −2, … 3 deviations along a direction, all else as it was: (N · 7, d)."""
    places = torch.linspace(-MAX_DEVIATIONS, MAX_DEVIATIONS, PLACES, dtype=torch.float64)
    return move_codes(z.repeat_interleave(PLACES, 0), vector, places.repeat(len(z)), prior, replace=True)


def measure_effect(
    generator: Generator, vector: Tensor, z: Tensor, labels: Tensor | None, predictor: AttributePredictor | None,
    deviations: Mapping[str, float],
) -> DirectionEffect:  # fmt: skip
    """The effect of a direction on samples, codes (N, d) and classes (N,), which keep their class.

    deviations: of each attribute over samples.
    """
    repeated = None if labels is None else labels.repeat_interleave(PLACES)
    pictures = generator.decode(places_along(z, vector, generator.recipe.prior), repeated).numpy()
    ends = pictures.reshape(len(z), PLACES, -1)[:, [0, -1]].astype(np.float32)
    correlation, shift = {}, {}
    for name, scores in predictor.predict(pictures).items() if predictor else ():
        table = scores.reshape(len(z), PLACES).astype(np.float64)
        correlation[name] = _correlation(table)
        shift[name] = float(np.ptp(table.mean(0)) / max(deviations[name], 1e-12))
    return DirectionEffect(correlation, shift, float(np.abs(ends[:, 1] - ends[:, 0]).mean() / 255))


def _correlation(table: np.ndarray) -> float:
    """The correlation of scores (N, 7) with their place; 0 where nothing changes."""
    places = np.broadcast_to(np.arange(PLACES), table.shape)
    return float(np.corrcoef(places.ravel(), table.ravel())[0, 1]) if table.std() > 0 else 0.0
