"""A survey as one HTML file that holds all it shows and asks nobody for anything."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figment.common.files import write_output
from figment.inspection.advice import USUALLY, Planned, advise
from figment.inspection.survey import GREY_SATURATION, MAX_GROUP_PICTURES, MAX_ODD_PICTURES, MAX_SHOWN_GROUPS, Survey
from figment.inspection.table import TITLES, facts, left_out
from figment.media import pages
from figment.media.images import encode
from figment.media.pages import COLOURS
from figment.media.provenance import DigitalSourceType, of_all

MAX_SKIPPED_ROWS = 500  # pictures that are listed as skipped
MAX_ROWS = 200  # classes, and places of what is none of the set, that are listed
MAX_BARS = 12  # of a chart, and one for all others
BINS = 32  # of a histogram
MAX_ODD_SHARE = 0.9  # of a set: a kind that holds as many isn't shown as odd
VALUE = r"(?:[a-z_]+=[\w.]+|[0-9x]+|near-duplicates|outliers|small|marked|first|none)"  # of an option in a sentence
TILE_SIDE = 84  # of a shown picture's longer side, in the page's pixels

SATURATION = f"How much colour there is; below {GREY_SATURATION} a picture is grey."
READINGS = {
    "outliers": "Far from all others in {survey.features} features, the farthest first. Odd isn't wrong: look before you"
    " drop them. What is foreign only by its meaning, such as drawn faces among photographs, is hardly ever found.",
    "small": "Their shorter side is below {survey.size} pixels, so they would be enlarged.",
    "dark": "Nearly all of the picture is black.",
    "light": "Nearly all of the picture is white.",
    "flat": "Hardly anything to see: one brightness all over.",
    "blurred": "Far less sharp than the others, even at 64 pixels.",
    "made": "Their files say so, or figment's invisible mark does. Whoever trains on them learns the fakes of others.",
}


def write_page(survey: Survey, path: str | Path, planned: Planned = USUALLY, command: str = "") -> None:
    """Write the page; the same survey gives the same bytes.

    Raises InputError where the place can't be written, OSError when the disk is full.
    """
    write_output(Path(path), page(survey, planned, command))


def page(survey: Survey, planned: Planned = USUALLY, command: str = "") -> str:
    """The page as HTML, at most a few MB whatever the set. command: what trains on the pictures."""
    shown = contents(survey, planned) | {"command": command}
    tiles = chain(shown["sheet"], *(tiles for tiles, _ in shown["groups"]), *(kind["tiles"] for kind in shown["found"]))
    return pages.rendered("inspect.html.j2", shown, of_all(tile["mark"] for tile in tiles))


def contents(survey: Survey, planned: Planned = USUALLY) -> dict[str, Any]:
    """All that the page shows, as plain values."""
    groups, classes = survey.near[:MAX_SHOWN_GROUPS], survey.label_counts.most_common()
    return {
        "source": survey.source,
        "usable": len(survey.usable),
        "left_out": left_out(survey),
        "advice": [_with_options(sentence) for sentence in advise(survey, planned)],
        "facts": facts(survey),
        "sheet": [_tile(survey, slot) for slot in survey.sheet],
        "drawn": any(survey.is_drawn(slot) for slot in survey.sheet),
        "groups": [
            ([_tile(survey, slot) for slot in group[:MAX_GROUP_PICTURES]], max(len(group) - MAX_GROUP_PICTURES, 0))
            for group in groups
        ],
        "more_groups": len(survey.near) - len(groups),
        "found": [
            {
                "title": title,
                "count": len(survey.found[kind]),
                "reading": READINGS[kind].format(survey=survey),
                "tiles": [_tile(survey, slot) for slot in survey.found[kind][:MAX_ODD_PICTURES].tolist()],
            }
            for kind, title in TITLES.items()
            if 0 < len(survey.found[kind]) < MAX_ODD_SHARE * len(survey.usable)
        ],
        "charts": charts(survey),
        "classes": classes[:MAX_ROWS] if len(classes) > 1 else [],
        "more_classes": max(len(classes) - MAX_ROWS, 0),
        "aside": survey.aside[:MAX_ROWS],
        "more_aside": max(len(survey.aside) - MAX_ROWS, 0),
        "skipped": survey.absent[:MAX_SKIPPED_ROWS],
        "more_skipped": max(len(survey.absent) - MAX_SKIPPED_ROWS, 0),
    }


def charts(survey: Survey) -> list[dict[str, Any]]:
    """Spread of sizes, shapes, light and colours, and how many of each label and format there are."""
    if not len(survey.usable):
        return []
    rows = survey.rows
    labels = survey.label_counts
    found = [
        _histogram("Size", "The shorter side, in pixels.", survey.shorter),
        _histogram("Shape", "Width divided by height: 1 is square.", rows["width"] / rows["height"]),
        _histogram("Brightness", "A picture's mean, from 0 (black) to 255 (white).", rows["brightness"], (0, 255)),
        _histogram("Contrast", "How far a picture's pixels spread around its mean.", rows["contrast"], (0, 128)),
        _histogram("Saturation", SATURATION, rows["saturation"]),
        _colours(survey) if survey.grey < len(rows) else None,
        _bars("Labels", "Pictures in each class.", labels) if labels else None,
        _bars("Formats", "Pictures stored in each format.", survey.formats),
    ]
    return [chart for chart in found if chart]


def _with_options(sentence: str) -> Markup:
    """A sentence with its options set as code, with their values, which isn't broken after their dashes."""
    return Markup(re.sub(rf"--[a-z]+( {VALUE}(?![\w-]))?", r"<code>\g<0></code>", str(escape(sentence))))


def _histogram(
    title: str, reading: str, values: np.ndarray, limits: tuple[float, float] | None = None
) -> dict[str, Any] | None:
    low, high = limits or (float(values.min()), float(values.max()))
    middle = float(np.median(values))
    label = f"{title}: from {values.min():.4g} to {values.max():.4g}, half of the pictures up to {middle:.4g}."
    if values.min() == values.max() and limits is None:
        return None  # one bar says less than the table

    def draw(axes: Axes) -> None:
        counts, edges = np.histogram(values, BINS, (low, high))
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=COLOURS["first"])
        axes.axvline(middle, color=COLOURS["second"], linewidth=1.5)
        axes.set_xlim(low, high)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(axis="y", alpha=0.5, linewidth=0.6)

    return _chart(title, f"{reading} The line is the middle: half of the pictures lie to its left.", label, draw)


def _bars(title: str, reading: str, counts: Counter[str]) -> dict[str, Any] | None:
    if len(counts) < 2:
        return None
    shown = counts.most_common(MAX_BARS)
    rest = sum(counts.values()) - sum(count for _, count in shown)
    names = [name if len(name) <= 24 else name[:23] + "…" for name, _ in shown]
    values = [count for _, count in shown]
    if rest:
        names.append(f"{len(counts) - MAX_BARS:,} others")
        values.append(rest)
    label = f"{title}: " + ", ".join(f"{name} {value:,}" for name, value in zip(names, values, strict=True)) + "."

    def draw(axes: Axes) -> None:
        axes.barh(range(len(names)), values, color=COLOURS["first"])
        axes.set_yticks(range(len(names)), [pages.on_axis(name) for name in names])
        axes.set_ylim(max(len(names), 4) - 0.5, -0.5)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(axis="x", alpha=0.5, linewidth=0.6)

    return _chart(title, reading, label, draw)


def _colours(survey: Survey) -> dict[str, Any]:
    """Mean colours as dots, red less green over blue less green, each in its colour."""
    rows = survey.rows[np.linspace(0, len(survey.usable) - 1, min(600, len(survey.usable))).astype(int)]
    red, green, blue = rows["colour"].astype(float).T
    means = survey.rows["colour"].mean(0)
    label = f"Colours: on average red {means[0]:.0f}, green {means[1]:.0f} and blue {means[2]:.0f} of 255."

    def draw(axes: Axes) -> None:
        axes.scatter(red - blue, green - (red + blue) / 2, s=14, c=rows["colour"] / 255, linewidths=0)
        axes.axhline(0, color=COLOURS["faint"], linewidth=0.8)
        axes.axvline(0, color=COLOURS["faint"], linewidth=0.8)
        axes.set_xlabel("bluer ← → redder")
        axes.set_ylabel("pinker ← → greener")
        reach = max(30.0, float(np.abs(red - blue).max()) * 1.05, float(np.abs(green - (red + blue) / 2).max()) * 1.05)
        axes.set_xlim(-reach, reach)
        axes.set_ylim(-reach, reach)

    return _chart("Colours", "Each dot is a picture's mean colour; the middle is grey.", label, draw)


def _chart(title: str, reading: str, label: str, draw: Callable[[Axes], None]) -> dict[str, Any]:
    def drawn(axes: Axes) -> None:
        axes.tick_params(length=0)
        axes.set_axisbelow(True)
        draw(axes)

    return {"title": title, "reading": reading, "label": label, "svg": pages.chart(title, 2.6, drawn)}


def _tile(survey: Survey, slot: int) -> dict[str, Any]:
    """A picture as the page shows it: in its own proportions, with its name and what is known of it."""
    facts = survey.facts[slot]
    width, height = int(facts["width"]), int(facts["height"])
    scale = TILE_SIDE / max(width, height)
    shape = (max(8, round(width * scale)), max(8, round(height * scale)))
    # The small copy is squashed to a square; only the page's own width and height undo that.
    made = survey.made.get(slot)
    mark: DigitalSourceType | None = made.word if made else "algorithmicMedia" if survey.is_drawn(slot) else None
    return {
        "src": pages.data_url(encode(survey.pictures[slot], "JPEG", mark), "jpeg"),
        "mark": mark,
        "name": survey.names[slot],
        "size": f"{width}×{height}",
        "width": shape[0],
        "height": shape[1],
    }
