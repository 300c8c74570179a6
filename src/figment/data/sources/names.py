"""What DATA names by its text alone, without opening anything: a drawn set, a public one, or nothing that there is.

It imports next to nothing, so that a mistyped name is refused before anything heavy is read.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from figment.common.addresses import elsewhere, near_path
from figment.common.text import nearest
from figment.common.video_shape import VideoShape
from figment.data.sources.hub_parts import PREFIX
from figment.data.sources.patterns import is_pattern
from figment.errors import InputError, MissingData

MOVING: Final = "portraits-moving"  # whose pictures are the frames of clips
MOVING_SHAPE = VideoShape(16, 12)  # of those, where nobody says another
DRAWN_STILLS = ("portraits", "world")
DRAWN_NAMES = (*DRAWN_STILLS, MOVING)
DRAWN_PICTURES, DRAWN_CLIPS = 10_000, 1_000  # of a drawn set, where nobody says how many
DRAWN = re.compile(rf"({'|'.join(DRAWN_NAMES)})(?::([0-9]{{1,9}}))?(?::([0-9]{{1,18}}))?")


@dataclass(frozen=True)
class DrawnRequest:
    """A drawn set as it was asked for: the first count pictures that a seed gives of it, or clips of moving ones."""

    name: str
    count: int
    seed: int


def drawn_request(text: str) -> DrawnRequest | None:
    """What NAME[:COUNT[:SEED]] asks figment to draw; None for a text that names something else."""
    found = DRAWN.fullmatch(text)
    return found and DrawnRequest(found[1], int(found[2] or usual_count(found[1])), int(found[3] or 0))


def usual_count(name: str) -> int:
    """How many pictures, or clips, of a drawn set are meant where nobody says how many."""
    return DRAWN_CLIPS if name == MOVING else DRAWN_PICTURES


def drawn_text(name: str, count: int, seed: int) -> str:
    """The text that asks for a drawn set, as short as it can be."""
    return name + (f":{count}:{seed}" if seed else f":{count}" if count != usual_count(name) else "")


def refuse_missing(text: str) -> None:
    """Raise InputError for a text that is no path, pattern or name of anything, with the one that it may have meant."""
    if not text.strip():
        raise InputError("DATA is an empty text: name a folder or file, or leave it out to use the built-in portraits")
    path = Path(os.path.expanduser(text))
    if os.path.lexists(path):
        return
    if mend := elsewhere(text):
        raise InputError(f"{text} is no path on this machine: {mend}")
    if text.startswith(PREFIX) or is_pattern(text) or drawn_request(text):
        return
    from figment.data.public.catalog import PUBLIC_SETS

    if text in PUBLIC_SETS:
        return
    near = nearest(text, [name for name in (*DRAWN_NAMES, *PUBLIC_SETS, near_path(path)) if name], 0.6)
    named = "check the path" if os.sep in text else "check the name; figment data list has those of public sets"
    if re.fullmatch(r"(\d+(\.\d+)?[smhd])+", text):
        named = f"a time is given as --for {text}"
    raise MissingData(f"{text} doesn't exist: {f'did you mean {near}?' if near else named}", text)
