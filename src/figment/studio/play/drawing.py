"""A request to draw, answered: by one thread for all who play, since two would only wait for one another's processors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from figment.studio.play.asked import Draw, Look, Numbered
from figment.studio.play.clips import looped
from figment.studio.play.frames import frame, sheet
from figment.studio.play.looks import class_names, drawn, labels_of, moved_codes
from figment.studio.play.players import directions_of, generator_of

if TYPE_CHECKING:
    from torch import Tensor

    from figment.run import Run

THREAD = ThreadPoolExecutor(1, "figment-play")
DIGITS = 4  # behind the point, of a code's numbers on the wire


def look(run: Run, asked: Look) -> tuple[Tensor, Tensor, Tensor | None]:
    """Pictures, uint8 (N, C, H, W), their codes, (N, code_size), and classes. Raises InputError for what can't be drawn."""
    generator = generator_of(run, asked.net)
    labels = labels_of(generator, asked.codes, asked.label)
    z = moved_codes(generator, directions_of(run) if asked.moves else {}, asked)
    return drawn(generator, z, labels, asked), z, labels


def draw(run: Run, asked: Draw) -> bytes:
    """The message that answers. Raises InputError."""
    if asked.motion is not None:
        return draw_clip(run, asked, asked.motion)
    pictures, z, labels = look(run, asked)
    content, columns = sheet(pictures, asked.form)
    facts = {
        "kind": "picture", "seq": asked.seq, "slot": asked.slot, "count": len(pictures), "columns": columns,
        "media": f"image/{asked.form}",
    }  # fmt: skip
    if asked.numbers:
        facts["codes"] = [[round(number, DIGITS) for number in code] for code in z.tolist()]
        classes = class_names(generator_of(run, asked.net))
        facts["labels"] = None if labels is None else [classes[number] for number in labels.tolist()]
    return frame(facts, content)


def draw_clip(run: Run, asked: Draw, path: Numbered) -> bytes:
    """The same for the first code in motion: the frames of its loop in one sheet, and how many of them a second are shown."""
    generator = generator_of(run, asked.net)
    frames, fps = looped(generator, directions_of(run) if asked.moves else {}, asked, path)
    content, columns = sheet(frames, asked.form)
    facts = {
        "kind": "clip", "seq": asked.seq, "slot": asked.slot, "count": len(frames), "columns": columns, "fps": fps,
        "media": f"image/{asked.form}",
    }  # fmt: skip
    return frame(facts, content)
