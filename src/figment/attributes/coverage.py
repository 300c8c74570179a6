"""Which portraits does a generator draw, and which has it lost? Mode coverage measured on the built-in portraits.

Their attributes are known, so a reader (portrait_reader.py) is trained to read them from generated pictures; what it
finds is compared with what it finds in unseen real portraits, so that its own errors are on both sides. Beside each
score stands its floor: that of as many other real portraits, which differ by chance alone. What doesn't cancel: of
rough pictures the reader is less sure, and its numbers draw towards their means; so an attribute that is told as too
narrow may be blurred.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.attributes.portrait_reader import (
    CATEGORIES,
    CONTINUOUS,
    NET_SIDE,
    READ_ATTRIBUTES,
    PortraitReader,
    PortraitReadings,
    draw_portraits,
    portrait_reader,
    remaining_work,
)
from figment.attributes.small_nets import PictureArray
from figment.common.pixels import to_grey
from figment.common.progress import Progress, Tally
from figment.common.seeds import seed_at
from figment.data.portraits.table import Attribute, Table, draw_attributes
from figment.errors import InputError

MIN_PICTURES = 200  # fewer say little about ten bins and nothing about combinations
BINS = 10  # of a continuous attribute, of equal width
TABLE_ROWS = 100_000  # of attributes, to tell how common each combination is; no picture is drawn for them
SIGNIFICANT_DEVIATIONS = 4  # of chance, beyond which a share or a mean is worth a sentence
MIN_DIFFERENCE = 0.02  # and the smallest difference that is: of shares, or of a mean in deviations ×10
MAX_SENTENCES = 8  # on attributes, one each
MAX_INVALID_SHARE = 0.9  # of the pictures being no portraits: nothing more is said then
COMBINED_ATTRIBUTES = tuple(a.name for a in CATEGORIES)


@dataclass(frozen=True)
class AttributeScore:
    """A number of the generated pictures, and the same of as many unseen real portraits."""

    value: float
    floor: float


@dataclass(frozen=True)
class Marginal:
    """How one attribute is spread.

    labels: names of a category, or of the bins of a continuous attribute; edges: of those bins, one more than there
    are, else none. truth, found: shares, one a label, of real and of generated portraits, both as read. distance: total
    variation, half the sum of the shares' absolute differences. mean, deviation: as (truth, found), of a continuous
    attribute.
    """

    name: str
    labels: tuple[str, ...]
    edges: tuple[float, ...]
    truth: tuple[float, ...]
    found: tuple[float, ...]
    distance: AttributeScore
    mean: tuple[float, float] | None = None
    deviation: tuple[float, float] | None = None


@dataclass(frozen=True)
class AttributeCoverage:
    """What the attributes of generated portraits are, beside the truth.

    count: pictures measured. references: unseen real portraits that stand for the truth. accuracy: of the reader, by
    attribute, on unseen portraits in colour: R² or the share read right. invalid: share of pictures that are no
    portraits. misfit: how badly attributes explain their pictures, a median in levels of 255. correlation_mean,
    correlation_max: absolute differences of the correlations between two attributes (a category counts as one indicator
    a name); apart: the pair of the greatest. covered: how much of the truth, by weight, lies in combinations of
    COMBINED_ATTRIBUTES that occur among the pictures; combinations: how many occur.
    """

    count: int
    references: int
    accuracy: dict[str, float]
    marginals: tuple[Marginal, ...]
    invalid: AttributeScore
    misfit: AttributeScore
    correlation_mean: AttributeScore
    correlation_max: AttributeScore
    apart: tuple[str, str]
    covered: AttributeScore
    combinations: AttributeScore

    def as_record(self) -> dict[str, Any]:
        """All of it as JSON has it, rounded to what so many pictures can tell."""
        record: dict[str, Any] = rounded(asdict(self))
        return record

    def sentences(self) -> list[str]:
        """What a person should know: what is missing or too common, the largest differences first."""
        invalid, floor = _percent(self.invalid.value), _percent(self.invalid.floor)
        told = [f"{invalid} of the pictures are no valid portraits (reals: {floor})"]
        if self.invalid.value > MAX_INVALID_SHARE:
            return [*told, "what is read in so few portraits is left out: train longer, then measure again"]
        told += [text for _, text in sorted(self._oddities(), key=lambda item: -item[0])][:MAX_SENTENCES]
        if len(told) == 1:
            told.append("every attribute is spread as in the truth, as far as so many pictures can tell")
        what = ", ".join(COMBINED_ATTRIBUTES[:-1]).replace("_", " ") + f" and {COMBINED_ATTRIBUTES[-1]}"
        told.append(f"combinations of {what}: {_percent(self.covered.value)} of the truth is covered "
                    f"(by as many reals: {_percent(self.covered.floor)})")  # fmt: skip
        told.append(f"correlations differ by at most {self.correlation_max.value:.2f} "
                    f"({' with '.join(self.apart)}; reals: {self.correlation_max.floor:.2f})")  # fmt: skip
        return told

    def _oddities(self) -> list[tuple[float, str]]:
        """Attributes that differ by more than chance: how much, and a sentence."""
        chance = 1 / self.count + 1 / self.references
        return [found for m in self.marginals if (found := _oddity(m, chance))]


def measure_attributes(pictures: PictureArray, seed: int = 0, progress: Progress | None = None) -> AttributeCoverage:
    """Compare the attributes of generated portraits, uint8 (N, 3 or 1, S, S), with the truth.

    At first use for a size a reader is trained, which takes a minute or so; the cache keeps it. seed: which real
    portraits make the floor. Calls progress(done, of how many). Raises InputError for fewer than MIN_PICTURES pictures,
    or pictures that aren't square or are too small.
    """
    check(pictures)
    count, size = len(pictures), pictures.shape[2]
    colour = pictures.shape[1] == 3
    tally = Tally(progress, remaining_work(size) + (3 if colour else 5) * count)
    reader = portrait_reader(size, tally)
    found = reader.predict(pictures, tally)

    def reals(name: str) -> PortraitReadings:
        # All are reduced to NET_SIDE before they are read: from twice that as well as from more, and sooner.
        drawn, _ = draw_portraits(count, seed_at(seed, name), min(size, 2 * NET_SIDE), tally)
        return reader.predict(drawn if colour else to_grey(drawn), tally)

    # The reader's own reference is in colour; grey pictures are compared with what it finds in grey portraits.
    reader = reader if colour else replace(reader, reference=reals("grey reference"))
    return compare_readings(reader, found, reals("floor of attributes"))


def check(pictures: PictureArray) -> None:
    """Raise InputError for pictures that can't be measured, ValueError for what is no array of pictures."""
    if pictures.ndim != 4 or pictures.shape[1] not in (1, 3) or pictures.dtype != np.uint8:
        raise ValueError(f"wanted uint8 (N, 3 or 1, S, S), got {pictures.dtype} {pictures.shape}")
    if len(pictures) < MIN_PICTURES:
        raise InputError(f"{len(pictures)} pictures are too few to measure attributes: give at least {MIN_PICTURES}.")
    if pictures.shape[2] != pictures.shape[3]:
        high, wide = pictures.shape[2:]
        raise InputError(
            f"attributes are read from square portraits, not from {high}×{wide}: measure a square generator."
        )


def compare_readings(reader: PortraitReader, found: PortraitReadings, floor: PortraitReadings) -> AttributeCoverage:
    """The scores of readings of generated pictures, beside those of as many unseen real portraits."""
    truth = reader.reference
    each = [(found, truth), (floor, truth)]
    apart, mean, greatest = zip(*(_correlations_apart(a.table, b.table) for a, b in each), strict=True)
    weights = combination_weights(draw_attributes(TABLE_ROWS, seed_at(0, "combinations")))
    # What is no portrait covers nothing, whatever is read in it.
    own = [combination_numbers(readings.table)[~reader.invalid(readings)] for readings in (found, floor)]
    return AttributeCoverage(
        count=len(found),
        references=len(truth),
        accuracy=reader.accuracy,
        marginals=tuple(marginal(a, truth.table, found.table, floor.table) for a in READ_ATTRIBUTES),
        invalid=_score(float(reader.invalid(readings).mean()) for readings in (found, floor)),
        misfit=_score(float(np.median(readings.misfit)) for readings in (found, floor)),
        correlation_mean=_score(mean),
        correlation_max=_score(greatest),
        apart=apart[0],
        covered=_score(covered_weight(weights, numbers) for numbers in own),
        combinations=_score(float(len(np.unique(numbers))) for numbers in own),
    )


def marginal(a: Attribute, truth: Table, found: Table, floor: Table) -> Marginal:
    """One attribute's shares in three tables, and how far the second and the third lie from the first."""
    if a in CATEGORIES:
        return _marginal(a.name, a.names, (), [shares(t[a.name], len(a.names)) for t in (truth, found, floor)])
    edges = np.linspace(a.low, a.high, BINS + 1)
    labels = tuple(f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges))
    columns = [t[a.name].astype(np.float64) for t in (truth, found, floor)]
    binned = _marginal(a.name, labels, edges.tolist(), [binned_shares(column, edges) for column in columns])
    real, own = columns[:2]
    return replace(
        binned,
        mean=(float(real.mean()), float(own.mean())),
        deviation=(float(real.std()), float(own.std())),
    )


def _marginal(name: str, labels: Sequence[str], edges: Sequence[float], each: Sequence[NDArray]) -> Marginal:
    truth, found, floor = each
    distance = AttributeScore(total_variation(truth, found), total_variation(truth, floor))
    return Marginal(name, tuple(labels), tuple(edges), tuple(truth.tolist()), tuple(found.tolist()), distance)


def shares(column: NDArray, names: int) -> NDArray[np.float64]:
    """Shares of each of the names in a category's column (N,)."""
    return np.bincount(column, minlength=names) / len(column)


def binned_shares(column: NDArray, edges: NDArray) -> NDArray[np.float64]:
    """Shares of a column (N,) between edges; a value at an edge counts above it, at the last one below."""
    return np.histogram(column, edges)[0] / len(column)


def total_variation(a: NDArray, b: NDArray) -> float:
    """½ Σ|aᵢ − bᵢ| of two rows of shares, 0 (equal) to 1 (nothing in common)."""
    return float(np.abs(a - b).sum() / 2)


def indicators(table: Table) -> tuple[NDArray[np.float64], list[tuple[str, str]]]:
    """Continuous attributes and one indicator a name of each category, (N, columns); and what each column is of."""
    columns = [table[a.name].astype(np.float64) for a in CONTINUOUS]
    columns += [(table[a.name] == number).astype(np.float64) for a in CATEGORIES for number in range(len(a.names))]
    return np.stack(columns, 1), [(a.name, "") for a in CONTINUOUS] + [(a.name, n) for a in CATEGORIES for n in a.names]


def correlations(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of every two columns; 0 where one is constant."""
    centred = columns - columns.mean(0)
    lengths = np.sqrt(np.square(centred).sum(0))
    scaled = centred / np.where(lengths > 1e-9, lengths, np.inf)
    product: NDArray[np.float64] = scaled.T @ scaled
    return product


def combination_numbers(table: Table) -> NDArray[np.int64]:
    """One number for each picture's combination of COMBINED_ATTRIBUTES, (N,)."""
    sizes = [len(a.names) for a in CATEGORIES]
    return np.ravel_multi_index([table[name].astype(np.int64) for name in COMBINED_ATTRIBUTES], sizes)


def combination_weights(table: Table) -> NDArray[np.float64]:
    """How common each combination of COMBINED_ATTRIBUTES is in a table: shares, one a combination."""
    count = int(np.prod([len(a.names) for a in CATEGORIES]))
    return np.bincount(combination_numbers(table), minlength=count) / len(table["age"])


def covered_weight(weights: NDArray[np.float64], numbers: NDArray[np.int64]) -> float:
    """Weight of the combinations that occur among numbers."""
    return float(weights[np.unique(numbers)].sum())


def rounded(value: Any) -> Any:
    """Numbers within dicts and sequences to four decimals, tuples as lists."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


def _correlations_apart(ours: Table, theirs: Table) -> tuple[tuple[str, str], float, float]:
    """The two attributes whose correlation differs most between two tables; mean and greatest absolute difference."""
    (a, about), (b, _) = indicators(ours), indicators(theirs)
    # Names of one category exclude each other: their correlation says nothing new.
    rows, columns = np.array([(i, j) for i, j in combinations(range(len(about)), 2) if about[i][0] != about[j][0]]).T
    differences = np.abs(correlations(a) - correlations(b))[rows, columns]
    worst = int(differences.argmax())
    first, second = (_spaced(" ".join(about[k]).strip()) for k in (rows[worst], columns[worst]))
    return (first, second), float(differences.mean()), float(differences.max())


def _oddity(m: Marginal, chance: float) -> tuple[float, str] | None:
    """How much more an attribute differs than by chance, and a sentence; None where it doesn't."""
    truth, found = np.array(m.truth), np.array(m.found)
    limits = np.maximum(MIN_DIFFERENCE, SIGNIFICANT_DEVIATIONS * np.sqrt(truth * (1 - truth) * chance))
    odd = [
        (label, f, t)
        for label, f, t, much in zip(m.labels, m.found, m.truth, np.abs(found - truth) > limits, strict=True)
        if much
    ]
    name, excess = _spaced(m.name), m.distance.value - m.distance.floor
    if m.mean and m.deviation:
        (mean, own_mean), (deviation, own_deviation) = m.mean, m.deviation
        limit = max(10 * MIN_DIFFERENCE, SIGNIFICANT_DEVIATIONS * np.sqrt(chance))
        if abs(own_mean - mean) > limit * deviation:
            return excess, f"{name}: mean {own_mean:.3g} (truth {mean:.3g})"
        if abs(own_deviation - deviation) > limit * deviation:
            return excess, f"{name}: deviation {own_deviation:.3g} (truth {deviation:.3g})"
        odd = sorted(odd, key=lambda item: -abs(item[1] - item[2]))[:1]
    if not odd:
        return None
    return excess, f"{name}: " + ", ".join(f"{label} {_percent(f)} (truth {_percent(t)})" for label, f, t in odd)


def _score(pair: Iterable[float]) -> AttributeScore:
    value, floor = pair
    return AttributeScore(value, floor)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.0995 else f"{100 * share:.1f} %"
