"""A frame's bytes are what the browser's side of them reads."""

from dataclasses import replace

import numpy as np
import pytest

from figment.plane.frame import FIELD_SIDE, MESH_SIDE, SHOWN, frame, view
from figment.plane.match import Match
from figment.plane.packing import HEAD, NONE, STEPS, pack, whole
from figment.plane.settings import validated


def frame_of(**fields):
    match = Match(validated({"batch": 16, **fields}))
    return frame(match, view(match))


def test_every_part_stands_where_it_is_said_to() -> None:
    made = frame_of()
    packed = pack(made)
    head = HEAD.unpack_from(packed)
    assert head[:2] == (0, 0)
    assert head[2:6] == pytest.approx(
        (made.loss_generator, made.loss_discriminator, made.separation, made.covered.on_modes), rel=1e-6
    )
    assert head[6:] == (made.covered.covered, 8, 2, 0, MESH_SIDE, MESH_SIDE)
    at = HEAD.size
    longest = np.frombuffer(packed, "<f4", 1, at)[0]
    pushes = np.frombuffer(packed, np.int8, 2 * SHOWN, at + 4).reshape(SHOWN, 2) * longest / 127
    np.testing.assert_allclose(pushes, made.pushes, atol=longest / 127)
    at += 4 + 2 * SHOWN
    points = np.frombuffer(packed, "<i2", 2 * SHOWN, at).reshape(SHOWN, 2) / STEPS
    np.testing.assert_allclose(points, made.points, atol=1 / STEPS)
    at += 4 * SHOWN
    mesh = np.frombuffer(packed, "<i2", 2 * MESH_SIDE**2, at).reshape(MESH_SIDE, MESH_SIDE, 2) / STEPS
    np.testing.assert_allclose(mesh, made.mesh, atol=1 / STEPS)
    field = np.frombuffer(packed, np.uint8, FIELD_SIDE**2, at + 4 * MESH_SIDE**2).reshape(FIELD_SIDE, FIELD_SIDE) / 255
    np.testing.assert_allclose(field, made.field, atol=1 / 255)
    assert len(packed) == at + 4 * MESH_SIDE**2 + FIELD_SIDE**2 < 12_000
    assert len(packed) % 4 == 0  # another game's may follow, and its numbers must lie at even places


def test_what_there_isn_t_takes_no_room() -> None:
    packed = pack(frame_of(code_size=3, points="moons"))
    assert HEAD.unpack_from(packed)[6:] == (NONE, NONE, 2, 0, 0, 0)
    assert len(packed) == HEAD.size + 4 + 6 * SHOWN + FIELD_SIDE**2


def test_what_is_too_far_is_at_the_edge_and_what_is_no_number_in_the_middle() -> None:
    assert whole(np.array([[9.0, -np.inf], [np.nan, np.inf]])).tolist() == [[2**15 - 1, -(2**15)], [0, 2**15 - 1]]
    broken = replace(frame_of(), pushes=np.full((SHOWN, 2), np.nan, np.float32), is_finite=False, loss_generator=np.inf)
    assert HEAD.unpack_from(pack(broken))[8] == 0
