"""Moving portraits: curves in continuous time with the stated laws, people who stay themselves, frames that are stills."""

import numpy as np
import pytest
from scipy.special import ndtri

from figment.data.portraits.moving import (
    BLINK_RATE,
    CLOSING,
    CONSTANT,
    DRAWING,
    MOVING,
    OPENING,
    PACES,
    REFRACTORY,
    SHUT,
    blinks,
    curves,
    frame_table,
    moving_portraits,
    moving_table,
    people,
)
from figment.data.portraits.table import ATTRIBUTES, MOVES, draw_attributes, portraits, render
from figment.errors import InputError

LIMITS = {a.name: a.limits for a in (*ATTRIBUTES, *MOVES)}


@pytest.fixture(scope="module")
def table():
    return moving_table(1500, 16, 8.0, seed=3)


def latent(name, values):
    """The latent path behind a turn or tilt: the inverse of the sum of two uniform numbers' quantile function."""
    spread = values.astype(np.float64) / LIMITS[name][1]
    return np.sign(spread) * -ndtri(np.square(1 - np.abs(spread)) / 2)


# The truth


def test_what_moves_has_a_value_a_frame_and_what_stays_one_a_clip(table):
    assert set(MOVING) | set(CONSTANT) == {a.name for a in (*ATTRIBUTES, *MOVES)}
    assert list(table) == [*CONSTANT, *MOVING]
    for name in MOVING:
        assert table[name].shape == (1500, 16)
        assert table[name].dtype == np.float32
        low, high = LIMITS[name]
        assert low <= table[name].min()
        assert table[name].max() <= high
        assert np.ptp(table[name]) > 0.9 * (high - low)
    assert all(table[name].shape == (1500,) for name in CONSTANT)


def test_a_clip_depends_on_seed_and_number_alone(table):
    few, other = moving_table(3, 16, 8.0, seed=3, start=700), moving_table(3, 16, 8.0, seed=4, start=700)
    for name in table:
        np.testing.assert_array_equal(table[name][700:703], few[name])
        assert name in ("glasses", "beard", "lids", "hair_style", "hair_colour") or (few[name] != other[name]).any()


def test_frames_shown_at_one_time_are_the_same_at_any_rate_and_length(table):
    twelve, more = moving_table(40, 36, 12.0, seed=9), moving_table(40, 120, 24.0, seed=9)
    for name in MOVING:
        np.testing.assert_array_equal(twelve[name], more[name][:, :72:2])
    late = curves(np.arange(40), np.array([2.5]), 9)
    for name in MOVING:
        np.testing.assert_array_equal(late[name][:, 0], twelve[name][:, 30])


def test_people_and_marginals_are_those_of_the_stills(table):
    stills = draw_attributes(20_000, seed=5)
    for a in ATTRIBUTES:
        if a.kind == "category":
            shares = [np.bincount(it, minlength=len(a.names)) / len(it) for it in (table[a.name], stills[a.name])]
            assert np.abs(shares[0] - shares[1]).max() < 4 * np.sqrt(0.25 / 1500)
        elif a.kind == "continuous":
            moved = table[a.name][:, 7] if a.name in MOVING else table[a.name]
            levels = np.linspace(0.1, 0.9, 9)
            below = (moved[:, None] <= np.quantile(stills[a.name], levels)).mean(0)
            assert np.abs(below - levels).max() < 4 * np.sqrt(0.25 / 1500), a.name
    assert np.corrcoef(table["turn"][:, 0], table["gaze"][:, 0])[0, 1] < -0.2
    assert np.corrcoef(table["smile"][:, 0], table["brows"][:, 0])[0, 1] > 0.2
    assert (draw_attributes(1500, seed=3)["detail"] != table["detail"]).all()  # nobody is a still of that seed


@pytest.mark.parametrize("name", ["turn", "tilt"])
def test_paths_are_normal_with_the_stated_autocorrelation(table, name):
    path = latent(name, table[name])
    assert abs(path.mean()) < 4 / np.sqrt(1500)
    assert abs(path.var() - 1) < 4 * np.sqrt(2 / 1500)
    for frames in (1, 4, 8, 15):
        stated = np.exp(-np.square(frames / 8.0 / PACES[name]) / 2)
        found = (path[:, :-frames] * path[:, frames:]).mean()
        assert abs(found - stated) < 4 / np.sqrt(1500), frames


def test_what_moves_moves_on_its_own(table):
    for one, other in (("turn", "tilt"), ("turn", "smile"), ("tilt", "gaze"), ("smile", "gaze"), ("turn", "lids")):
        steps = [np.diff(table[name], axis=1)[:, ::8].ravel() for name in (one, other)]
        assert abs(np.corrcoef(*steps)[0, 1]) < 4 / np.sqrt(3000), (one, other)


def test_curves_are_continuous_with_their_slopes():
    """In a half as long time everything moves half as far; the slopes' own steps get smaller, too."""
    numbers, fast = np.arange(60), {}
    for step in (0.002, 0.001):
        found = curves(numbers, np.arange(0, 2, step), 4)
        fast[step] = {name: np.abs(np.diff(found[name].astype(float))).max() for name in MOVING}
    for name in MOVING:
        assert fast[0.001][name] < 0.6 * fast[0.002][name]
        low, high = LIMITS[name]
        per_second = fast[0.001][name] / 0.001 / (high - low)
        assert per_second < (30 if name == "lids" else 6), name


def test_blinks_come_at_their_rate_and_shut_the_eyes_as_long_as_stated():
    found = [blinks(number, 3.0, seed=2) for number in range(1200)]
    counts = np.array([(it[:, 0] >= 0).sum() for it in found])
    assert abs(counts.mean() - 3 * BLINK_RATE) < 4 * counts.std() / np.sqrt(1200)
    early = np.array([((it[:, 0] >= 0) & (it[:, 0] < 0.5)).sum() for it in found])  # no time is before another
    assert abs(early.mean() - 0.5 * BLINK_RATE) < 4 * early.std() / np.sqrt(1200)
    apart = np.concatenate([np.diff(it[:, 0]) for it in found])
    assert apart.min() >= REFRACTORY > CLOSING + SHUT[1] + OPENING
    shut = np.concatenate([it[:, 1] for it in found])
    assert SHUT[0] <= shut.min() < shut.max() <= SHUT[1]
    number = next(n for n, it in enumerate(found) if ((it[:, 0] > 0.5) & (it[:, 0] < 2)).any())
    at, long = next(it for it in found[number] if 0.5 < it[0] < 2)
    times = at + np.array([0, CLOSING, CLOSING + long / 2, CLOSING + long, CLOSING + long + OPENING])
    lids = curves(np.array([number]), times, 2)["lids"][0]
    assert lids == pytest.approx([0, 1, 1, 1, 0], abs=1e-6)
    share = curves(np.arange(1200), np.array([0.0, 1.3]), 2)["lids"].mean(0)  # as each blink takes on the mean
    assert share == pytest.approx(BLINK_RATE * (CLOSING / 2 + sum(SHUT) / 2 + OPENING / 2), abs=4 * 0.3 / np.sqrt(1200))


def test_a_long_clip_has_its_blinks_to_the_end():
    counts = [len(blinks(number, 300.0)) for number in range(5)]
    assert np.mean(counts) == pytest.approx(300 * BLINK_RATE, rel=0.15)


# The frames


def test_frames_are_the_same_bytes_in_any_batch_and_at_any_rate():
    pictures = moving_portraits(40, seed=6, size=32, start=24, frames=16, fps=12.0)
    np.testing.assert_array_equal(pictures[17:22], moving_portraits(5, 6, 32, 41, frames=16, fps=12.0))
    np.testing.assert_array_equal(pictures[8:24], moving_portraits(32, 6, 32, 64, frames=32, fps=24.0)[::2])
    for i in (0, 9, 39):
        np.testing.assert_array_equal(pictures[i], moving_portraits(1, 6, 32, 24 + i, frames=16, fps=12.0)[0])


def test_a_head_that_is_upright_with_open_eyes_is_the_still():
    stills, table = portraits(60, seed=4, size=64)
    lids, tilt = np.zeros(60), np.zeros(60)
    lids[::2], tilt[1::4] = 0.7, 5.0
    moved = render(table | {"lids": lids, "tilt": tilt}, 64)
    same = (lids == 0) & (tilt == 0)
    np.testing.assert_array_equal(moved[same], stills[same])
    assert (moved[~same] != stills[~same]).any((1, 2, 3)).all()


def test_lids_close_over_the_eyes_alone_and_heads_are_tilted_about_the_neck():
    row = {name: column[:1].repeat(3) for name, column in draw_attributes(1, 11).items()}
    row |= {"hair_style": np.full(3, 5), "turn": np.zeros(3), "glasses": np.zeros(3), "skin": np.full(3, 0.4)}
    shut = render(row | {"lids": np.array([0, 0.5, 1])}, 64).astype(int)
    changed = np.abs(shut[2] - shut[0]).max(0)
    assert (changed > 40).sum() > 20
    changed[22:38, 8:56] = 0
    assert not changed.any()
    assert (shut[2, :, 26:36, 16:48].min(0) > 190).sum() == 0  # no white of an eye is left
    tilted = render(row | {"tilt": np.array([-8.0, 0, 8])}, 64).astype(int)
    assert (tilted[0, :, 56:, :12] == tilted[2, :, 56:, :12]).all()  # the shoulders stay
    crown = [
        np.abs(it[:, 6] - it[:, 6, :1]).sum(0) @ np.arange(64) / np.abs(it[:, 6] - it[:, 6, :1]).sum() for it in tilted
    ]
    assert crown[0] < crown[1] - 2 < crown[2] - 4


@pytest.mark.parametrize("style", range(6))
def test_sweeps_of_what_is_new_are_smooth(style):
    row = {name: column[:1].repeat(41) for name, column in draw_attributes(1, 7).items()}
    row |= {"hair_style": np.full(41, style), "glasses": np.full(41, style % 3), "beard": np.full(41, style % 4)}
    for name in ("tilt", "lids"):
        pictures = render(row | {name: np.linspace(*LIMITS[name], 41)}, 48).astype(float)
        steps = np.abs(np.diff(pictures, axis=0)).mean((1, 2, 3))
        assert steps.max() < 3
        assert steps.max() < 5 * np.median(steps) + 0.1


def test_frames_are_drawn_from_the_truth():
    table, truth = frame_table(np.array([5, 36, 71, 100]), 36, 12.0, 8), moving_table(3, 36, 12.0, 8)
    clip, place = np.array([0, 1, 1, 2]), np.array([5, 0, 35, 28])
    for name in MOVING:
        np.testing.assert_array_equal(table[name], truth[name][clip, place])
    for name in CONSTANT:
        np.testing.assert_array_equal(table[name], truth[name][clip])
    assert all(len(column) == 0 for column in people(np.arange(0)).values())
    assert moving_portraits(0, size=32, frames=16, fps=12.0).shape == (0, 3, 32, 32)


def test_frames_are_those_that_the_mark_stands_for():
    """Where this fails, put another mark into DRAWING and these numbers beside it: banks know the set by it."""
    assert DRAWING == "moving-1"
    pictures = moving_portraits(8, size=16, frames=2, fps=1.0)
    found = pictures.reshape(8, -1).mean(1)
    assert found == pytest.approx([111.4, 111.0, 126.4, 126.1, 97.7, 99.1, 122.6, 123.5], abs=0.3)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="16 to 512"):
        moving_portraits(1, size=8, frames=16, fps=12.0)
    with pytest.raises(InputError, match="0 or more"):
        moving_portraits(1, start=-1, frames=16, fps=12.0)
    with pytest.raises(InputError, match="lids must lie within"):
        render(draw_attributes(1) | {"lids": [1.5]}, 32)
