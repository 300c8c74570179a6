"""The DCGAN paper's nearest-neighbour test: what pictures a generator makes of classes are worth as examples of them.

A picture is given the class of the nearest example, be these generated or real (Radford et al., arXiv 1511.06434, appendix A).
The more a generator knows of what belongs to a class, and of how it varies, the nearer its pictures come to real ones; and of
generated ones there are as many as one likes.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment.common.progress import Progress, Tally
from figment.errors import InputError
from figment.explain.linear_probe import Labelled, adapted, described, pixels
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.charts import lines
from figment.media.strips import strips
from figment.similarity.nearest import nearest_neighbour

COUNTS = (3, 10, 30, 100, 300, 1000)  # examples a class
TESTED = 2000  # held-out pictures
SHOWN = 10
GENERATED, REAL = "generated", "real"


def neighbour_test(
    generator: Generator,
    data: Labelled,
    counts: tuple[int, ...] = COUNTS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Finding:
    """How well held-out pictures are told apart by their nearest generated examples, and by as many real ones.

    data: of classes that the generator knows by the same names. counts: examples a class, rising; of real ones only as many as
    each class has. Distances are those of pixels, as in representation.pixels(). Raises InputError for other classes.
    """
    known = [name for name in data.names if name in generator.classes]
    fewest = int(np.bincount(data.train_classes, minlength=len(data.names)).min())
    if len(known) < len(data.names) or fewest < counts[0]:
        reason = "has classes that this generator doesn't know" if len(known) < len(data.names) else (
            f"has a class of only {fewest} pictures to learn from, where {counts[0]} are needed"
        )  # fmt: skip
        raise InputError(f"--labels: {data.source} {reason}: name other DATA.")
    which = np.sort(np.random.default_rng([seed, 3]).permutation(len(data.test))[:TESTED])
    tested, classes = adapted(data.test[which], generator.recipe), data.test_classes[which]
    queries = described(tested, pixels)
    order = np.random.default_rng([seed, 4]).permutation(len(data.train))
    its_counts = {GENERATED: counts, REAL: tuple(count for count in counts if count <= fewest)}
    tally = Tally(progress, counts[-1] * len(data.names) + len(queries) * sum(map(len, its_counts.values())))
    examples: dict[str, list[NDArray[np.float32]]] = {GENERATED: [], REAL: []}
    for place, name in enumerate(data.names):
        z, labels = codes_of(generator, name, counts[-1], seed, place * counts[-1])
        examples[GENERATED].append(described(generator.decode(z, labels).numpy(), pixels))
        own = data.train[order[data.train_classes[order] == place][: counts[-1]]]
        examples[REAL].append(described(adapted(own, generator.recipe), pixels))
        tally(counts[-1])
    right: dict[str, list[float]] = {GENERATED: [], REAL: []}
    for kind in (REAL, GENERATED):  # the nearest ones of the last are shown
        for count in its_counts[kind]:
            found = nearest_neighbour(
                queries, queries, np.concatenate([its[:count] for its in examples[kind]]), done=tally
            ).place
            said, number = found // count, found % count
            right[kind].append(float((said == classes).mean()))
    shown = np.random.default_rng([seed, 5]).permutation(len(tested))[:SHOWN]
    drawn = [codes_of(generator, data.names[said[i]], 1, seed, int(said[i] * counts[-1] + number[i])) for i in shown]
    z, labels = (torch.cat(one) for one in zip(*drawn, strict=True))
    titles = [data.names[said[i]] + (" ✓" if said[i] == classes[i] else " ✗") for i in shown]
    pictures = strips(
        [("held out", tested[shown]), ("nearest\ngenerated", generator.decode(z, labels).numpy())], titles
    )
    return Finding(
        "features",
        sentence(counts, right[GENERATED], right[REAL], len(queries)),
        {
            "": Sheet(lines(counts, right, "examples a class", "held-out pictures told right"),
                      "Pictures take the class of the nearest example, by pixels: as many generated or real examples.", None),
            "nearest": Sheet(pictures, f"Held-out pictures and the nearest of {counts[-1]:,} generated examples a class, with "
                             "the class that it stands for, right or wrong.", "compositeWithTrainedAlgorithmicMedia"),
        },
        {
            "source": data.source, "classes": list(data.names), "seed": seed, "tested": len(queries),
            "counts": {kind: list(several) for kind, several in its_counts.items()}, "right": right,
            "shown": which[shown].tolist(),
        },
        ("examples a class", *(f"{kind} ones" for kind in right)),
        tuple((f"{count:,}", *(_cell(right[kind], i) for kind in right)) for i, count in enumerate(counts)),
        z,
        labels,
        "neighbours",
    )  # fmt: skip


def codes_of(generator: Generator, name: str, count: int, seed: int, start: int) -> tuple[Tensor, Tensor]:
    """Codes number start … start + count - 1 of a seed, and the one class for all of them."""
    return generator.codes(count, seed, start), torch.full((count,), generator.class_number(name))


def sentence(counts: tuple[int, ...], generated: list[float], real: list[float], tested: int) -> str:
    """What one sees, in words."""
    reached = next((i for i, share in enumerate(real) if share >= generated[-1]), None)
    if reached is None:
        worth = f"more than {counts[len(real) - 1]:,} real ones a class do"
    elif reached == 0:
        worth = f"{counts[0]:,} real ones a class do, or fewer"
    else:
        worth = f"between {counts[reached - 1]:,} and {counts[reached]:,} real ones a class do"
    unsure = 2 * (0.5 / tested) ** 0.5  # two standard errors of a difference, at most
    enough = next(count for count, share in zip(counts, generated, strict=True) if share >= max(generated) - unsure)
    more = "More might do better." if enough == counts[-1] else f"More than {enough:,} a class hardly add to it."
    return (
        f"By the nearest of {counts[-1]:,} generated examples a class {100 * generated[-1]:.1f} % of {tested:,} held-out "
        f"pictures are told right: about what {worth}. {more}"
    )


def _cell(shares: list[float], i: int) -> str:
    return f"{100 * shares[i]:.1f} %" if i < len(shares) else "too few"
