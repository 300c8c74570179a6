"""The shape of a clip in time, as --video takes it: how many frames, and how many of them a second."""

import math
import re
from dataclasses import dataclass

MIN_FRAMES, MAX_FRAMES = 4, 256  # of a clip
MIN_FPS, MAX_FPS = 1.0, 60.0
FORM = re.compile(r"([0-9]{1,6})\s*[xX×]\s*([0-9]{1,4}(?:\.[0-9]{1,9})?)")


@dataclass(frozen=True)
class VideoShape:
    """So many frames, fps of them a second. Raises ValueError, with the reason, for what is neither."""

    frames: int
    fps: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "fps", float(self.fps))
        if not MIN_FRAMES <= self.frames <= MAX_FRAMES:
            raise ValueError(f"{self.frames} frames: a clip has {MIN_FRAMES} to {MAX_FRAMES}, such as 16x12")
        if not MIN_FPS <= self.fps <= MAX_FPS:  # nan is neither
            raise ValueError(f"{self.fps:g} frames a second: there may be {MIN_FPS:g} to {MAX_FPS:g}, such as 16x12")

    @classmethod
    def parse(cls, text: str) -> "VideoShape":
        """From 16x12, 16 frames of 12 a second. Raises ValueError for other text."""
        found = FORM.fullmatch(text.strip())
        if found is None:
            raise ValueError("give frames x frames a second, such as 16x12 (16 frames, 12 a second)")
        return cls(int(found[1]), float(found[2]))

    def __str__(self) -> str:
        rate = int(self.fps) if self.fps.is_integer() else self.fps
        return f"{self.frames}x{rate}"

    @property
    def seconds(self) -> float:
        """From the first frame to where the one after the last would be."""
        return self.frames / self.fps

    def time(self, frame: int) -> float:
        """When a frame is shown, in seconds since the first."""
        return frame / self.fps

    def frames_in(self, seconds: float) -> int:
        """How many frames lie in so many seconds, the one at 0 among them; a time that rounding has moved still counts."""
        return max(0, math.ceil(round(seconds * self.fps, 6)))
