"""Networks for films, of the user's, as ONNX files: clips in, vectors out. An I3D's Fréchet distance is what is called FVD.

Run by onnxruntime on the CPU. No package brings such a network's weights, so there is no default.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common.places import expanded
from figment.common.text import shown
from figment.errors import InputError
from figment.features.onnx_network import described, open_session, pixel_range
from figment.features.resize import resized_array

OPTION = "--clip-features"
PREFIX = "onnx:"
COLOURS_AXES = (1, 2, 4)  # of N×3×T×H×W, N×T×3×H×W, N×T×H×W×3


@dataclass(frozen=True, eq=False)
class ClipNetwork:
    """name: the file's. frames: of a clip, that it takes; None for any number. digest: of its file.

    Called with clips, uint8 (N, T, 3 or 1, H, W), it gives float32 (N, d).
    """

    name: str
    frames: int | None
    digest: str
    features: Callable[[NDArray[np.uint8]], NDArray[np.float32]]

    def __call__(self, clips: NDArray[np.uint8], told: Callable[[int], None] = lambda _: None) -> NDArray[np.float32]:
        found = []
        for clip in clips:
            found.append(self.features(clip[: self.frames]))
            told(1)
        return np.stack(found)

    def check(self, frames: int) -> None:
        """Raise InputError where clips of so many frames are too short for it."""
        if self.frames and frames < self.frames:
            raise InputError(
                f"{OPTION} {PREFIX}{self.name}: takes clips of {self.frames} frames, and these have {frames}."
            )


def clip_network(name: str) -> ClipNetwork:
    """The network of onnx:FILE, which takes clips of five axes, colours the second, third or last of them.

    Pixels are 0…255 unless the file notes another range ("-1..1"). Its answer, flattened, is a clip's vector. Raises InputError
    without onnxruntime, and for a file that holds no such network.
    """
    if not name.startswith(PREFIX):
        raise InputError(
            f"{OPTION} {shown(name)}: give {PREFIX}FILE, a network for films that you have as an ONNX file."
        )
    from figment.features.weights import sha256_of

    file = expanded(name.removeprefix(PREFIX))
    session = open_session(file, OPTION)
    source, *others = session.get_inputs()
    axis = _colours(source.shape) if not others and source.type in ("tensor(float)", "tensor(uint8)") else None
    if axis is None:
        raise InputError(
            f"{OPTION} {PREFIX}{file} takes {source.type} {source.shape}: give a network with one input "
            "N×3×T×H×W, N×T×3×H×W or N×T×H×W×3 of float32 or uint8."
        )
    frames, *sides = (source.shape[place] for place in range(1, 5) if place != axis)
    if not all(isinstance(side, int) for side in sides):
        raise InputError(
            f"{OPTION} {PREFIX}{file} takes {source.shape}: export it for a height and width, such as 224."
        )
    low, high = pixel_range(session)
    kind = np.uint8 if source.type == "tensor(uint8)" else np.float32
    output = session.get_outputs()[0].name

    def features(clip: NDArray[np.uint8]) -> NDArray[np.float32]:
        colours = np.ascontiguousarray(clip) if clip.shape[1] == 3 else np.repeat(clip, 3, 1)
        x = resized_array(colours, (sides[0], sides[1])).astype(np.float32)
        x = np.moveaxis(x if (low, high) == (0, 255) else x * ((high - low) / 255) + low, 1, axis - 1)
        try:
            answer = session.run([output], {source.name: np.ascontiguousarray(x[None]).astype(kind)})[0]
        except Exception as error:  # onnxruntime's own classes can't be named
            raise InputError(
                f"{OPTION} {PREFIX}{file} can't be run on {len(clip)} frames: {described(error)}"
            ) from None
        return np.asarray(answer, np.float32).reshape(-1)

    return ClipNetwork(file.name, frames if isinstance(frames, int) else None, sha256_of(file)[:16], features)


def _colours(shape: Any) -> int | None:
    """Which axis holds the colours; None where none can."""
    return next((axis for axis in COLOURS_AXES if len(shape) == 5 and shape[axis] == 3), None)
