"""What the discriminator's filters respond to: the pictures that move each one most, and what in them does.

As in the DCGAN paper (Radford et al., arXiv 1511.06434, figure 5): of a filter the training pictures with its largest responses,
cut to what the unit can see, with the gradients of the response, guided (guided.py) and plain. Guided maps show the edges of
a picture even for nets that have learnt nothing (Adebayo et al., arXiv 1810.03292), so an untrained discriminator of the same
nets stands beside the trained one.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from figment.common.progress import Progress, part_of
from figment.discriminator import Discriminator, untrained
from figment.errors import InputError
from figment.explain.receptive_fields import TOP, Field, Responses, field_of, gradients, responses
from figment.finding import Finding, Sheet
from figment.media.strips import strips
from figment.similarity.nearest import Pictures

OTHERS = 64  # pictures that a filter's are compared with
LOOKED_AT = 2000  # training pictures
SHOWN = 40  # pixels: least side of a patch on the sheet
GREY = 128  # what lies outside the picture, and a gradient of zero
BRIGHT = 99.0  # percentile of a map's gradients that is shown black or white, lest one pixel make the rest grey
ALIKE = 0.05  # difference of correlations below which two are called the same
MUCH = 1.15  # ratio of selectivities from which one is called larger


@dataclass(frozen=True, eq=False)
class Seen:
    """A filter: its four top patches and their gradients, uint8 (4, C, h, w) each, and how special these are.

    pictures: which ones they are of. alike: mean correlation of two of the patches; chance: of patches of other pictures at the
    same places, so that faces that are all in one place aren't taken for a filter's merit.
    """

    number: int
    pictures: NDArray[np.int64]
    selectivity: float
    alike: float
    chance: float
    patches: NDArray[np.uint8]
    guided: NDArray[np.uint8]
    plain: NDArray[np.uint8]


def filters(
    discriminator: Discriminator, pictures: Pictures, layer: int | None = None, count: int = 8,
    chosen: Sequence[int] = (), seed: int = 0, progress: Progress | None = None,
) -> Finding:  # fmt: skip
    """What filters of a layer of a discriminator respond to, beside those of an untrained one.

    pictures: training pictures, of which up to 2,000 are looked at, drawn by seed. layer: 1 is the one nearest the picture;
    the last by default. count: so many of the most selective filters of each discriminator are shown. chosen: the filters
    to show instead, of both. Raises InputError for a layer or a filter that isn't there.
    """
    number = layer_number(discriminator, layer)
    places = np.sort(np.random.default_rng(seed).permutation(len(pictures))[:LOOKED_AT])
    looked_at = pictures[places]
    field = field_of(discriminator, number)
    shown: dict[str, list[Seen]] = {}
    nets = {"trained": discriminator, "untrained": untrained(discriminator.recipe, seed, discriminator.device)}
    for part, (name, net) in enumerate(nets.items()):
        found = responses(net, looked_at, number, part_of(progress, part, len(nets)))
        best = [checked(one, number, len(found.mean)) for one in chosen]
        best = best or np.argsort(-found.selectivity, kind="stable")[:count].tolist()
        shown[name] = [seen_by(net, looked_at, number, field, found, one, seed) for one in best]
    means = {
        name: {what: float(np.mean([getattr(one, what) for one in its])) for what in ("selectivity", "alike", "chance")}
        for name, its in shown.items()
    }
    height, width = field.size
    caption = (
        f"Of each filter of layer {number} the four training pictures that move it most, cut to the {height}×{width} pixels "
        f"that a unit sees; then what in them does, by guided backpropagation, and by the plain gradient. The untrained "
        f"discriminator's show what such maps look like where nothing has been learnt."
    )
    return Finding(
        "filters",
        sentence(means, f"{'These' if chosen else 'The most selective'} filters of layer {number}"),
        {"": Sheet(sheet(shown), caption, None)},
        {
            "layer": number, "layers": len(discriminator.layers), "seed": seed, "pictures": len(places),
            "field": [height, width], "means": means,
            "filters": {
                name: [
                    {"filter": one.number, "selectivity": one.selectivity, "alike": one.alike, "chance": one.chance,
                     "pictures": places[one.pictures].tolist()}
                    for one in its
                ]
                for name, its in shown.items()
            },
        },
        ("discriminator", "filters", "selectivity", "top patches alike", "others there alike"),
        tuple(
            (name, str(len(shown[name])), f"{mean['selectivity']:.1f} σ", f"{mean['alike']:.2f}", f"{mean['chance']:.2f}")
            for name, mean in means.items()
        ),
    )  # fmt: skip


def layer_number(discriminator: Discriminator, layer: int | None) -> int:
    """The layer's number, the last one's for None. Raises InputError where there is none such."""
    count = len(discriminator.layers)
    if layer is not None and not 1 <= layer <= count:
        raise InputError(f"--layer {layer}: this discriminator's layers are 1, nearest the picture, to {count}.")
    return layer or count


def checked(one: int, layer: int, count: int) -> int:
    """The filter's number itself. Raises InputError where there is none such."""
    if not 0 <= one < count:
        raise InputError(f"--filters {one}: the filters of layer {layer} are 0 to {count - 1}.")
    return int(one)


def seen_by(
    discriminator: Discriminator, pictures: NDArray[np.uint8], layer: int, field: Field, found: Responses, one: int,
    seed: int,
) -> Seen:  # fmt: skip
    """What a filter has seen."""
    top = found.top[one]
    place = found.place[top, one]
    unit = np.column_stack([np.full(len(top), one), place])
    maps = [shaded(gradients(discriminator, pictures[top], layer, unit, guiding)) for guiding in (True, False)]
    patches, guided, plain = (
        np.stack([field.cut(picture, row, column, GREY) for picture, (row, column) in zip(whole, place, strict=True)])
        for whole in (pictures[top], *maps)
    )
    others = np.random.default_rng([seed, one]).permutation(len(pictures))[:OTHERS]
    there = zip(pictures[others], itertools.cycle(place))
    chance = np.stack([field.cut(picture, row, column, GREY) for picture, (row, column) in there])
    return Seen(one, top, float(found.selectivity[one]), alike(patches), alike(chance), patches, guided, plain)


def shaded(gradients: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Gradients (N, C, H, W) as pictures, uint8: zero is mid-grey, and each picture's large ones reach black or white."""
    sizes = np.abs(gradients).reshape(len(gradients), -1)
    seen = [its[its > 0] for its in sizes]
    largest = np.array([np.percentile(its, BRIGHT) if len(its) else 1.0 for its in seen], np.float32)
    return (GREY + 127 * (gradients / largest[:, None, None, None])).round().clip(0, 255).astype(np.uint8)


def alike(patches: NDArray[np.uint8]) -> float:
    """Mean correlation of the pixels of two different patches of (N, C, h, w); flat ones have none: 0, as one patch has."""
    if len(patches) < 2:
        return 0.0
    centred = patches.reshape(len(patches), -1).astype(np.float64)
    centred -= centred.mean(1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(lengths > 0, lengths, 1)
    return float(np.mean([a @ b for a, b in itertools.combinations(unit, 2)]))


def sheet(shown: dict[str, list[Seen]]) -> NDArray[np.uint8]:
    """A row a filter: patches, guided maps and plain ones."""
    rows = [
        (f"{name}\nfilter {one.number}", np.concatenate([one.patches, one.guided, one.plain]))
        for name, its in shown.items()
        for one in its
    ]
    return strips(rows, tuple(_headings(("training pictures", "guided", "gradient"))), SHOWN)


def sentence(means: dict[str, dict[str, float]], which: str) -> str:
    """What the numbers say, in words."""
    ours, theirs = means["trained"], means["untrained"]
    if ours["selectivity"] > MUCH * theirs["selectivity"]:
        first = "respond to rarer things than those of an untrained discriminator"
    elif ours["selectivity"] * MUCH < theirs["selectivity"]:
        first = "are less choosy than those of an untrained discriminator"
    else:
        first = "are no more choosy than those of an untrained discriminator"
    return (
        f"{which} {first}: their largest responses lie {ours['selectivity']:.1f} standard "
        f"deviations above the mean one (untrained: {theirs['selectivity']:.1f}). The patches that move a trained filter most "
        f"are {_likeness(ours['alike'] - theirs['alike'])} those of an untrained one, pixel by pixel (correlation "
        f"{ours['alike']:.2f} against {theirs['alike']:.2f}; of other pictures at the same places {ours['chance']:.2f}): "
        f"whether they share a thing that may look different each time is for the eye to say. Guided maps bring out edges "
        f"for an untrained discriminator, too: only what its maps don't show was learnt."
    )


def _likeness(difference: float) -> str:
    return "more alike than" if difference > ALIKE else "less alike than" if difference < -ALIKE else "as much alike as"


def _headings(titles: Iterable[str]) -> list[str]:
    """Each title above the first of its pictures."""
    return [heading for title in titles for heading in (title, *[""] * (TOP - 1))]
