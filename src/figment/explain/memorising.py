"""The paper's check after a single pass: does the generator know its training pictures by heart?

A net that has seen each picture once, at a small learning rate, can't have learnt them by heart (Radford et al., arXiv
1511.06434, section 4.1), so what it draws by then it has learnt; passes that follow may change that. Two questions are
asked of the generators that a run has kept. Do samples lie nearer to training pictures than held-out pictures do? Plain and
blurred ones do so without having been copied. So, too: of as many training as held-out pictures, which is nearest to a
sample? Of a generator that knows none by heart both are so equally often, however plain its samples are.
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.progress import Progress, Tally
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.finding import Finding, Sheet
from figment.generator import load
from figment.media.strips import strips
from figment.metrics.two_samples import chance_below, leaning
from figment.reals import some
from figment.run import Run
from figment.similarity.nearest import Near, Part, nearest
from figment.similarity.spaces import PIXELS, Space, both_ways, described, turned

PASSES = (0.25, 1.0, 4.0, 16.0, 64.0, 256.0)  # over the training pictures, which generators are wanted of
ENOUGH = 20  # held-out pictures; of fewer nothing can be said
MOST = 2000  # held-out pictures that are compared
CLOSEST = 8  # samples that are shown
CHANCE = 0.01  # below which a leaning is taken for one
NORMAL = 1.96  # deviations on either side that hold 95 %
NEAR = 1.25  # times one pass that still pass for one


@dataclass(frozen=True)
class Heart:
    """What one generator's samples say.

    images: seen by then. passes: over the training pictures. distance: of the median sample to its nearest training
    picture. nearer: P(a sample lies nearer to its nearest training picture than a held-out picture does to its own), and ±
    at 95 % (DeLong et al. 1988). training: share of samples whose nearest picture is a training picture, of as many
    training as held-out ones; ± at 95 % is how far drawing anew which are held out would move it. z: see two_samples.leaning.
    """

    images: int
    passes: float
    distance: float
    nearer: float
    nearer_margin: float
    training: float
    training_margin: float
    z: float

    @property
    def leans(self) -> bool:
        """Whether its samples lean to the training pictures."""
        return chance_below(-self.z) < CHANCE


def memorised(
    run: Run,
    bank: Bank,
    count: int = 1000,
    space: Space = PIXELS,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Finding:
    """Whether generators of a run, after about 1/4, 1, 4, 16 … passes and at the end, know training pictures by heart.

    count: samples of each. space: what distances are taken in. The codes kept are those of the last
    generator's samples that are shown. Raises InputError where fewer than 20 pictures are held out, or the run has no
    generator yet.
    """
    if len(bank.held_out) < ENOUGH:
        raise InputError(
            f"{run.folder} holds out {len(bank.held_out)} pictures, and fewer than {ENOUGH} tell nothing: train on more pictures."
        )
    files = kept(run, len(bank.train))
    held_out = Part(bank.pictures, some(bank.held_out, MOST, seed, 0))
    few = Part(bank.pictures, some(bank.train, len(held_out), seed, 1))
    tell = Tally(progress, len(bank.train) + 2 * len(held_out) + count * len(files))
    references = described(Part(bank.pictures, bank.train), space, tell)
    few_references = described(few, space, tell)
    held_out_both = both_ways(held_out, space, tell)
    theirs = nearest(*held_out_both, references).distance

    first = min(files, key=lambda images: abs(math.log(images / len(bank.train))))
    last = max(files)
    hearts, rows, shown = [], [], []
    for images, file in files.items():
        generator = load(file, device)
        samples = generator.sample(count, seed).numpy()
        ours = both_ways(samples, space)
        to_few, to_held_out = nearest(*ours, few_references), nearest(*ours, held_out_both[0])
        hearts.append(heart(images, len(bank.train), nearest(*ours, references).distance, theirs, to_few, to_held_out))
        tell(count)
        if images in (first, last):
            closest = np.argsort(to_few.distance, kind="stable")[:CLOSEST].tolist()
            rows += [
                (f"after {passes(hearts[-1].passes)}:\nsamples", samples[closest]),
                ("nearest training pictures", turned(few[to_few.place[closest]], to_few.mirrored[closest])),
                ("nearest held-out pictures", turned(held_out[to_held_out.place[closest]], to_held_out.mirrored[closest])),
            ]  # fmt: skip
            shown.append((images, closest))
    z = torch.cat([generator.codes(1, seed, i) for i in closest])  # of the last one, whose pictures the run can draw
    labels = [own for i in closest if (own := generator.labels(1, seed, i)) is not None]
    return Finding(
        "memorised",
        sentence(hearts[list(files).index(first)], hearts[-1], space),
        {
            "": Sheet(
                strips(rows),
                f"Of {count:,} samples those nearest to training pictures, with the nearest of {len(few):,} training and of "
                f"{len(held_out):,} held-out pictures ({space.name}).",
                "compositeWithTrainedAlgorithmicMedia",
            )
        },
        {
            "seed": seed, "samples": count, "features": space.name, "train": len(bank.train), "held_out": len(held_out),
            "held_out_distance": float(np.median(theirs)), "generators": [asdict(its) for its in hearts],
            "shown": [{"images": images, "samples": closest} for images, closest in shown],
        },
        ("images seen", "passes", "distance to training", "nearer than held-out", "nearest is a training picture", "z"),
        tuple(
            (
                f"{its.images:,}", f"{its.passes:.3g}", f"{its.distance:.3g}", _percent(its.nearer, its.nearer_margin),
                _percent(its.training, its.training_margin), f"{its.z:+.1f}",
            )
            for its in hearts
        ),
        z,
        torch.cat(labels) if labels else None,
    )  # fmt: skip


def kept(run: Run, train: int) -> dict[int, Path]:
    """A run's generators nearest to certain numbers of passes over its training pictures, and the last, by images seen."""
    last = int(run.facts.get("images", 0))
    snapshots = {images: file for images, file in run.snapshots().items() if 0 < images < last}
    found = {}
    for goal in PASSES:
        if snapshots and goal * train < last:
            near = min(snapshots, key=lambda images: abs(math.log(images / (goal * train))))
            found[near] = snapshots[near]
    return dict(sorted(found.items())) | {max(last, 1): run.generator_file}


def heart(images: int, train: int, ours: NDArray, theirs: NDArray, to_train: Near, to_held_out: Near) -> Heart:
    """What samples say whose nearest pictures are given: of all training pictures, and of M of them and M held-out ones.

    ours, theirs: distances to the nearest of all training pictures, of samples (N,) and held-out pictures (M,).
    """
    held_out = len(theirs)
    places = np.where(to_held_out.distance < to_train.distance, held_out + to_held_out.place, to_train.place)
    counts = np.bincount(places, minlength=2 * held_out)
    deviation = math.sqrt(held_out / 2 * counts.var(ddof=1)) / len(
        ours
    )  # of the share, as leaning() has it of the number
    share, margin = nearer(ours, theirs)
    return Heart(
        images, images / train, float(np.median(ours)), share, margin, float((places < held_out).mean()),
        NORMAL * deviation, leaning(places, held_out, held_out),
    )  # fmt: skip


def nearer(ours: NDArray, theirs: NDArray) -> tuple[float, float]:
    """P(one of ours < one of theirs), ties for half, and ± at 95 % by the variance of DeLong et al. 1988."""
    above, below = _share_above(ours, theirs), 1 - _share_above(theirs, ours)
    variance = sum(float(its.var(ddof=1)) / len(its) if len(its) > 1 else 0.25 for its in (above, below))
    return float(above.mean()), NORMAL * math.sqrt(variance)


def _share_above(numbers: NDArray, others: NDArray) -> NDArray[np.float64]:
    """For each number the share of others that are larger, ties for half."""
    ordered = np.sort(others)
    places = np.searchsorted(ordered, numbers) + np.searchsorted(ordered, numbers, side="right")
    return 1 - places / (2 * len(others))


def sentence(first: Heart, last: Heart, space: Space) -> str:
    """What the generators after about one pass and at the end say, in words."""
    if first.images == last.images:
        when = f"At the end, which is after {passes(last.passes)}"
    else:
        when = f"After {passes(first.passes)}"
        if not 1 / NEAR < first.passes < NEAR:
            when = f"The run kept no generator near one pass, and the nearest is that after {passes(first.passes)}. By then"
    text = f"{when}, {_found(first)}"
    if first.images != last.images:
        text += f" At the end, after {passes(last.passes)}, {_found(last)}"
    return f"{text} Distances are those of {space.name}; figment measure looks for single copies."


def _found(its: Heart) -> str:
    facts = (
        f"a sample lies nearer to the training pictures than a held-out picture does in "
        f"{_percent(its.nearer, its.nearer_margin)} of pairs (50: as near), and of as many training as held-out pictures "
        f"the nearest is a training picture for {_percent(its.training, its.training_margin)} of samples (50: all the same)"
    )
    if its.leans:
        return f"{facts}: a sign of learning by heart."
    if its.nearer > 0.5 + its.nearer_margin:
        return f"{facts}: samples are near to all pictures, as plain ones are, with no sign of learning by heart."
    return f"{facts}: no sign of learning by heart."


def passes(count: float) -> str:
    """ "1 pass", "0.27 passes", "47 passes" over the training pictures."""
    told = f"{count:.2g}"
    return f"{told} pass" if told == "1" else f"{told} passes"


def _percent(share: float, margin: float) -> str:
    return f"{100 * share:.1f} ± {100 * margin:.1f} %"
