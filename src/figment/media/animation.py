"""Animated pictures, WebP and GIF: films for places that take pictures only."""

import io
import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.errors import InputError
from figment.media.provenance import DigitalSourceType, xmp, xmp_extension

Frame = NDArray[np.uint8]

MAX_BYTES = 2**30  # of all frames, which are in memory together
WEBP_QUALITY = 80
PALETTE_FRAMES = 16  # that a GIF's colours are taken from
GIF_COLOURS = 256


def animated(frames: Iterable[Frame], fps: float, suffix: str, source: DigitalSourceType | None) -> bytes:
    """Frames, uint8 (H, W, 3) and all of one size, as a ".webp" or ".gif" that plays round and round.

    WebP is lossy, of quality 80; a GIF has 256 colours, the same in all frames. Raises InputError for more frames than fit
    into a GB of memory; ValueError if there are none or their sizes differ.
    """
    held = list[Frame]()
    for frame in frames:
        if held and frame.shape != held[0].shape:
            raise ValueError(f"a frame of {frame.shape} among frames of {held[0].shape}")
        if (len(held) + 1) * frame.nbytes > MAX_BYTES:
            raise InputError(
                f"--out …{suffix}: more than {len(held):,} frames of {frame.shape[1]}×{frame.shape[0]} pixels are too much for"
                " an animated picture: let it end in .mp4, or ask for fewer --seconds, --fps or --scale."
            )
        held.append(frame)
    if not held:
        raise ValueError("a film needs at least one frame")
    ends = [round(1000 * i / fps) for i in range(len(held) + 1)]
    durations = [end - start for start, end in itertools.pairwise(ends)]
    if suffix == ".webp":
        return _webp(held, durations, xmp(source) if source else b"")
    return _gif(held, fps, xmp_extension(source) if source else b"")


def _webp(frames: Sequence[Frame], milliseconds: list[int], packet: bytes) -> bytes:
    first, *rest = (Image.fromarray(frame) for frame in frames)
    buffer = io.BytesIO()
    first.save(
        buffer, "WEBP", save_all=True, append_images=rest, duration=milliseconds, loop=0, quality=WEBP_QUALITY, method=4,
        **({"xmp": packet} if packet else {}),
    )  # fmt: skip
    return buffer.getvalue()


def _gif(frames: Sequence[Frame], fps: float, extension: bytes) -> bytes:
    """Times of a GIF are hundredths of a second; they are laid so that none gets lost."""
    ends = [round(100 * i / fps) for i in range(len(frames) + 1)]
    durations = [
        10 * max(end - start, 2) for start, end in itertools.pairwise(ends)
    ]  # below 2, players slow down to 10
    colours = _palette(frames)
    first, *rest = (Image.fromarray(frame).quantize(palette=colours, dither=Image.Dither.NONE) for frame in frames)
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=durations, loop=0, optimize=False)
    content = buffer.getvalue()
    head = 13 + (3 << ((content[10] & 7) + 1) if content[10] & 0x80 else 0)  # the screen's description and its colours
    return content[:head] + extension + content[head:]


def _palette(frames: Sequence[Frame]) -> Image.Image:
    """The colours that serve all frames best, from some of them, evenly picked."""
    places = sorted({round(place) for place in np.linspace(0, len(frames) - 1, PALETTE_FRAMES)})
    together = Image.fromarray(np.concatenate([frames[place] for place in places]))
    return together.quantize(GIF_COLOURS, Image.Quantize.MEDIANCUT)
