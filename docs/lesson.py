"""The pictures of docs/how-it-works.md: what a run drew as it learned, what its discriminator said, its curves; not a script."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

import figment
from figment.common.progress import Silent
from figment.common.units import as_images
from figment.discriminator import load_discriminator
from figment.media.charts import COLOURS, STYLE
from figment.media.pages import COUNTS, quiet
from figment.media.strips import strips
from figment.reals import bank_of
from figment.run import Run

MOMENTS = (0, 2_000, 6_000, 15_000, 60_000)  # images seen; the nearest snapshots are shown
CODES = 10  # pictures in a row
# Title, what is said of it, lines (field of a tick, name), the level that is to be seen.
PANELS: tuple[tuple[str, tuple[tuple[str, str], ...], float | None], ...] = (
    ("Losses", (("loss_discriminator", "discriminator"), ("loss_generator", "generator")), None),
    ("P(fake): what D believes", (("p_fake_real", "of real pictures"), ("p_fake_fake", "of drawn ones")), 0.5),
    ("AUC: what D can tell", (("separation", "real from drawn"), ("memorising", "seen from held out")), 0.5),
    ("The pictures, reals being 1", (("detail", "detail"), ("spread", "spread")), 1.0),
)


def learning(run: Run) -> NDArray[np.uint8]:
    """The same codes at some moments of a run, a row each, and real pictures: uint8 (H, W, 3)."""
    snapshots = run.snapshots()
    moments = dict.fromkeys(min(snapshots, key=lambda images: abs(images - wanted)) for wanted in MOMENTS)
    rows = [
        (
            f"{as_images(images)} seen" if images else "at the start",
            figment.load(snapshots[images]).sample(CODES, seed=run.recipe.seed),
        )
        for images in moments
    ]
    return strips([*rows, ("real", reals(run, CODES))])


def said_by_discriminator(run: Run) -> NDArray[np.uint8]:
    """Real and drawn pictures with P(fake), in per cent, above each: uint8 (H, W, 3)."""
    discriminator = load_discriminator(run.folder)
    fakes = figment.load(run.folder).sample(CODES, seed=run.recipe.seed)
    sheets = []
    for name, pictures in (("held out", torch.from_numpy(reals(run, CODES))), ("drawn", fakes)):
        shares = discriminator.p_fake(discriminator.logits(pictures))
        assert shares is not None, "too few pictures were held out"
        sheets.append(strips([(name, pictures)], [f"{100 * share:.0f} %" for share in shares]))
    width = max(sheet.shape[1] for sheet in sheets)
    padded = [np.pad(s, ((0, 8), (width - s.shape[1], 0), (0, 0)), constant_values=255) for s in sheets]
    return np.concatenate(padded)


def reals(run: Run, count: int) -> NDArray[np.uint8]:
    """The first held-out pictures of a run, uint8 (count, C, H, W)."""
    bank = bank_of(run, Silent())
    return np.asarray(bank.pictures[np.sort(bank.held_out[:count])])


def curves(run: Run) -> NDArray[np.uint8]:
    """Four panels over images seen: uint8 (H, W, 3)."""
    ticks = list(run.events("tick"))
    with quiet(STYLE):
        figure = Figure(figsize=(9.2, 5.2), dpi=110, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        for axes, (title, lines, level) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
            _panel(axes, title, ticks, lines, level)
        canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()


def _panel(
    axes: Axes, title: str, ticks: Sequence[dict[str, Any]], lines: Sequence[tuple[str, str]], level: float | None
) -> None:
    images = [tick["images"] for tick in ticks]
    for colour, (field, name) in zip(COLOURS, lines, strict=False):
        axes.plot(images, [np.nan if tick[field] is None else tick[field] for tick in ticks], color=colour, label=name)
    if level is not None:
        axes.axhline(level, color="#999999", linewidth=0.8, linestyle="--")
    axes.set_title(title, loc="left", fontsize=10)
    axes.xaxis.set_major_formatter(COUNTS)
    axes.set_ylim(bottom=0)
    # Above the panel, beside its title: within it a legend lies on some line.
    axes.legend(
        frameon=False,
        fontsize=8,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=2,
        borderaxespad=0,
        handlelength=1,
        columnspacing=1,
    )
