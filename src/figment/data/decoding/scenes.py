"""Where a film's scenes change: the colours of a frame differ from those of the one before far more than its neighbours' do.

Frames are told apart by how much of each colour they have, not by where it is: what moves within a picture changes that
little. A cut is one jump; a fade, a flash of light and fast motion change several frames in a row, and are none.
"""

import numpy as np

# Mean distance of the colours, of 1 from black to white, that a cut has at least: 10 of 255 levels.
MIN_JUMP = 0.04
NEIGHBOURS = 3  # frames on either side that a cut is compared with
MIN_RATIO = 2.5  # times the largest change of its neighbours that a cut is
MAX_FRAME_SECONDS = 60.0  # that a frame may be shown for, and the scene go on: more is a hole in the film


def ranked(colours: np.ndarray) -> np.ndarray:
    """Colours of a frame, uint8 (n, 3), each channel's values in ascending order: its histogram, as ranks."""
    return np.sort(colours, axis=0)


def jump(before: np.ndarray, after: np.ndarray) -> float:
    """Distance of two frames' ranked colours, 0 to 1: the earth mover's between their histograms, the channels' mean."""
    return float(np.abs(before.astype(np.int16) - after).mean() / 255)


def cuts(jumps: np.ndarray) -> np.ndarray:
    """Frames that begin a new scene, ascending, given how far each is from the one before (n,); the first's is 0."""
    if not len(jumps):
        return np.zeros(0, np.int64)
    padded = np.pad(np.asarray(jumps, np.float64), NEIGHBOURS)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1).copy()
    around[:, NEIGHBOURS] = 0
    return np.flatnonzero((jumps >= MIN_JUMP) & (jumps >= MIN_RATIO * around.max(axis=1)))


def scenes(times: np.ndarray, jumps: np.ndarray, end: float) -> list[tuple[float, float]]:
    """Start and stop of each scene in seconds, given when each frame is shown (n,) and how far it is from the one before.

    end: of the last frame. A frame that stands longer than a minute ends its scene after a moment, and what follows is a
    new one.
    """
    if not len(times):
        return []
    lasts = np.diff(np.append(times, end))
    usual = float(np.median(lasts))
    holes = np.flatnonzero(lasts > MAX_FRAME_SECONDS)
    starts = np.union1d(np.union1d([0], cuts(jumps)), holes[holes + 1 < len(times)] + 1).astype(int)
    found = []
    for first, following in zip(starts, [*starts[1:], len(times)], strict=True):
        last = following - 1
        stands = lasts[last] if lasts[last] <= MAX_FRAME_SECONDS else min(usual, MAX_FRAME_SECONDS)
        found.append((float(times[first]), float(times[last] + stands)))
    return found
