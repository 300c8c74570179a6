"""Moving portraits: the drawn people turn, tilt, look about, smile and blink, along curves whose truth is known.

A clip is a person and its curves, both pure functions of (seed, number of the clip); a frame is the portrait that is
drawn from what the curves say at its time. A person has what stays as the still portraits have it, by the same chances;
but they are others than the stills of that seed. Curves are functions of continuous time, so a clip has any length and
any frame rate, and what is shown at a time is the same in all of them.

    turn, tilt, gaze, smile, brows   follow latent paths g(t), each of its own pace ℓ: at any time g is normal with mean 0
                                     and variance 1, and its autocorrelation over τ seconds is exp(−τ²/2ℓ²), which is a
                                     spectrum of density ∝ exp(−(2πfℓ)²/2). By their quantiles g become turn, gaze,
                                     smile and brows with the stills' marginals and ties (see table.py): gaze turns back
                                     against the head, brows rise with a smile.
    lids                             blinks: BLINK_RATE a second on the mean, at random, never sooner than REFRACTORY
                                     seconds after the one before; lids close, are shut for 0.1 to 0.2 seconds, open.

The path of a pace is a sum of WAVES waves whose frequencies are drawn from the spectrum (as in Rahimi and Recht 2007),
with Rayleigh amplitudes: so mean, variance and autocorrelation over clips are those above without approximation.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from figment.data.portraits.table import ATTRIBUTES, MOVES, Table, draw_attributes, render
from figment.errors import InputError

# Stands for how they are drawn and move, beside table.DRAWING for what the stills share with them: whoever changes a
# curve or the drawing of tilt and lids puts another mark here (a test holds the two together).
DRAWING = "moving-1"

CLIP_SECONDS = 3.0  # of a clip, where nobody asks for longer ones
PACES = {"turn": 1.2, "tilt": 1.5, "gaze": 0.5, "smile": 1.0, "brows": 0.8}  # ℓ in seconds
WAVES = 16
BLINK_RATE = 0.4  # a second, as of people in conversation (26 a minute: Bentivoglio et al. 1997)
REFRACTORY = 0.6  # seconds from the beginning of a blink in which none begins
CLOSING, OPENING = 0.08, 0.16  # seconds that lids take
SHUT = (0.1, 0.2)  # seconds that they are shut, at least and at most

MOVING = (*PACES, "lids")
CONSTANT = tuple(a.name for a in ATTRIBUTES if a.name not in MOVING)
_LIMITS = {a.name: a.limits for a in (*ATTRIBUTES, *MOVES)}
# Keys of Philox have 128 bits, and seeds are below 2^64: what is drawn for different purposes doesn't meet.
_PEOPLE, _WAVES, _BLINKS = (purpose << 64 for purpose in (1, 2, 3))
_CLIP_STEPS = 2**40  # of Philox between two clips: more than anybody draws


def moving_table(clips: int, frames: int, fps: float, seed: int = 0, start: int = 0) -> Table:
    """The truth of clips start … start + clips − 1 of a seed, frames shown at 0, 1/fps, 2/fps … seconds.

    Returns float32 (clips, frames) of each of MOVING and (clips,) of each of CONSTANT, by name, as table.py has them.
    """
    numbers = np.arange(start, start + clips)
    return people(numbers, seed) | curves(numbers, np.arange(frames) / fps, seed)


def people(numbers: NDArray, seed: int = 0) -> Table:
    """What stays the same in these clips: a column of each of CONSTANT, (N,)."""
    rows = [draw_attributes(1, seed + _PEOPLE, int(number)) for number in numbers]
    rows = rows or [draw_attributes(0)]
    return {name: np.concatenate([row[name] for row in rows]) for name in CONSTANT}


def curves(numbers: NDArray, seconds: NDArray, seed: int = 0) -> Table:
    """What moves in these clips: each of MOVING, float32 (N, T), at seconds of 0 or more, (T,) or (N, T)."""
    count = np.broadcast_shapes((len(numbers), 1), np.shape(seconds))
    paths = {name: np.empty(count) for name in PACES}
    lids = np.empty(count)
    for row, (number, times) in enumerate(zip(numbers, np.broadcast_to(seconds, count), strict=True)):
        random = _random(seed + _WAVES, number)
        for name, pace in PACES.items():
            paths[name][row] = _path(random, times, pace)
        lids[row] = _lids(blinks(number, float(times.max(initial=0)), seed), times)
    spread = {name: _spread(path) for name, path in paths.items()}
    smile = 2 * ((1 + spread["smile"]) / 2) ** 0.7 - 1
    moved = {
        "turn": _LIMITS["turn"][1] * spread["turn"],
        "tilt": _LIMITS["tilt"][1] * spread["tilt"],
        "gaze": spread["gaze"] - 0.4 * spread["turn"],
        "smile": smile,
        "brows": 0.9 * spread["brows"] + 0.3 * smile,
        "lids": lids,
    }
    return {name: np.clip(moved[name], *_LIMITS[name]).astype(np.float32) for name in MOVING}


def blinks(number: int, until: float, seed: int = 0) -> NDArray:
    """The blinks of a clip that begin before `until` seconds, float64 (B, 2): when, and how long lids are shut.

    The first may have begun before the clip did. It is a renewal process in equilibrium, so no time is before others.
    """
    random = _random(seed + _BLINKS, number)
    wait = 1 / BLINK_RATE - REFRACTORY  # mean, of what comes on top
    # From a time taken at random to the next blink: within the one before's rest, or after it.
    resting, late, *_ = _uniforms(random, 4)
    at = resting / BLINK_RATE if resting < REFRACTORY * BLINK_RATE else REFRACTORY - wait * np.log1p(-late)
    at -= CLOSING + SHUT[1] + OPENING  # the time: before any blink that might still be seen
    found = []
    while at < until:
        shut, gap, *_ = _uniforms(random, 4)
        found.append((at, SHUT[0] + (SHUT[1] - SHUT[0]) * shut))
        at += REFRACTORY - wait * np.log1p(-gap)
    return np.array(found).reshape(-1, 2)


def moving_portraits(
    count: int, seed: int = 0, size: int = 64, start: int = 0, *, frames: int, fps: float
) -> NDArray[np.uint8]:
    """Frames start … start + count − 1 of a seed's clips, one clip of so many frames after the other.

    Returns uint8, count×3×size×size, sRGB. A frame depends on (seed, clip, time) and the size alone. Raises InputError
    for a size that can't be drawn, and for negative numbers.
    """
    if min(count, seed, start) < 0:
        raise InputError("moving portraits are numbered from 0: give a count, seed and start of 0 or more.")
    return render(frame_table(np.arange(start, start + count), frames, fps, seed), size)


def frame_table(pictures: NDArray, frames: int, fps: float, seed: int = 0) -> Table:
    """What frames are drawn from, by their numbers among all (N,): a row each, all columns (N,)."""
    clips, places = np.divmod(pictures, frames)
    numbers, rows = np.unique(clips, return_inverse=True)
    moved = curves(numbers, np.arange(frames) / fps, seed)
    stays = people(numbers, seed)
    return {name: column[rows] for name, column in stays.items()} | {
        name: column[rows, places] for name, column in moved.items()
    }


def _random(key: int, number: int) -> np.random.Philox:
    """The random numbers of a clip."""
    philox = np.random.Philox(key=key)
    philox.advance(int(number) * _CLIP_STEPS)
    return philox


def _uniforms(random: np.random.Philox, count: int) -> NDArray:
    """Uniform numbers within (0, 1), its ends left out, float64."""
    return (random.random_raw(count) >> np.uint64(11)) * 2.0**-53 + 2.0**-54


def _path(random: np.random.Philox, times: NDArray, pace: float) -> NDArray:
    """A latent path at times: the sum of waves with frequencies N(0, 1/pace²), Rayleigh amplitudes and any phase."""
    frequency, amplitude, phase = _uniforms(random, 3 * WAVES).reshape(3, WAVES)
    frequency, amplitude = ndtri(frequency) / pace, np.sqrt(-2 * np.log(amplitude) / WAVES)
    total = np.zeros_like(times)
    for wave in range(WAVES):  # one after the other, so that a sum is rounded alike whatever the times beside it
        total += amplitude[wave] * np.cos(frequency[wave] * times + 2 * np.pi * phase[wave])
    return total


def _spread(path: NDArray) -> NDArray:
    """From normal to what the stills' table calls spread: the sum of two uniform numbers less 1, at the same quantile."""
    tail = np.sqrt(2 * ndtr(-np.abs(path)))
    return np.sign(path) * (1 - tail)


def _lids(blinked: NDArray, times: NDArray) -> NDArray:
    """How far lids are closed at times, by the blinks that there were."""
    closed = np.zeros_like(times)
    for at, shut in blinked:
        since = times - at
        closed = np.maximum(closed, _eased(since / CLOSING) * _eased((CLOSING + shut + OPENING - since) / OPENING))
    return closed


def _eased(t: NDArray) -> NDArray:
    """From 0 at t ≤ 0 to 1 at t ≥ 1, with two continuous derivatives."""
    t = np.clip(t, 0, 1)
    return t * t * t * (10 + t * (6 * t - 15))
