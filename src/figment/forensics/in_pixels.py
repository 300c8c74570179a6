"""Figment's invisible mark looked for in files: pictures, and the first frames of films."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from figment.data.decoding.decode import naming_damage, read
from figment.errors import Unreadable
from figment.media.watermark import Mark
from figment.media.watermark_search import AS_MADE, FALSE_ALARM, find, find_own

FILMS = frozenset({"MP4", "MOV"})
FRAMES, APART = 3, 10  # of a film that are looked at: they say the same, or none does
Own = Literal["yes", "number", "no"]


@dataclass(frozen=True)
class Watermark:
    """What was found. false_alarm: in what share of pictures without the mark as much would be found, at most. run: the number of
    the run that drew it, None where nothing was found or it isn't known. how: it lies in the picture. own: of a generator that is
    asked about "yes" where its own half of the mark is there, "number" where its number is (in a cut-out or another size, where
    that half isn't looked for), else "no", and asked its number; None where none was. thorough: looked for in cut-outs and other
    sizes, too."""

    found: bool
    false_alarm: float
    run: int | None = None
    how: str | None = None
    own: Own | None = None
    asked: int | None = None
    thorough: bool = True


def look(path: Path, kind: str, thorough: bool, mark: Mark | None = None) -> Watermark | None:
    """What is found in a file of a kind; None where there are no pixels that can be looked at. mark: of a generator that is asked
    about."""
    try:
        pictures = list(_frames(path)) if kind in FILMS else [_picture(path)]
    except Unreadable:
        return None
    if not pictures:
        return None
    best = min((find(picture, thorough) for picture in pictures), key=lambda found: found.false_alarm)
    found = Watermark(False, min(1.0, len(pictures) * best.false_alarm), thorough=thorough)
    if found.false_alarm <= FALSE_ALARM:
        found = replace(found, found=True, run=best.number or None, how=best.how)
    return found if mark is None else replace(found, own=_own(pictures, mark, found), asked=mark.number)


def _own(pictures: Sequence[NDArray[np.uint8]], mark: Mark, found: Watermark) -> Own:
    if len(pictures) * min(find_own(picture, mark) for picture in pictures) <= FALSE_ALARM:
        return "yes"
    return "number" if found.run == mark.number and found.how != AS_MADE else "no"


def _picture(path: Path) -> NDArray[np.uint8]:
    """Raises Unreadable."""
    picture = read(str(path))
    with naming_damage():
        return np.asarray(picture.image.convert("RGB"))


def _frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    import av

    try:
        with av.open(f"file:{path}") as film:  # which may have a colon in its name
            for frame in islice(film.decode(video=0), 0, FRAMES * APART, APART):
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    except (av.FFmpegError, IndexError, ValueError):
        return
