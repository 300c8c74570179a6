"""What the discriminator's filters respond to: the pictures that move each one most, and what in them does.

As in the DCGAN paper (Radford et al., arXiv 1511.06434, figure 5): of a filter the training pictures with its largest responses,
cut to what the unit can see, with the gradients of the response, guided (guided_backprop.py) and plain. Guided maps show the
edges of a picture even for nets that have learnt nothing (Adebayo et al., arXiv 1810.03292), so an untrained discriminator of
the same nets stands beside the trained one.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from figment.common.progress import Progress, part_of
from figment.discriminator import Discriminator, untrained
from figment.errors import InputError
from figment.explain.receptive_fields import (
    TOP_PICTURES,
    LayerResponses,
    ReceptiveFields,
    layer_responses,
    receptive_fields,
    unit_gradients,
)
from figment.finding import Finding, Sheet
from figment.media.provenance import mark_of_reals
from figment.metrics.two_samples import mann_whitney, normal_cdf
from figment.similarity.nearest import PictureSet

CONTROL_PICTURES = 64  # pictures that a filter's are compared with
MAX_PICTURES = 2000  # training pictures that are looked at
MIN_SHOWN_SIDE = 40  # pixels, of a patch on the sheet
GREY_LEVEL = 128  # what lies outside the picture, and a gradient of zero
FULL_CONTRAST_PERCENTILE = 99.0  # of a map's gradients: black or white from there, lest one pixel make the rest grey
CORRELATION_MARGIN = 0.05  # difference of mean correlations below which two are called the same
SELECTIVITY_RATIO = 1.15  # of means, from which one is called larger
MAX_P_VALUE = 0.05  # of Mann and Whitney's test over filters, above which nothing is called larger


@dataclass(frozen=True, eq=False)
class FilterResponse:
    """A filter: its four top patches and their gradients, uint8 (4, C, h, w) each, and how special these are.

    pictures: which ones of those given they are of, int64 (4,). correlation: mean one of two of the patches;
    control_correlation: of patches of other pictures at the same places, so that faces that are all in one place aren't taken
    for a filter's merit.
    """

    number: int
    pictures: NDArray[np.int64]
    selectivity: float
    correlation: float
    control_correlation: float
    patches: NDArray[np.uint8]
    guided: NDArray[np.uint8]
    plain: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class FilterPatches:
    """What filters of a layer respond to.

    filters: of the "trained" discriminator and of an "untrained" one, most selective first, or as chosen. layer: of so many
    layers, 1 being the one nearest the picture. field: height and width of what a unit sees, in pixels. pictures: how many
    were looked at. drawn: whether figment drew them itself.
    """

    filters: dict[str, list[FilterResponse]]
    layer: int
    layers: int
    field: tuple[int, int]
    pictures: int
    seed: int
    chosen: bool
    drawn: bool = False

    @property
    def means(self) -> dict[str, dict[str, float]]:
        """Of both discriminators the means over their filters, under the names that a finding has for them."""
        return {
            name: {
                "selectivity": float(np.mean([one.selectivity for one in its])),
                "alike": float(np.mean([one.correlation for one in its])),
                "chance": float(np.mean([one.control_correlation for one in its])),
            }
            for name, its in self.filters.items()
        }

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet; name: tells it from others of its kind."""
        (height, width), whose = self.field, "These" if self.chosen else "The most selective"
        caption = (
            f"Of each filter of layer {self.layer} the four training pictures that move it most, cut to the {height}×{width} "
            f"pixels that a unit sees; then what in them does, by guided backpropagation, and by the plain gradient. The "
            f"untrained discriminator's show what such maps look like where nothing has been learnt."
        )
        return Finding(
            "filters",
            sentence(self.filters, self.means, f"{whose} filters of layer {self.layer}"),
            {"": sheet(self.filters, caption, self.drawn)},
            {
                "layer": self.layer, "layers": self.layers, "seed": self.seed, "pictures": self.pictures,
                "field": [height, width], "means": self.means,
                "filters": {
                    name: [
                        {"filter": one.number, "selectivity": one.selectivity, "alike": one.correlation,
                         "chance": one.control_correlation, "pictures": one.pictures.tolist()}
                        for one in its
                    ]
                    for name, its in self.filters.items()
                },
            },
            ("discriminator", "filters", "selectivity", "top patches alike", "others there alike"),
            tuple(
                (of, str(len(self.filters[of])), f"{mean['selectivity']:.1f} σ", f"{mean['alike']:.2f}", f"{mean['chance']:.2f}")
                for of, mean in self.means.items()
            ),
            name=name,
        )  # fmt: skip


def filters(
    discriminator: Discriminator, pictures: PictureSet, layer: int | None = None, count: int = 8,
    chosen: Sequence[int] = (), seed: int = 0, progress: Progress | None = None, drawn: bool = False,
) -> FilterPatches:  # fmt: skip
    """What filters of a layer of a discriminator respond to, beside those of an untrained one.

    Parameters
    ----------
    discriminator : Discriminator
        The trained one.
    pictures : PictureSet
        Training pictures, uint8 (N, C, H, W), of which up to 2,000 are looked at, drawn by seed.
    layer : int, optional
        1 is the one nearest the picture; the last by default.
    count : int
        So many of the most selective filters of each discriminator are taken.
    chosen : sequence of int
        The filters to take instead, of both.
    seed : int
        Of the draw of pictures, and of the untrained discriminator.
    progress : callable, optional
        Told what is done, of how much.
    drawn : bool
        Whether figment drew the pictures itself, by which their sheet is marked.

    Returns
    -------
    FilterPatches

    Raises
    ------
    InputError
        For a layer or a filter that isn't there.
    """
    number = layer_number(discriminator, layer)
    rows = np.sort(np.random.default_rng(seed).permutation(len(pictures))[:MAX_PICTURES])
    looked_at = pictures[rows]
    fields = receptive_fields(discriminator, number)
    found: dict[str, list[FilterResponse]] = {}
    nets = {"trained": discriminator, "untrained": untrained(discriminator.recipe, seed, discriminator.device)}
    for part, (name, net) in enumerate(nets.items()):
        responses = layer_responses(net, looked_at, number, part_of(progress, part, len(nets)))
        best = [checked_filter(one, number, len(responses.mean)) for one in chosen]
        best = best or np.argsort(-responses.selectivity, kind="stable")[:count].tolist()
        its = [filter_response(net, looked_at, number, fields, responses, one, seed) for one in best]
        found[name] = [replace(one, pictures=rows[one.pictures]) for one in its]
    return FilterPatches(found, number, len(discriminator.layers), fields.size, len(rows), seed, bool(chosen), drawn)


def layer_number(discriminator: Discriminator, layer: int | None) -> int:
    """The layer's number, the last one's for None. Raises InputError where there is none such."""
    count = len(discriminator.layers)
    if layer is not None and not 1 <= layer <= count:
        raise InputError(f"--layer {layer}: this discriminator's layers are 1, nearest the picture, to {count}.")
    return layer or count


def checked_filter(one: int, layer: int, count: int) -> int:
    """The filter's number itself. Raises InputError where there is none such."""
    if not 0 <= one < count:
        raise InputError(f"--filters {one}: the filters of layer {layer} are 0 to {count - 1}.")
    return int(one)


def filter_response(
    discriminator: Discriminator, pictures: NDArray[np.uint8], layer: int, fields: ReceptiveFields,
    responses: LayerResponses, one: int, seed: int,
) -> FilterResponse:  # fmt: skip
    """What the filter of a layer with this number responds to in pictures, uint8 (N, C, H, W)."""
    top = responses.top[one]
    place = responses.place[top, one]
    unit = np.column_stack([np.full(len(top), one), place])
    maps = [
        gradient_shades(unit_gradients(discriminator, pictures[top], layer, unit, guiding)) for guiding in (True, False)
    ]
    patches, guided, plain = (
        np.stack(
            [fields.cut(picture, row, column, GREY_LEVEL) for picture, (row, column) in zip(whole, place, strict=True)]
        )
        for whole in (pictures[top], *maps)
    )
    others = np.random.default_rng([seed, one]).permutation(len(pictures))[:CONTROL_PICTURES]
    there = zip(pictures[others], itertools.cycle(place))
    controls = np.stack([fields.cut(picture, row, column, GREY_LEVEL) for picture, (row, column) in there])
    return FilterResponse(
        one, top, float(responses.selectivity[one]), mean_correlation(patches), mean_correlation(controls),
        patches, guided, plain,
    )  # fmt: skip


def gradient_shades(gradients: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Gradients (N, C, H, W) as pictures, uint8: zero is mid-grey, and each picture's large ones reach black or white."""
    sizes = np.abs(gradients).reshape(len(gradients), -1)
    seen = [its[its > 0] for its in sizes]
    largest = np.array([np.percentile(its, FULL_CONTRAST_PERCENTILE) if len(its) else 1.0 for its in seen], np.float32)
    return (GREY_LEVEL + 127 * (gradients / largest[:, None, None, None])).round().clip(0, 255).astype(np.uint8)


def mean_correlation(patches: NDArray[np.uint8]) -> float:
    """Mean correlation of the pixels of two different patches of (N, C, h, w); flat ones have none: 0, as one patch has."""
    if len(patches) < 2:
        return 0.0
    centred = patches.reshape(len(patches), -1).astype(np.float64)
    centred -= centred.mean(1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(lengths > 0, lengths, 1)
    return float(np.mean([a @ b for a, b in itertools.combinations(unit, 2)]))


def sheet(shown: dict[str, list[FilterResponse]], caption: str, drawn: bool = False) -> Sheet:
    """A row a filter: patches, guided maps and plain ones."""
    rows = [
        (f"{name}\nfilter {one.number}", np.concatenate([one.patches, one.guided, one.plain]))
        for name, its in shown.items()
        for one in its
    ]
    titles = tuple(_headings(("training pictures", "guided", "gradient")))
    return Sheet.of_strips(rows, caption, mark_of_reals(drawn), titles, MIN_SHOWN_SIDE)


def sentence(
    shown: Mapping[str, Sequence[FilterResponse]], means: Mapping[str, Mapping[str, float]], which: str
) -> str:
    """What the numbers say, in words: one is called larger only where its filters' numbers are so by more than chance."""
    ours, theirs = means["trained"], means["untrained"]
    rarer = _sign([[one.selectivity for one in shown[of]] for of in ("trained", "untrained")])
    if rarer > 0 and ours["selectivity"] > SELECTIVITY_RATIO * theirs["selectivity"]:
        first = "respond to rarer things than those of an untrained discriminator"
    elif rarer < 0 and ours["selectivity"] * SELECTIVITY_RATIO < theirs["selectivity"]:
        first = "are less choosy than those of an untrained discriminator"
    else:
        first = "aren't surely choosier or less choosy than those of an untrained discriminator"
    alike, difference = (
        _sign([[one.correlation for one in shown[of]] for of in ("trained", "untrained")]),
        ours["alike"] - theirs["alike"],
    )
    likeness = "about as much alike as"
    if alike and abs(difference) > CORRELATION_MARGIN:
        likeness = "more alike than" if difference > 0 else "less alike than"
    return (
        f"{which} {first}: their largest responses lie {ours['selectivity']:.1f} standard "
        f"deviations above the mean one (untrained: {theirs['selectivity']:.1f}). The patches that move a trained filter most "
        f"are {likeness} those of an untrained one, pixel by pixel (correlation "
        f"{ours['alike']:.2f} against {theirs['alike']:.2f}; of other pictures at the same places {ours['chance']:.2f}): "
        f"whether they share a thing that may look different each time is for the eye to say. Guided maps bring out edges "
        f"for an untrained discriminator, too: only what its maps don't show was learnt."
    )


def _sign(numbers: Sequence[Sequence[float]]) -> int:
    """1 where the first's are the larger by more than chance, -1 where they are the smaller, else 0."""
    z = mann_whitney(*map(np.array, numbers))
    return int(np.sign(z)) if 2 * normal_cdf(-abs(z)) < MAX_P_VALUE else 0


def _headings(titles: Iterable[str]) -> list[str]:
    """Each title above the first of its pictures."""
    return [heading for title in titles for heading in (title, *[""] * (TOP_PICTURES - 1))]
