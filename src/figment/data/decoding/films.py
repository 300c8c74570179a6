"""Films through PyAV: mp4, mov, webm, mkv, avi and their like.

Only these containers are opened, and nothing but the file itself: a playlist that names other files is no film.
"""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from figment.data.decoding.animations import open_animation
from figment.data.decoding.decode import EMPTY_FILE, NO_PERMISSION, short_hash
from figment.data.decoding.film_frames import MAX_FRAME_PIXELS, NO_FRAMES, TOLERANCE, Film, Frame, check_size
from figment.data.decoding.resample import resize
from figment.errors import Unreadable

ANIMATION_SUFFIXES = frozenset(["gif", "webp", "png", "apng"])
# max_pixels: of frames in the middle, too, which may be other than the container says, and larger than memory.
MOST_PIXELS = {"max_pixels": str(MAX_FRAME_PIXELS)}
OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,asf", "protocol_whitelist": "file", **MOST_PIXELS,
}  # fmt: skip
# Of swscale: its quick conversion is a level too dark on average, two for 10 bits; rounded well and with all colours, none.
BILINEAR, ACCURATE_ROUNDING, FULL_COLOUR = 2, 0x40000, 0x2000
EXACTLY = BILINEAR | ACCURATE_ROUNDING | FULL_COLOUR
SMALL = (32, 18)  # width and height of the few colours
HD_HEIGHT = 720  # from which on a film that doesn't say means the colours of high definition (BT.709)
UNSPECIFIED = 2  # ITU-T H.273
SEEK_AHEAD = 1.0  # seconds before the wanted time that are sought: indices are of packets, which don't lie in order
MAX_STRETCH = 8.0  # of a pixel's width against its height, that is believed
# Reasons that a person is told.
ENCRYPTED = "encrypted"
ONLY_SOUND, NO_STREAM = "only sound, and no pictures", "no pictures in it"
NO_DECODER = "of a kind that we have no decoder for"
GONE, NO_MEMORY = "the file is gone, or its link leads nowhere", "doesn't fit into memory"
MOMENTARY = frozenset([GONE, NO_MEMORY, NO_PERMISSION, NO_DECODER])  # of the machine as it is now, and not of the film


@dataclass(frozen=True)
class FilmFrame:
    """A frame as FFmpeg decodes it.

    whole, few: what converts all of its pixels, and makes a few of them: made once a film, which takes longer than a
    conversion. stretch: width of its pixels against their height.
    """

    seconds: float
    duration: float
    stored: av.VideoFrame
    whole: VideoReformatter
    few: VideoReformatter
    stretch: float = 1.0

    def pixels(self) -> np.ndarray:
        pixels = self._converted(self.whole, self.stored.width, self.stored.height, EXACTLY)
        if self.stretch != 1:
            pixels = resize(pixels, len(pixels), max(1, round(pixels.shape[1] * self.stretch)))
        return turned(pixels, self._matrix)

    def small(self) -> np.ndarray:
        return self._converted(self.few, *SMALL, BILINEAR).reshape(-1, 3)

    def digest(self) -> bytes:
        """Of the planes as decoded, which are the same on every machine; their conversion needn't be."""
        try:
            stored = self.stored.to_ndarray()
        except (ValueError, AssertionError):  # a format that has no array of its own, or odd sides
            stored = self.pixels()
        if isinstance(stored, tuple):  # indices and their palette
            stored = np.concatenate([part.ravel() for part in stored])
        shape = (self.stored.width, self.stored.height, self.stored.format.name, self.stretch, *self._matrix)
        kind = " ".join(map(str, shape))
        return short_hash(kind.encode(), stored.tobytes())

    def _converted(self, by: VideoReformatter, width: int, height: int, how: int) -> np.ndarray:
        told = self.stored.colorspace != UNSPECIFIED or self.stored.height < HD_HEIGHT
        colours = None if told else Colorspace.ITU709
        # RGB has no matrix of its own, but PyAV 16 goes by the film's only where the two differ.
        frame = by.reformat(self.stored, width, height, "rgb24", colours, Colorspace.ITU601, how)
        return frame.to_ndarray()

    @cached_property
    def _matrix(self) -> tuple[int, int, int, int]:
        try:
            held: Any = self.stored.side_data  # whose types in PyAV are wrong
            found = held["DISPLAYMATRIX"]
        except KeyError:
            return (1, 0, 0, 1)
        a, b, _, c, d = np.frombuffer(bytes(found), np.int32)[:5].tolist()
        return a, b, c, d


class OpenFilm:
    """A film that is open."""

    def __init__(self, container: "av.container.InputContainer") -> None:
        self._container = container
        pictures = av.stream.Disposition.attached_pic  # the cover of a song is no film
        streams = [stream for stream in container.streams.video if not stream.disposition & pictures]
        if not streams:
            raise Unreadable(ONLY_SOUND if container.streams.audio else NO_STREAM)
        self._stream = streams[0]
        if self._stream.codec_context is None:
            raise Unreadable(NO_DECODER)
        context = self._stream.codec_context
        context.thread_count = 1  # a process each core is at work already
        context.options = MOST_PIXELS
        self.width, self.height = context.width, context.height
        check_size(self.height, self.width)
        self.declared = self._declared()
        rate = self._stream.average_rate or self._stream.guessed_rate
        self._usual = 1 / float(rate) if rate else 0.04  # seconds that a frame is shown for
        stretch = float(self._stream.sample_aspect_ratio or 1)
        self._stretch = stretch if 1 / MAX_STRETCH <= stretch <= MAX_STRETCH else 1.0

    def frames(self, since: float | None = None) -> Iterator[Frame]:
        """See Film."""
        last = -math.inf
        for frame in self._decoded(since):
            if frame.seconds > last:  # a time that goes back is broken
                last = frame.seconds
                yield frame
        if last == -math.inf:
            raise Unreadable(NO_FRAMES)

    def _declared(self) -> float | None:
        stream, container = self._stream, self._container
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / av.time_base if container.duration else None

    def _decoded(self, since: float | None) -> Iterator[FilmFrame]:
        """Decoded frames; from the beginning where seeking leads too far."""
        if since is not None and self._seek(since - SEEK_AHEAD):
            frames = self._all_decoded()
            first = next(frames, None)
            if first is not None and first.seconds <= since + TOLERANCE:
                yield from chain([first], frames)
                return
            self._seek(-math.inf)
        yield from self._all_decoded()

    def _seek(self, seconds: float) -> bool:
        base = self._stream.time_base
        earliest = self._stream.start_time or 0
        if base is None:
            return False
        wanted = earliest if seconds == -math.inf else max(earliest, round(seconds / float(base)))
        try:
            self._container.seek(wanted, stream=self._stream, backward=True)
        except av.FFmpegError:
            return False
        return True

    def _all_decoded(self) -> Iterator[FilmFrame]:
        packets = self._container.demux(self._stream)
        guessed = 0.0
        whole, few = VideoReformatter(), VideoReformatter()
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.FFmpegError):  # what a broken film has behind this can't be reached
                return
            if packet.has_sidedata("encryption_info"):
                raise Unreadable(ENCRYPTED)
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if not frame.is_corrupt:
                    seconds = guessed if frame.time is None else frame.time
                    duration = float((frame.duration or 0) * (frame.time_base or 0)) or self._usual
                    guessed = seconds + duration
                    yield FilmFrame(seconds, duration, frame, whole, few, self._stretch)


def open_film(path: str) -> AbstractContextManager[Film]:
    """A film or an animated picture, by its suffix. Raises Unreadable with the reason, as its frames do."""
    return open_animation(path) if path.rpartition(".")[2].lower() in ANIMATION_SUFFIXES else _open_film(path)


@contextmanager
def _open_film(path: str) -> Iterator[OpenFilm]:
    # Else FFmpeg takes what stands before a colon, as in 2024:holiday/a.mp4, for a protocol.
    opened = f"file:{path}"
    with naming_film_damage(path), av.open(opened, options=OPTIONS, metadata_errors="ignore") as container:
        yield OpenFilm(container)


@contextmanager
def naming_film_damage(path: str) -> Iterator[None]:
    """Turn what a damaged film makes FFmpeg raise into Unreadable with a reason that a person can read."""
    try:
        yield
    except Unreadable:
        raise
    except FileNotFoundError:
        raise Unreadable(GONE) from None
    except PermissionError:
        raise Unreadable(NO_PERMISSION) from None
    except av.error.DecoderNotFoundError:
        raise Unreadable(NO_DECODER) from None
    except av.FFmpegError:
        raise Unreadable(_unopened(path)) from None
    except MemoryError:
        raise Unreadable(NO_MEMORY) from None
    except Exception as error:  # of our own or PyAV's, over what a file says of itself
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreadable(f"broken: {text}") from None


def _unopened(path: str) -> str:
    with open(path, "rb") as file:
        start = file.read(12)
    if not start:
        return EMPTY_FILE
    if start[4:8] in (b"ftyp", b"mdat", b"wide", b"free"):
        return "cut short or broken: the index, which often stands at the end, is missing or can't be read"
    return "not a film that we can read"


def turned(pixels: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """Pixels (H, W, C) as a display matrix has them: quarter turns and mirrors, x' = a·x + c·y and y' = b·x + d·y."""
    a, b, c, d = matrix
    sideways = abs(b) > abs(a)
    if sideways:
        pixels, a, d = pixels.transpose(1, 0, 2), c, b
    pixels = pixels[:, ::-1] if a < 0 else pixels
    return np.ascontiguousarray(pixels[::-1] if d < 0 else pixels)
