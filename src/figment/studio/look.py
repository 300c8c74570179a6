"""A look at pictures before anything is trained on them: how many, of which sizes and labels, a few of them, what is wrong."""

import base64
from collections import Counter
from io import BytesIO
from itertools import islice
from typing import Any

from PIL import Image

from figment.common.refusals import naming_refusals
from figment.common.text import shown
from figment.data.bank.workers import map_unordered
from figment.data.decoding.chunks import rescue
from figment.data.decoding.prepared import PreparedPicture
from figment.data.sources.aside import told_places
from figment.data.sources.hub_parts import PREFIX
from figment.data.sources.names import MOVING, MOVING_SHAPE, drawn_request
from figment.data.sources.open import Source, open_source
from figment.reals import shape_of
from figment.studio.operation import Asked
from figment.studio.pictures import argument
from figment.studio.reduced import reduced
from figment.studio.studio import Studio

SHOWN = 24
QUALITY = 80
FEW = 500  # pictures, with which a generator soon knows them by heart
MAX_SAID = 3  # examples of a problem
SMALL_SIDE = 64  # pixels: what training takes unless it is told otherwise


class Look(Asked):
    """video: of clips, the shape that they are to be cut into; auto looks at them as at the usual one."""

    data: str = ""
    video: str = ""


def look(studio: Studio, query: Look) -> dict[str, Any]:
    """Raises InputError where nothing there can be used."""
    data = argument(studio, query.data)
    if data.startswith(PREFIX):
        later = "It is downloaded when the training begins, and kept: it can only be looked at then."
        nothing: dict[str, Any] = {"labels": [], "classes": 0, "pictures": [], "sizes": "", "problems": []}
        return {"title": data, "count": None, "clips": 0, **nothing, "notes": [later]}
    asked = drawn_request(data)
    video = query.video or (str(MOVING_SHAPE) if asked and asked.name == MOVING else "")
    source = open_source(data, video=MOVING_SHAPE if video == "auto" else shape_of(video or None))
    listing = source.listing
    count = len(listing.names)
    slots = {round(place * (count - 1) / (SHOWN - 1)) for place in range(SHOWN)} if count else set()
    pictures = _prepared(source, slots)
    labels = Counter(label for label in listing.labels if label is not None)
    problems = [f"{shown(listing.names[it.slot])}: {it.reason}" for it in pictures if it.reason]
    problems += [f"{shown(it.name)}: {it.reason}" for it in islice(listing.skipped, MAX_SAID)]
    problems += [f"and {len(listing.skipped) - MAX_SAID:,} more"] * (len(listing.skipped) > MAX_SAID)
    sound = [it for it in pictures if it.pixels is not None]
    return {
        "title": source.display, "count": count, "clips": len(listing.clip_lengths or ()),
        "sizes": "drawn at any size" if source.is_drawn else _sizes(sound),
        "labels": [{"name": shown(name), "count": number} for name, number in labels.most_common(12)], "classes": len(labels),
        "pictures": [_data_url(it) for it in sound], "problems": problems, "notes": _notes(source, sound, count),
    }  # fmt: skip


def _prepared(source: Source, slots: set[int]) -> list[PreparedPicture]:
    """In a process of their own: a picture that crashes its decoder mustn't end the studio."""
    with naming_refusals("the process that reads pictures", done="started", elsewhere="look by figment data inspect"):
        chunks = map_unordered(reduced, source.chunks(slots), processes=1, rescue=rescue)
        return sorted((picture for chunk in chunks for picture in chunk), key=lambda it: it.slot)


def _sizes(pictures: list[PreparedPicture]) -> str:
    """Such as "178×218", or "64×64 to 4000×3000" by the shorter side; "" of none."""
    if not pictures:
        return ""
    least, most = (f(pictures, key=lambda it: min(it.width, it.height)) for f in (min, max))
    ends = dict.fromkeys(f"{it.width}×{it.height}" for it in (least, most) if it.width)
    return " to ".join(ends)


def _notes(source: Source, pictures: list[PreparedPicture], count: int) -> list[str]:
    """What is good to know, in sentences."""
    listing, notes = source.listing, [*source.listing.notes]
    if listing.aside:
        notes.append(f"Left aside: {', '.join(told_places(listing.aside))}.")
    if count < FEW and source.video is None:
        notes.append(f"{count:,} pictures are few: what is drawn will soon resemble single ones of them.")
    small = 0 if source.is_drawn else sum(0 < min(it.width, it.height) < SMALL_SIDE for it in pictures)
    if small:
        notes.append(
            f"{small} of these {len(pictures)} have fewer than {SMALL_SIDE} pixels a side: choose a smaller size."
        )
    return notes


def _data_url(picture: PreparedPicture) -> str:
    """A real picture, so it isn't marked."""
    assert picture.pixels is not None
    file = BytesIO()
    Image.fromarray(picture.pixels.transpose(1, 2, 0)).save(file, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
