"""Pictures as files: sheets of many, and the mark that says they are synthetic.

The mark is IPTC's DigitalSourceType in an XMP packet. It carries no date and no program's name, so the same picture
always gives the same bytes.
"""

import io
import math
import re
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from torch import Tensor

from figment.common.files import write_output
from figment.errors import InputError

Source = Literal["trainedAlgorithmicMedia", "algorithmicMedia", "compositeWithTrainedAlgorithmicMedia"]
Format = Literal["PNG", "JPEG", "WEBP"]

FORMATS: dict[str, Format] = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    "<Iptc4xmpExt:DigitalSourceType>{}</Iptc4xmpExt:DigitalSourceType>"
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)
# As an element, an attribute or an rdf:resource: other programs write all three.
DECLARED = re.compile(rb":DigitalSourceType\W[^<]{0,200}?digitalsourcetype/(\w+)")
XMP_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # XMP specification, part 3, section 1.1.4 (MPEG-4)
OBLONG = 1.5  # a sheet's longer side to its shorter that still passes for nearly square
LARGEST_PACKET = 1 << 24  # bytes; a mark needs 400


def grid(pictures: Tensor | NDArray[np.uint8], columns: int | None = None, gap: int = 2) -> NDArray[np.uint8]:
    """Pictures side by side on one white sheet, row by row.

    pictures: uint8 (N, C, H, W), N at least 1, C 1 or 3. columns: pictures a row, by default as many as make the sheet
    nearly square (see columns_for). gap: pixels between two pictures. Returns uint8 (H', W', 3).
    """
    tiles = np.asarray(pictures.cpu() if isinstance(pictures, Tensor) else pictures)
    n, _, height, width = tiles.shape
    if n == 0:
        raise ValueError("a grid needs at least one picture")
    columns = min(columns or columns_for(n, height, width), n)
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile.transpose(1, 2, 0)
    return sheet


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
        return max(length, OBLONG), rows * columns - n, length

    return min(range(1, n + 1), key=fault)


def encode(
    picture: NDArray[np.uint8], format: Format = "PNG", source: Source | None = "trainedAlgorithmicMedia"
) -> bytes:
    """A picture as the bytes of a file, marked with where it comes from; the same picture gives the same bytes.

    picture: uint8 (H, W, 3), (H, W, 1) or (H, W). PNG and WebP keep every pixel; JPEG is of quality 95 with whole
    colours (4:4:4). source: of IPTC's vocabulary, or None to leave a real picture unmarked.
    """
    image = Image.fromarray(picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture)
    packet = xmp(source) if source else None
    buffer = io.BytesIO()
    if format == "PNG":
        text = PngImagePlugin.PngInfo()
        if packet:
            text.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=False)  # legible for programs that only scan bytes
        image.save(buffer, format, pnginfo=text)
    else:
        options = {"quality": 95, "subsampling": 0} if format == "JPEG" else {"lossless": True, "exact": True}
        image.save(buffer, format, **options, **({"xmp": packet} if packet else {}))
    return buffer.getvalue()


def write(path: str | Path, picture: NDArray[np.uint8], source: Source | None = "trainedAlgorithmicMedia") -> None:
    """Write a picture, uint8 (H, W, 3) or (H, W), in the format that the name ends in; its folder is made if need be.

    The file is whole or as it was before. Raises InputError for an unknown ending or a place that can't be written;
    OSError when the disk is full.
    """
    path = Path(path)
    format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise InputError(f"--out {path}: no kind of picture that figment writes: let it end in .png, .jpg or .webp.")
    write_output(path, encode(picture, format, source))


def source_of(path: str | Path) -> str | None:
    """Where a picture or mp4 says that it comes from: a word of IPTC's DigitalSourceType, or None if it says nothing.

    Raises InputError if the file is missing or is neither a picture nor an mp4.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            is_video = file.read(12)[4:8] == b"ftyp" and path.suffix.lower() not in {".avif", ".heic", ".heif"}
        packet = _video_packet(path) if is_video else _picture_packet(path)
    except UnidentifiedImageError:
        raise InputError(f"{path} is no picture or mp4 that figment can read: name a PNG, JPEG, WebP or mp4.") from None
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror or error}): name a picture or an mp4.") from None
    declared = DECLARED.search(packet)
    return declared[1].decode() if declared else None


def xmp(source: Source) -> bytes:
    """The XMP packet that marks a file with where it comes from. Raises ValueError for a word that isn't a Source."""
    if source not in get_args(Source):
        raise ValueError(f"{source} is none of {', '.join(get_args(Source))}")
    return PACKET.format(VOCABULARY + source).encode()


def xmp_box(source: Source) -> bytes:
    """The same mark as a top-level box of an mp4: size, "uuid", Adobe's identifier, packet."""
    content = b"uuid" + XMP_BOX + xmp(source)
    return (len(content) + 4).to_bytes(4, "big") + content


def _picture_packet(path: Path) -> bytes:
    with Image.open(path) as image:
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return packet.encode() if isinstance(packet, str) else packet


def _video_packet(path: Path) -> bytes:
    """The XMP box's content, found by stepping over an mp4's top-level boxes; empty if there is none."""
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= end:
            file.seek(at)
            head = file.read(24)
            size, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if kind == b"uuid" and head[8:24] == XMP_BOX:
                return file.read(min(max(size - 24, 0), LARGEST_PACKET))
            if size == 1:  # a box over 4 GiB has its size after its kind
                size = int.from_bytes(head[8:16], "big")
            if size < 8:  # 0: this box goes on to the end; anything else is damage
                break
            at += size
    return b""
