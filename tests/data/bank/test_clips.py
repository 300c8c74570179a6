"""Clips: which pictures are whose frames."""

from pathlib import Path

import numpy as np
import pytest

from figment.data.bank.clips import Clips, open_clips, save_clips


def clips() -> Clips:
    numbers = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2], np.int32)
    seconds = np.concatenate([np.arange(4), np.arange(5), np.arange(4)]) / 12
    return Clips(numbers, seconds, ["a.mp4#000000", "a.mp4#000032", "b.gif#000000"])


def test_ranges_are_first_and_count() -> None:
    assert clips().ranges().tolist() == [[0, 4], [4, 5], [9, 4]]
    assert len(clips()) == 3


def test_the_clips_of_pictures() -> None:
    assert clips().of(np.array([12, 0, 3, 9])).tolist() == [0, 2]


def test_saved_and_opened(tmp_path: Path) -> None:
    before = clips()
    save_clips(tmp_path, before)
    after = open_clips(tmp_path, before.names)
    assert (after.numbers.dtype, after.seconds.dtype) == (np.int32, np.float64)
    assert after.numbers.tolist() == before.numbers.tolist()
    assert after.seconds.tolist() == before.seconds.tolist()
    with pytest.raises(ValueError, match="fit"):
        open_clips(tmp_path, before.names[:2])
