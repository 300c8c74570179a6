"""Which readings of a run are drawn over images seen, in which words: a table that needs nothing that draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


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
        "What the discriminator believes: P(fake)",
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


def words_over_time(look: Mapping[str, Any]) -> tuple[str, str]:
    """The title of the scores that were taken while a run trained, and how to read them; look: any of them."""
    return f"{look['title']} while it trained", (
        f"How far samples lie from reals in the features {look.get('features') or '?'} (FD, the Fréchet distance): less is "
        "better, and the dashed line is what other reals reach."
    )
