"""The nearest training pictures of samples: the eye's own test of whether a generator draws what it was shown.

Beside them stands how near held-out pictures lie to their nearest training pictures, since in a set of look-alikes all
lie near. Neighbours alone prove little (Theis et al., arXiv 1511.01844, section 3.3): figment measure has the tests.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.progress import Progress, Tally
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import strips
from figment.metrics.two_samples import chance_below, mann_whitney
from figment.reals import some
from figment.similarity.nearest import Subset, nearest_neighbour
from figment.similarity.spaces import PIXELS, Space, described, described_both_ways, mirrored_where, nearest_neighbours

MEASURED_SAMPLES = 256  # samples that are compared with held-out pictures, of which there may be four times as many
MAX_P_VALUE = 0.01  # below which a difference is taken for one
QUANTILES = (0.01, 0.1, 0.5, 0.9)  # quantiles that are told


def neighbours(
    generator: Generator,
    bank: Bank,
    numbers: Sequence[int] = tuple(range(8)),
    count: int = 5,
    seed: int = 0,
    space: Space = PIXELS,
    label: str | None = None,
    progress: Progress | None = None,
) -> Finding:
    """Samples of a seed by their numbers, each with its nearest training pictures, mirrored where that is nearer.

    count: neighbours of each. space: what distances are taken in. The first 256 samples are compared with held-out
    pictures. Raises InputError for no numbers, and for a label that the generator doesn't know.
    """
    if not numbers:
        raise InputError("--samples: name at least one sample, such as 0-7.")
    train = Subset(bank.pictures, bank.train)
    held_out = Subset(bank.pictures, some(bank.held_out, 4 * MEASURED_SAMPLES, seed, 0))
    z = torch.cat([generator.codes(1, seed, number) for number in numbers])
    labels = [own for number in numbers if (own := generator.labels(1, seed, number, label)) is not None]
    known = torch.cat(labels) if labels else None
    samples = generator.decode(z, known).numpy()
    references = described(train, space, Tally(progress, len(train)))
    found = nearest_neighbours(*described_both_ways(samples, space), references, count)
    others = generator.sample(MEASURED_SAMPLES, seed, label=label).numpy()
    ours, theirs = (
        nearest_neighbour(*described_both_ways(its, space), references).distance for its in (others, held_out)
    )
    nearer = [float((theirs < own).mean()) if len(theirs) else None for own in found.distance[:, 0]]
    names = [[bank.names[row] for row in bank.train[places]] for places in found.place]
    rows = [
        (
            f"{number}:\n{' '.join(f'{d:.3g}' for d in found.distance[i])}",
            np.concatenate([samples[i : i + 1], mirrored_where(train[found.place[i]], found.mirrored[i])]),
        )
        for i, number in enumerate(numbers)
    ]
    return Finding(
        "neighbours",
        sentence(ours, theirs, space),
        {
            "": Sheet(
                strips(rows, ["sample", "nearest", *(f"{i}." for i in range(2, found.place.shape[1] + 1))]),
                f"Samples of seed {seed} by their numbers, and the training pictures nearest to each with their distances "
                f"({space.name}), mirrored where that is nearer.",
                "compositeWithTrainedAlgorithmicMedia",
            )
        },
        {
            "seed": seed, "label": label, "features": space.name, "measured": MEASURED_SAMPLES, "held_out": len(theirs),
            "z": mann_whitney(ours, theirs) if len(theirs) else None, "shares": QUANTILES,
            "quantiles": np.quantile(ours, QUANTILES).tolist(),
            "quantiles_held_out": np.quantile(theirs, QUANTILES).tolist() if len(theirs) else None,
            "samples": [
                {
                    "number": number, "held_out_nearer": nearer[i], "names": names[i],
                    "mirrored": found.mirrored[i].tolist(), "distances": found.distance[i].tolist(),
                }
                for i, number in enumerate(numbers)
            ],
        },
        ("sample", f"nearest ({space.name})", "held-out pictures nearer to theirs", "nearest training picture"),
        tuple(
            (str(number), f"{found.distance[i, 0]:.3g}", _percent(nearer[i]), Path(names[i][0]).name)
            for i, number in enumerate(numbers)
        ),
        z,
        known,
    )  # fmt: skip


def sentence(ours: NDArray, theirs: NDArray, space: Space) -> str:
    """Whether samples lie nearer to training pictures than held-out pictures do, in words; distances (N,) and (M,)."""
    text = (
        f"A sample lies {np.median(ours):.3g}{space.unit} from its nearest training picture (median of {len(ours)}, "
        f"{space.name})"
    )
    if not len(theirs):
        return f"{text}; no picture is held out to compare that with."
    text += f", a held-out picture {np.median(theirs):.3g}"
    z = mann_whitney(ours, theirs)
    if chance_below(z) < MAX_P_VALUE:
        return (
            f"{text}: samples lie nearer to training pictures than held-out ones do. Plain and blurred pictures do so without "
            "being copies: figment measure tells."
        )
    if chance_below(-z) < MAX_P_VALUE:
        return f"{text}: samples lie farther from training pictures than held-out ones do, so these show no sign of copying."
    return (
        f"{text}: samples lie about as near to training pictures as held-out ones do, which shows no sign of copying."
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
