"""How fast are pictures prepared? Compared with packaged decoders alone: decoding, cropping and reducing the same files.

    python benchmarks/prepare.py --data FOLDER [--size 64] [--repeats 5] [--json FILE]

"prepare" is all that figment does before training starts for the first time: list, decode, turn upright, hash, crop,
reduce, write, split, flush to the disk; "open" is finding the bank again when nothing has changed. The decoders read,
crop and reduce, and throw the result away, through the same pool of processes with the same chunks and with memory kept
in the same way; where one can decode at a fraction of the size, it does so by figment's rule, never below twice the
target. All include starting the pool. They take turns, and the medians count, so that whatever else the machine does
hits all of them; where it does a lot, the seconds of CPU tell more, which are those of all processes together.
"""

import argparse
import io
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from figment.common.malloc import hold_freed_memory
from figment.data.bank.prepare import prepare
from figment.data.bank.workers import map_unordered, usable_cores
from figment.data.decoding.chunks import StoredChunk
from figment.data.sources.open import open_source

Pixels = np.ndarray | Image.Image


@dataclass(frozen=True)
class Alone:
    """A decoder alone: brings a chunk of JPEG files to size×size, and nothing else."""

    decoder: str
    size: int

    def __call__(self, chunk: StoredChunk) -> int:
        """Returns the number of pictures."""
        hold_freed_memory()
        decode, reduce = DECODERS[self.decoder]
        for payload in chunk.payloads:
            content = payload if isinstance(payload, bytes) else Path(payload).read_bytes()
            reduce(decode(content, 2 * self.size), self.size)
        return len(chunk.payloads)


def pillow(content: bytes, enough: int) -> Pixels:
    """Pillow, at full size."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def pillow_draft(content: bytes, enough: int) -> Pixels:
    """Pillow, at 1/2, 1/4 or 1/8 of the size where that is enough."""
    picture = Image.open(io.BytesIO(content))
    picture.draft("RGB", (enough, enough))
    return picture.convert("RGB")


def simplejpeg(content: bytes, enough: int) -> Pixels:
    """libjpeg-turbo, at 1/2, 1/4 or 1/8 of the size where that is enough."""
    from simplejpeg import decode_jpeg, decode_jpeg_header

    height, width, _, _ = decode_jpeg_header(content)
    by = _reduction(height, width, enough)
    return decode_jpeg(content, "RGB", min_height=-(-height // by), min_width=-(-width // by))


def opencv(content: bytes, enough: int) -> Pixels:
    """OpenCV, at 1/2, 1/4 or 1/8 of the size where that is enough."""
    import cv2
    from simplejpeg import decode_jpeg_header

    cv2.setNumThreads(1)  # every core has a worker of its own
    height, width, _, _ = decode_jpeg_header(content)
    by = _reduction(height, width, enough)
    flag = cv2.IMREAD_COLOR if by == 1 else getattr(cv2, f"IMREAD_REDUCED_COLOR_{by}")
    return cv2.imdecode(np.frombuffer(content, np.uint8), flag)


def lanczos(picture: Pixels, size: int) -> None:
    """Centre square, reduced by Pillow."""
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    square.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)


def area(picture: Pixels, size: int) -> None:
    """Centre square, reduced by OpenCV's area average."""
    import cv2

    height, width, _ = picture.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cv2.resize(picture[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)


def _reduction(height: int, width: int, enough: int) -> int:
    return next((by for by in (8, 4, 2) if min(height, width) >= by * enough), 1)


DECODERS: dict[str, tuple[Callable[[bytes, int], Pixels], Callable[[Pixels, int], None]]] = {
    "Pillow": (pillow, lanczos),
    "Pillow draft": (pillow_draft, lanczos),
    "simplejpeg + Pillow": (simplejpeg, lanczos),
}
if find_spec("cv2"):
    DECODERS |= {"simplejpeg + OpenCV": (simplejpeg, area), "OpenCV": (opencv, area)}


def measure(data: Path, size: int, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of wall and of CPU of each repeat, by what was done."""
    # The workers import the function by its module's name, and `__main__` is another module there.
    from prepare import Alone as Function

    seconds: dict[str, list[tuple[float, float]]] = {what: [] for what in (*DECODERS, "prepare", "open")}
    for _ in range(repeats + 1):
        for decoder in DECODERS:
            chunks = open_source(data).chunks()
            seconds[decoder].append(timed(lambda: sum(map_unordered(Function(decoder, size), chunks))))  # noqa: B023
        with tempfile.TemporaryDirectory() as cache:
            os.environ["FIGMENT_CACHE"] = cache
            seconds["prepare"].append(timed(lambda: prepare(data, size, channels=3)))
            seconds["open"].append(timed(lambda: prepare(data, size, channels=3)))
    return {what: times[1:] for what, times in seconds.items()}  # the first round reads the files from the disk


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall and of CPU (this process and its children) that an action takes."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    action()
    return time.perf_counter() - start, sum(os.times()[:4]) - before


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of JPEG pictures")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    count = len(open_source(options.data).listing.names)
    seconds = measure(options.data, options.size, options.repeats)
    wall, cpu = ({what: statistics.median(t[i] for t in times) for what, times in seconds.items()} for i in (0, 1))
    fastest = min(DECODERS, key=lambda decoder: wall[decoder])
    ratio = wall[fastest] / wall["prepare"]
    cpu_ratio = min(cpu[decoder] for decoder in DECODERS) / cpu["prepare"]
    machine = (
        f"{usable_cores()} cores, {platform.processor() or platform.machine()}, Python {platform.python_version()}"
    )
    machine += f", Pillow {PIL.__version__}, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{count:,} pictures from {options.data.name} at {options.size} px; {machine}")
    print(f"{'':20}{'pictures/s':>12}{'seconds':>10}{'of CPU':>10}   seconds of each repeat")
    for what, times in seconds.items():
        listed = " ".join(f"{value:.2f}" for value, _ in times)
        print(f"{what:20}{count / wall[what]:>12,.0f}{wall[what]:>10.2f}{cpu[what]:>10.2f}   {listed}")
    by_cpu = f"{cpu_ratio:.0%} of the least by seconds of CPU"
    print(f"prepare reaches {ratio:.0%} of the fastest decoder alone ({fastest}); {by_cpu}")
    if options.json:
        facts = {"data": options.data.name, "pictures": count, "size": options.size, "machine": machine}
        facts |= {"seconds": seconds, "fastest": fastest, "ratio": ratio, "cpu_ratio": cpu_ratio}
        options.json.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
