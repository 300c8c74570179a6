"""Pictures and numbers of docs/fakes.md: what runs drew early, midway and late, and what their spectra show.

    python docs/fakes_pictures.py RUN RUN …

The pictures, docs/images/fakes-*.webp, are of the first RUNs of two recipes: on the page one whose generator has transposed
convolutions (dcgan-small) and one that doubles pixels (dcgan-r1). The table that it prints, in Markdown, is of all. Spectra are
of 1,000 samples (seed 0, without the invisible mark) against 1,000 pictures that the first run held out, in brightness, as
forensics/spectrum.py has them: as drawn, after JPEG 75, and reduced to half.
"""

import argparse
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

import figment
from figment.common.pixels import LUMA
from figment.common.progress import Silent
from figment.common.units import as_time
from figment.forensics.conditions import SWEEP, applied
from figment.forensics.spectrum import ROUNDING, power
from figment.media.charts import COLOURS, STYLE
from figment.media.heatmaps import BLUE, RED
from figment.media.pages import COUNTS, quiet
from figment.media.provenance import DigitalSourceType, xmp
from figment.media.strips import strips
from figment.reals import bank_of
from figment.run import Run

IMAGES = Path(__file__).with_name("images")
STAGES = {"early": 0.02, "midway": 0.15, "late": 1.0}  # shares of the images seen at the end
WAYS = {"as drawn": "as they are", "JPEG 75": "JPEG 75", "half the size": "resized ×0.5"}  # of SWEEP
# Cycles a pixel, down and along. Every second pixel, the last layer's; every fourth, those of the layer before.
CHEQUERS = ((0.5, 0.0), (0.0, 0.5), (0.5, 0.5))
COARSE = ((0.25, 0.0), (0.0, 0.25), (0.25, 0.25))
AROUND = (3 / 64, 7 / 64)  # cycles a pixel: how far from a peak its surroundings lie
COUNT, SHOWN, ENLARGED = 1000, 8, 1  # samples that spectra are of; in a row of a sheet; the one that is shown large
MAP_SIDE, FULL_COLOUR, SHADES = 130, 20.0, 8  # pixels of a map; dB; so many shades up to it
QUALITY = 82  # of WebP


Powers = Mapping[str, NDArray[np.float32]]  # of pictures by way, each (N, H, W // 2 + 1)


class Stage(NamedTuple):
    """A snapshot of a run: its images seen, the seconds since the run began, and its samples, uint8 (N, 3, H, W)."""

    images: int
    seconds: float
    samples: NDArray[np.uint8]

    def __str__(self) -> str:
        return f"{as_time(self.seconds)},\n{self.images:,} seen"


# ---- spectra -------------------------------------------------------------------------------------------------------


def powers(pictures: NDArray[np.uint8], way: str) -> NDArray[np.float32]:
    """Power of the brightness of pictures, uint8 (N, 3, H, W), after one of WAYS: (N, H, W // 2 + 1) of what it leaves."""
    met = np.stack([applied(picture, SWEEP[WAYS[way]]) for picture in pictures])
    bright = np.tensordot(np.float32(LUMA), met.astype(np.float32), (0, 1))
    return power(bright).reshape(len(met), met.shape[2], -1)


def decibels(found: NDArray[np.float32]) -> NDArray[np.float32]:
    return 10 * np.log10(found + ROUNDING)


def above(found: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far the mean power of some pictures lies above that of others, in dB: (H, W // 2 + 1)."""
    return decibels(found.mean(0)) - decibels(known.mean(0))


def at(places: Sequence[tuple[float, float]], plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of half planes (…, H, W // 2 + 1) at frequencies, in cycles a pixel: (…)."""
    side = plane.shape[-2]
    found = [plane[..., round(down * side) % side, round(along * side)] for down, along in places]
    return np.mean(found, 0)


def standing_out(places: Sequence[tuple[float, float]], plane: NDArray[np.float32]) -> float:
    """The same of one half plane, less the median of the surroundings of each: 0 where there is no peak."""
    side = len(plane)
    down, along = np.abs(np.fft.fftfreq(side))[:, None], np.fft.rfftfreq(side)[None]
    heights = []
    for place in places:
        distance = np.hypot(down - place[0], along - place[1])
        heights.append(at([place], plane) - np.median(plane[(distance >= AROUND[0]) & (distance <= AROUND[1])]))
    return float(np.mean(heights))


def found_alone(made: NDArray[np.float32], real: NDArray[np.float32]) -> float:
    """Share of made pictures whose chequers, each picture by itself, are stronger than those of 99 % of the real ones."""
    limit = np.quantile(at(CHEQUERS, decibels(real)), 0.99)
    return float(np.mean(at(CHEQUERS, decibels(made)) > limit))


# ---- runs ----------------------------------------------------------------------------------------------------------


def stage_of(run: Run, images: int, count: int = COUNT) -> Stage:
    seconds = {event["images"]: event["seconds"] for event in run.events("snapshot")}
    samples = figment.load(run.snapshots()[images]).sample(count, seed=0).numpy()
    return Stage(images, seconds.get(images, 0.0), samples)


def stages(run: Run) -> dict[str, Stage]:
    """The snapshots nearest to STAGES, by ratio."""
    taken = [images for images in run.snapshots() if images]
    wanted = {name: share * max(taken) for name, share in STAGES.items()}
    nearest = {name: min(taken, key=lambda images: abs(np.log(images / seen))) for name, seen in wanted.items()}
    return {name: stage_of(run, images) for name, images in nearest.items()}


def held_out(run: Run) -> NDArray[np.uint8]:
    """Real pictures that a run didn't learn from, uint8 (N, 3, H, W)."""
    bank = bank_of(run, Silent())
    return np.asarray(bank.pictures[np.sort(bank.held_out[:COUNT])])


@cache
def portrait(side: int) -> NDArray[np.uint8]:
    """A photograph that may be shown, (3, side, side): Rear Admiral Grace Hopper, by the US Navy, from matplotlib."""
    with Image.open(Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")) as photograph:
        width = photograph.width
        face = photograph.convert("RGB").crop((width // 8, 0, width - width // 8, width - width // 4))
    return np.asarray(face.resize((side, side), Image.Resampling.LANCZOS)).transpose(2, 0, 1)


# ---- pictures ------------------------------------------------------------------------------------------------------


def rows_of_samples(runs: Mapping[str, Mapping[str, Stage]]) -> NDArray[np.uint8]:
    """The same codes at the stages of runs."""
    return strips([(f"{name}\n{stage}", stage.samples[:SHOWN]) for name, its in runs.items() for stage in its.values()])


def enlarged(runs: Mapping[str, Mapping[str, Stage]]) -> NDArray[np.uint8]:
    """One code at the stages of runs, three times as large, and a photograph beside the first."""
    rows = [(name, np.stack([stage.samples[ENLARGED] for stage in its.values()])) for name, its in runs.items()]
    (name, first), *others = rows
    with_photograph = np.concatenate([first, portrait(first.shape[-1])[None]])
    return strips([(name, with_photograph), *others], [*STAGES, "a photograph"], shown=3 * first.shape[-1])


def map_of(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A half plane (H, W // 2 + 1) as a map with frequency 0 in its middle: red above 0, blue below; (3, MAP_SIDE, MAP_SIDE)."""
    side = len(plane)
    # Both edges are the same frequency, ½.
    place = ((np.arange(MAP_SIDE) + 0.5) / MAP_SIDE * (side + 1)).astype(int) - side // 2
    down, along = place[:, None], place[None]
    shown = plane[np.where(along < 0, -down, down) % side, np.abs(along)]
    shade = np.rint(np.clip(np.abs(shown) / FULL_COLOUR, 0, 1) * SHADES)  # whole ones make small files
    colour = np.where(shown > 0, *(np.array(its).reshape(3, 1, 1) for its in (RED, BLUE)))
    return np.rint(255 + shade / SHADES * (colour - 255)).astype(np.uint8)


def maps(planes: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float32]]]]) -> NDArray[np.uint8]:
    """Where samples have more and less than real pictures: a row for each way, a column for each stage of each run."""
    columns = [its for stages in planes.values() for its in stages.values()]
    rows = [(way, np.stack([map_of(its[way]) for its in columns])) for way in WAYS]
    return strips(rows, [f"{name}\n{stage}" for name, stages in planes.items() for stage in stages])


def curves(peaks: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> NDArray[np.uint8]:
    """A panel for each run: over images seen, how far the chequers' frequencies lie above those of real pictures."""
    with quiet(STYLE):
        figure = Figure(figsize=(7.6, 3.0), dpi=110, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        panels = np.atleast_1d(figure.subplots(1, len(peaks), sharey=True))
        for axes, (name, lines) in zip(panels, peaks.items(), strict=True):
            _panel(axes, name, lines)
        panels[-1].legend(frameon=False, fontsize=8)
        canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()


def _panel(axes: Axes, name: str, lines: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    for colour, (way, points) in zip(COLOURS, lines.items(), strict=True):
        axes.plot(*zip(*points, strict=True), "o-", markersize=3, color=colour, label=way)
    axes.axhline(0, color="#999999", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(COUNTS)
    axes.set_title(name, loc="left", fontsize=10)
    axes.set_xlabel("images seen")
    axes.set_ylabel("dB above real pictures")
    axes.label_outer()


def keep(name: str, picture: NDArray[np.uint8], source: DigitalSourceType | None, lossless: bool = False) -> None:
    file = IMAGES / f"fakes-{name}.webp"
    mark = {"xmp": xmp(source)} if source else {}
    Image.fromarray(picture).save(file, quality=QUALITY, lossless=lossless, method=6, **mark)
    print(f"{file.name}: {picture.shape[1]}×{picture.shape[0]}, {file.stat().st_size:,} bytes")


# ---- all of it -----------------------------------------------------------------------------------------------------


def row(name: str, stage: str, made: Powers, known: Powers) -> str:
    """A line of the table, in Markdown."""
    planes = {way: above(made[way], known[way]) for way in WAYS}
    cells = [
        f"{at(CHEQUERS, plane):+.1f} ({standing_out(CHEQUERS, plane):+.1f}) | {found_alone(made[way], known[way]):.3f}"
        for way, plane in planes.items()
    ]
    coarse = planes["as drawn"]
    cells.append(f"{at(COARSE, coarse):+.1f} ({standing_out(COARSE, coarse):+.1f})")
    return f"| {name} | {stage} | {' | '.join(cells).replace('-', '−')} |"


def peaks_over_time(run: Run, known: Powers) -> dict[str, list[tuple[int, float]]]:
    """By way: images seen and the height at CHEQUERS, of every snapshot but the first, which is noise."""
    lines: dict[str, list[tuple[int, float]]] = {way: [] for way in WAYS}
    for images in filter(None, run.snapshots()):
        pictures = stage_of(run, images).samples
        for way, line in lines.items():
            line.append((images, float(at(CHEQUERS, above(powers(pictures, way), known[way])))))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--only-table", action="store_true", help="draw nothing")
    options = parser.parse_args()
    runs = [Run(path) for path in options.runs]
    reals = held_out(runs[0])
    known = {way: powers(reals, way) for way in WAYS}
    print(
        f"{len(reals):,} real pictures; dB above them (above the surroundings), and share found alone at 1 % false alarms"
    )
    print(f"| run | stage | {' | | '.join(WAYS)} | | every fourth pixel |\n|{'---|' * (2 * len(WAYS) + 3)}")
    print(row("reals, halves", "", *({way: its[half::2] for way, its in known.items()} for half in (0, 1))), flush=True)
    samples: dict[str, dict[str, Stage]] = {}
    planes: dict[str, dict[str, dict[str, NDArray[np.float32]]]] = {}
    for run in runs:
        name = run.recipe.name
        shown, samples[name] = samples.get(name), stages(run)
        for stage, its in samples[name].items():
            made = {way: powers(its.samples, way) for way in WAYS}
            when = f"{stage}: {as_time(its.seconds)}, {its.images:,}"
            print(row(f"{name}, seed {run.recipe.seed}", when, made, known), flush=True)
            if not shown:
                planes.setdefault(name, {})[stage] = {way: above(made[way], known[way]) for way in WAYS}
        samples[name] = shown or samples[name]
    if options.only_table:
        return
    both = list(samples)[:2]
    firsts = {run.recipe.name: run for run in reversed(runs)}
    keep("stages", rows_of_samples({name: samples[name] for name in both}), "trainedAlgorithmicMedia")
    keep("enlarged", enlarged({name: samples[name] for name in both}), "compositeWithTrainedAlgorithmicMedia")
    keep("spectra", maps({name: planes[name] for name in both}), None, lossless=True)
    keep("peaks", curves({name: peaks_over_time(firsts[name], known) for name in both}), None, lossless=True)


if __name__ == "__main__":
    main()
