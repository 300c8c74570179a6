"""The nearest training pictures of samples: the eye's own test of whether a generator draws what it was shown.

Beside them stands how near held-out pictures lie to their nearest training pictures, since in a set of look-alikes all
lie near. Neighbours alone prove little (Theis et al., arXiv 1511.01844, section 3.3): figment measure has the tests.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.common.progress import Progress, Tally
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.metrics.resemblance import Resemblance, doubt
from figment.metrics.two_samples import DEVIATIONS_95, mann_whitney, normal_cdf
from figment.reals import sample_rows
from figment.similarity.nearest import Subset, mirrored_where, nearest_neighbour
from figment.similarity.spaces import PIXELS, Space, described, described_both_ways, nearest_neighbours

MEASURED_SAMPLES = 256  # that are compared with held-out pictures, of which there may be four times as many
MAX_P_VALUE = 0.01  # below which a difference is taken for one
MAX_MARGIN = 0.1  # of P(a sample lies nearer than a held-out picture) at 95 %, above which "as near" can't be told
QUANTILES = (0.01, 0.1, 0.5, 0.9)  # that are told


@dataclass(frozen=True, eq=False)
class NearestTraining:
    """Samples of a seed by their numbers, with their k nearest training pictures, and whether samples lie nearer than chance.

    label: class that all were drawn in, where one was named. codes, float32 (N, code_size), labels, int64 (N,), or None, and
    samples, uint8 (N, C, H, W). neighbours: uint8 (N, k, C, H, W), mirrored where mirrored, bool (N, k), says so; distances:
    float64 (N, k), nearest first; names: N lists of k. space: what distances are taken in. sample_distances,
    held_out_distances: of other samples and of held-out pictures to their nearest training pictures, float64 (M,), where
    nothing is held out (0,). resemblance: whether samples look like the pictures; None where nobody told.
    """

    seed: int
    label: str | None
    numbers: tuple[int, ...]
    codes: Tensor
    labels: Tensor | None
    samples: NDArray[np.uint8]
    neighbours: NDArray[np.uint8]
    mirrored: NDArray[np.bool_]
    distances: NDArray[np.float64]
    names: list[list[str]]
    space: Space
    sample_distances: NDArray[np.float64]
    held_out_distances: NDArray[np.float64]
    resemblance: Resemblance | None = None

    @property
    def held_out_nearer(self) -> list[float | None]:
        """Of each sample the share of held-out pictures that lie nearer to theirs; None where nothing is held out."""
        theirs = self.held_out_distances
        return [float((theirs < own).mean()) if len(theirs) else None for own in self.distances[:, 0]]

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet that holds training pictures, too; name: tells it from others of its kind."""
        ours, theirs, nearer = self.sample_distances, self.held_out_distances, self.held_out_nearer
        return Finding(
            "neighbours",
            sentence(ours, theirs, self.space, self.resemblance),
            {"": _sheet(self)},
            {
                "seed": self.seed, "label": self.label, "features": self.space.name, "measured": MEASURED_SAMPLES,
                "held_out": len(theirs), "z": mann_whitney(ours, theirs) if len(theirs) else None, "shares": QUANTILES,
                "quantiles": np.quantile(ours, QUANTILES).tolist(),
                "quantiles_held_out": np.quantile(theirs, QUANTILES).tolist() if len(theirs) else None,
                "resemblance": None if self.resemblance is None else asdict(self.resemblance),
                "samples": [
                    {
                        "number": number, "held_out_nearer": nearer[i], "names": self.names[i],
                        "mirrored": self.mirrored[i].tolist(), "distances": self.distances[i].tolist(),
                    }
                    for i, number in enumerate(self.numbers)
                ],
            },
            ("sample", f"nearest ({self.space.name})", "held-out pictures nearer to theirs", "nearest training picture"),
            tuple(
                (str(number), f"{self.distances[i, 0]:.3g}", _percent(nearer[i]), Path(self.names[i][0]).name)
                for i, number in enumerate(self.numbers)
            ),
            self.codes,
            self.labels,
            name,
        )  # fmt: skip


def neighbours(
    generator: Generator,
    bank: Bank,
    numbers: Sequence[int] = tuple(range(8)),
    count: int = 5,
    seed: int = 0,
    space: Space = PIXELS,
    label: str | None = None,
    progress: Progress | None = None,
    resemblance: Resemblance | None = None,
) -> NearestTraining:
    """Samples of a seed by their numbers, each with its nearest training pictures, mirrored where that is nearer.

    Parameters
    ----------
    generator : Generator
    bank : Bank
        The run's real pictures; the first 256 samples are compared with held-out ones.
    numbers : sequence of int
        Of the samples.
    count : int
        Neighbours of each.
    seed : int
        Of the samples, and of the draw of held-out pictures.
    space : Space
        What distances are taken in.
    label : str, optional
        Class that a generator with classes draws all in; by default that of each sample.
    progress : callable, optional
        Told what is done, of how much.
    resemblance : Resemblance, optional
        Whether samples look like the pictures: without it nothing is said of copying.

    Returns
    -------
    NearestTraining

    Raises
    ------
    InputError
        For no numbers, or an unknown label.
    """
    if not numbers:
        raise InputError("--samples: name at least one sample, such as 0-7.")
    train = Subset(bank.pictures, bank.train)
    held_out = Subset(bank.pictures, sample_rows(bank.held_out, 4 * MEASURED_SAMPLES, seed, 0))
    z = torch.cat([generator.codes(1, seed, number) for number in numbers])
    of_each = [own for number in numbers if (own := generator.labels(1, seed, number, label)) is not None]
    labels = torch.cat(of_each) if of_each else None
    samples = generator.decode(z, labels).numpy()
    references = described(train, space, Tally(progress, len(train)))
    near = nearest_neighbours(*described_both_ways(samples, space), references, count)
    others = generator.sample(MEASURED_SAMPLES, seed, label=label).numpy()
    ours, theirs = (
        nearest_neighbour(*described_both_ways(its, space), references).distance for its in (others, held_out)
    )
    return NearestTraining(
        seed, label, tuple(numbers), z, labels, samples,
        np.stack([mirrored_where(train[places], mirrored) for places, mirrored in zip(near.place, near.mirrored, strict=True)]),
        near.mirrored, near.distance, [[bank.names[row] for row in bank.train[places]] for places in near.place],
        space, ours, theirs, resemblance,
    )  # fmt: skip


def _sheet(found: NearestTraining) -> Sheet:
    rows = [
        (f"{number}:\n{' '.join(f'{d:.3g}' for d in found.distances[i])}",
         np.concatenate([found.samples[i : i + 1], found.neighbours[i]]))
        for i, number in enumerate(found.numbers)
    ]  # fmt: skip
    return Sheet.of_strips(
        rows,
        f"Samples of seed {found.seed} by their numbers, and the training pictures nearest to each with their distances "
        f"({found.space.name}), mirrored where that is nearer.",
        "compositeWithTrainedAlgorithmicMedia",
        ["sample", "nearest", *(f"{i}." for i in range(2, found.distances.shape[1] + 1))],
    )


def sentence(ours: NDArray, theirs: NDArray, space: Space, resemblance: Resemblance | None = None) -> str:
    """Whether samples lie nearer to training pictures than held-out pictures do, in words; distances (N,) and (M,).

    "No sign of copying" is said only of samples that look like the pictures, and "as near" only where so many are held out that
    a difference would show.
    """
    text = (
        f"A sample lies {np.median(ours):.3g}{space.unit} from its nearest training picture (median of {len(ours)}, "
        f"{space.name})"
    )
    if not len(theirs):
        return f"{text}; no picture is held out to compare that with."
    text += f", a held-out picture {np.median(theirs):.3g}"
    z, unsure = mann_whitney(ours, theirs), doubt(resemblance)
    if normal_cdf(z) < MAX_P_VALUE:
        return (
            f"{text}: samples lie nearer to training pictures than held-out ones do. Plain and blurred pictures do so without "
            "being copies: figment measure tells."
        )
    farther = normal_cdf(-z) < MAX_P_VALUE
    margin = DEVIATIONS_95 * math.sqrt((len(ours) + len(theirs) + 1) / (12 * len(ours) * len(theirs)))
    if farther:
        how = "samples lie farther from training pictures than held-out ones do"
    elif margin <= MAX_MARGIN:
        how = "samples lie about as near as held-out ones"
    else:
        how = f"no difference shows, but {len(theirs)} held-out pictures are too few to tell a small one"
    if unsure:
        return f"{text}: {how}. Of copying that says nothing: {unsure}."
    if not farther and margin > MAX_MARGIN:
        return f"{text}: {how}."
    return f"{text}: {how}, so as a whole they show no sign of copying (figment measure looks for single copies)."


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
