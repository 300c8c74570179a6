"""What can be said of a bank of clips: how long they are, how much moves in them, which stand still; as lines and a page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figment.common.files import write_output
from figment.common.progress import Progress
from figment.common.text import shown
from figment.common.video_shape import VideoShape
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import MIN_PICTURES
from figment.data.sources.open import Skipped
from figment.inspection.page import BINS
from figment.inspection.table import MAX_NAMED, listed
from figment.media import pages
from figment.media.images import encode
from figment.media.pages import COLOURS
from figment.media.provenance import DigitalSourceType

STILL_MOTION = 0.25  # mean difference of neighbouring frames, of 255 levels, that a still clip stays below
MAX_REPEATED_SHARE = 0.25  # of neighbouring frames that are equal: more, and clips have more frames a second than films
FEW_CLIPS = 500  # with which a generator soon knows them by heart
SHEET_CLIPS, STRIP_FRAMES, MAX_STILLS = 24, 8, 12  # that are shown
STRIP_HEIGHT = 84  # of a shown frame, in the page's pixels
MAX_ROWS = 500


@dataclass(frozen=True, eq=False)
class ClipSurvey:
    """What a bank of clips holds.

    names, labels, lengths (frames) and motion of each clip: the mean difference of neighbouring frames, of 255 levels.
    repeated: the share of neighbouring frames that are equal. stills: the places of clips that stand still. strips: frames
    of some clips, evenly spread over them, uint8 (frames, H, W, C), by the clip's place.
    """

    source: str
    shape: VideoShape
    size: tuple[int, int]
    names: list[str]
    labels: list[str | None]
    lengths: np.ndarray
    motion: np.ndarray
    repeated: float
    stills: list[int]
    sheet: list[int]
    strips: dict[int, np.ndarray]
    held_out: int
    notes: list[str]
    skipped: list[Skipped]
    copies: list[Skipped]
    drawn: bool

    @property
    def frames(self) -> int:
        return int(self.lengths.sum())


def survey_clips(bank: Bank, shape: VideoShape, progress: Progress | None = None) -> ClipSurvey:
    """Look at every frame of a bank of clips. progress: called with (done, total)."""
    clips = bank.clips
    assert clips is not None
    ranges = clips.ranges().tolist()
    motion, repeated = np.zeros(len(ranges)), 0
    for clip, (first, count) in enumerate(ranges):
        motion[clip], equal = measured(bank.pictures[first : first + count])
        repeated += equal
        if progress:
            progress(clip + 1, len(ranges))
    stills = np.flatnonzero(motion < STILL_MOTION).tolist()
    sheet = _even(len(ranges), SHEET_CLIPS)
    strips = {clip: _strip(bank, *ranges[clip]) for clip in {*sheet, *stills[:MAX_STILLS]}}
    return ClipSurvey(
        source=bank.source,
        shape=shape,
        size=(bank.height, bank.width),
        names=clips.names,
        labels=[bank.labels[first] for first, _ in ranges],
        lengths=np.array([count for _, count in ranges]),
        motion=motion,
        repeated=repeated / max(1, len(bank.pictures) - len(ranges)),
        stills=stills,
        sheet=sheet,
        strips=strips,
        held_out=len(clips.of(bank.held_out)),
        notes=bank.notes,
        skipped=bank.skipped,
        copies=bank.copies,
        drawn=bank.drawn,
    )


def measured(frames: np.ndarray) -> tuple[float, int]:
    """Mean difference of neighbouring frames, uint8 (n, C, H, W), and how many of the pairs are equal."""
    if len(frames) < 2:
        return 0.0, 0
    changes = np.abs(np.diff(frames.astype(np.int16), axis=0)).reshape(len(frames) - 1, -1)
    return float(changes.mean()), int((changes.max(axis=1) == 0).sum())


def facts(survey: ClipSurvey) -> list[tuple[str, str]]:
    """Names and values of all that can be said in one line each; what there is none of is left out."""
    count, shape = len(survey.names), survey.shape
    labels = Counter(label for label in survey.labels if label is not None)
    seconds = survey.lengths / shape.fps
    rows = [
        ("clips", f"{count:,} from {survey.source}, {survey.held_out:,} of them held out"),
        ("frames", f"{survey.frames:,}, {shape.fps:g} a second; a clip that is trained on has {shape.frames}"),
        ("length", _spread(seconds, ".1f") + " s"),
        ("motion", _spread(survey.motion, ".1f") + " of 255 levels between neighbouring frames"),
        ("still clips", _named(survey, survey.stills)),
        ("equal neighbours", f"{survey.repeated:.0%} of the frames" if survey.repeated >= 0.005 else ""),
        ("classes", f"{len(labels):,}: {listed(labels)}" if len(labels) > 1 else ""),
        ("told", " ".join(map(shown, survey.notes))),
        ("exactly equal clips", f"{len(survey.copies):,}" if survey.copies else ""),
        ("skipped", _skipped(survey.skipped)),
    ]
    return [(name, value) for name, value in rows if value]


def lines(survey: ClipSurvey) -> list[str]:
    """The facts in aligned rows, and at last `usable N, skipped M`."""
    rows = facts(survey)
    wide = max(len(name) for name, _ in rows)
    told = [f"{name:<{wide}}  {value}" for name, value in rows]
    return [*told, f"usable {len(survey.names)}, skipped {len(survey.skipped)}"]


def advise(survey: ClipSurvey) -> list[str]:
    """What a person should know before training on these clips, a sentence or two each."""
    count, shape = len(survey.names), survey.shape
    told = [f"{count:,} different clips of {survey.frames / shape.fps:,.0f} seconds in all."]
    if count < FEW_CLIPS:
        told[0] += f" Fewer than {FEW_CLIPS:,} are soon known by heart: more films, or a short training."
    if len(survey.stills) > 0.1 * count:
        stand = "clip stands" if len(survey.stills) == 1 else "clips stand"
        told.append(
            f"{len(survey.stills):,} {stand} still ({len(survey.stills) / count:.0%}), and so a generator learns to: leave"
            " those films out."
        )
    if survey.repeated > MAX_REPEATED_SHARE:
        slower = max(1, round(shape.fps * (1 - survey.repeated)))
        told.append(
            f"{survey.repeated:.0%} of neighbouring frames are equal: the films have fewer frames a second than {shape.fps:g};"
            f" --video {shape.frames}x{slower} fits them better."
        )
    if survey.frames < MIN_PICTURES:
        told.append(f"At least {MIN_PICTURES} frames are needed to train on.")
    return told


def write_page(survey: ClipSurvey, path: Path, command: str = "") -> None:
    """Write the page; the same survey gives the same bytes. Raises InputError where the place can't be written."""
    write_output(path, page(survey, command))


def page(survey: ClipSurvey, command: str = "") -> str:
    """The page as HTML. command: what trains on the clips."""
    mark: DigitalSourceType | None = "algorithmicMedia" if survey.drawn else None
    absent = sorted([*survey.skipped, *survey.copies], key=lambda item: item.name)
    contents: dict[str, Any] = {
        "source": survey.source,
        "clips": len(survey.names),
        "frames": survey.frames,
        "advice": advise(survey),
        "command": command,
        "facts": facts(survey),
        "sheet": [_tile(survey, clip, mark) for clip in survey.sheet],
        "stills": [_tile(survey, clip, mark) for clip in survey.stills[:MAX_STILLS]],
        "still_count": len(survey.stills),
        "charts": _charts(survey),
        "skipped": absent[:MAX_ROWS],
        "more_skipped": max(len(absent) - MAX_ROWS, 0),
        "drawn": survey.drawn,
    }
    return pages.rendered("inspect_clips.html.j2", contents, mark)


def _charts(survey: ClipSurvey) -> list[dict[str, Any]]:
    seconds = survey.lengths / survey.shape.fps
    return [
        _histogram("Length", "Of each clip, in seconds.", seconds),
        _histogram("Motion", "Mean difference of neighbouring frames, of 255 levels.", survey.motion),
    ]


def _histogram(title: str, reading: str, values: np.ndarray) -> dict[str, Any]:
    middle = float(np.median(values))
    high = max(float(values.max()), 1e-3)
    label = f"{title}: from {values.min():.3g} to {values.max():.3g}, half of the clips up to {middle:.3g}."

    def draw(axes: Axes) -> None:
        counts, edges = np.histogram(values, BINS, (0, high))
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=COLOURS["first"])
        axes.axvline(middle, color=COLOURS["second"], linewidth=1.5)
        axes.set_xlim(0, high)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(axis="y", alpha=0.5, linewidth=0.6)
        axes.tick_params(length=0)
        axes.set_axisbelow(True)

    told = f"{reading} The line is the middle: half of the clips lie to its left."
    return {"title": title, "reading": told, "label": label, "svg": pages.chart(title, 2.6, draw)}


def _tile(survey: ClipSurvey, clip: int, mark: DigitalSourceType | None) -> dict[str, Any]:
    """A strip of a clip's frames as the page shows it."""
    frames = survey.strips[clip]
    strip = np.concatenate(list(frames), axis=1)
    if strip.shape[2] == 1:
        strip = strip.repeat(3, axis=2)
    seconds = survey.lengths[clip] / survey.shape.fps
    return {
        "src": pages.data_url(encode(strip, "JPEG", mark), "jpeg"),
        "name": survey.names[clip],
        "told": f"{survey.lengths[clip]:,} frames, {seconds:.1f} s, motion {survey.motion[clip]:.1f}",
        "width": round(STRIP_HEIGHT * strip.shape[1] / strip.shape[0]),
        "height": STRIP_HEIGHT,
    }


def _strip(bank: Bank, first: int, count: int) -> np.ndarray:
    """Some frames of a clip, evenly spread, both ends among them: uint8 (n, H, W, C)."""
    places = first + np.array(_even(count, STRIP_FRAMES))
    return bank.pictures[places].transpose(0, 2, 3, 1)


def _even(count: int, most: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()


def _spread(values: np.ndarray, form: str) -> str:
    low, middle, high = (f"{np.quantile(values, q):{form}}" for q in (0, 0.5, 1))
    return low if low == high else f"{low} to {high}, median {middle}"


def _named(survey: ClipSurvey, clips: Sequence[int]) -> str:
    if not clips:
        return ""
    names = ", ".join(shown(survey.names[clip]) for clip in clips[:2])
    return f"{len(clips):,} ({len(clips) / len(survey.names):.1%}): {names}{', …' if len(clips) > 2 else ''}"


def _skipped(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    named = "; ".join(f"{shown(item.name)}: {item.reason}" for item in skipped[:MAX_NAMED])
    return f"{len(skipped):,} ({named}{'; …' if len(skipped) > MAX_NAMED else ''})"
