"""Whether generated clips of the moving portraits keep to the truth: people stay who they are, and move as the real ones do.

All of it is read back from frames by moving_reader; beside each number stands what the same reader finds in real clips. What
is true is known without any picture: who somebody is stays, curves have the spectra of data/portraits/moving.py, blinks come
BLINK_RATE times a second, and what hangs together is in that table alone.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.attributes.coverage import MAX_INVALID_SHARE, correlations, rounded
from figment.attributes.portrait_reader import CATEGORIES, CONTINUOUS, PortraitReader
from figment.common.progress import Progress, Tally
from figment.common.seeds import seed_at
from figment.common.text import aligned
from figment.data.portraits.moving import BLINK_RATE, CONSTANT, PACES, moving_table
from figment.data.portraits.table import Attribute, Table
from figment.metrics.clip_scores import Clips
from figment.metrics.estimate import Estimate, jackknifed, mean

TRUE_CLIPS = 2_000  # whose curves are drawn, as numbers alone, to know the spectra and what hangs together
LEAST_READ = 20  # clips, of fewer of which nothing is told
STEADY = 2.0  # times the reader's error: what stays the same keeps so near to its mean through a clip
BAND = 0.95  # of a curve's true power lies in the slow frequencies that are compared; the rest is jitter
SHUT = 0.5  # lids that are closed so far are shut
SURE = 3.0  # standard errors
DIGITS = 6  # behind the point, of shares of a power
MOST_JITTER = (
    0.5  # beyond the reals', which is the reader's own: half as much power as there is in truth, all of it wrong
)
LEAST_CONSTANT, NEAR = (
    0.9,
    2.0,
)  # share of clips that stay the same, and times the true power: what is asked of a generator
STAYS = tuple(a for a in (*CATEGORIES, *CONTINUOUS) if a.name in CONSTANT)
Curves = Mapping[str, NDArray]  # of each attribute, (N, T)
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Beside:
    """A number of generated clips, and the same of real ones, read by the same reader."""

    value: Estimate
    floor: Estimate


@dataclass(frozen=True)
class ClipTruth:
    """What was read in generated clips, beside real ones and the truth.

    clips, reals: how many were read, of so many frames, so many a second. invalid: share of frames that are no portraits.
    constant: by attribute, share of clips in which it stays the same. power: by what moves, its power at slow frequencies over
    the true one, which is 1; bands: the same at each of them, in cycles a clip from 1 on. jitter: its power beyond them, as a
    share of all true power, which has next to none there. blinks: a second; BLINK_RATE in truth. apart: the greatest difference
    of a correlation from the true one, of what moves with anything; pair: of what.
    """

    clips: int
    reals: int
    frames: int
    fps: float
    invalid: Beside
    constant: dict[str, Beside]
    power: dict[str, Beside]
    bands: dict[str, list[float]]
    jitter: dict[str, Beside]
    blinks: Beside
    apart: Beside
    pair: tuple[str, str]

    def lines(self) -> list[str]:
        """For a person: a table with the reals' beside it, then what falls short of the truth."""
        rows = [["read in clips", "clips", "reals", "truth"]]
        rows += [_row(f"{_spaced(name)} stays", it, "1") for name, it in self._told_constant.items()]
        for name, it in self.power.items():
            rows += [_row(f"{name}, power", it, "1"), _row(f"{name}, jitter", self.jitter[name], "0")]
        rows.append(_row("blinks a second", self.blinks, f"{BLINK_RATE:g}"))
        rows.append(_row("correlations apart", self.apart, "0"))
        rows.append(_row("frames that are no portraits", self.invalid, "0"))
        about = f"{self.clips:,} clips of {self.frames} frames, read beside {self.reals:,} real ones:"
        return [about, *(aligned(rows) if self._can_be_read else ()), *self.sentences()]

    @property
    def _can_be_read(self) -> bool:
        """Whether there is anything to read: of what is no portrait the reader tells something, too."""
        return self.invalid.value.value <= MAX_INVALID_SHARE

    @property
    def _told_constant(self) -> dict[str, Beside]:
        """Those that a person tells people by, and of the others the one that changes most."""
        kinds = {a.name for a in CATEGORIES}
        others = sorted(
            (name for name in self.constant if name not in kinds), key=lambda n: self.constant[n].value.value
        )
        return {name: it for name, it in self.constant.items() if name in kinds or name in others[:1]}

    def sentences(self) -> list[str]:
        """What falls short, by more than what is read of reals does; that nothing does, where nothing does."""
        told = []
        if _below(self.invalid.floor, self.invalid.value):
            invalid, real = _percent(self.invalid.value.value), _percent(self.invalid.floor.value)
            told.append(f"{invalid} of the frames are no portraits (reals: {real})")
        if not self._can_be_read:
            return [*told, "what is read in so few portraits is left out: train longer, then measure again"]
        told += [
            f"{_spaced(name)}: changes in {_percent(1 - it.value.value)} of clips (reals: {_percent(1 - it.floor.value)})"
            for name, it in self.constant.items()
            if it.value.value < LEAST_CONSTANT and _below(it.value, it.floor)
        ]
        for name, it in self.power.items():
            share, own = it.value.value, it.floor.value
            if not _is_near(share) and not _is_near(share / own if own else math.inf):
                much = "little" if share < own else "much"
                told.append(f"{name} moves too {much}: {share:.2f} of the true power (reals: {own:.2f})")
        for name, it in self.jitter.items():
            share, own = it.value.value, it.floor.value
            if share > own + MOST_JITTER:
                told.append(
                    f"{name} jitters: {share:.2f} of the true power is where there is none in truth (reals: {own:.2f})"
                )
        found, floor = self.blinks.value, self.blinks.floor
        if _below(found, floor) or _below(floor, found):
            much = "seldom" if found.value < floor.value else "often"
            told.append(f"eyes blink too {much}: {found.value:.2f} times a second (reals: {floor.value:.2f})")
        if self.apart.value.value > NEAR * self.apart.floor.value:
            told.append(f"{self.pair[0]} goes with {self.pair[1]} as it doesn't in truth: "
                        f"correlation off by {self.apart.value.value:.2f}")  # fmt: skip
        return told or [
            "people stay who they are, and turn, smile and blink as in truth, as far as so many clips can tell"
        ]

    def as_record(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        record: dict[str, Any] = rounded(asdict(self))
        return record | {"sentences": self.sentences()}


def measure_truth(
    clips: Clips, reals: Clips, fps: float, read: Callable[[Tally], PortraitReader], work: int = 0,
    progress: Progress | None = None,
) -> ClipTruth:  # fmt: skip
    """Read generated and real clips, uint8 (N, T, 3 or 1, S, S) with at least LEAST_READ each, and hold both to the truth.

    read: gives the reader, such as moving_reader of a size; work: what it has to do for that, in pictures. Calls
    progress(done, of how many).
    """
    tally = Tally(progress, work + clips.shape[0] * clips.shape[1] + reals.shape[0] * reals.shape[1])
    reader = read(tally)
    ours, theirs = (_readings(reader, some, tally) for some in (clips, reals))
    return compare(ours, theirs, errors_of(reader), fps)


def errors_of(reader: PortraitReader) -> dict[str, float]:
    """How far a reader is off in what is continuous and stays, by its own examination: roots of the mean square."""
    return {
        a.name: float(reader.reference.table[a.name].std()) * math.sqrt(max(0.0, 1 - reader.accuracy[a.name]))
        for a in STAYS
        if a in CONTINUOUS
    }


def compare(ours: Curves, theirs: Curves, errors: Mapping[str, float], fps: float) -> ClipTruth:
    """What was read of generated and of real clips, beside the truth. ours, theirs: columns (N, T) of all that is read, and
    "invalid", of frames that are no portraits. errors: of the reader, in what is continuous and stays."""
    count, frames = ours["turn"].shape
    true = moving_table(TRUE_CLIPS, frames, fps, seed_at(0, "truth of clips"))

    def both(found: Callable[[Curves], Estimate]) -> Beside:
        return Beside(found(ours), found(theirs))

    stays = {
        a.name: both(lambda t, a=a: mean(stays_same(t[a.name], a, errors.get(a.name, 0.0)).astype(float)))  # type: ignore[misc]
        for a in STAYS
    }
    spectra = {name: spectrum(true[name]).mean(0) for name in PACES}
    power = {name: both(lambda t, n=name: _power(t[n], spectra[n])) for name in PACES}  # type: ignore[misc]
    jitter = {name: both(lambda t, n=name: _jitter(t[n], spectra[n])) for name in PACES}  # type: ignore[misc]
    bands = {name: (spectrum(ours[name]).mean(0) / known)[: slow(known)].tolist() for name, known in spectra.items()}
    known, about = ties(true)
    return ClipTruth(
        clips=count, reals=len(theirs["turn"]), frames=frames, fps=fps,
        invalid=both(lambda t: mean(t["invalid"].mean(1))),
        constant=stays, power=power, bands=bands, jitter=jitter,
        blinks=both(lambda t: mean(blinks(t["lids"]) * fps / max(frames - 1, 1))),
        apart=both(lambda t: jackknifed(lambda rows: _farthest(t, rows, known)[0], len(t["turn"]))[0]),
        pair=about[_farthest(ours, np.arange(count), known)[1]],
    )  # fmt: skip


def stays_same(values: NDArray, a: Attribute, error: float) -> NDArray[np.bool_]:
    """Which clips (N, T) keep an attribute from beginning to end: a category in every frame, a number within the reader's error.

    That is, the root of its mean squared distance from the clip's mean is at most STEADY times the error.
    """
    if a.kind == "category":
        same: NDArray[np.bool_] = (values == values[:, :1]).all(1)
        return same
    steady: NDArray[np.bool_] = values.astype(np.float64).std(1) <= STEADY * error
    return steady


def spectrum(paths: NDArray) -> NDArray[np.float64]:
    """Power of curves (N, T) at 1 … T/2 cycles a clip, (N, T // 2).

    Under Hann's window, less the mean under it: a curve's level, and ends that don't meet, leave nothing at high frequencies.
    """
    frames = paths.shape[1]
    window = np.hanning(frames + 2)[1:-1]
    centred = paths - (paths * window).sum(1, keepdims=True) / window.sum()
    found: NDArray[np.float64] = np.abs(np.fft.rfft(centred * window, axis=1)) ** 2
    return found[:, 1 : frames // 2 + 1] / np.square(window).sum()


def slow(powers: NDArray[np.float64]) -> int:
    """How many of the lowest frequencies hold BAND of a true spectrum."""
    return int(np.searchsorted(np.cumsum(powers) / powers.sum(), BAND)) + 1


def blinks(lids: NDArray) -> NDArray[np.int64]:
    """How often eyes shut in each clip, (N, T) → (N,): frames with shut eyes after one without."""
    shut = lids > SHUT
    found: NDArray[np.int64] = (shut[:, 1:] & ~shut[:, :-1]).sum(1)
    return found


def ties(curves: Curves | Table) -> tuple[NDArray[np.float64], list[tuple[str, str]]]:
    """Correlations over all frames of what moves with each other and with what stays, and of what each is."""
    moving = [*PACES, "lids"]
    frames = curves["turn"].shape
    named = [(name, np.broadcast_to(_column(curves[name]), frames).ravel()) for name in moving]
    for a in STAYS:
        values = np.broadcast_to(_column(curves[a.name]), frames).ravel()
        if a.kind == "category":
            named += [(f"{_spaced(a.name)} {label}", values == number) for number, label in enumerate(a.names)]
        else:
            named.append((_spaced(a.name), values))
    found = correlations(np.stack([values.astype(np.float64) for _, values in named], 1))
    pairs = [(i, j) for i in range(len(moving)) for j in range(i + 1, len(named))]
    return np.array([found[i, j] for i, j in pairs]), [(named[i][0], named[j][0]) for i, j in pairs]


def _column(values: NDArray) -> NDArray:
    return values if values.ndim == 2 else values[:, None]


def _farthest(curves: Curves, rows: Rows, known: NDArray[np.float64]) -> tuple[float, int]:
    """The greatest difference of a correlation from the true one in some clips, and which."""
    found, _ = ties({name: values[rows] for name, values in curves.items()})
    apart = np.abs(found - known)
    return float(apart.max()), int(apart.argmax())


def _power(paths: NDArray, known: NDArray[np.float64]) -> Estimate:
    powers, band = spectrum(paths), slow(known)
    return _over(mean(powers[:, :band].sum(1)), float(known[:band].sum()))


def _jitter(paths: NDArray, known: NDArray[np.float64]) -> Estimate:
    powers, band = spectrum(paths), slow(known)
    return _over(mean(powers[:, band:].sum(1)), float(known.sum()))


def _over(value: Estimate, unit: float) -> Estimate:
    """In units of a true power, to what isn't the rounding of sums: so that what stands still has none."""
    return Estimate(round(value.value / unit, DIGITS), round(value.error / unit, DIGITS))


def _readings(reader: PortraitReader, clips: Clips, tally: Tally) -> dict[str, NDArray]:
    """All that a reader reads of clips, columns (N, T), and which frames are no portraits."""
    found = reader.predict(clips.reshape(-1, *clips.shape[2:]), tally)
    table = found.table | {"invalid": reader.invalid(found).astype(np.float64)}
    return {name: column.reshape(clips.shape[:2]) for name, column in table.items()}


def _is_near(ratio: float) -> bool:
    return 1 / NEAR <= ratio <= NEAR


def _below(low: Estimate, high: Estimate) -> bool:
    """Whether one number lies below another by more than chance."""
    return high.value - low.value > SURE * math.hypot(low.error, high.error)


def _row(name: str, it: Beside, true: str) -> list[str]:
    return [name, str(it.value), str(it.floor), true]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
