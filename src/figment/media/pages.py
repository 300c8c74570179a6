"""Self-contained HTML pages: their templates, which share a style, and charts that follow its light and dark."""

import base64
import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jinja2
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from figment.common.text import printable
from figment.media.provenance import DigitalSourceType, page_mark

_NAMES = ("ink", "faint", "first", "second", "third", "fourth", "fifth", "sixth")
# Colours that the page replaces by its own, so that charts follow its light and dark.
COLOURS = {name: f"#0a0b{i:02d}" for i, name in enumerate(_NAMES, 10)}
MAX_AXIS_NAME = 60  # characters
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # letters stay letters, in the page's own face
    "font.size": 10,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["ink"],
    "xtick.color": COLOURS["ink"],
    "ytick.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["faint"],
    "grid.color": COLOURS["faint"],
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@contextmanager
def quiet(style: dict[Any, Any]) -> Iterator[None]:
    """Within, matplotlib draws in a style; of signs that its face lacks, such as a label's, it draws boxes, and is silent."""
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from ", UserWarning)
        warnings.filterwarnings("ignore", "Matplotlib currently does not support ", UserWarning)  # some scripts
        yield


def short(count: float) -> str:
    """1500 → 1.5k."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(count) >= size:
            return f"{count / size:g}{letter}"
    return f"{count:g}"


def on_axis(name: str) -> str:
    """A name, such as a label, as a chart writes it: short, and to the letter, where matplotlib would set what stands between
    dollars as mathematics."""
    cut = name if len(name) <= MAX_AXIS_NAME else f"{name[: MAX_AXIS_NAME - 1]}…"
    return printable(cut).replace("$", r"\$")


COUNTS = FuncFormatter(lambda x, _: short(x))  # of an axis
PERCENT = PercentFormatter(1, decimals=0)

#: Names that aren't text (Python carries their bytes as surrogates), and halves of characters: shown with a mark in their place.
SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def rendered(template: str, contents: dict[str, Any], source: DigitalSourceType | None) -> str:
    """A template filled in; everything in it is escaped but Markup. source: what its pictures are, for the mark in its head."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("figment"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(template).render(contents, mark=page_mark(source)).translate(SURROGATES)


def data_url(content: bytes, kind: str = "png") -> str:
    """A picture's file, "png" or "jpeg", as a page holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def chart(title: str, height: float, draw: Callable[[Axes], None]) -> Markup:
    """What draw puts on its axes as an SVG element, in the page's colours; the same drawing gives the same text.

    height: in inches, beside 5.6 of width.
    """
    with quiet(STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=(5.6, height), layout="constrained")
        draw(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)  # holds the date
    text = re.sub(r' id="[\w.]+_\d+"', "", text)  # names of groups, the same in every chart of the page
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', text, count=1)
    text = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", text)  # a hundredth of a point is enough
    for name, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{name})")
    return Markup(text)  # drawn by us; matplotlib escapes what names are set in it
