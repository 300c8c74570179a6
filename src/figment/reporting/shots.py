"""How a run's pictures changed, for its report: a sheet early, midway and late, and smaller ones for the slider."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from figment.common.progress import Say, Tally
from figment.common.units import as_time
from figment.media.provenance import DigitalSourceType
from figment.reporting.pictures import Pixels, film_url, first_tiles, fitted, read_picture, webp_url
from figment.reporting.scores import evenly

MAX_STEPS = 48  # of the slider
STAGE_PIXELS, STEP_PIXELS = 300_000, 70_000  # of a sheet early, midway and late, and of one of the slider's
STAGE_BYTES, STEP_BYTES = 240_000, 480_000  # of all these together
FILM_BYTES = 300_000  # of all films together; one that has no room is left out
MARK: DigitalSourceType = "trainedAlgorithmicMedia"


class Shots(NamedTuple):
    """stages: early, midway and late; steps: the slider's, from the first to the last. size: bytes of their pictures."""

    stages: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    size: int


def contents(
    pictures: Mapping[int, Path], shape: tuple[int, int], labels: Mapping[int, str], say: Say, done: Tally,
    of_clips: bool = False,
) -> Shots:  # fmt: skip
    """What the page shows of a run's sheets, by images seen; shape: of the pictures on them. say: told of damaged ones.

    of_clips: whether their rows are clips.
    """
    places = list(pictures)
    chosen = [places[place] for place in evenly(len(places), MAX_STEPS)] if places else []
    wanted = milestones(places)
    large: dict[int, tuple[Pixels, int]] = {}
    small: dict[int, tuple[Pixels, int]] = {}
    for images in sorted({*chosen, *wanted.values()}):
        if (sheet := read_picture(pictures[images], say)) is not None:
            if images in wanted.values():
                large[images] = first_tiles(sheet, shape, STAGE_PIXELS, of_clips)
            if images in chosen:
                small[images] = first_tiles(sheet, shape, STEP_PIXELS, of_clips)
        done(1)
    stages, stage_bytes = _shown(large, labels, STAGE_BYTES)
    steps, step_bytes = _shown(small, labels, STEP_BYTES)
    names = {images: name for name, images in wanted.items()}
    return Shots([stage | {"name": names[stage["images"]]} for stage in stages], steps, stage_bytes + step_bytes)


def films(files: Mapping[int, Path], labels: Mapping[int, str], say: Say) -> tuple[list[dict[str, Any]], int]:
    """The films of a run of clips, by images seen, that the page shows early, midway and late, as far as there is room for
    them, late ones first; and how many bytes they have. say: told of those that are damaged or gone."""
    wanted, found, size = milestones(list(files)), list[dict[str, Any]](), 0
    for name, images in reversed(wanted.items()):
        try:
            content = files[images].read_bytes()
        except OSError:
            content = b""
        if b"ftyp" not in content[:12]:
            say(f"{files[images].parent.name}/{files[images].name} is damaged or gone, and left out")
        elif size + len(content) <= FILM_BYTES:
            size += len(content)
            label = labels.get(images, f"{images:,} images seen")
            found.append({"name": name, "label": label, "src": film_url(content)})
    return found[::-1], size


def milestones(images: Sequence[int]) -> dict[str, int]:
    """Early, middle and late: near a tenth and a third of the images seen, and the last; of two, early and late; one is the
    latest.

    Not by thirds, since much changes early and little late.
    """
    if not images:
        return {}
    found = {"late": images[-1]}
    for name, share in (("middle", 1 / 3), ("early", 1 / 10)):
        left = [i for i in images if i < min(found.values())]
        if left:
            found[name] = min(left, key=lambda i: abs(i - share * images[-1]))
    if "early" not in found and "middle" in found:  # the first picture isn't the middle of two
        found["early"] = found.pop("middle")
    return dict(reversed(found.items())) if len(found) > 1 else {"latest": images[-1]}


def label(images: int, seconds: float | None, known: bool = False) -> str:
    """What a sheet is called: how many images were seen by then, in how much time.

    known: whether the run started from known nets, of which the first sheet shows what they draw already.
    """
    time = f" · {as_time(seconds)}" if seconds is not None else ""
    untrained = ": what the known nets that it starts from draw, before any training" if known and not images else ""
    return f"{images:,} images seen{time}{untrained}"


def _shown(
    cuts: Mapping[int, tuple[Pixels, int]], labels: Mapping[int, str], room: int
) -> tuple[list[dict[str, Any]], int]:
    files = fitted([picture for picture, _ in cuts.values()], MARK, room)
    shown = [
        {"images": images, "label": labels[images], "tiles": tiles, "src": webp_url(file)}
        for (images, (_, tiles)), file in zip(cuts.items(), files, strict=True)
    ]
    return shown, sum(map(len, files))
