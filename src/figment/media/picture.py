"""Picture: a sheet of generated pictures as Python hands it out: an array that can save and show itself, marked."""

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.media.images import encode, write
from figment.media.provenance import DigitalSourceType
from figment.media.watermark import Mark


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that figment made. numpy takes it as the array that it is; a notebook shows it.

    Attributes
    ----------
    pixels : uint8 array (H, W, 3)
    source : what its files are marked as, a word of IPTC's DigitalSourceType.
    remark : what the mark says besides, such as how samples were chosen; "" for nothing.
    mark : the invisible mark that its files bear besides (media/watermark.py); None for none.
    """

    pixels: NDArray[np.uint8]
    source: DigitalSourceType = "trainedAlgorithmicMedia"
    remark: str = ""
    mark: Mark | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, 3."""
        return self.pixels.shape

    def save(self, path: str | Path) -> Path:
        """Write it as a .png, .jpg or .webp, marked as synthetic; its folder is made if need be.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InputError
            For another ending, a picture too large for the format, or a place that can't be written.
        """
        write(path, self.pixels, self.source, self.remark, mark=self.mark)
        return Path(path)

    def image(self) -> Image.Image:
        """It as Pillow's image, which bears no mark."""
        return Image.fromarray(self.pixels)

    def show(self) -> None:
        """Show it: in the notebook, else in the machine's viewer of pictures."""
        from figment.common.terminals import in_notebook

        if in_notebook():
            from IPython.display import display

            display(self)
        else:
            self.image().show()

    def png(self) -> bytes:
        """It as the bytes of a PNG, marked."""
        return encode(self.pixels, "PNG", self.source, self.remark, mark=self.mark)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.pixels, dtype=dtype, copy=True) if copy else np.asarray(self.pixels, dtype=dtype)

    def __repr__(self) -> str:
        height, width = self.shape[:2]
        return f"<Picture {width}×{height}>"

    def _repr_png_(self) -> bytes:
        return self.png()


def embedded(png: bytes, words: str) -> str:
    """A PNG as an element of a page, with words for those who don't see it."""
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
