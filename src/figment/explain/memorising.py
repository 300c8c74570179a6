"""The paper's check after a single pass: does the generator know its training pictures by heart?

A net that has seen each picture once, at a small learning rate, can't have learnt them by heart (Radford et al., arXiv
1511.06434, section 4.1), so what it draws by then it has learnt; passes that follow may change that. Two questions are
asked of the generators that a run has kept. Do samples lie nearer to training pictures than held-out pictures do? Plain and
blurred ones do so without having been copied. So, too: of as many training as held-out pictures, which is nearest to a
sample? Of a generator that knows none by heart both are so equally often, however plain its samples are.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from figment.common.progress import Progress, Tally
from figment.common.rehearsal import LOOKED_THROUGH, at_most
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.finding import Finding, Sheet
from figment.generator import load
from figment.media.strips import Row
from figment.metrics.resemblance import Resemblance, doubt
from figment.metrics.two_samples import DEVIATIONS_95, lean, normal_cdf, wilson_interval
from figment.reals import sample_rows
from figment.run import Run
from figment.similarity.nearest import Neighbours, Subset, mirrored_where, nearest_neighbour
from figment.similarity.spaces import PIXELS, Space, described, described_both_ways

WANTED_PASSES = (0.25, 1.0, 4.0, 16.0, 64.0, 256.0)  # over the training pictures, which generators are wanted of
MIN_HELD_OUT = 20  # held-out pictures; of fewer nothing can be said
MAX_HELD_OUT = 2000  # held-out pictures that are compared
SHOWN_SAMPLES = 8  # of a generator, those nearest to training pictures
MAX_P_VALUE = 0.01  # below which a leaning is taken for one
MAX_MARGIN = 0.15  # of what chance gives at 95 %, above which nothing can be told of learning by heart
ONE_PASS_RATIO = 1.25  # times one pass, up or down, that still pass for one
COLUMNS = (
    "images seen",
    "passes",
    "distance to training",
    "nearer than held-out",
    "nearest is a training picture",
    "by chance",
    "z",
)


@dataclass(frozen=True)
class MemorisationStats:
    """What one generator's samples say.

    images: seen by then. passes: over the training pictures. distance: of the median sample to its nearest training
    picture. nearer: P(a sample lies nearer to its nearest training picture than a held-out picture does to its own), and its
    interval at 95 %. training: share of samples whose nearest picture is a training picture, of as many training as held-out
    ones; training_margin: how far from ½ it lies by chance, at 95 %, when it is drawn anew which are held out. z: see
    two_samples.lean.
    """

    images: int
    passes: float
    distance: float
    nearer: float
    nearer_interval: tuple[float, float]
    training: float
    training_margin: float
    z: float

    @property
    def leans(self) -> bool:
        """Whether its samples lean to the training pictures."""
        return normal_cdf(-self.z) < MAX_P_VALUE

    @property
    def chance(self) -> tuple[float, float]:
        """Between which shares `training` lies by chance, at 95 %."""
        return max(0.0, 0.5 - self.training_margin), min(1.0, 0.5 + self.training_margin)


@dataclass(frozen=True, eq=False)
class ClosestSamples:
    """One generator's samples that lie nearest to training pictures, with the nearest real ones.

    images: seen by the generator. numbers: of the samples in their seed. pictures: of the samples; training, held_out: the
    nearest of as many real ones, mirrored where that is nearer; uint8 (K, C, H, W) each.
    """

    images: int
    numbers: list[int]
    pictures: NDArray[np.uint8]
    training: NDArray[np.uint8]
    held_out: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Memorisation:
    """Whether the generators of a run know training pictures by heart.

    generators: what each one's samples say, by images seen. closest: of the generator nearest to one pass and of the last one,
    which may be the same. features: what distances are taken in. train: how many training pictures there are.
    held_out_distances: of the M held-out pictures compared to their nearest training picture, float64 (M,). codes, float32
    (K, code_size), and labels, int64 (K,), or None: of the last generator's closest samples. resemblance: whether that one's
    samples look like the pictures; None where nobody told.
    """

    generators: list[MemorisationStats]
    closest: list[ClosestSamples]
    samples: int
    seed: int
    features: str
    train: int
    held_out_distances: NDArray[np.float64]
    codes: Tensor
    labels: Tensor | None
    resemblance: Resemblance | None = None

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet; name: tells it from others of its kind."""
        of_images = {its.images: its for its in self.generators}
        held_out = len(self.held_out_distances)
        caption = (
            f"Of {self.samples:,} samples those nearest to training pictures, with the nearest of {held_out:,} training and of "
            f"{held_out:,} held-out pictures ({self.features})."
        )
        return Finding(
            "memorised",
            sentence(of_images[self.closest[0].images], self.generators[-1], self.features, self.resemblance),
            {"": Sheet.of_strips(_rows(self.closest, of_images), caption, "compositeWithTrainedAlgorithmicMedia")},
            {
                "seed": self.seed, "samples": self.samples, "features": self.features, "train": self.train,
                "held_out": held_out, "held_out_distance": float(np.median(self.held_out_distances)),
                "generators": [asdict(its) for its in self.generators],
                "resemblance": None if self.resemblance is None else asdict(self.resemblance),
                "shown": [{"images": its.images, "samples": its.numbers} for its in self.closest],
            },
            COLUMNS,
            tuple(_row(its) for its in self.generators),
            self.codes,
            self.labels,
            name,
        )  # fmt: skip


def memorised(
    run: Run, bank: Bank, count: int = 1000, space: Space = PIXELS, seed: int = 0, device: str = "cpu",
    progress: Progress | None = None, resemblance: Resemblance | None = None,
) -> Memorisation:  # fmt: skip
    """Whether generators of a run, after about 1/4, 1, 4, 16 … passes and at the end, know training pictures by heart.

    Parameters
    ----------
    run : Run
        Whose snapshots and generator are looked at.
    bank : Bank
        The run's real pictures.
    count : int
        Samples of each generator.
    space : Space
        What distances are taken in.
    seed : int
        Of the samples, and of the draw of real pictures.
    device : str
        cuda, mps or cpu, for the generators.
    progress : callable, optional
        Told what is done, of how much.
    resemblance : Resemblance, optional
        Whether the last generator's samples look like the pictures: without it "no sign" isn't said.

    Returns
    -------
    Memorisation

    Raises
    ------
    InputError
        Where fewer than 20 pictures are held out, or the run has no generator yet.
    """
    if len(bank.held_out) < MIN_HELD_OUT:
        raise InputError(
            f"{run.folder} holds out {len(bank.held_out)} pictures, and fewer than {MIN_HELD_OUT} tell nothing: "
            "train on more pictures."
        )
    count, train = at_most(count, LOOKED_THROUGH), len(bank.train)
    files = kept_generators(run, train)
    tally = Tally(progress, train + 2 * min(len(bank.held_out), MAX_HELD_OUT) + count * len(files))
    reals = _reals(bank, space, seed, tally)
    stats, closest = [], []
    for images, file in files.items():
        generator = load(file, device)
        samples = generator.sample(count, seed).numpy()
        ours = described_both_ways(samples, space)
        to_few = nearest_neighbour(*ours, reals.few_described)
        to_held_out = nearest_neighbour(*ours, reals.held_out_described)
        distances = nearest_neighbour(*ours, reals.training_described).distance, reals.held_out_distances
        stats.append(memorisation_stats(images, train, *distances, to_few, to_held_out))
        if images in (nearest_to_passes(files, train, 1), max(files)):
            closest.append(_closest(images, samples, reals, to_few, to_held_out))
        tally(count)
    numbers = closest[-1].numbers  # of the last one, whose pictures the run can draw
    z, labels = generator.codes(count, seed)[numbers], generator.labels(count, seed)
    return Memorisation(
        stats, closest, count, seed, space.name, train, reals.held_out_distances,
        z, None if labels is None else labels[numbers], resemblance,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Reals:
    """Real pictures that samples are compared with: M training and M held-out ones, by what describes them, (M, d), and all T
    training pictures by theirs, (T, d); held_out_distances: from held-out pictures to the nearest of these, (M,)."""

    few: Subset
    held_out: Subset
    training_described: NDArray
    few_described: NDArray
    held_out_described: NDArray
    held_out_distances: NDArray[np.float64]


def _reals(bank: Bank, space: Space, seed: int, tally: Tally) -> _Reals:
    held_out = Subset(bank.pictures, sample_rows(bank.held_out, MAX_HELD_OUT, seed, 0))
    few = Subset(bank.pictures, sample_rows(bank.train, len(held_out), seed, 1))
    of_training = described(Subset(bank.pictures, bank.train), space, tally)
    of_few = described(few, space, tally)
    of_held_out, mirrored = described_both_ways(held_out, space, tally)
    distances = nearest_neighbour(of_held_out, mirrored, of_training).distance
    return _Reals(few, held_out, of_training, of_few, of_held_out, distances)


def _closest(
    images: int, samples: NDArray[np.uint8], reals: _Reals, to_few: Neighbours, to_held_out: Neighbours
) -> ClosestSamples:
    numbers = np.argsort(to_few.distance, kind="stable")[:SHOWN_SAMPLES]
    training, held_out = (
        mirrored_where(pictures[to.place[numbers]], to.mirrored[numbers])
        for pictures, to in ((reals.few, to_few), (reals.held_out, to_held_out))
    )
    return ClosestSamples(images, numbers.tolist(), samples[numbers], training, held_out)


def kept_generators(run: Run, train: int) -> dict[int, Path]:
    """A run's generators nearest to certain numbers of passes over its training pictures, and the last, by images seen."""
    last = int(run.facts.get("images") or 0)
    snapshots = {images: file for images, file in run.snapshots().items() if 0 < images < last}
    found = {}
    for passes in WANTED_PASSES:
        if snapshots and passes * train < last:
            near = nearest_to_passes(snapshots, train, passes)
            found[near] = snapshots[near]
    return dict(sorted(found.items())) | {max(last, 1): run.generator_file}


def nearest_to_passes(images: Iterable[int], train: int, passes: float) -> int:
    """Of numbers of images seen the one nearest to so many passes over the training pictures, by ratio."""
    return min(images, key=lambda seen: abs(math.log(seen / (passes * train))))


def memorisation_stats(
    images: int, train: int, ours: NDArray, theirs: NDArray, to_train: Neighbours, to_held_out: Neighbours
) -> MemorisationStats:
    """What samples say whose nearest pictures are given: of all training pictures, and of M of them and M held-out ones.

    ours, theirs: distances to the nearest of all training pictures, of samples (N,) and held-out pictures (M,).
    """
    held_out = len(theirs)
    places = np.where(to_held_out.distance < to_train.distance, held_out + to_held_out.place, to_train.place)
    counts = np.bincount(places, minlength=2 * held_out)
    deviation = math.sqrt(held_out / 2 * counts.var(ddof=1)) / len(ours)  # of the share: lean() has it of the number
    share, interval = probability_nearer(ours, theirs)
    return MemorisationStats(
        images, images / train, float(np.median(ours)), share, interval, float((places < held_out).mean()),
        DEVIATIONS_95 * deviation, lean(places, held_out, held_out),
    )  # fmt: skip


def probability_nearer(ours: NDArray, theirs: NDArray) -> tuple[float, tuple[float, float]]:
    """P(one of ours < one of theirs), ties for half, and its interval at 95 %, which stays within 0 and 1.

    The interval is Wilson's for as many draws as would have the variance of DeLong et al. 1988; where that is 0, since all of
    ours lie on one side, for as many as there are of the fewer kind.
    """
    above, below = _share_above(ours, theirs), 1 - _share_above(theirs, ours)
    variance = sum(float(its.var(ddof=1)) / len(its) if len(its) > 1 else 0.25 for its in (above, below))
    share = float(above.mean())
    draws = share * (1 - share) / variance if variance > 0 and 0 < share < 1 else min(len(ours), len(theirs))
    return share, wilson_interval(share * draws, draws)


def _share_above(numbers: NDArray, others: NDArray) -> NDArray[np.float64]:
    """For each number the share of others that are larger, ties for half."""
    ordered = np.sort(others)
    places = np.searchsorted(ordered, numbers) + np.searchsorted(ordered, numbers, side="right")
    return 1 - places / (2 * len(others))


def sentence(
    first: MemorisationStats, last: MemorisationStats, features: str, resemblance: Resemblance | None = None
) -> str:
    """What the generators after about one pass and at the end say, in words. features: what distances are taken in.

    resemblance: of the last one's samples; of the first one's nothing but numbers and a sign of learning by heart is told.
    """
    unsure = doubt(resemblance)
    if first.images == last.images:
        when, told = f"At the end, which is after {passes_text(last.passes)}", _verdict(last, unsure)
    else:
        when, told = f"After {passes_text(first.passes)}", _verdict(first, "")
        if not 1 / ONE_PASS_RATIO < first.passes < ONE_PASS_RATIO:
            when = f"The run kept no generator near one pass, and the nearest is that after {passes_text(first.passes)}. By then"
    text = f"{when}, {told}"
    if first.images != last.images:
        text += f" At the end, after {passes_text(last.passes)}, {_verdict(last, unsure)}"
    return f"{text} Distances are those of {features}; figment measure looks for single copies."


def _verdict(its: MemorisationStats, unsure: str | None) -> str:
    """unsure: why "no sign" can't be said, "" where that needn't be told; None where it can."""
    facts = (
        f"a sample lies nearer to the training pictures than a held-out picture does in {100 * its.nearer:.0f} % of pairs "
        f"({_range(its.nearer_interval)}; 50: as near), and of as many training as held-out pictures the nearest is a training "
        f"picture for {100 * its.training:.0f} % of samples (by chance {_range(its.chance)})"
    )
    if its.leans:
        return f"{facts}: a sign of learning by heart."
    if its.training_margin > MAX_MARGIN:
        return f"{facts}: of learning by heart these samples and so few held-out pictures tell nothing."
    if unsure is not None:
        return f"{facts}." + (f" Of learning by heart that says nothing: {unsure}." if unsure else "")
    if its.nearer_interval[0] > 0.5:
        return f"{facts}: samples are near to all pictures, as plain ones are, with no sign of learning by heart."
    return f"{facts}: no sign of learning by heart."


def passes_text(count: float) -> str:
    """ "1 pass", "0.27 passes", "47 passes" over the training pictures."""
    told = f"{count:.2g}"
    return f"{told} pass" if told == "1" else f"{told} passes"


def _range(shares: tuple[float, float]) -> str:
    low, high = shares
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def _row(its: MemorisationStats) -> tuple[str, ...]:
    """A row of the table."""
    return (
        f"{its.images:,}", f"{its.passes:.3g}", f"{its.distance:.3g}",
        f"{100 * its.nearer:.1f} % ({_range(its.nearer_interval)})", f"{100 * its.training:.1f} %", _range(its.chance),
        f"{its.z:+.1f}",
    )  # fmt: skip


def _rows(closest: Sequence[ClosestSamples], of_images: Mapping[int, MemorisationStats]) -> list[Row]:
    rows: list[Row] = []
    for its in closest:
        rows += [
            (f"after {passes_text(of_images[its.images].passes)}:\nsamples", its.pictures),
            ("nearest training pictures", its.training),
            ("nearest held-out pictures", its.held_out),
        ]
    return rows
