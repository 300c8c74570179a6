"""An examination of a detector as one HTML file that holds all it shows and asks nobody for anything."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from figment.forensics.words import LEGEND, MEASURES, interval_text, set_lines
from figment.media import pages
from figment.media.pages import COLOURS, PERCENT, chart

LINES = tuple(COLOURS[name] for name in ("first", "second", "third", "fourth"))
CHART_INCHES = 3.4


def page(record: Mapping[str, Any], name: str) -> str:
    """The page of a record of an examination; name: of the detector's file. The same record gives the same bytes."""
    default = record["readings"][record["default"]]
    contents = {
        "name": name, "default": record["default"], "sets": set_lines(record["sets"]), "legend": LEGEND,
        "seen": record["seen"], "answered": {kind: f"{share:.1%}" for kind, share in default["answered"].items()},
        "measures": list(MEASURES.values()),
        "readings": [(reading, _cells(one["worth"])) for reading, one in record["readings"].items()],
        "charts": [
            ("Found against false alarms", "Further up and to the left is better; the dashed line is guessing.", _roc(record)),
            ("Is P(fake) a probability?", "Of pictures with a P(fake), the share of fakes; on the dashed line it is one.",
             _reliability(default["curves"])),
            ("What saying “don't know” is worth", "Share of wrong answers where only the surest are given; the pictures that are "
             "unlike the known ones come last.", _risk(default["curves"])),
            *_of_sweep(record["sweep"]),
        ],
        "sweep": [
            (condition, interval_text(one["worth"] and one["worth"]["auroc"]),
             interval_text(one["worth"] and one["worth"]["found_at_1"]), f"{one['answered']['real']:.0%}",
             f"{one['answered']['fake']:.0%}", interval_text(one["worth_of_answers"] and one["worth_of_answers"]["ece"]))
            for condition, one in record["sweep"].items()
        ],
    }  # fmt: skip
    return pages.rendered("detect.html.j2", contents, None)


def _of_sweep(sweep: Mapping[str, Any]) -> list[tuple[str, str, Markup]]:
    return [("Under other conditions", "AUROC; bars: 95 % of repetitions.", _sweep(sweep))] if sweep else []


def _cells(worth: Mapping[str, Any] | None) -> list[str]:
    return [interval_text(worth and worth[key]) for key in MEASURES]


def _roc(record: Mapping[str, Any]) -> Markup:
    def draw(axes: Axes) -> None:
        for colour, (name, one) in zip(LINES, record["readings"].items(), strict=False):
            alarms, found = zip(*one["curves"]["roc"], strict=True)
            axes.plot(alarms, found, color=colour, label=name)
        _diagonal(axes)
        axes.set(xlabel="real pictures called made", ylabel="made pictures found")
        axes.legend(frameon=False, loc="lower right")

    return chart("roc", CHART_INCHES, draw)


def _reliability(curves: Mapping[str, Any]) -> Markup:
    def draw(axes: Axes) -> None:
        told, share, _ = zip(*curves["reliability"], strict=True)
        axes.plot(told, share, "o-", color=LINES[0])
        _diagonal(axes)
        axes.set(xlabel="P(fake) told", ylabel="share of fakes")

    return chart("reliability", CHART_INCHES, draw)


def _risk(curves: Mapping[str, Any]) -> Markup:
    def draw(axes: Axes) -> None:
        answered, wrong = zip(*curves["risk"], strict=True)
        axes.plot(answered, wrong, color=LINES[0])
        axes.set(xlabel="pictures answered", ylabel="wrong answers", xlim=(0, 1.02), ylim=(0, max(0.1, *wrong) * 1.1))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PERCENT)

    return chart("risk", CHART_INCHES, draw)


def _sweep(sweep: Mapping[str, Any]) -> Markup:
    def draw(axes: Axes) -> None:
        known = {name: one["worth"]["auroc"] for name, one in sweep.items() if one["worth"]}
        values = [one["value"] for one in known.values()]
        errors = [[v - one["low"] for v, one in zip(values, known.values(), strict=True)],
                  [one["high"] - v for v, one in zip(values, known.values(), strict=True)]]  # fmt: skip
        places = range(len(known))
        axes.errorbar(values, places, xerr=[[max(0, e) for e in side] for side in errors], fmt="o", color=LINES[0])
        axes.set_yticks(places, list(known))
        axes.invert_yaxis()
        axes.axvline(0.5, color=COLOURS["faint"], linestyle="--")
        axes.set(xlabel="AUROC", xlim=(min(0.45, *values), 1.02))

    return chart("sweep", 5.5, draw)


def _diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=COLOURS["faint"], linestyle="--", linewidth=1)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PERCENT)
