"""Frames as bytes, little-endian, as they go to a browser: 6.5 kB a game. web/src/game/frames.ts reads them.

Coordinates are int16 in steps of 1/8192, so they reach to ±4, and what lies beyond is shown at the edge.
"""

import struct

import numpy as np

from figment.plane.frame import Frame

STEPS = 8192  # of a coordinate's unit
NONE = 255  # in place of a number of modes
HEAD = struct.Struct("<IIffffBBBBHH")  # what pack() writes first, 32 bytes
COLLAPSED, FINITE = 1, 2  # flags


def pack(frame: Frame) -> bytes:
    """HEAD: steps of G and D, their losses, separation, share of points on modes, modes covered, modes, flags, 0, rows and
    columns of the mesh. Then a float32, the pushes' scale, and they as int8 (N, 2) of it; points, int16 (N, 2); the mesh, int16
    (rows, columns, 2); the field, uint8 (FIELD_SIDE, FIELD_SIDE), 255 where D sees true points.
    """
    covered = frame.covered
    flags = COLLAPSED * frame.has_collapsed | FINITE * frame.is_finite
    rows, columns = (0, 0) if frame.mesh is None else frame.mesh.shape[:2]
    head = HEAD.pack(
        frame.steps_generator, frame.steps_discriminator, frame.loss_generator, frame.loss_discriminator,
        frame.separation, covered.on_modes if covered else 0, covered.covered if covered else NONE,
        covered.modes if covered else NONE, flags, 0, rows, columns,
    )  # fmt: skip
    mesh = np.empty((0, 2)) if frame.mesh is None else frame.mesh
    return b"".join(
        (head, *_pushes(frame.pushes), whole(frame.points).tobytes(), whole(mesh).tobytes(), _field(frame.field))
    )


def whole(points: np.ndarray) -> np.ndarray:
    """Points (…, 2) as int16."""
    scaled = np.nan_to_num(points * STEPS, posinf=np.inf, neginf=-np.inf)
    return np.clip(scaled, -(2**15), 2**15 - 1).astype("<i2")


def _pushes(pushes: np.ndarray) -> tuple[bytes, bytes]:
    """The longest part of all, and each in 127ths of it."""
    finite = np.nan_to_num(pushes, posinf=0, neginf=0)
    longest = float(np.abs(finite).max()) or 1.0
    return struct.pack("<f", longest), np.round(finite * (127 / longest)).astype(np.int8).tobytes()


def _field(field: np.ndarray) -> bytes:
    return np.round(np.nan_to_num(field, nan=0.5) * 255).astype(np.uint8).tobytes()
