"""What the data settle of a recipe."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from figment.data.bank.bank import Bank
from figment.data.bank.clips import Clips
from figment.planning.resolve import settled_by_data
from figment.presets import make


@pytest.mark.parametrize(("clips", "frames", "p"), [(20, 12, 0.3), (200, 60, 0.15), (600, 60, 0.0)])
def test_clips_frames_half_a_second_apart_count_as_pictures(clips: int, frames: int, p: float) -> None:
    """At 12 frames a second clips of a second are two pictures each, those of five seconds ten: 40, 2,000 and 6,000 here."""
    numbers = np.repeat(np.arange(clips, dtype=np.int32), frames)
    told = Clips(numbers, np.tile(np.arange(frames) / 12, clips), [str(i) for i in range(clips)])
    rows = np.arange(len(numbers))
    bank: Any = SimpleNamespace(clips=told, train=rows, trained_on=len(rows), channels=3, classes=((), None))
    assert settled_by_data(make("video-small"), cast(Bank, bank)).augment_p == pytest.approx(p)
