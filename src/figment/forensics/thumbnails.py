"""Small copies of pictures of anybody's: decoded in another process, which a hostile one can bring down by itself."""

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import get_args

from PIL import Image

from figment.data.bank.workers import map_unordered
from figment.data.decoding.decode import naming_damage, read
from figment.errors import Unreadable
from figment.media.provenance import DigitalSourceType, xmp

SIDE = 128  # pixels, of the longer side
QUALITY = 85


@dataclass(frozen=True)
class Original:
    """A picture's file, its place among all, the mark that it bears; lost: whether decoding it ended a process."""

    place: int
    file: str
    mark: str | None
    lost: bool = False


def thumbnails(files: Sequence[tuple[str, str | None]]) -> list[bytes | None]:
    """A JPEG of each file, marked as that says it is in figment's words; None of what isn't a picture that can be decoded.

    files: with the word of IPTC's DigitalSourceType that each bears.
    """
    made: dict[int, bytes | None] = {}
    originals = (Original(place, file, mark) for place, (file, mark) in enumerate(files))
    with closing(map_unordered(thumbnail, originals, rescue=_give_up)) as results:
        made.update(results)
    return [made[place] for place in range(len(files))]


def thumbnail(original: Original) -> tuple[int, bytes | None]:
    """A picture's place, and its small copy."""
    if original.lost:
        return original.place, None
    try:
        picture = read(original.file, (SIDE, SIDE))
        with naming_damage():
            small = picture.image.convert("RGB")
            small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    except Unreadable:
        return original.place, None
    mark = original.mark if original.mark in get_args(DigitalSourceType) else None
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY, **({"xmp": xmp(mark)} if mark else {}))  # type: ignore[arg-type] # one of them
    return original.place, buffer.getvalue()


def _give_up(original: Original, reason: str) -> list[Original]:
    return [replace(original, lost=True)]
