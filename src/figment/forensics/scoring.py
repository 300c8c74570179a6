"""What a detector says of pictures in files: P(fake) with its interval, or that it doesn't know; why; and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.text import printable
from figment.data.decoding.decode import read
from figment.errors import Unreadable
from figment.forensics.conditions import MIN_SIDE, jpeg_quality
from figment.forensics.detector import AVERAGE, Detector, Readings
from figment.forensics.eyes import CHUNK_PICTURES, DISCRIMINATOR, LITE0, SPECTRUM
from figment.forensics.spectrum import PARTS
from figment.forensics.views import MAP_CROPS_A_SIDE, MAP_SHARE, Box, boxes, spread_out
from figment.media.heatmaps import NINTHS, overlay

FAKE, REAL, UNKNOWN = "fake", "real", "don't know"
SURE = 0.9  # P of a verdict that a sentence tells without "rather"
ENLARGED = 0.75  # of the size that pictures are brought to: what has less was enlarged, and shows that
# What is unlike the known pictures, in the words of the eye that sees it.
UNLIKE = {
    SPECTRUM: "its sharpness, noise or compression is",
    LITE0: "what it shows, or how, is",
    DISCRIMINATOR: "what a discriminator sees in it is",
}
TITLES = {SPECTRUM: "the spectrum", LITE0: "lite0", DISCRIMINATOR: "the discriminator", AVERAGE: "all together"}


@dataclass(frozen=True)
class Answer:
    """What is said of one file.

    verdict: fake, real or don't know. p_fake: if half of all pictures were fake; None where the picture is unlike those that the
    detector knows. interval: what 95 % of it lies between by other pictures to calibrate by and other views of this one.
    false_alarms: share of real pictures that score as high. by: P(fake) by each of what it reads from. unlike: why nothing is
    said. reasons: sentences. error: why the file can't be read; then nothing else is told.
    """

    file: str
    verdict: str = UNKNOWN
    p_fake: float | None = None
    interval: tuple[float, float] | None = None
    false_alarms: float | None = None
    by: dict[str, float] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    error: str | None = None

    def sentence(self) -> str:
        """The same for a person."""
        if self.p_fake is None or self.interval is None or self.false_alarms is None:
            return f"{UNKNOWN}: {'; '.join(self.unlike)}"
        low, high = self.interval
        rather = "" if abs(self.p_fake - 0.5) > SURE - 0.5 else "rather "
        verdict = f"{rather}{self.verdict}" if self.verdict != UNKNOWN else f"{UNKNOWN}, as its interval holds both"
        ends = dict.fromkeys((_told(low), _told(high)))
        told = f"{verdict}: P(fake) {_told(self.p_fake)} ({'all of its interval, too' if len(ends) == 1 else ' to '.join(ends)})"
        told += f"; {self.false_alarms:.1%} of real pictures score as high"
        return ". ".join([told, *(f"{reason[0].upper()}{reason[1:]}" for reason in self.reasons)])


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of a file, uint8 (3, H, W), as a detector looks at it; and what of it shows already that it isn't known."""

    pixels: NDArray[np.uint8]
    unlike: tuple[str, ...]


def answers(detector: Detector, files: Sequence[Path], by: str = "") -> Iterator[Answer]:
    """What a detector says of each file, by what it speaks by or another of its readings. One that can't be read costs itself."""
    for start in range(0, len(files), CHUNK_PICTURES):
        some = files[start : start + CHUNK_PICTURES]
        pictures = [opened(detector, file) for file in some]
        sound = [one for one in pictures if isinstance(one, Picture)]
        readings = detector.read(one.pixels for one in sound) if sound else None
        place = 0
        for file, one in zip(some, pictures, strict=True):
            if isinstance(one, Picture):
                assert readings is not None
                yield _answer(detector, file, one, readings, place, by or detector.default)
                place += 1
            else:
                yield Answer(str(file), error=one)


def opened(detector: Detector, file: Path) -> Picture | str:
    """A file's picture; or a sentence that says why it can't be looked at."""
    if file.is_dir():
        return f"{file} is a folder: name the pictures in it, such as {file}/*.png."
    try:
        picture = read(str(file))
    except Unreadable as error:
        return f"{printable(str(file))} can't be read as a picture ({error})."
    height, width = picture.height, picture.width
    if min(height, width) < MIN_SIDE:
        return f"{printable(str(file))} has {height}×{width} pixels, and it takes {MIN_SIDE} a side to see anything."
    unlike, (least, most) = [], detector.sides
    if not least <= min(height, width) <= most:
        way = "smaller" if min(height, width) < least else "larger"
        known = f"{least} to {most} px" if detector.target is None else f"{least} px and more"
        unlike.append(
            f"its {height}×{width} pixels are {way} than what the detector knows ({known} on the shorter side)"
        )
    quality = jpeg_quality(file)
    if quality is not None and quality < detector.least_quality:
        unlike.append(
            f"it is a JPEG of quality {quality}, and the detector knows those from {detector.least_quality} on"
        )
    pixels = np.asarray(picture.image.convert("RGB")).transpose(2, 0, 1)
    if detector.target is not None:
        pixels = detector.target.apply(picture.image)
        pixels = np.repeat(pixels, 3, 0) if len(pixels) == 1 else pixels
    return Picture(np.ascontiguousarray(pixels), tuple(unlike))


def _answer(detector: Detector, file: Path, one: Picture, readings: Readings, place: int, name: str) -> Answer:
    unlike = [*one.unlike]
    for eye, found in detector.unlike(readings).items():
        if found[place]:
            times = readings.distances[eye][place] / detector.novelties[eye].limit
            unlike.append(f"{UNLIKE[eye]} unlike all that the detector knows ({times:.1f} times its limit)")
    if unlike:
        return Answer(str(file), unlike=tuple(unlike))
    curves, views = detector.curves[name], readings.views[name][place]
    score = float(views.mean())
    p_fake, (low, high) = float(curves.p_fake(np.array(score))), curves.interval(views)
    verdict = FAKE if low > 0.5 else REAL if high < 0.5 else UNKNOWN
    by = {each: float(its.p_fake(readings.scores(each)[place])) for each, its in detector.curves.items()}
    alarms = detector.false_alarms(name, score)
    return Answer(
        str(file),
        verdict,
        p_fake,
        (low, high),
        alarms,
        by,
        reasons=tuple(_reasons(detector, one, readings, place, name, by)),
    )


def _reasons(
    detector: Detector, one: Picture, readings: Readings, place: int, name: str, by: dict[str, float]
) -> Iterator[str]:
    """Sentences: which of its readings says what, what in the spectrum, and where."""
    parts = {each: p for each, p in by.items() if each != AVERAGE}
    if len(parts) > 1:
        yield f"{', '.join(f'{TITLES[each]} says {_told(p)}' for each, p in parts.items())}"
    if readings.shares is not None and name in (SPECTRUM, AVERAGE):
        shares = {part: float(readings.shares[place][where].sum()) for part, where in PARTS.items()}
        told = by[SPECTRUM] > 0.5
        most = max(shares, key=lambda part: shares[part] if told else -shares[part])
        yield f"in the spectrum most hangs on {most}"
    views, (height, width) = detector.curves[name].logits(readings.views[name][place]), one.pixels.shape[1:]
    fakes = int((views > 0).sum())
    if fakes:
        box = detector.places(height, width)[1 + int(views[1:].argmax())]
        where = where_is(box.top + box.height / 2, box.left + box.width / 2, height, width)
        yield f"{fakes} of {len(views)} views speak for fake, most {where}"
    else:
        yield f"none of {len(views)} views speaks for fake"


def _told(p: float) -> str:
    """A probability in two digits; never as certainty, which no number of pictures to calibrate by gives."""
    return ">0.99" if p > 0.99 else "<0.01" if p < 0.01 else f"{p:.2f}"


def where_is(y: float, x: float, height: int, width: int) -> str:
    """A place in a picture in words."""
    return NINTHS[3 * min(int(3 * y / height), 2) + min(int(3 * x / width), 2)]


def heat_map(detector: Detector, picture: NDArray[np.uint8], by: str = "") -> NDArray[np.uint8]:
    """Where a picture, uint8 (3, H, W), speaks for fake (red) and for real (blue), by 25 overlapping crops: uint8 (H, W, 3)."""
    height, width = picture.shape[1:]

    def places(height: int, width: int) -> list[Box]:
        return boxes(height, width, MAP_SHARE, MAP_CROPS_A_SIDE)

    name = by or detector.default
    readings = detector.read([picture], places)
    evidence = spread_out(
        places(height, width)[1:], detector.curves[name].logits(readings.views[name][0])[1:], height, width
    )
    return overlay(torch.from_numpy(picture[None]), torch.from_numpy(evidence[None].astype(np.float32)))[0].transpose(
        1, 2, 0
    )
