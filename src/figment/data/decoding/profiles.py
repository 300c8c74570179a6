"""Colour profiles (ICC): what wide-gamut cameras and printing presses mean by their numbers → the same colours in sRGB.

A profile that is sRGB's own by what it does, as most are, costs nothing and changes no byte.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

SRGB = ""  # the name of no profile, and of those that change nothing
MAX_SRGB_DEVIATION = 1  # of 255, by which a profile may move colours and pass for sRGB
MAX_NAME_LETTERS = 40
MAX_PROFILE_BYTES = 2**22  # printing presses' have up to three million
# Pillow's modes by the colours that a profile speaks of.
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


@dataclass(frozen=True)
class Profile:
    """A picture's colour profile. name: its own, SRGB where there is nothing to convert. broken: taken as sRGB instead."""

    name: str = SRGB
    broken: bool = False

    @property
    def converts(self) -> bool:
        return self.name != SRGB and not self.broken


PLAIN = Profile()
BROKEN = Profile("broken", broken=True)


def profile_of(profile: bytes | None, mode: str) -> Profile:
    """What a profile is for a picture of a mode: L, RGB or CMYK, without its transparency."""
    if not profile:
        return PLAIN
    found = _conversion(profile, mode)
    return found if isinstance(found, Profile) else found.profile


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture, L, RGB or CMYK, in sRGB: grey stays grey, CMYK becomes RGB; as it is where there is nothing to convert."""
    found = _conversion(profile, picture.mode) if profile else PLAIN
    return picture if isinstance(found, Profile) else found.apply(picture)


@dataclass(frozen=True, eq=False)
class _Conversion:
    """curve: of grey, 256 levels; else the transform is Pillow's."""

    profile: Profile
    transform: Any = None
    curve: list[int] | None = None

    def apply(self, picture: Image.Image) -> Image.Image:
        if self.curve is not None:
            return picture.point(self.curve)
        from PIL import ImageCms

        converted = ImageCms.applyTransform(picture, self.transform)
        assert converted is not None  # it isn't done in place
        return converted


def _conversion(profile: bytes, mode: str) -> Profile | _Conversion:
    return BROKEN if len(profile) > MAX_PROFILE_BYTES else _conversion_of(profile, mode)


@lru_cache(16)
def _conversion_of(profile: bytes, mode: str) -> Profile | _Conversion:
    """How pictures of a mode come to sRGB, kept for the next picture: a camera writes the same profile into each."""
    from PIL import ImageCms

    try:
        stated = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        colours = _MODES[stated.profile.xcolor_space]
        if mode != colours and (mode, colours) != ("L", "RGB"):  # grey pictures are often given a profile of colours
            return BROKEN
        # By what looks alike (perceptual), as viewers do; for a profile of three primaries it is the exact colours.
        # Grey goes through only once, so each level by itself, where others may be taken from between precomputed ones.
        flags = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
        transform = ImageCms.buildTransform(stated, ImageCms.createProfile("sRGB"), colours, "RGB", flags=flags)
        named = Profile(_name(stated))
        if mode == "L":
            ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None]).convert(colours)
            # Through one channel: the three may differ by a rounding, and grey pictures must stay grey.
            curve = np.asarray(ImageCms.applyTransform(ramp, transform))[0, :, 1]
            return _Conversion(named, curve=curve.tolist()) if _moves(curve, np.arange(256)) else PLAIN
        if mode == "RGB":
            steps = np.arange(0, 256, 15, dtype=np.uint8)
            cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
            if not _moves(np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform)), cube):
                return PLAIN
        return _Conversion(named, transform)
    except Exception:  # whatever a spoilt profile leads to: the pixels are sound without it
        return BROKEN


def _moves(converted: np.ndarray, plain: np.ndarray) -> bool:
    return bool(np.abs(converted.astype(int) - plain).max() > MAX_SRGB_DEVIATION)


def _name(stated: Any) -> str:
    """What it calls itself, cut: the text is the file's."""
    text = " ".join((stated.profile.profile_description or "").split())
    return text[:MAX_NAME_LETTERS] or "unnamed"
