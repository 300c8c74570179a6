"""Looking for the invisible mark (media/watermark.py), and how sure a find is.

A wave of a block whose size is c has the phase 2π c / STEP. Over all blocks at one place of the pattern the turns exp(i · phase)
add up to V. What a key expects there is a phase that is as good as random for who hasn't the key, so Re(V exp(-i · expected)) is
|V| cos(u), u spread evenly, in any picture that wasn't marked, whatever it shows. As E exp(λ |V| cos u) = I₀(λ |V|) is at
most exp(λ² |V|² / 4), the sum S of the absolute sums of all bits reaches s in at most 2¹⁶ exp(-s² / Σ |V|²) of all such
pictures (Chernoff's bound, and one for each number), times how many places, sizes and strengths were looked at.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.media.watermark import (
    BITS,
    BLOCK,
    FIGMENTS_KEY,
    FREQUENCIES,
    FULL_TURN,
    PERIOD,
    STEP,
    Mark,
    bit_groups,
    in_blocks,
    luma,
    phases_of,
    waves,
)

FALSE_ALARM = 1e-6  # share of pictures without the mark of which it may be said that they have it
MISREAD = 0.03  # of found numbers that may be wrong where one is told: it accuses a run
MOST_REDUCED = 2.5  # times; of a picture that was reduced to less no wave is left
BLURS = np.array([0.4, 0.6, 0.8, 1.0, 1.2])  # pixels, deviations of a Gaussian: resampling is much like one, too
#: Contrast and brightness may have been changed by about a third; two neighbours of these differ by too little to matter.
CONTRASTS = np.exp(np.linspace(-0.4, 0.4, 41))
SIDES = (64, 96, 128, 192, 256, 384, 512)  # shorter sides that pictures may have been enlarged or reduced from
WINDOW = 256  # pixels a side, in the middle of a picture, in which cut-outs are looked for
QUICK_WINDOW = 128  # … in which all is looked for that isn't thorough
REPEAT = PERIOD * BLOCK  # pixels after which the pattern repeats
MAX_SIDE = 1024  # pixels that are looked at each way
TINY = 1e-9
AS_MADE, RESIZED, CUT_OUT, MIRRORED = "as it was made", "resized", "cut out", "mirrored"
SHARES = {AS_MADE: 0.5, RESIZED: 0.25, CUT_OUT: 0.125, MIRRORED: 0.125}  # of the false alarms

Plane = NDArray[np.float64]
Turns = NDArray[np.complex64]
Number = TypeVar("Number", bound=np.number)


@dataclass(frozen=True)
class Found:
    """false_alarm: in what share of pictures without the mark as much would be found, at most; 1 for all. number: of the run,
    0 where it isn't known, or too faint to be read. how: "as it was made", "resized", "cut out" or "mirrored"."""

    false_alarm: float
    number: int
    how: str

    @property
    def is_there(self) -> bool:
        return self.false_alarm <= FALSE_ALARM


class _Best(NamedTuple):
    exponent: float  # s² / Σ |V|²
    number: int


def find(picture: NDArray[np.uint8], thorough: bool = True) -> Found:
    """Look for figment's mark in a picture, uint8 (H, W, 3), (H, W, 1) or (H, W).

    First as it was made, but for contrast or blur; thorough: then in other sizes, then as a part of something larger, mirrored
    or not; else in its middle alone. What is looked
    for later has its share of the false alarms, so all of it together keeps to FALSE_ALARM.
    """
    picture, best = picture[:MAX_SIDE, :MAX_SIDE], Found(1.0, 0, AS_MADE)
    plane = luma(picture if thorough else _middle(picture, QUICK_WINDOW))
    for how, tried, found in _ways(plane, thorough):
        share = SHARES[how] if thorough else 1.0
        bound = min(1.0, tried / share * 2**BITS * math.exp(-found.exponent))
        if bound < best.false_alarm:
            best = Found(bound, found.number, how)
        if best.is_there:
            break
    return best


def glance(picture: NDArray[np.uint8]) -> Found:
    """Look for figment's mark in the middle of a picture, uint8 (H, W, 3), (H, W, 1) or (H, W), as it was made and, at most,
    saved anew: other contrasts, sizes and cut-outs aren't tried. So a tenth of a millisecond does."""
    best = _numbered(_patterns(luma(_middle(picture, QUICK_WINDOW)), unblurred()[:1]))
    return Found(min(1.0, 2**BITS * math.exp(-best.exponent)), best.number, AS_MADE)


def find_own(picture: NDArray[np.uint8], mark: Mark) -> float:
    """The share of pictures without the mark in which as much of a run's own key would be found, at most, where it lies as it
    was made."""
    turns = _patterns(luma(picture[:MAX_SIDE, :MAX_SIDE]), strengths())
    its = bit_groups() < 0
    sums = (turns * np.exp(-1j * mark.phases))[:, its].real.sum(-1)
    exponents = sums.clip(0) ** 2 / np.maximum((np.abs(turns[:, its]) ** 2).sum(-1), TINY)
    return min(1.0, len(turns) * math.exp(-float(exponents.max())))


def _ways(plane: Plane, thorough: bool) -> Iterator[tuple[str, int, _Best]]:
    """How the mark may lie in a picture: in words, how many possibilities that is, and the best that they find."""
    turns = _patterns(plane, strengths())
    yield AS_MADE, len(turns), _numbered(turns)
    if not thorough:
        return
    if sizes := _other_sizes(plane.shape):
        turns = np.concatenate([_patterns(_resized(plane, size), unblurred()) for size in sizes])
        yield RESIZED, len(turns), _numbered(turns)
    for how, part in (CUT_OUT, _middle(plane, WINDOW)), (MIRRORED, _middle(plane, WINDOW)[:, ::-1]):
        yield how, REPEAT**2, _cut_out(part)


def _patterns(plane: Plane, strengths: NDArray[np.float64]) -> Turns:
    """The turns of a picture at all places of the pattern, for each of some strengths, (N, frequencies), that its waves are taken
    times: (N, PERIOD, PERIOD, frequencies)."""
    sizes = in_blocks(plane) @ waves().T
    return _folded(_turns(strengths[:, None, None] * sizes))


@cache
def strengths() -> NDArray[np.float64]:
    """What undoes a change of contrast, or a blur, on each wave: (N, frequencies)."""
    return np.concatenate([np.repeat(CONTRASTS[:, None], len(FREQUENCIES), 1), unblurred()[1:]])


@cache
def unblurred() -> NDArray[np.float64]:
    """What undoes no blur, and each of BLURS: a Gaussian leaves exp(-2π² σ² f²) of a wave of f periods a pixel."""
    periods = np.array([math.hypot(down, across) / (2 * BLOCK) for down, across in FREQUENCIES])
    return np.exp(2 * np.pi**2 * np.outer(np.append(0, BLURS) ** 2, periods**2))


def _turns(sizes: NDArray[np.floating]) -> Turns:
    """Of complex numbers of length 1, in single precision."""
    phases = (sizes * (FULL_TURN / STEP)).astype(np.float32)
    turns = np.empty(phases.shape, np.complex64)
    # NumPy has these two for many numbers at once, and a complex exp for one after the other: so looking takes a third.
    turns.real, turns.imag = np.cos(phases), np.sin(phases)
    return turns


def _folded(turns: Turns, period: int = PERIOD) -> Turns:
    """Turns, (N, H, W, frequencies), added up by their place in what repeats after so many: (N, period, period, frequencies)."""
    count, height, width, last = turns.shape
    down, across = -(-height // period), -(-width // period)
    padded = np.zeros((count, down * period, across * period, last), turns.dtype)
    padded[:, :height, :width] = turns
    return padded.reshape(count, down, period, across, period, last).sum((1, 3))


def _numbered(turns: Turns) -> _Best:
    """The best that figment's key finds in the turns of some patterns."""
    columns, weights = _correlators()
    flat = turns.reshape(len(turns), -1)
    return _best((flat @ columns[:, 0]).real[:, None], (np.abs(flat) ** 2) @ weights[:, :1])


def _best(sums: NDArray[np.float32], power: NDArray[np.float32]) -> _Best:
    """Of the sums of all bits, (N, M, BITS), and their power, (N, M)."""
    exponents = np.abs(sums).sum(-1) ** 2 / np.maximum(power, TINY)
    place = np.unravel_index(int(exponents.argmax()), exponents.shape)
    number = sum(1 << bit for bit in range(BITS) if sums[place][bit] < 0)
    return _Best(float(exponents[place]), number if _misread(sums[place], float(power[place])) <= MISREAD else 0)


def _misread(sums: NDArray[np.float32], power: float) -> float:
    """How many of the bits, (BITS,), are read wrongly, at most: each sum is ±m and noise of a variance of power / 2 BITS, so that
    its sign is exp(2 m |sum| / variance) times as likely to be right as wrong. The mean of all tells m."""
    sizes = np.abs(sums)
    return float(np.exp(-4 * BITS * sizes.mean() * sizes / max(power, TINY)).sum())


def _cut_out(plane: Plane) -> _Best:
    """The best that is found where the upper left corner may be any place of the pattern."""
    if min(plane.shape) < BLOCK:
        return _Best(0.0, 0)
    windows = np.lib.stride_tricks.sliding_window_view(plane.astype(np.float32), (BLOCK, BLOCK))
    sizes = windows.reshape(*windows.shape[:2], -1) @ waves().T.astype(np.float32)
    folded = _folded(_turns(sizes)[None], REPEAT)  # by the pixel at which a block begins
    begins = folded.reshape(PERIOD, BLOCK, PERIOD, BLOCK, len(FREQUENCIES)).transpose(1, 3, 0, 2, 4)
    turns = begins.reshape(BLOCK * BLOCK, -1)
    columns, weights = _correlators()
    flat = columns.reshape(len(columns), -1)
    sums = turns.real @ flat.real - turns.imag @ flat.imag
    return _best(sums.reshape(len(turns), PERIOD**2, BITS), (np.abs(turns) ** 2) @ weights)


@cache
def _correlators() -> tuple[Turns, NDArray[np.float32]]:
    """What the turns of a pattern, flat, are multiplied by for the sums of all bits, (places, shifts, bits), and for their power,
    (places, shifts), at all shifts by whole blocks; the first shift is none."""
    expected, groups = np.exp(-1j * phases_of(FIGMENTS_KEY)), bit_groups()
    shifts = [(-down, -across) for down in range(PERIOD) for across in range(PERIOD)]
    moved = np.stack([np.roll(expected, shift, (0, 1)).ravel() for shift in shifts], 1)
    placed = np.stack([np.roll(groups, shift, (0, 1)).ravel() for shift in shifts], 1)
    columns = np.where(placed[..., None] == np.arange(BITS), moved[..., None], 0)
    return columns.astype(np.complex64), (placed >= 0).astype(np.float32)


def _middle(pixels: NDArray[Number], side: int) -> NDArray[Number]:
    """At most so many pixels each way, from where the pattern begins anew."""
    top, left = (max(0, length - side) // 2 // REPEAT * REPEAT for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def _other_sizes(shape: Sequence[int]) -> list[tuple[int, int]]:
    """Heights and widths that a picture of this one may have had."""
    short = min(shape)
    return [
        (round(shape[0] * side / short), round(shape[1] * side / short))
        for side in SIDES
        if side != short and side <= MOST_REDUCED * short and max(shape) * side <= short * MAX_SIDE
    ]


def _resized(plane: Plane, size: tuple[int, int]) -> Plane:
    image = Image.fromarray(plane.astype(np.float32)).resize(size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(image, np.float64)
