"""A frame shows what is so, and looking changes nothing."""

import numpy as np
import pytest

from figment.plane import nets
from figment.plane.frame import CURVE, FIELD_EDGE, FIELD_SIDE, MESH_SIDE, SHOWN, Frame, frame, view
from figment.plane.match import Match
from figment.plane.settings import validated


def match_of(**fields) -> Match:
    return Match(validated({"batch": 16, **fields}))


def seen(match: Match) -> Frame:
    return frame(match, view(match))


def test_looking_changes_nothing_and_shows_the_same_twice() -> None:
    looked_at, left = match_of(), match_of()
    first = seen(looked_at)
    np.testing.assert_array_equal(first.points, seen(looked_at).points)
    for match in (looked_at, left):
        match.step()
    np.testing.assert_array_equal(looked_at.generator.numbers, left.generator.numbers)
    assert (seen(looked_at).steps_generator, seen(looked_at).steps_discriminator) == (1, 1)


@pytest.mark.parametrize(("size", "shape"), [(1, (1, CURVE, 2)), (2, (MESH_SIDE, MESH_SIDE, 2)), (3, None)])
def test_what_is_drawn_has_its_shapes(size: int, shape: tuple[int, ...] | None) -> None:
    found = seen(match_of(code_size=size))
    assert found.points.shape == found.pushes.shape == (SHOWN, 2)
    assert found.field.shape == (FIELD_SIDE, FIELD_SIDE)
    assert (found.mesh is None) if shape is None else found.mesh.shape == shape


def test_the_mesh_s_middle_is_the_code_zero() -> None:
    for size in (1, 2):
        match = match_of(code_size=size)
        middle = seen(match).mesh[-1 if size == 1 else MESH_SIDE // 2, CURVE // 2 if size == 1 else MESH_SIDE // 2]
        zero = nets.forward(match.generator, np.zeros((1, size), np.float32)).output[0]
        np.testing.assert_allclose(middle, zero, atol=1e-6)


def leaning(match: Match, x: float, y: float) -> None:
    """Makes a discriminator without hidden layers see true points towards one side."""
    match.discriminator.numbers[:] = x, y, 0.0


def test_the_field_is_bright_where_the_discriminator_sees_true_points() -> None:
    match = match_of(points="dot", discriminator_depth=0)
    leaning(match, 1.0, 0.0)
    field = seen(match).field
    assert (np.diff(field, axis=1) >= 0).all()  # columns are x
    assert field[:, -1].min() > 0.8
    assert field[:, 0].max() < 0.1
    leaning(match, 0.0, 1.0)
    assert (np.diff(seen(match).field, axis=0) >= 0).all()  # rows are y, upwards
    assert FIELD_EDGE > 1


@pytest.mark.parametrize("strength", [1e-3, 1e3])
def test_the_field_knows_no_scale(strength: float) -> None:
    match = match_of(points="dot", discriminator_depth=0)
    leaning(match, 1.0, 0.0)
    field = seen(match).field
    match.discriminator.numbers[:] = strength, 0.0, 5.0
    np.testing.assert_allclose(seen(match).field, field, atol=2e-3)


def test_a_blind_discriminator_s_field_is_flat() -> None:
    match = match_of(discriminator_depth=0)
    leaning(match, 0.0, 0.0)
    found = seen(match)
    np.testing.assert_allclose(found.field, 0.5)
    assert found.separation == 0.5
    assert found.loss_discriminator == pytest.approx(np.log(2))


@pytest.mark.parametrize("objective", ["bce", "mse", "hinge", "wgan", "relativistic"])
def test_points_are_pushed_to_where_the_discriminator_sees_true_ones(objective: str) -> None:
    match = match_of(objective=objective, discriminator_depth=0)
    leaning(match, 0.3, 0.4)
    pushes = seen(match).pushes
    assert (pushes @ [0.3, 0.4] > 0).all()
    np.testing.assert_allclose(pushes @ [0.4, -0.3], 0, atol=1e-6)


def test_a_mixture_s_modes_are_counted_and_no_other_s() -> None:
    assert seen(match_of(points="grid")).covered.modes == 25
    assert seen(match_of(points="moons")).covered is None


def test_a_game_that_is_over_says_so() -> None:
    match = match_of()
    match.generator.numbers[:] = np.nan
    found = seen(match)
    assert not found.is_finite
    np.testing.assert_array_equal(found.field, 0.5)


def test_losses_are_the_objective_s() -> None:
    match = match_of(objective="hinge", discriminator_depth=0)
    leaning(match, 0.5, -0.2)
    found, look = seen(match), view(match)
    real, fake = look.true @ [0.5, -0.2], found.points @ [0.5, -0.2]
    of_both = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean()
    assert found.loss_discriminator == pytest.approx(of_both, rel=1e-5)
    assert found.loss_generator == pytest.approx(-fake.mean(), abs=1e-6)
