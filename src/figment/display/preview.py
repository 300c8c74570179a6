"""The newest sheet of a run as a terminal shows it: as a picture where it can, else as half blocks in two colours each.

Kitty's graphics protocol has placeholders, characters that a picture is laid under, so that a live panel may be drawn over and
over (https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders). iTerm2's and sixel pictures would have to be sent
again with every refresh of the panel: there, and everywhere else, stand half blocks.
"""

import base64
import io
import os

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType, Segment
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS = 36, 18  # of characters, which are about twice as high as wide
MIN_COLUMNS, MIN_ROWS = 100, ROWS + 4  # of a terminal that has room for it beside the words
GAP_PIXELS = 2  # between two pictures of a run's sheets: see media.images.grid
UPPER_HALF = "▀"
KITTY_ID = 0x1F16E7  # of the picture, in 24 bits: told by the placeholders' colour
PLACEHOLDER = "\U0010eeee"
CHUNK_BYTES = 4096  # of a picture in one escape sequence
# What marks the number of a row or column: the first of rowcolumn-diacritics.txt, as many as there are columns.
DIACRITICS = [
    0x305, 0x30D, 0x30E, 0x310, 0x312, 0x33D, 0x33E, 0x33F, 0x346, 0x34A, 0x34B, 0x34C, 0x350, 0x351, 0x352, 0x357, 0x35B, 0x363,
    0x364, 0x365, 0x366, 0x367, 0x368, 0x369, 0x36A, 0x36B, 0x36C, 0x36D, 0x36E, 0x36F, 0x483, 0x484, 0x485, 0x486, 0x487, 0x592,
]  # fmt: skip


def preview(sheet: NDArray[np.uint8], shape: tuple[int, int], console: Console) -> Text | None:
    """The first pictures of a sheet, of a shape, as they stand in a live panel; None where a terminal has no room or colours.

    sheet: uint8 (H, W, 3). Of pictures 4×4 are shown, of half blocks 2×2, or nothing would be seen.
    """
    roomy = console.width >= MIN_COLUMNS and console.height >= MIN_ROWS
    if not roomy or not console.encoding.lower().startswith("utf"):
        return None
    if console.color_system == "truecolor" and shows_placeholders():
        send_to_kitty(corner(sheet, shape, 4), console)
        return placeholders()
    return half_blocks(corner(sheet, shape, 2)) if console.color_system in ("truecolor", "256") else None


def corner(sheet: NDArray[np.uint8], shape: tuple[int, int], side: int) -> NDArray[np.uint8]:
    """The first so many rows and columns of pictures of a sheet."""
    height, width = (side * (part + GAP_PIXELS) - GAP_PIXELS for part in shape)
    return sheet[:height, :width]


def half_blocks(sheet: NDArray[np.uint8]) -> Text:
    """A sheet in characters whose upper half has one colour and the lower another."""
    small = np.asarray(Image.fromarray(sheet).resize((COLUMNS, 2 * ROWS), Image.Resampling.BOX))
    lines = []
    for upper, lower in zip(small[::2].tolist(), small[1::2].tolist(), strict=True):
        cells = zip(upper, lower, strict=True)
        lines.append(Text.assemble(*((UPPER_HALF, Style(color=_colour(a), bgcolor=_colour(b))) for a, b in cells)))
    return Text("\n", no_wrap=True).join(lines)


def shows_placeholders() -> bool:
    """Whether the terminal is known to have kitty's placeholders; within tmux or screen, which swallow pictures, none has."""
    if "TMUX" in os.environ or os.environ.get("TERM", "").startswith(("screen", "tmux")):
        return False
    return "KITTY_WINDOW_ID" in os.environ or os.environ.get("TERM_PROGRAM") == "ghostty"


def send_to_kitty(sheet: NDArray[np.uint8], console: Console) -> None:
    """Give the terminal the picture that placeholders stand for, in place of the one before."""
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "PNG")
    content = base64.b64encode(buffer.getvalue()).decode()
    parts = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
    for place, part in enumerate(parts):
        head = f"a=T,U=1,f=100,q=2,i={KITTY_ID},c={COLUMNS},r={ROWS}," if place == 0 else "q=2,"
        console.control(_raw(f"\x1b_G{head}m={int(place < len(parts) - 1)};{part}\x1b\\"))


def placeholders() -> Text:
    """The characters that kitty lays the picture under: each names its row and column, and by its colour the picture."""
    style = Style(color=Color.from_rgb(KITTY_ID >> 16, KITTY_ID >> 8 & 255, KITTY_ID & 255))
    row = [PLACEHOLDER + chr(DIACRITICS[y]) + chr(DIACRITICS[x]) for y in range(ROWS) for x in range(COLUMNS)]
    lines = ["".join(row[y * COLUMNS : (y + 1) * COLUMNS]) for y in range(ROWS)]
    return Text("\n".join(lines), style, no_wrap=True)


def _raw(sequence: str) -> Control:
    """An escape sequence that takes no place, as the console prints it."""
    control = Control()
    control.segment = Segment(sequence, None, [(ControlType.BELL,)])  # of any kind: it's written as it is
    return control


def _colour(rgb: list[int]) -> Color:
    return Color.from_rgb(*rgb)
