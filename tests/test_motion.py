"""Motion codes, against the spline's other definition, by statistics, and by what a clip at another frame rate shows."""

import math

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from figment import motion, presets
from figment.common.seeds import generator_at
from figment.recipe import Recipe


def video(**choices: object) -> Recipe:
    return presets.make("video-small", size=16, channels=3, **choices)


def test_weights_are_the_cubic_b_splines_of_unit_length() -> None:
    """Against scipy's basis functions, by knots."""
    u = torch.linspace(0, 0.999, 7, dtype=torch.float64)
    basis = BSpline.basis_element(np.arange(5), extrapolate=False)
    plain = np.stack([np.nan_to_num(basis(u.numpy() + 3 - k)) for k in range(4)], 1)
    expected = plain / np.linalg.norm(plain, axis=1, keepdims=True)
    assert np.allclose(motion.spline_weights(u).numpy(), expected, atol=1e-12)


def test_a_path_is_smooth_from_knot_to_knot() -> None:
    """Steps fall with the distance in time, second differences with its square, also across knots."""
    knots = torch.randn(3, 12, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def largest(steps: int, order: int) -> float:
        found = motion.path(knots, torch.linspace(0, 8.9, steps, dtype=torch.float64).expand(3, -1))
        return float(found.diff(n=order, dim=1).abs().max())

    assert largest(1001, 1) / largest(2001, 1) == pytest.approx(2, rel=0.02)
    assert largest(1001, 2) / largest(2001, 2) == pytest.approx(4, rel=0.05)


def test_every_moment_is_standard_normal() -> None:
    recipe, count = video(), 4000
    drawn = motion.draw(recipe, count, torch.Generator().manual_seed(1))
    paths = motion.paths_at(recipe, drawn, torch.tensor([0.0, 0.31, 1.2]).expand(count, -1))
    assert paths.shape == (count, 3, recipe.motion_size)
    assert paths.mean((0,)).abs().max() < 6 / math.sqrt(count)
    assert (paths.var(0) - 1).abs().max() < 6 * math.sqrt(2 / count)


def test_on_a_uniform_prior_every_moment_is_uniform() -> None:
    recipe = video(prior="uniform")
    drawn = motion.draw(recipe, 4000, torch.Generator().manual_seed(1))
    paths = motion.paths_at(recipe, drawn, torch.zeros(4000, 1))
    assert paths.abs().max() <= 1
    assert (paths < 0.5).float().mean().item() == pytest.approx(0.75, abs=0.01)


def test_a_film_of_twice_the_frame_rate_goes_through_the_same_codes() -> None:
    recipe = video()
    slow, fast = (torch.arange(n) / rate for n, rate in ((20, 12), (40, 24)))
    for loop in (None, 5 / 3):
        at_12, at_24 = (motion.numbered_paths(recipe, 7, 0, 3, times, loop) for times in (slow, fast))
        assert torch.equal(at_24[:, ::2], at_12)
        assert not torch.equal(at_24[:, 1::2], at_12)


def test_a_longer_film_begins_as_a_shorter_one_and_number_i_is_its_own() -> None:
    recipe = video()
    short, long = (motion.numbered_paths(recipe, 7, 0, 3, torch.arange(n) / 12) for n in (8, 100))
    assert torch.equal(long[:, :8], short)
    assert torch.equal(motion.numbered_paths(recipe, 7, 2, 1, torch.arange(8) / 12), short[2:])
    assert not torch.equal(motion.numbered_paths(recipe, 8, 0, 3, torch.arange(8) / 12), short)


@pytest.mark.parametrize("seconds", [0.5, 4 / 3, 7.0])
def test_a_loop_closes_as_smoothly_as_it_moves_on(seconds: float) -> None:
    recipe, steps = video(), 240
    path = motion.numbered_paths(recipe, 3, 0, 2, torch.arange(2 * steps).double() * seconds / steps, seconds)
    assert torch.allclose(path[:, steps:], path[:, :steps], atol=1e-5)
    around = torch.cat([path[:, :steps], path[:, :3]], 1)
    for order in (1, 2):
        moves = around.diff(n=order, dim=1).abs().amax((0, 2))
        assert moves[-2:].max() <= moves[:-2].max() * 1.05


@pytest.mark.parametrize(("size", "counts"), [(16, (8, 6, 2)), (32, (16, 12, 4)), (2, (1, 1, 0)), (3, (2, 1, 0))])
def test_bands_of_the_numbers_move_twice_and_four_times_as_fast(size: int, counts: tuple[int, ...]) -> None:
    recipe = video(motion_size=size)
    assert tuple(count for count, _ in motion.bands(recipe)) == counts
    paths = motion.numbered_paths(
        recipe, 0, 0, 2000, torch.arange(16) / 48
    )  # as many moments as for small steps it takes
    speed = paths.diff(dim=1).square().mean((0, 1)).sqrt()
    slow, *others = (part.mean() for part in speed.split(counts) if len(part))
    for part, times in zip(others, (2, 4), strict=False):
        assert float(part / slow) == pytest.approx(times, rel=0.15)


def test_the_content_stays_and_the_last_numbers_move() -> None:
    content, paths = torch.arange(8.0).view(2, 4), torch.full((2, 3, 1), 9.0)
    frames = motion.with_motion(content, paths)
    assert frames.tolist() == [[[0, 1, 2, 9]] * 3, [[4, 5, 6, 9]] * 3]


def test_draws_are_repeatable() -> None:
    a, b = (motion.draw(video(), 5, generator_at(0, "step", 320)) for _ in range(2))
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
