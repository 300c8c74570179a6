"""Films, made by PyAV and Pillow: tiny, of a second or less."""

import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

FFPROBE, FFMPEG = shutil.which("ffprobe"), shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(not (FFPROBE and FFMPEG), reason="no ffprobe to compare with")
CODECS = {
    ".mp4": "libx264",
    ".mov": "libx264",
    ".m4v": "libx264",
    ".mkv": "libx264",
    ".webm": "libvpx-vp9",
    ".avi": "mpeg4",
}


def numbered(count: int, height: int = 32, width: int = 48) -> np.ndarray:
    """Frames that tell their number: grey of 4·number + 20, with a black and a white corner, uint8 (count, H, W, 3)."""
    frames = np.empty((count, height, width, 3), np.uint8)
    for number, frame in enumerate(frames):
        frame[:] = 20 + 4 * number
        frame[: height // 4, : width // 4] = 255
        frame[-height // 4 :, -width // 4 :] = 0
    return frames


def number_of(picture: np.ndarray) -> int:
    """The number of a frame, (H, W, 3) or (C, H, W), by its middle."""
    whole = picture if picture.shape[-1] == 3 else picture.transpose(1, 2, 0)
    height, width = whole.shape[:2]
    middle = whole[height // 2 - 1 : height // 2 + 2, width // 2 - 1 : width // 2 + 2].astype(float).mean()
    return round((middle - 20) / 4)


def write_film(
    file: Path, frames: np.ndarray, fps: float = 24, times: Sequence[float] | None = None, pix_fmt: str = "yuv420p",
    codec: str | None = None, aspect: Fraction | None = None, container: dict[str, str] | None = None,
    **options: str,
) -> Path:  # fmt: skip
    """Frames as a film by what its name ends in, in all but lossless quality. times: of each in seconds, instead of fps."""
    file.parent.mkdir(parents=True, exist_ok=True)
    codec = codec or CODECS[file.suffix]
    quality = {"libx264": {"crf": "3", "preset": "ultrafast"}, "libvpx-vp9": {"crf": "4", "b": "0", "speed": "8"}}
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(file), "w", options=container or {}) as out:
        stream = out.add_stream(codec, rate=rate, options={**quality.get(codec, {}), **options})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pix_fmt
        if codec == "mpeg4":
            stream.codec_context.qmin = stream.codec_context.qmax = 2
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        base = Fraction(1, 12_000) if times is not None else 1 / rate
        stream.time_base = stream.codec_context.time_base = base
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            frame.pts = number if times is None else round(times[number] / base)
            frame.time_base = base
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file


def write_animation(file: Path, frames: np.ndarray, milliseconds: int | list[int] = 100) -> Path:
    """Frames as a GIF, WebP or PNG that moves."""
    file.parent.mkdir(parents=True, exist_ok=True)
    first, *others = map(Image.fromarray, frames)
    first.save(file, save_all=True, append_images=others, duration=milliseconds, loop=0, lossless=True)
    return file


def with_display_matrix(film: Path, a: int, b: int, c: int, d: int) -> None:
    """Turn a film by the matrix in its track's header, as a phone does."""
    content = bytearray(film.read_bytes())
    place = content.index(b"tkhd") + 4
    place += (
        4 + (32 if content[place] else 20) + 16
    )  # version and flags; times, number, length; layer, volume and nothing
    matrix = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    content[place : place + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    film.write_bytes(content)


def probed(film: Path, field: str = "pts_time") -> list[float]:
    """What ffprobe says of each frame of a film."""
    command = [
        str(FFPROBE),
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        f"frame={field}",
        "-of",
        "csv=p=0",
    ]
    told = subprocess.run([*command, str(film)], check=True, capture_output=True, text=True).stdout
    return [float(line.strip(",")) for line in told.split() if line.strip(",")]
