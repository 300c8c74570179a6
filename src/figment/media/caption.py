"""A line of words below a picture."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PAPER, INK = (255, 255, 255), (68, 68, 68)  # colours, RGB
MAX_SHARE = 0.96  # of the width, that the words may take


def with_caption(picture: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """The picture with a line of text below, as large as it fits: uint8 (H, W, 3) → (H + h, W, 3)."""
    height, width, _ = picture.shape
    band = band_height(width)
    canvas = Image.new("RGB", (width, height + band), PAPER)
    canvas.paste(Image.fromarray(picture))
    font = ImageFont.load_default(band * 0.6)
    if (length := font.getlength(text)) > MAX_SHARE * width:
        font = ImageFont.load_default(band * 0.6 * MAX_SHARE * width / length)
    ImageDraw.Draw(canvas).text((width / 2, height + band / 2), text, INK, font, anchor="mm")
    return np.asarray(canvas)


def band_height(width: int) -> int:
    """Pixels of the line below a picture."""
    return max(20, width // 14)
