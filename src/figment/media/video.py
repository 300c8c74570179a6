"""Frames into a film, an mp4 or an animated picture, marked as synthetic; the same frames give the same bytes."""

import itertools
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch.nn.functional as F
from av.codec.context import Flags
from torch import Tensor

from figment.common.parts import part_beside
from figment.common.places import flush
from figment.common.refusals import naming_refusals
from figment.media.animation import Frame, animated
from figment.media.endings import check_video
from figment.media.images import Resampling, columns_for, grid, grid_size
from figment.media.provenance import DigitalSourceType, xmp_box
from figment.media.signing import Signer
from figment.media.watermark import Mark, borne, marked

# One thread: with more, x264 cuts its work by the clock and the bytes change from run to run. CRF 17 is about where
# the eye stops seeing a loss. The index goes to the front, so that a browser plays before it has everything.
ENCODER = {"preset": "medium", "threads": "1"}
CRF = 17
CONTAINER = {"movflags": "+faststart", "fflags": "+bitexact"}
BT709, LIMITED = 1, 1  # ITU-T H.273: what players assume of video when they are told nothing, told to be sure
MIN_SHORT_SIDE = 384  # pixels
GAP_PIXELS = 4  # between two tiles
# Level 5.1 of H.264 (ITU-T H.264, table A-1), above which many players and chips don't go: of a frame, and of a second, in
# blocks of 16×16 pixels; no side has more than √(8 · blocks) of them.
MAX_FRAME_BLOCKS, MAX_SECOND_BLOCKS = 36_864, 983_040
MAX_SIDE_BLOCKS = math.isqrt(8 * MAX_FRAME_BLOCKS)


def write_video(
    path: str | Path,
    frames: Iterable[Frame],
    fps: float = 30,
    source: DigitalSourceType | None = "trainedAlgorithmicMedia",
    mark: Mark | None = None,
    signer: Signer | None = None,
    crf: int = CRF,
) -> None:
    """Write frames, uint8 (H, W, 3) and all of one size, at fps frames a second as what the name ends in.

    An mp4 is h264; an odd height or width is made even by repeating the last row or column, and frames are taken one at a
    time. An animated WebP or GIF plays round and round: see animation.py. The file is whole or as it was before. Raises
    InputError for another ending, a place that can't be written, a full disk or more frames than an animated picture may
    have; ValueError if there are no frames or their sizes differ. mark: an invisible one, which is put into every frame.
    signer: signs what is said of its source, in other bytes each time. crf: of an mp4, 0 to 51: above 17 it is smaller, and
    seen to be.
    """
    path = Path(path)
    check_video(path)
    first, frames = _first(frames)
    frames = frames if mark is None else (marked(frame, mark) for frame in frames)
    with naming_refusals(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with part_beside(path) as part:
            if path.suffix.lower() == ".mp4":
                _encode(part, frames, fps, crf)
                _append(part, xmp_box(source) if source else b"")
            else:
                part.write_bytes(animated(frames, fps, path.suffix.lower(), source))
            if signer and source:
                with part_beside(path) as whole:
                    _sign(signer, part, whole, path.suffix, source, borne(mark, first))
                    whole.replace(path)
            else:
                part.replace(path)


def _first(frames: Iterable[Frame]) -> tuple[Frame, Iterable[Frame]]:
    """The first of frames, and all of them."""
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ValueError("a film needs at least one frame")
    return first, itertools.chain([first], iterator)


def _sign(
    signer: Signer, film: Path, whole: Path, suffix: str, source: DigitalSourceType, mark: Mark | None
) -> None:  # fmt: skip
    """A film with a signature into another file; neither is in memory as a whole."""
    with film.open("rb") as original, whole.open("w+b") as made:
        signer.sign(original, made, suffix, source, mark)
        made.flush()
        flush(made.fileno())


def sheet(
    pictures: Tensor, columns: int | None = None, scale: int | None = None, resampling: Resampling = "lanczos"
) -> Frame:
    """Pictures side by side as a frame of video, each enlarged so many whole times that no side is under 384 pixels.

    pictures: uint8 (N, C, H, W). scale: how many times in place of that. Returns uint8 (H', W', 3). Each by itself:
    none bleeds into the next. resampling: "nearest" repeats pixels; else it is bicubic, which is as smooth as Lanczos' and
    quick enough for each frame of a film.
    """
    n, _, height, width = pictures.shape
    columns = min(columns or columns_for(n, height, width), n)
    factor = scale or _enlarged(n, height, width, columns)
    mode = "nearest" if resampling == "nearest" else "bicubic"
    large = F.interpolate(pictures.float(), scale_factor=factor, mode=mode) if factor > 1 else pictures
    return grid(large.round().clamp(0, 255).byte(), columns, GAP_PIXELS)


def fitting_tiles(
    tiles: int,
    shape: tuple[int, int],
    fps: float,
    columns: int | None = None,
    below: Callable[[int], int] | None = None,
    scale: int | None = None,
) -> int:
    """As many of the tiles, pictures of a shape, as a film of them may show that most players take; 1 at least.

    columns, scale: as sheet takes them. below: the height of what comes below a frame of a width.
    """
    for n in range(tiles, 1, -1):
        beside = min(columns or columns_for(n, *shape), n)
        factor = scale or _enlarged(n, *shape, beside)
        height, width = grid_size(n, shape[0] * factor, shape[1] * factor, beside, GAP_PIXELS)
        if fits_players(height + (below(width) if below else 0), width, fps):
            return n
    return 1


def fits_players(height: int, width: int, fps: float) -> bool:
    """Whether players that stop at level 5.1 show frames of this size."""
    down, across = math.ceil(height / 16), math.ceil(width / 16)
    most = min(MAX_FRAME_BLOCKS, MAX_SECOND_BLOCKS / fps)
    return max(down, across) <= MAX_SIDE_BLOCKS and down * across <= most


def fewer_tiles(tiles: int, fitting: int, option: str = "--tiles") -> str:
    """What is said of tiles that a film has no room for. option: that asked for them."""
    return f"{option} {tiles}: more than a film that every player shows has room for (H.264, level 5.1): {fitting} are shown."


def _enlarged(n: int, height: int, width: int, columns: int) -> int:
    """How many times pictures are enlarged in a frame."""
    return math.ceil(MIN_SHORT_SIDE / min(math.ceil(n / columns) * height, columns * width))


def _encode(path: Path, frames: Iterable[Frame], fps: float, crf: int) -> None:
    first, frames = _first(frames)
    # "file:", else FFmpeg takes what stands before a colon, as in 2024:walk.mp4, for a protocol.
    with av.open(f"file:{path}", "w", format="mp4", options=CONTAINER) as container:
        options = ENCODER | {"crf": str(crf)}
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.height, stream.width = (side + side % 2 for side in first.shape[:2])
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.flags |= Flags.bitexact
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        for frame in frames:
            if frame.shape != first.shape:
                raise ValueError(f"a frame of {frame.shape} among frames of {first.shape}")
            container.mux(stream.encode(_as_yuv(frame)))
        container.mux(stream.encode(None))


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        flush(file.fileno())


def _as_yuv(frame: Frame) -> av.VideoFrame:
    height, width, _ = frame.shape
    even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
    return rgb.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED, threads=1)
