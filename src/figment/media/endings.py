"""What pictures and films figment writes, by how their names end: told before any is drawn, and before torch is read."""

from pathlib import Path
from typing import Literal

from figment.common.places import check_file
from figment.errors import InputError

Format = Literal["PNG", "JPEG", "WEBP"]

FORMATS: dict[str, Format] = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
# Frames a second: an animated picture holds each as a picture of its own, and a GIF's last hundredths of a second.
USUAL_FPS = {".mp4": 30, ".webp": 15, ".gif": 12}


def picture_format(path: Path) -> Format:
    """The format of a picture of this name. Raises InputError where figment writes none."""
    format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise InputError(f"--out {path}: no kind of picture that figment writes: let it end in .png, .jpg or .webp.")
    return format


def check_picture(path: Path) -> None:
    """Raise InputError, before any work is done, where no picture of this name can be written."""
    picture_format(path)
    check_file(path)


def check_video(path: Path) -> None:
    """Raise InputError, before any work is done, where no film of this name can be written."""
    if path.suffix.lower() not in USUAL_FPS:
        raise InputError(f"--out {path}: no kind of film that figment writes: let it end in .mp4, .webp or .gif.")
    check_file(path)


def usual_fps(path: Path) -> int:
    """Frames a second of a film of this name, where nobody says."""
    return USUAL_FPS.get(path.suffix.lower(), USUAL_FPS[".mp4"])
