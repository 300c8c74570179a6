"""How a picture of any shape is brought to the wanted one: cropped, padded, stretched, or aligned by its face."""

import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from figment.data.decoding.resample import resize
from figment.errors import InputError

FIT_NAMES = "crop, first, pad, pad:#RRGGBB, pad:edge, stretch, face or strip (with --video)"
STRIP = "strip"  # of frames, each of which is a picture of its own: cut before anything is fitted
DECODE_OVERSAMPLING = 2  # how much finer than the target a decoder may deliver a picture without being seen to


@dataclass(frozen=True)
class Target:
    """What every picture is brought to: height and width in pixels, 3 channels or 1 (luma), and how (see check_fit)."""

    height: int
    width: int
    channels: int = 3
    fit: str = "crop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "fit", check_fit(self.fit))

    @property
    def picture_bytes(self) -> int:
        """Of a picture that was brought to it."""
        return self.channels * self.height * self.width

    @property
    def min_decoded(self) -> tuple[int, int] | None:
        """Height and width that a decoder must deliver at least, where it can deliver less than all; None: all.

        Twice the target on both sides: what the decoder's own reduction leaves of aliases is then beyond the range
        that the filter passes.
        """
        return None if self.fit == "face" else (DECODE_OVERSAMPLING * self.height, DECODE_OVERSAMPLING * self.width)

    def apply(self, picture: Image.Image | np.ndarray) -> np.ndarray:
        """Fit an upright RGB picture, Pillow's or uint8 (H, W, 3): antialiased, uint8 (channels, height, width).

        Raises Unreadable where a face is asked for and there is none.
        """
        pixels = self._fitted(picture)
        if self.channels == 1:
            pixels = np.asarray(Image.fromarray(pixels).convert("L"))[:, :, None]
        return pixels.transpose(2, 0, 1)

    def _fitted(self, picture: Image.Image | np.ndarray) -> np.ndarray:
        if self.fit == "face":
            from figment.data.decoding import faces

            return faces.align(np.asarray(picture), self.height, self.width)
        height, width = _shape(picture)
        if self.fit.startswith("pad:"):
            scale = min(self.height / height, self.width / width)
            inner = (max(1, round(height * scale)), max(1, round(width * scale)))
            return self._padded(resize(picture, *inner))
        if self.fit in ("crop", "first"):
            # The largest piece of the target's shape, from the middle or from where a strip of frames begins.
            scale = min(height / self.height, width / self.width)
            cut_height, cut_width = max(1, round(self.height * scale)), max(1, round(self.width * scale))
            left_over = (height - cut_height, width - cut_width)
            top, left = (0, 0) if self.fit == "first" else (left_over[0] // 2, left_over[1] // 2)
            picture = _cut(picture, top, left, cut_height, cut_width)
        return resize(picture, self.height, self.width)

    def _padded(self, inner: np.ndarray) -> np.ndarray:
        height, width, _ = inner.shape
        top, left = (self.height - height) // 2, (self.width - width) // 2
        if self.fit == "pad:edge":
            sides = ((top, self.height - height - top), (left, self.width - width - left), (0, 0))
            return np.pad(inner, sides, mode="edge")
        whole = np.empty((self.height, self.width, 3), np.uint8)
        whole[:] = tuple(bytes.fromhex(self.fit.removeprefix("pad:#")))
        whole[top : top + height, left : left + width] = inner
        return whole


def check_fit(text: str) -> str:
    """The full name of a way to fit: crop, first, pad:#rrggbb, pad:edge, stretch, face or strip; `pad` alone is white.

    crop: the largest centred piece of the target's shape. first: the one at the left or upper end, which is the first
    frame of a strip of frames. pad: the whole picture, centred, with a colour or with its own edge pixels repeated
    around it. stretch: the whole picture, out of proportion. face: see faces.py. strip: pictures are strips of a clip's frames.
    Raises InputError for anything else.
    """
    fit = text.strip().lower()
    if fit == "pad":
        return "pad:#ffffff"
    if fit in ("crop", "first", "pad:edge", "stretch", "face", STRIP) or re.fullmatch("pad:#[0-9a-f]{6}", fit):
        return fit
    raise InputError(f"--fit {text!r} isn't a way to fit a picture: give {FIT_NAMES}")


def _shape(picture: Image.Image | np.ndarray) -> tuple[int, int]:
    return picture.shape[:2] if isinstance(picture, np.ndarray) else (picture.height, picture.width)


def _cut(picture: Image.Image | np.ndarray, top: int, left: int, height: int, width: int) -> Image.Image | np.ndarray:
    if isinstance(picture, np.ndarray):
        return picture[top : top + height, left : left + width]
    return picture.crop((left, top, left + width, top + height))
