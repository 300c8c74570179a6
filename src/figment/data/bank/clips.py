"""Which pictures of a bank are the frames of which clip, and when each is shown."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

NUMBERS_FILE, SECONDS_FILE = "clips.npy", "seconds.npy"


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips whose frames are the pictures of a bank, one clip after the other, each in the order of time.

    numbers: int32 (N,), each picture's clip, ascending from 0 without a gap. seconds: float64 (N,), of each picture since
    its clip's start, on the grid k/fps. names: of each clip, in the order of the numbers: its film, and which of its
    clips it is.
    """

    numbers: np.ndarray
    seconds: np.ndarray
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def ranges(self) -> np.ndarray:
        """First picture of each clip and how many it has, int64 (clips, 2)."""
        counts = np.bincount(self.numbers, minlength=len(self.names))
        return np.stack([np.cumsum(counts) - counts, counts], axis=1).astype(np.int64)

    def of(self, pictures: np.ndarray) -> np.ndarray:
        """The clips that pictures are from, each once, ascending: int64. Of bank.train, those to train on."""
        return np.unique(self.numbers[pictures]).astype(np.int64)


def save_clips(folder: Path, clips: Clips) -> None:
    """Write them as plain .npy files beside a bank's pictures; their names stand in bank.json (see open_clips)."""
    for file, array in ((NUMBERS_FILE, clips.numbers), (SECONDS_FILE, clips.seconds)):
        content = BytesIO()  # numpy's own writing forgets to say that the disk was full
        np.save(content, array)
        (folder / file).write_bytes(content.getvalue())


def open_clips(folder: Path, names: list[str]) -> Clips:
    """Those of a bank, by their names in its bank.json. Raises OSError or ValueError where files are spoilt or gone."""
    numbers, seconds = np.load(folder / NUMBERS_FILE), np.load(folder / SECONDS_FILE)
    if numbers.shape != seconds.shape or (len(numbers) and numbers[-1] + 1 != len(names)):
        raise ValueError("the clips don't fit together")
    return Clips(numbers, seconds, list(names))
