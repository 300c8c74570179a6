"""Finding a picture in the code space: an uploaded one as the generator would see it, and the descent to it, shown live."""

from __future__ import annotations

import base64
import binascii
import io
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from figment.errors import InputError, Unreadable
from figment.studio.play.asked import Project
from figment.studio.play.frames import frame, sheet
from figment.studio.play.looks import class_names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from figment.explore.inversion import Inversions
    from figment.features.perceptual import PerceptualLoss
    from figment.recipe import Recipe
    from figment.run import Run

SHOWN_STEPS = 3  # of a descent, from one picture to the next
COMPOSITE_SIDE = 192  # pixels, of each picture at least
MAX_UPLOAD_BYTES = 32_000_000

_one_picture = threading.Lock()  # is decoded at a time: the largest that is takes a gigabyte

Show = Callable[[bytes], None]


class Cancelled(Exception):
    """Nobody waits for the search any more."""


def fitted(recipe: Recipe, content: bytes) -> NDArray[np.uint8]:
    """A picture's file as the generator's pictures are, uint8 (C, H, W). Raises InputError for what is no picture."""
    from figment.data.decoding.decode import read
    from figment.data.decoding.fit import Target

    target = Target(*recipe.shape, int(recipe.channels), recipe.fit)
    try:
        with _one_picture:
            return target.apply(read(content, target.min_decoded).pixels)
    except Unreadable as error:
        raise InputError(f"This file can't be used ({error}): choose a picture.") from None


def lossless(picture: NDArray[np.uint8]) -> bytes:
    """A real picture, uint8 (C, H, W), as a WebP that keeps every pixel and bears no mark."""
    from PIL import Image

    from figment.common.pixels import to_rgb

    buffer = io.BytesIO()
    Image.fromarray(to_rgb(picture[None])[0].transpose(1, 2, 0)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def project(run: Run, asked: Project, show: Show, is_cancelled: Callable[[], bool]) -> bytes | None:
    """The message that tells the code found; None where it was cancelled. show: is given messages on the way.

    Nothing of the picture is kept. Raises InputError where it is none, or the run's generator is gone.
    """
    import torch

    from figment.common.rehearsal import SEARCH_STEPS, at_most
    from figment.explore.inversion import invert
    from figment.generator import load

    generator = load(run.folder)  # of its own: gradients, and nobody waits for another's
    target = torch.tensor(fitted(generator.recipe, _file(asked.picture)))[None]
    steps = at_most(asked.steps, SEARCH_STEPS)
    rows, step = asked.restarts, 0

    def advance(done: int, total: int) -> None:
        if is_cancelled():
            raise Cancelled

    def look(x: Tensor, losses: Tensor) -> None:
        nonlocal step
        step += 1
        if step % SHOWN_STEPS and step < steps:
            return
        best = _as_levels(x[losses.argmin()][None])
        off = float((best.float() - target.float()).square().mean().sqrt())
        facts = {"kind": "descent", "seq": asked.seq, "step": step, "steps": steps, "rms": round(off, 1)}
        show(frame(facts | {"media": "image/webp"}, sheet(best, "webp")[0]))

    show(frame({"kind": "descent", "seq": asked.seq, "step": 0, "steps": steps, "draws": rows * steps}))
    try:
        found, nearest = invert(generator, target, _perceptual(run), rows, steps, 0, advance, look)
    except Cancelled:
        return None
    facts = _facts(found, nearest, rows * steps) | {"kind": "found", "seq": asked.seq, "media": "image/png"}
    if found.labels is not None:
        facts["label"] = class_names(generator)[int(found.labels[0])]
    return frame(facts, composite(target, found.pictures, nearest.pictures, rows * steps))


def composite(target: Tensor, found: Tensor, nearest: Tensor, draws: int) -> bytes:
    """The picture, what was made of it and the nearest sample, (1, C, H, W) each, side by side, as a PNG that says so."""
    import torch

    from figment.finding import Sheet
    from figment.media.images import encode

    whole = Sheet.of_strips(
        [("", torch.cat([target, found, nearest]))], "", "compositeWithTrainedAlgorithmicMedia",
        ["given", "rebuilt", f"nearest of {draws}"], COMPOSITE_SIDE,
    )  # fmt: skip
    return encode(whole.picture, "PNG", whole.source, "a real picture beside what a generator makes of it")


def _perceptual(run: Run) -> PerceptualLoss:
    """What is looked at beside pixels: what the run's discriminator sees, where it is there."""
    from figment.discriminator import load_discriminator
    from figment.features.perceptual import PIXELS, of_discriminator

    try:
        return of_discriminator(load_discriminator(run.folder))
    except InputError:
        return PIXELS


def _file(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("The picture is no base64: send it as a file's bytes, in base64.") from None


def _as_levels(x: Tensor) -> Tensor:
    from figment.common.pixels import to_uint8

    return to_uint8(x)


def _facts(found: Inversions, nearest: Inversions, draws: int) -> dict[str, Any]:
    return {
        "code": [round(number, 4) for number in found.codes[0].tolist()],
        "rms": round(float(found.rms[0]), 1), "nearest": round(float(nearest.rms[0]), 1), "draws": draws, "label": None,
    }  # fmt: skip
