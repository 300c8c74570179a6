"""Scores of clips: closed forms on made-up features, and clips that move in ways that are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from figment.data.bank.clips import Clips
from figment.metrics import clip_features
from figment.metrics.clip_features import CONTROLS, ClipFeatures
from figment.metrics.clip_scores import clip_scores, drift, motion, real_windows, spectra, split_clips


def walks(count: int, seed: int, drifting: float = 0.3, frames: int = 9, size: int = 12) -> np.ndarray:
    """Features of clips that begin somewhere and go on in small steps, upwards on the whole."""
    random = np.random.default_rng(seed)
    steps = random.normal(drifting / 4, 0.3, (count, frames, size))
    return (random.normal(0, 1, (count, 1, size)) + steps.cumsum(1)).astype(np.float32)


def test_parts_by_hand() -> None:
    frames = np.array([[[0.0], [3], [3], [7], [7], [1]]], np.float32)
    shows, moves, went = clip_features.parts(frames)
    assert shows[0, 0] == pytest.approx(3.5)
    assert moves[0, 0] == pytest.approx(np.sqrt((9 + 0 + 16 + 0 + 36) / 5))
    assert went[0, 0] == pytest.approx(4 - 1.5)


def test_each_part_of_the_reference_has_unit_spread() -> None:
    reference = walks(400, 0)
    rows = ClipFeatures.of(reference)(reference)
    assert rows.shape == (400, 36)
    for part in np.split(rows, 3, axis=1):
        assert np.square(part).mean() == pytest.approx(1, abs=1e-4)
        assert np.abs(part.mean(0)).max() < 1e-4


def test_controls() -> None:
    frames, random = walks(50, 0), np.random.default_rng(0)
    still = CONTROLS["frozen"](frames, random)
    assert (still == still[:, :1]).all()
    assert all((still[n, 0] == frames[n]).all(1).any() for n in range(50))
    mixed = CONTROLS["shuffled"](frames, random)
    assert (np.sort(mixed, 1) == np.sort(frames, 1)).all()
    assert not (mixed == frames).all()
    assert (CONTROLS["backwards"](frames, random)[:, 0] == frames[:, -1]).all()


class Levels:
    """A network that sees the mean of each quarter of a picture."""

    name = "levels"

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        n, _, height, width = pictures.shape
        return pictures.reshape(n, 3, 2, height // 2, 2, width // 2).mean((1, 3, 5)).reshape(n, 4).astype(np.float32)


def squares(count: int, seed: int, way: int = 1, frames: int = 8, side: int = 16) -> np.ndarray:
    """A bright square that goes to the right."""
    random, clips = np.random.default_rng(seed), np.zeros((count, frames, 3, side, side), np.uint8)
    for clip in clips:
        y, x = random.integers(0, side - 4), random.integers(0, 4)
        for t in range(frames):
            at = x + way * t if way > 0 else side - 5 - x + way * t
            clip[t, :, y : y + 4, max(0, at) : at + 4] = 250
    return clips


def test_the_score_tells_what_is_spoilt_and_what_runs_the_other_way() -> None:
    reference, others = squares(200, 0), squares(100, 1)
    found = clip_scores(squares(100, 2), others, reference, Levels(), 0)  # type: ignore[arg-type]
    first = found.scores[0]
    assert abs(first.value.value) < 3 * first.value.error
    for how, spoilt in first.spoilt.items():
        assert spoilt.value > 5 * spoilt.error, how
    other_way = clip_scores(squares(100, 2, way=-1), others, reference, Levels(), 0)  # type: ignore[arg-type]
    assert other_way.scores[0].value.value > 5 * other_way.scores[0].value.error
    text = "\n".join(found.lines())
    assert "100 clips of 8 frames against 200 real ones" in text
    assert "frozen samples" in text
    assert {score["score"] for score in found.as_record()["scores"]} == {s.name for s in found.scores}


def test_motion_and_spectrum_as_shares_of_reals() -> None:
    reference, others = squares(200, 0), squares(100, 1)
    still = np.repeat(squares(100, 2)[:, :1], 8, 1)
    by = {s.name: s for s in clip_scores(still, others, reference, Levels(), 0).scores}  # type: ignore[arg-type]
    assert by["motion"].value.value == 0
    assert by["motion"].floor.value == pytest.approx(1, abs=0.05)
    assert by["drift"].value.value == 0
    assert by["spectrum"].floor.value < 0.5 < 5 < by["spectrum"].value.value


def test_motion_by_hand() -> None:
    clip = np.zeros((1, 3, 1, 2, 2), np.uint8)
    clip[0, 1] = 8
    clip[0, 2, 0, 0, 0] = 8
    assert motion(clip)[0] == pytest.approx((8 + 6) / 2)


def test_a_wave_is_at_its_frequency() -> None:
    times = np.arange(16)
    clip = np.repeat((127 + 100 * np.cos(2 * np.pi * 5 * times / 16)).astype(np.uint8)[:, None], 256, 1)
    power = spectra(clip.reshape(1, 16, 1, 16, 16))[0]
    assert power.shape == (8,)
    assert power.argmax() == 4  # frequency 5
    assert power[4] > 0.6 * power.sum()


def test_drift_is_a_share_of_how_far_clips_lie_apart() -> None:
    frames = np.zeros((4, 6, 2), np.float32)
    frames[:, :, 0] = 10 * np.arange(4)[:, None]
    frames[:, 4:, 1] = 5
    assert drift(frames).value == pytest.approx(5 / 15)  # neighbours 10 apart three times, once 30


def a_bank() -> SimpleNamespace:
    """Clips of 5, 8 and 12 frames and one more, whose pictures are their own numbers."""
    counts = [5, 8, 12, 4]
    numbers = np.repeat(np.arange(4), counts).astype(np.int32)
    pictures = np.arange(len(numbers), dtype=np.uint8).reshape(-1, 1, 1, 1)
    clips = Clips(numbers, np.zeros(len(numbers)), list("abcd"))
    return SimpleNamespace(
        clips=clips, pictures=pictures, train=np.flatnonzero(numbers < 3), held_out=np.flatnonzero(numbers == 3)
    )


def test_windows_are_whole_and_of_one_clip() -> None:
    windows = real_windows(a_bank(), np.array([2, 0]), 4, 10)  # type: ignore[arg-type]
    assert windows[:, 0, 0, 0, 0].tolist() == [13, 17, 21, 0]
    assert (np.diff(windows[:, :, 0, 0, 0], axis=1) == 1).all()


def test_held_out_clips_stand_in_for_samples() -> None:
    floor, reference = split_clips(a_bank(), 4, 100, 0)  # type: ignore[arg-type]
    assert 25 in floor[:, 0, 0, 0, 0]
    assert not set(floor.ravel()) & set(reference.ravel())
