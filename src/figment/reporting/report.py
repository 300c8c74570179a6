"""The report of a run: one HTML file that holds all it shows and asks nobody for anything."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figment.common.files import write_atomically
from figment.common.progress import Say
from figment.common.refusals import naming_refusals
from figment.common.text import last_of_path, typed
from figment.common.units import as_time
from figment.media import pages
from figment.media.pages import COLOURS
from figment.recipe import Recipe, without_paths
from figment.reporting import findings, scores
from figment.run import Run
from figment.run_files import events_of

MAX_PICTURES = 60  # on the page
MAX_PICTURE_BYTES = 24 << 20  # of all pictures together: what a browser still opens at once
MAX_NAMED_CLASSES = 20
MAX_HAPPENED = 200  # events that are told in words
SMOOTHING_SHARE = 1 / 15  # of the readings are averaged into the dark line


class Line(NamedTuple):
    field: str  # of a tick in events.jsonl
    label: str
    colour: str
    dashes: tuple[float, ...] = ()  # so that a line that lies on another one lets it show


@dataclass(frozen=True)
class Chart:
    """A chart of the report; reading tells a newcomer how to read it."""

    title: str
    reading: str
    lines: tuple[Line, ...]
    limits: tuple[float | None, float | None] = (None, None)
    guide: float | None = None  # a dashed line across


CHARTS = (
    Chart(
        "Losses",
        "The two nets play against each other, so neither loss is meant to fall to zero: curves that stay level are a"
        " good sign, one that runs away shows that the other net is winning.",
        (Line("loss_discriminator", "discriminator", "first"), Line("loss_generator", "generator", "second")),
    ),
    Chart(
        "What the discriminator believes",
        "P(fake), the chance that a picture is one of this run's own fakes where half of those shown are and half are"
        " real pictures of its kind, fitted to held-out pictures: far apart it tells them well, all near ½ (dashed) it is"
        " guessing, and held-out reals well above training reals show that it knows its own pictures by heart.",
        (
            Line("p_fake_real", "training reals", "first"),
            Line("p_fake_held_out", "held-out reals", "third", (3, 2)),
            Line("p_fake_fake", "generated", "second"),
        ),
        (0, 1),
        0.5,
    ),
    Chart(
        "Telling fakes from reals",
        "The chance that it ranks a real picture above a generated one (separation AUC): at ½ (dashed) it is guessing,"
        " near 1 it always knows. Early on that is usual; it is bad where the pictures gain nothing meanwhile (detail and"
        " distance, below).",
        (Line("separation", "separation", "first"),),
        (0, 1),
        0.5,
    ),
    Chart(
        "Learning by heart",
        "The chance that it ranks a picture that it was trained on above one held back (memorising AUC): ½ (dashed) is"
        " as it should be, and well above it the discriminator remembers pictures in place of learning what is real. With"
        " few held-out pictures it wavers: a word is said only where chance would hardly do as well.",
        (Line("memorising", "memorising", "third"),),
        (0, 1),
        0.5,
    ),
    Chart(
        "Variety",
        "How far generated pictures lie from each other, as a share of the distance between reals: near 1 (dashed) they"
        " are as varied as the reals, near 0 the generator draws one picture again and again. A few pictures again and"
        " again are told in words, with their number: their spread can be near 1.",
        (Line("spread", "spread", "second"),),
        (0, None),
        1.0,
    ),
    Chart(
        "Detail",
        "Contrast between neighbouring pixels of generated pictures, as a share of that of reals: well below 1 (dashed)"
        " they are blurred, well above it they are noise, as all of them are in the beginning.",
        (Line("detail", "detail", "first"),),
        (0, None),
        1.0,
    ),
    Chart(
        "Distance",
        "How far generated pictures lie from reals in composition and colour (energy distance, as a share of the distance"
        " between reals): near 0 their kinds are as frequent as among reals, at .4 and more it is another kind of picture.",
        (Line("distance", "distance", "third"),),
        (0, None),
    ),
    Chart(
        "Speed",
        "Images seen a second: dips are other work on the machine, or pictures and states being saved.",
        (Line("images_per_second", "images a second", "third"),),
        (0, None),
    ),
)


def write_report(run: Run, say: Say | None = None) -> Path:
    """Write report.html into the run folder and return its path; the same run gives the same bytes.

    A run that has only begun gives a report that says so. What is damaged of events, measures and findings is left out; say
    is told, and so is who reads the page. Raises InputError if the run's other files are damaged.
    """
    found = contents(run)
    run.sweep()
    with naming_refusals(run.report_file, elsewhere="report on a copy of the run"):
        write_atomically(run.report_file, pages.rendered("report.html.j2", found))
    if say:
        for sentence in found["damage"]:
            say(sentence)
    return run.report_file


def contents(run: Run) -> dict[str, Any]:
    """All that the page shows, as plain values."""
    recipe, facts, log = without_paths(run.recipe), run.facts, events_of(run.events_file)
    events, damage = log.records(), list[str]()
    if (sentence := log.damage()) is not None:
        damage.append(sentence)
    height, width = recipe.shape
    readings = [e for e in events if e["event"] == "tick"]
    ticks = [_calibrated(tick) for tick in readings]
    seen = max((e["images"] for e in events), default=0)
    seconds = max((s for e in events if (s := e.get("seconds")) is not None), default=None)
    happened = [e for e in events if e.get("text") and e["event"] != "closing"]
    shots = thin_out(run.pictures())
    times = {e["images"]: e.get("seconds") for e in events if e["event"] == "snapshot"}
    return {
        "name": run.name,
        "source": facts.get("source"),
        "recipe_name": recipe.name,
        "start": _started_from(facts.get("from")),
        "size": f"{height}×{width}" + ("" if height == width else " (height × width)"),
        "classes": _listed(recipe.classes),
        "one_class": typed(recipe.classes[0]) if recipe.classes else None,
        "verdict": verdict(ticks, seen, seconds),
        "advice": [] if (closing := closing_words(events)) else _diagnosis(ticks)[1:],
        "closing": closing,
        "state": facts.get("state"),
        "seen": seen,
        "time": as_time(seconds) if seconds is not None else None,
        "stages": milestones(list(shots)),
        "shots": [
            {"images": images, "label": _label(images, times.get(images)), "src": pages.data_url(path.read_bytes())}
            for images, path in shots.items()
        ],
        "all_shots": len(run.pictures()),
        "charts": [
            *filter(None, [scores.over_time(run, events)]),
            *filter(None, (_drawn(spec, ticks) for spec in CHARTS)),
        ],
        "uncalibrated": ticks != readings,
        "measured": scores.contents(run, damage.append),
        "findings": findings.contents(run, damage.append),
        "damage": damage,
        "happened": happened[-MAX_HAPPENED:],
        "earlier": len(happened[:-MAX_HAPPENED]),
        "recipe": [
            (name, _chosen(getattr(recipe, name)), field.description or "", getattr(recipe, name) != field.default)
            for name, field in Recipe.model_fields.items()
        ],
        "facts": [(title, rows) for title, rows in _tables(facts) if rows],
        "skipped": facts["skipped"] if isinstance(facts.get("skipped"), list) else [],
        "command": _command(facts.get("command")),
        "folder": typed(run.folder),
    }


def verdict(ticks: Sequence[dict[str, Any]], seen: int, seconds: float | None) -> str:
    """The latest diagnosis as one line in plain words."""
    if not ticks:
        return "No reading yet: the training has only begun."
    after = f"After {seen:,} images" + (f" in {as_time(seconds)}" if seconds is not None else "")
    return f"{after}: {(_diagnosis(ticks) or ['no diagnosis was made'])[0]}."


def closing_words(events: Sequence[dict[str, Any]]) -> str | None:
    """What was said when training ended; None where it wasn't, or has gone on since."""
    last = next((event for event in reversed(events) if event["event"] in ("closing", "tick")), None)
    return last.get("text") if last and last["event"] == "closing" else None


def milestones(images: Sequence[int]) -> dict[str, int]:
    """Early, middle and late: near a tenth and a third of the images seen, and the last; fewer if there are fewer.

    Not by thirds, since much changes early and little late.
    """
    if not images:
        return {}
    found = {"late": images[-1]}
    for name, share in (("middle", 1 / 3), ("early", 1 / 10)):
        left = [i for i in images if i < min(found.values())]
        if left:
            found[name] = min(left, key=lambda i: abs(i - share * images[-1]))
    return dict(reversed(found.items()))


def thin_out(
    pictures: dict[int, Path], max_pictures: int = MAX_PICTURES, max_bytes: int = MAX_PICTURE_BYTES
) -> dict[int, Path]:
    """Pictures evenly picked, the first and last always, so that there are at most so many, and so many bytes."""
    sizes = sum(path.stat().st_size for path in pictures.values())
    count = min(max_pictures, int(len(pictures) * max_bytes / max(sizes, 1)), len(pictures))
    if count == len(pictures):
        return pictures
    places = np.linspace(0, len(pictures) - 1, max(count, 3)).round().astype(int)
    return {images: path for i, (images, path) in enumerate(pictures.items()) if i in places}


def moving_average(values: np.ndarray, window: int, places: Sequence[int] | None = None) -> np.ndarray:
    """Mean over a window centred on each value, cut off at the ends, of what is a number; float (N,) → float (N,).

    places: of the values for which it is wanted, if not for all.
    """
    reach = window // 2
    cuts = [values[max(0, i - reach) : i + reach + 1] for i in (range(len(values)) if places is None else places)]
    return np.array([cut[np.isfinite(cut)].mean() if np.isfinite(cut).any() else np.nan for cut in cuts])


def _calibrated(tick: dict[str, Any]) -> dict[str, Any]:
    """A tick without P(fake) where it isn't said to be fitted to anything: an older figment's was σ(−logit), no probability."""
    if tick.get("calibration_pictures"):
        return tick
    return {name: value for name, value in tick.items() if not (name.startswith("p_fake") and value is not None)}


def _drawn(chart: Chart, ticks: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """A chart as SVG with its words, or None if no tick has a value for it."""
    series = {line: _values(ticks, line.field) for line in chart.lines}
    series = {line: values for line, values in series.items() if np.isfinite(values).any()}
    if not series:
        return None
    images = np.array([tick["images"] for tick in ticks])
    last = [f"{line.label} {values[np.isfinite(values)][-1]:.3g}" for line, values in series.items()]
    return {
        "title": chart.title,
        "reading": chart.reading,
        "legend": [(line.label, line.colour) for line in series] if len(chart.lines) > 1 else [],
        "label": f"{chart.title}, over images seen. Last values: {', '.join(last)}.",
        "svg": pages.chart(chart.title, 2.9, lambda axes: _draw(axes, chart, images, series)),
    }


def _draw(axes: Axes, chart: Chart, images: np.ndarray, series: dict[Line, np.ndarray]) -> None:
    window = max(1, round(len(images) * SMOOTHING_SHARE))
    shown = scores.evenly(len(images), scores.MAX_POINTS)
    for line, values in series.items():
        colour, few = COLOURS[line.colour], len(images) < 4
        axes.plot(images[shown], values[shown], color=colour, alpha=0.35, linewidth=1, marker="o" if few else None)
        axes.plot(
            images[shown],
            moving_average(values, window, shown),
            color=colour,
            linewidth=2,
            linestyle=(0, line.dashes) if line.dashes else "-",
        )
    if chart.guide is not None:
        axes.axhline(chart.guide, color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 3)), alpha=0.7)
    axes.set_xlim(0, max(images.max(), 1))
    low, high = chart.limits
    largest = max(float(np.nanmax(values)) for values in series.values())
    axes.set_ylim(low, high if high is not None or low is None else 1.1 * max(largest, chart.guide or 0, 1e-9))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(pages.COUNTS)
    axes.set_xlabel("images seen")
    axes.grid(alpha=0.5, linewidth=0.6)
    axes.tick_params(length=0)


def _values(ticks: Sequence[dict[str, Any]], field: str) -> np.ndarray:
    return np.array([tick.get(field) for tick in ticks], np.float64)  # None becomes NaN


def _diagnosis(ticks: Sequence[dict[str, Any]]) -> list[str]:
    return list(ticks[-1].get("diagnosis") or []) if ticks else []


def _started_from(origin: Any) -> str | None:
    """The nets that a run began as, in a line; None where it began from nothing."""
    if not isinstance(origin, dict):
        return None
    seen = f" at {images:,} images" if isinstance(images := origin.get("images"), int) else ""
    return f"{origin.get('name')}{seen}: {origin.get('copied')}"


def _listed(classes: Sequence[str]) -> str | None:
    """The classes in a few words, or None where there are none."""
    if not classes:
        return None
    more = f" and {len(classes) - MAX_NAMED_CLASSES:,} more" if len(classes) > MAX_NAMED_CLASSES else ""
    return f"{len(classes):,} classes: {', '.join(classes[:MAX_NAMED_CLASSES])}{more}"


def _chosen(value: Any) -> str:
    """A field's value for people; a tuple's as a list, its end left out where it is long."""
    if isinstance(value, tuple):
        more = ", …" if len(value) > MAX_NAMED_CLASSES else ""
        return ", ".join(map(str, value[:MAX_NAMED_CLASSES])) + more if value else "–"
    return "–" if value is None else str(value)


def _label(images: int, seconds: float | None) -> str:
    return f"{images:,} images seen" + (f" · {as_time(seconds)}" if seconds is not None else "")


def _command(argv: Any) -> str | None:
    return " ".join(typed(str(word)) for word in argv) if isinstance(argv, list) and argv else None


def _tables(facts: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What run.json knows, as tables of names and values; what it doesn't know is left out."""
    skipped = facts.get("skipped")
    data = {
        "source": facts.get("source"),
        "as given": _given(facts.get("data")),
        "pictures": facts.get("pictures"),
        "trained on": facts.get("trained_on"),
        "held out": facts.get("held_out"),
        "duplicates left out": facts.get("duplicates"),
        "skipped": len(skipped) if isinstance(skipped, list) else skipped,
        "kept together by": facts.get("group"),
        "fingerprint": facts.get("fingerprint"),
    }
    machine = facts.get("machine")
    if isinstance(machine, dict) and isinstance(machine.get("memory"), int | float):
        machine = machine | {"memory": f"{machine['memory']:g} GiB"}
    named = [("Data", data), ("Machine", machine), ("Versions", facts.get("versions"))]
    return [(title, _rows(table)) for title, table in named if isinstance(table, dict)]


def _given(data: str | list[str] | None) -> str:
    """What a run's data were named as; of a path on this machine the last part: the page may be given to others."""
    named = [data] if isinstance(data, str) else data or []
    return " ".join(last_of_path(one) if os.path.isabs(one) else one for one in named)


def _rows(table: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(name), _shown(value)) for name, value in table.items() if value not in (None, "", [])]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
