"""Animated pictures: other programs read back the frames, their times and the mark."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from figment.common.marks import has_own_mark
from figment.errors import InputError
from figment.media import animation
from figment.media.endings import usual_fps
from figment.media.provenance import source_of
from figment.media.video import write_video


def frames(count=10):
    """A bar that goes to the right over a gradient."""
    back = np.linspace(0, 200, 48).astype(np.uint8)[None, :, None].repeat(32, 0).repeat(3, 2)
    for i in range(count):
        frame = back.copy()
        frame[:, 4 * i : 4 * i + 4] = (250, 20, 20)
        yield frame


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_frames_times_and_mark_come_back(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_video(path, frames(), fps=12.5)
    assert source_of(path) == "trainedAlgorithmicMedia"
    assert has_own_mark(path.read_bytes())
    with Image.open(path) as film:
        assert film.n_frames == 10
        assert film.info["loop"] == 0
        times = []
        for frame, drawn in zip(ImageSequence.Iterator(film), frames(), strict=True):
            shown = np.asarray(frame.convert("RGB")).astype(int)
            assert np.abs(shown - drawn).mean() < 8
            times.append(frame.info["duration"])
    assert times == [80] * 10


def test_a_gif_loses_no_time_to_rounding(tmp_path):
    write_video(tmp_path / "a.gif", frames(12), fps=12)  # 83.3 ms each, and a GIF has hundredths of a second
    with Image.open(tmp_path / "a.gif") as film:
        times = [frame.info["duration"] for frame in ImageSequence.Iterator(film)]
    assert sum(times) == 1000
    assert set(times) == {80, 90}


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_the_same_frames_give_the_same_bytes_and_a_real_film_has_no_mark(tmp_path, suffix):
    for name in "ab":
        write_video(tmp_path / f"{name}{suffix}", frames(), 10)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    write_video(tmp_path / f"c{suffix}", frames(), 10, source=None)
    assert source_of(tmp_path / f"c{suffix}") is None


def test_films_that_are_too_long_end_before_memory_does(tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "MAX_BYTES", 5 * 32 * 48 * 3)
    with pytest.raises(InputError, match=r"more than 5 frames of 48×32 pixels are too much.*let it end in \.mp4"):
        write_video(tmp_path / "a.gif", frames(), 10)
    assert not list(tmp_path.iterdir())


def test_no_frames_and_frames_of_other_sizes(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        write_video(tmp_path / "a.gif", [], 10)
    with pytest.raises(ValueError, match="among frames of"):
        write_video(tmp_path / "a.webp", [*frames(1), np.zeros((8, 8, 3), np.uint8)], 10)


def test_usual_rates():
    from pathlib import Path

    assert [usual_fps(Path(name)) for name in ("a.mp4", "a.webp", "a.GIF")] == [30, 15, 12]
