"""Charts as pictures: bars beside names, and lines over counts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from figment.media.pages import COUNTS, PERCENT, on_axis, quiet

COLOURS = ("#2f6f9f", "#d98c3f", "#6b9e5b")
STYLE: dict[Any, Any] = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def bars(names: Sequence[str], groups: Mapping[str, Sequence[tuple[float, float]]], axis: str) -> NDArray[np.uint8]:
    """A bar for each name, from the top down, in each group, with its error: shares of 1. uint8 (H, W, 3)."""
    thickness = 0.8 / len(groups)

    def draw(axes: Axes) -> None:
        places = np.arange(len(names))
        for i, (group, values) in enumerate(groups.items()):
            means, errors = np.array(values).T
            y = places + (i - (len(groups) - 1) / 2) * thickness
            axes.barh(y, means, thickness, xerr=errors, color=COLOURS[i], label=on_axis(group))
            for height, mean, error in zip(y, means, errors, strict=True):
                axes.text(mean + error + 0.01, height, f"{100 * mean:.1f} %", va="center", fontsize=8)
        axes.set_yticks(places, [on_axis(name) for name in names])
        axes.invert_yaxis()
        axes.set_xlim(0, 1.12)
        axes.set_xticks(np.linspace(0, 1, 6))
        axes.xaxis.set_major_formatter(PERCENT)
        axes.set_xlabel(axis)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(groups), frameon=False)

    return _picture(0.9 + 0.5 * len(names), draw)


def lines(counts: Sequence[int], values: Mapping[str, Sequence[float]], axis: str, up: str) -> NDArray[np.uint8]:
    """A line for each name over counts, of shares of 1, as far as it goes. uint8 (H, W, 3)."""

    def draw(axes: Axes) -> None:
        for colour, (name, shares) in zip(COLOURS, values.items(), strict=False):
            axes.plot(counts[: len(shares)], shares, "o-", color=colour, label=on_axis(name))
        axes.set_xscale("log")
        axes.set_xticks(counts, minor=False)
        axes.minorticks_off()
        axes.xaxis.set_major_formatter(COUNTS)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.set_xlabel(axis)
        axes.set_ylabel(up)
        axes.legend(frameon=False)

    return _picture(3.0, draw)


def _picture(height: float, draw: Callable[[Axes], None]) -> NDArray[np.uint8]:
    """What draw puts on its axes, 6.4 inches wide and so many high."""
    with quiet(STYLE):
        figure = Figure(figsize=(6.4, height), dpi=110, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()
