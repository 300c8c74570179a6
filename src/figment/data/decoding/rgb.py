"""Pictures as Pillow opens them → upright and RGB, 8 bits a channel, whatever they are stored as."""

import numpy as np
from PIL import Image

EXIF_ORIENTATION = 0x0112  # the tag
# What turns a picture of an orientation upright.
TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(picture: Image.Image) -> int:
    """1 to 8, as EXIF counts."""
    try:
        stated = picture.getexif().get(EXIF_ORIENTATION)
        return stated if stated in TRANSPOSES else 1
    except Exception:  # a spoilt EXIF block raises whatever its bytes lead to, and the pixels are sound without it
        return 1


def turned(picture: Image.Image, orientation: int) -> Image.Image:
    """A picture of this orientation, upright."""
    return picture.transpose(TRANSPOSES[orientation]) if orientation in TRANSPOSES else picture


def to_rgb(picture: Image.Image) -> Image.Image:
    """A picture of any mode in RGB; what shows through is white, and colour profiles are ignored but for LAB."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_to_8_bits(np.asarray(picture))).convert("RGB")
    if picture.mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
        assert converted is not None
        return converted
    if picture.has_transparency_data:
        white = Image.new("RGB", picture.size, "white")
        rgba = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        white.paste(rgba, mask=rgba)
        return white
    return picture.convert("RGB")


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale grey values of a wide type to 0…255: integers as 16-bit, floats by the narrowest range that holds them."""
    # In place: the largest picture that we decode takes 358 MB in float32.
    fractions = values.astype(np.float32)
    np.nan_to_num(fractions, copy=False, posinf=0, neginf=0)
    low, high = fractions.min(), fractions.max()
    if np.issubdtype(values.dtype, np.integer):
        white = 65535 if high <= 65535 else high
    else:
        white = next((white for white in (1, 255, 65535) if high <= white), high)
    black = min(low, 0)
    fractions -= black
    fractions *= 255 / (white - black)
    return np.rint(fractions, out=fractions).astype(np.uint8)
