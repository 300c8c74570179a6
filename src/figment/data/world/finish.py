"""What happens to every picture at the end: light and colour as cameras, films and time change them."""

import numpy as np
from numpy.random import Generator

from figment.data.world.canvas import Array, Canvas
from figment.data.world.noise import noise

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
SEPIA = np.array([1.0, 0.87, 0.68], np.float32).reshape(3, 1, 1)


def finish(rng: Generator, canvas: Canvas) -> Array:
    """uint8 (3, size, size): some grey or brown like old photographs, some pale, grainy or dark in the corners."""
    picture: Array = canvas.pixels
    old = rng.random()
    if old < 0.16:
        grey = np.tensordot(LUMA, picture, 1)[None]
        picture = np.repeat(grey, 3, 0) if old < 0.1 else grey * SEPIA + np.float32(0.06)
    worn = 3.0 if old < 0.16 else 1.0  # how much more of the rest happens to old ones
    if rng.random() < 0.1 * worn:
        picture = picture * np.float32(rng.uniform(0.4, 0.9)) + np.float32(rng.uniform(0.05, 0.3))
    if rng.random() < 0.08 * worn:
        fall = (canvas.axis[None] ** 2 + canvas.axis[:, None] ** 2) * np.float32(rng.uniform(0.1, 0.5))
        picture = picture * (1 - fall) if rng.random() < 0.7 else picture + fall * (1 - picture)
    if rng.random() < 0.1 * worn:
        planes = 3 if old >= 0.16 and rng.random() < 0.5 else 1
        picture = picture + np.float32(rng.uniform(0.01, 0.07)) * noise(rng, canvas.size, planes, rng.uniform(0, 0.5))
    return (np.minimum(np.maximum(picture, 0), 1) * 255 + np.float32(0.5)).astype(np.uint8)
