"""Which clips fit films: how many frames of how many a second, chosen by the films' own rates and by how long scenes last."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from figment.common.video_shape import VideoShape
from figment.data.sources.films import Films
from figment.data.sources.joined import Joined
from figment.data.sources.open import Data, open_source
from figment.data.sources.reels import ReelSource
from figment.errors import InputError

USUAL_FPS = 12  # near which a rate is taken that divides the films' own
FRAMES = (16, 12, 8, 6, 4)  # of a clip, of which the most are taken that films are long enough for
ENOUGH_SHARE = 0.8  # of all time, that lies in scenes which hold as many
LOOK_SHAPE = VideoShape(4, USUAL_FPS)  # by which sources are opened to be looked at


@dataclass
class Lengths:
    """rates: of films, frames a second. seconds: how long scenes last. frames: how many strips and folders of frames have."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)


def choose_shape(data: Data | Sequence[Data] | None, strips: bool = False) -> tuple[VideoShape, str]:
    """A shape for the clips of data, and a sentence that says why. Raises InputError where it holds no clips."""
    from figment.data.sources.names import MOVING_SHAPE

    source = open_source(data, video=LOOK_SHAPE, strips=strips)
    if source.video is None:
        raise InputError(f"--video auto: {source.where} holds no clips: give films, or leave --video out")
    found = Lengths()
    _look(source, found)
    if not found.seconds and not found.frames:
        return MOVING_SHAPE, f"--video auto: {MOVING_SHAPE}"
    fps = round(float(np.median([fps_for(rate) for rate in found.rates]))) if found.rates else USUAL_FPS
    lengths = np.array([*(seconds * fps for seconds in found.seconds), *found.frames])
    shape = VideoShape(frames_for(lengths), fps)
    return shape, f"--video auto: {shape}, since {_why(found)}"


def fps_for(rate: float) -> int:
    """A rate near 12 a second that is a whole part of the films' own, or nearly: 24 → 12, 25 → 12, 30 → 15, 60 → 12, 10 → 10."""
    return int(np.clip(round(rate / max(1, round(rate / USUAL_FPS))), 1, 60))


def frames_for(lengths: np.ndarray) -> int:
    """The most of FRAMES such that four fifths of all time, given in frames a scene, are in scenes with as many."""
    total = max(float(lengths.sum()), 1e-9)
    return next((n for n in FRAMES if lengths[lengths >= n].sum() >= ENOUGH_SHARE * total), FRAMES[-1])


def _look(source: object, found: Lengths) -> None:
    if isinstance(source, Joined):
        for _, part in source.parts:
            _look(part, found)
    elif isinstance(source, Films):
        usable = [one for one in source.seen.values() if one.reason is None]
        found.rates += [one.rate for one in usable if one.rate]
        found.seconds += [stop - start for one in usable for start, stop in one.scenes]
    elif isinstance(source, ReelSource):
        found.frames += [len(scene) for reel in source.reels.reels for scene in reel.scenes]


def _why(found: Lengths) -> str:
    told = []
    if found.rates:
        low, middle, high = (f"{np.quantile(found.rates, q):.3g}" for q in (0, 0.5, 1))
        rates = middle if low == high else f"{low} to {high}, at the middle {middle}"
        told.append(f"films run at {rates} frames a second")
    if found.seconds:
        told.append(f"half of the scenes last {np.median(found.seconds):.1f} s or longer")
    if found.frames:
        told.append(f"half of the clips have {np.median(found.frames):.0f} frames or more")
    return " and ".join(told)
