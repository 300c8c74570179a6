"""Pictures as files: sheets of many, and the mark that says they are synthetic.

The mark is IPTC's DigitalSourceType in an XMP packet. It carries no date and no program's name, so the same picture
always gives the same bytes, unless it is signed.
"""

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from figment.common.files import write_output
from figment.common.pixels import as_array
from figment.errors import InputError
from figment.media.endings import FORMATS, Format, picture_format
from figment.media.provenance import DigitalSourceType, xmp
from figment.media.signing import Signer
from figment.media.watermark import Mark, borne, marked

if TYPE_CHECKING:
    from torch import Tensor

Resampling = Literal["lanczos", "nearest"]

# Pixels that a side may have. JPEG's own is 65,535; the libraries that read and write it stop a little before.
MAX_SIDE: dict[Format, int] = {"WEBP": 16_383, "JPEG": 65_500, "PNG": 2**31 - 1}
MAX_SHEET_BYTES = 2**31  # of a sheet in memory, where Pillow and the encoder take as much again, each
WEBP_METHOD = 4  # of 0 to 6: how long libwebp looks for a smaller file; 6 takes twice as long for a few per cent
MAX_ASPECT = 1.5  # a sheet's longer side to its shorter that still passes for nearly square


def grid(pictures: "Tensor | NDArray[np.uint8]", columns: int | None = None, gap: int = 2) -> NDArray[np.uint8]:
    """Pictures side by side on one white sheet, row by row.

    pictures: uint8 (N, C, H, W), N at least 1, C 1 or 3. columns: pictures a row, by default as many as make the sheet
    nearly square (see columns_for). gap: pixels between two pictures. Returns uint8 (H', W', 3).
    """
    tiles = as_array(pictures)
    n, _, height, width = tiles.shape
    if n == 0:
        raise ValueError("a grid needs at least one picture")
    columns = min(columns or columns_for(n, height, width), n)
    size = grid_size(n, height, width, columns, gap)
    check_memory(*size)
    sheet = np.full((*size, 3), 255, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile.transpose(1, 2, 0)
    return sheet


def grid_size(n: int, height: int, width: int, columns: int | None = None, gap: int = 2) -> tuple[int, int]:
    """Height and width of the sheet that `grid` makes of n pictures."""
    columns = min(columns or columns_for(n, height, width), n)
    return math.ceil(n / columns) * (height + gap) - gap, columns * (width + gap) - gap


def check_memory(height: int, width: int) -> None:
    """Raise InputError where a sheet would take more memory than is sensible."""
    if 3 * height * width > MAX_SHEET_BYTES:
        taken = f"{3 * height * width / 2**30:,.1f} GB, over the {MAX_SHEET_BYTES >> 30} that a sheet may have"
        raise InputError(f"a sheet of {width:,}×{height:,} pixels takes {taken}: ask for fewer pictures on it.")


def check_sheet(path: Path, height: int, width: int) -> None:
    """Raise InputError, before any of it is drawn, where a sheet is too large for the format that the name ends in.

    The sentence names a format that holds it.
    """
    format = picture_format(path)
    most = MAX_SIDE[format]
    if max(height, width) > most:
        other = next(suffix for suffix in (".jpg", ".png") if MAX_SIDE[FORMATS[suffix]] >= max(height, width))
        raise InputError(
            f"{path}: a sheet of {width:,}×{height:,} pixels, and {path.suffix} holds at most {most:,} a side: let it end"
            f" in {other}, or ask for fewer pictures on it."
        )
    check_memory(height, width)


def columns_for(n: int, height: int, width: int) -> int:
    """Pictures a row that make a sheet of n nearly square.

    Squares lie √n a row. Of other shapes the rows are rather filled: of all sheets at most half as long again one way
    as the other, the one with the fewest empty places is taken, and the squarest of those.
    """
    if height == width:
        return math.ceil(math.sqrt(n))

    def fault(columns: int) -> tuple[float, int, float]:
        rows = math.ceil(n / columns)
        length = max(rows * height, columns * width) / min(rows * height, columns * width)
        return max(length, MAX_ASPECT), rows * columns - n, length

    return min(range(1, n + 1), key=fault)


def enlarged(
    pictures: "Tensor | NDArray[np.uint8]", factor: int, resampling: Resampling = "lanczos"
) -> NDArray[np.uint8]:
    """Pictures a whole number of times as large, uint8 (N, C, H, W) → (N, C, factor·H, factor·W), each by itself.

    "nearest" repeats every pixel, so that the pictures can be had back; "lanczos" is smooth, as viewers enlarge.
    """
    tiles = as_array(pictures)
    if factor == 1:
        return tiles
    if resampling == "nearest":
        return tiles.repeat(factor, 2).repeat(factor, 3)
    return np.stack([resized(tile, factor * tile.shape[1], factor * tile.shape[2]) for tile in tiles])


def resized(
    picture: NDArray[np.uint8], height: int, width: int, resampling: Resampling = "lanczos"
) -> NDArray[np.uint8]:
    """One picture, uint8 (C, H, W) → (C, height, width)."""
    kernel = Image.Resampling[resampling.upper()]
    return np.stack([np.asarray(Image.fromarray(plane).resize((width, height), kernel)) for plane in picture])


def encode(
    picture: NDArray[np.uint8], format: Format = "PNG", source: DigitalSourceType | None = "trainedAlgorithmicMedia",
    remark: str = "", quality: int | None = None, dpi: int | None = None, mark: Mark | None = None, signer: Signer | None = None,
) -> bytes:  # fmt: skip
    """A picture as the bytes of a file, marked with where it comes from; the same picture gives the same bytes.

    picture: uint8 (H, W, 3), (H, W, 1) or (H, W). PNG and WebP keep every pixel, but for a mark; JPEG is of quality 95 with whole
    colours (4:4:4). source: of IPTC's vocabulary, or None to leave a real picture unmarked. remark: said in the mark.
    quality: 0 to 100 of a JPEG or of a WebP that needn't keep every pixel. dpi: pixels an inch when it is printed, which WebP
    can't tell. mark: an invisible one, which is put into the pixels: then they aren't kept to the last digit. signer: signs what
    is said of its source, in other bytes each time.
    """
    picture = picture if mark is None else marked(picture, mark)
    image = Image.fromarray(picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture)
    packet = xmp(source, remark) if source else None
    buffer = io.BytesIO()
    printed = {"dpi": (dpi, dpi)} if dpi and format != "WEBP" else {}
    if format == "PNG":
        text = PngImagePlugin.PngInfo()
        if packet:
            text.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=False)  # legible for programs that only scan bytes
        image.save(buffer, format, pnginfo=text, **printed)
    else:
        if format == "JPEG":
            options: dict[str, Any] = {"quality": quality or 95, "subsampling": 0}
        elif quality is None:
            options = {"lossless": True, "exact": True}
        else:
            options = {"quality": quality, "method": WEBP_METHOD}
        image.save(buffer, format, **options, **printed, **({"xmp": packet} if packet else {}))
    content = buffer.getvalue()
    return signer.signed(content, f".{format.lower()}", source, borne(mark, picture)) if signer and source else content


def write(
    path: str | Path, picture: NDArray[np.uint8], source: DigitalSourceType | None = "trainedAlgorithmicMedia",
    remark: str = "", dpi: int | None = None, mark: Mark | None = None, signer: Signer | None = None,
) -> None:  # fmt: skip
    """Write a picture, uint8 (H, W, 3) or (H, W), in the format that the name ends in; its folder is made if need be.

    The file is whole or as it was before. Raises InputError for an unknown ending, a picture too large for it or a place
    that can't be written; OSError when the disk is full.
    """
    path = Path(path)
    check_sheet(path, *picture.shape[:2])
    write_output(path, encode(picture, picture_format(path), source, remark, dpi=dpi, mark=mark, signer=signer))
