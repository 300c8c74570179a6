"""Pictures as Pillow opens them → upright and in sRGB, whatever they are stored as; depth.py brings them to 8 bits before."""

from PIL import Image

from figment.data.decoding.profiles import PLAIN, Profile, profile_of, to_srgb

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


def to_rgb(picture: Image.Image, icc: bytes | None = None) -> tuple[Image.Image, Profile]:
    """A picture of any mode of 8 bits in RGB, and what its profile was; what shows through is white."""
    if picture.mode == "LAB":
        return _from_lab(picture), PLAIN
    colours, opacity = _parted(picture)
    profile = profile_of(icc, colours.mode)
    colours = to_srgb(colours, icc).convert("RGB")
    if opacity is None:
        return colours, profile
    white = Image.new("RGB", picture.size, "white")
    white.paste(colours, mask=opacity)
    return white, profile


def _parted(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A picture's colours, L, RGB or CMYK, and its opacity, if not all of it is opaque."""
    if picture.has_transparency_data:
        rgba = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        return picture.convert("L") if picture.mode == "LA" else rgba.convert("RGB"), rgba.getchannel("A")
    if picture.mode in ("L", "RGB", "CMYK"):
        return picture, None
    return picture.convert("L" if picture.mode == "1" else "RGB"), None


def _from_lab(picture: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    assert converted is not None  # it isn't done in place
    return converted
