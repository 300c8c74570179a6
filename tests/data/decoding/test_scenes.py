"""Where films are cut: at jumps of the colours, not at fades, flashes or fast motion."""

from itertools import pairwise

import numpy as np

from figment.data.decoding.scenes import MAX_FRAME_SECONDS, cuts, jump, ranked, scenes
from figtest.pictures import noise
from figtest.reels import moving_disc


def jumps_of(frames: np.ndarray) -> np.ndarray:
    colours = [ranked(frame[::2, ::2].reshape(-1, 3)) for frame in frames]
    return np.array([0.0, *(jump(a, b) for a, b in pairwise(colours))])


def scene(seed: int, count: int, speed: float = 1.0) -> np.ndarray:
    """A disc that moves over a ground of noise."""
    ground = noise(48, 64, seed=seed) // 2 + np.random.default_rng(seed).integers(0, 128, 3, dtype=np.uint8)
    disc = moving_disc(count, seed=seed, speed=speed)
    return np.where((disc == disc[:, :1, :1]).all(axis=-1, keepdims=True), ground, disc)


def test_the_distance_is_the_earth_movers_by_the_plain_sum():
    a, b = noise(40, 3, 1, seed=1), noise(40, 3, 1, seed=2)
    levels = np.arange(256)
    shares = [(channel[:, None] <= levels).mean(axis=0) for channel in np.concatenate([a, b], axis=1).T]
    expected = np.mean([np.abs(shares[i] - shares[i + 3]).sum() / 255 for i in range(3)])
    assert np.isclose(jump(ranked(a), ranked(b)), expected)
    assert jump(ranked(a), ranked(a[::-1])) == 0


def test_made_up_cuts_are_found_and_nothing_else():
    parts = [scene(seed, count) for seed, count in enumerate([20, 9, 31, 14])]
    assert cuts(jumps_of(np.concatenate(parts))).tolist() == [20, 29, 60]


def test_fast_motion_is_no_cut():
    for seed in range(6):
        assert not len(cuts(jumps_of(scene(seed, 40, speed=17))))
    shaken = np.stack([np.roll(scene(1, 1)[0], 9 * k, axis=1) for k in range(30)])
    assert not len(cuts(jumps_of(shaken)))


def test_fades_and_dissolves_are_no_cuts():
    one, other = scene(1, 24).astype(float), scene(2, 24).astype(float)
    for frames in (4, 6, 12, 24):
        share = np.linspace(0, 1, frames)[:, None, None, None]
        dark = one[:frames] * (1 - share)
        dissolve = one[:frames] * (1 - share) + other[:frames] * share
        for middle in (dark, dissolve):
            whole = np.concatenate([one, middle, middle[-1:].repeat(10, axis=0)])
            assert not len(cuts(jumps_of(whole.astype(np.uint8)))), frames


def test_a_flash_is_no_cut():
    frames = scene(3, 30)
    frames[12] = 255
    assert not len(cuts(jumps_of(frames)))


def test_still_films_and_none_have_no_cuts():
    assert not len(cuts(jumps_of(scene(1, 1).repeat(20, axis=0))))
    assert not len(cuts(np.zeros(0)))
    assert not len(cuts(np.zeros(1)))


def test_scenes_are_told_in_seconds():
    jumps = np.array([0, 0, 0, 0.3, 0, 0])
    assert scenes(np.arange(6) / 4, jumps, 1.5) == [(0.0, 0.75), (0.75, 1.5)]
    assert scenes(np.zeros(0), np.zeros(0), 0) == []


def test_a_hole_in_time_ends_a_scene_after_a_moment():
    times = np.array([0, 0.5, 1.0, 1.0 + 2 * MAX_FRAME_SECONDS, 1.5 + 2 * MAX_FRAME_SECONDS])
    found = scenes(times, np.zeros(5), times[-1] + 0.5)
    assert found == [(0.0, 1.5), (times[3], times[3] + 1.0)]
    assert scenes(np.array([0, 0.5]), np.zeros(2), 1000.0) == [(0.0, 60.5)]
