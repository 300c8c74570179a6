"""What a clip is by a network's features of its frames: what it shows, how much it moves, and which way it went.

A distance of single frames is blind to their order; one of frame differences' sizes isn't, but is blind to a film that runs
backwards; so what changed between the beginning and the end is there with its sign (LOG 119).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]  # features of the frames of clips, (N, T, d)
PARTS = ("what it shows", "how much it moves", "which way it went")


def parts(frames: Frames) -> list[NDArray[np.float32]]:
    """Of clips (N, T, d), T at least 2, three times (N, d): the mean frame, the root mean square step, and end less beginning.

    The beginning is the mean of the first third of the frames, the end of the last: of two frames noise would be most.
    """
    third = max(1, frames.shape[1] // 3)
    steps = np.sqrt(np.square(np.diff(frames, axis=1)).mean(1))
    return [frames.mean(1), steps, frames[:, -third:].mean(1) - frames[:, :third].mean(1)]


@dataclass(frozen=True, eq=False)
class ClipFeatures:
    """Clips as rows, (N, 3d), each part in units of its spread among reference clips, so that none outweighs the others."""

    centres: list[NDArray[np.float32]]
    spreads: list[float]

    @classmethod
    def of(cls, reference: Frames) -> "ClipFeatures":
        """By the clips that others are compared with."""
        found = parts(reference)
        centres = [part.mean(0) for part in found]
        spreads = [
            float(np.sqrt(np.square(part - centre).mean())) or 1.0 for part, centre in zip(found, centres, strict=True)
        ]
        return cls(centres, spreads)

    def __call__(self, frames: Frames) -> NDArray[np.float32]:
        scaled = [(part - c) / s for part, c, s in zip(parts(frames), self.centres, self.spreads, strict=True)]
        return np.concatenate(scaled, 1).astype(np.float32)


def frozen(frames: Frames, random: np.random.Generator) -> Frames:
    """Control: of each clip one frame, repeated."""
    chosen = random.integers(0, frames.shape[1], len(frames))
    return np.repeat(frames[np.arange(len(frames)), chosen][:, None], frames.shape[1], 1)


def shuffled(frames: Frames, random: np.random.Generator) -> Frames:
    """Control: each clip's frames in another order."""
    order = random.permuted(np.tile(np.arange(frames.shape[1]), (len(frames), 1)), axis=1)
    return frames[np.arange(len(frames))[:, None], order]


def backwards(frames: Frames, random: np.random.Generator) -> Frames:
    """Control: each clip from its end to its beginning. Where things move either way it is as good as the clip."""
    return frames[:, ::-1]


CONTROLS: dict[str, Callable[[Any, np.random.Generator], Any]] = {  # of features, and of the pictures themselves alike
    "frozen": frozen, "shuffled": shuffled, "backwards": backwards,
}  # fmt: skip
