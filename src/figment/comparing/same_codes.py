"""The same codes through the generators of several runs, at moments when they had seen equally many images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from figment.common.progress import Progress, Say
from figment.comparing.settings import Setting
from figment.comparing.trained import Trained
from figment.errors import InputError
from figment.generator import load

SHARES = (0.1, 1 / 3, 1.0)  # of the images that all of them have seen
TILES = 8  # samples of a run
SEED = 0  # of the codes
MAX_STRIPS = 12  # at a moment: of more runs the first of each setting is shown
NEAR = 1.05  # images seen, the most to the fewest, that still pass for equal


class Strip(NamedTuple):
    """Samples 0 … TILES - 1 of a run after so many images, uint8 (TILES, C, H, W). place: of its setting."""

    name: str
    place: int
    images: int
    pictures: Tensor


class Moment(NamedTuple):
    """Strips of all runs. title: when; are_equal: whether they have seen equally many images, but for NEAR."""

    title: str
    strips: list[Strip]

    @property
    def are_equal(self) -> bool:
        seen = [strip.images for strip in self.strips]
        return max(seen) <= NEAR * max(min(seen), 1)


def moments(settings: Sequence[Setting], progress: Progress | None = None, say: Say | None = None) -> list[Moment]:
    """A tenth and a third of the way to the last moment that all have reached, then there; and at the end of each, where some
    went further.

    Runs of which no generators were kept are left out, and generators that can't be read, of which say is told; none is given
    where fewer than two runs have some.
    """
    shown = _shown(settings)
    kept = {run.name: snapshots for run, _ in shown if (snapshots := run.run.snapshots())}
    if len(kept) < 2:
        return []
    chosen = nearest_equal(kept)
    ends = {name: max(snapshots) for name, snapshots in kept.items()}
    titles = [*map(after, chosen[:-1]), f"{after(chosen[-1])}: as far as all have come"]
    if ends != chosen[-1]:
        chosen, titles = [*chosen, ends], [*titles, "At the end of each"]
    done, total, found = 0, len(chosen) * len(kept), list[Moment]()
    for title, when in zip(titles, chosen, strict=True):
        strips = []
        for run, place in shown:
            if run.name in kept:
                images, done = when[run.name], done + 1
                try:
                    strips.append(Strip(run.name, place, images, load(kept[run.name][images]).sample(TILES, SEED)))
                except InputError as error:
                    if say:
                        say(f"{error} It is left out.")
                if progress:
                    progress(done, total)
        if strips:
            found.append(Moment(title, strips))
    return found


def after(when: Mapping[str, int]) -> str:
    """After 3,000 images; after 2,900 to 3,100, where runs were kept at different moments."""
    least, most = min(when.values()), max(when.values())
    return f"After {least:,} images" if least == most else f"After {least:,} to {most:,} images"


def nearest_equal(kept: Mapping[str, Mapping[int, Path]]) -> list[dict[str, int]]:
    """Of each run the kept moments nearest to shares of what all of them have reached, images seen by name; none twice."""
    common = min(max(snapshots) for snapshots in kept.values())
    found: list[dict[str, int]] = []
    for share in SHARES:
        when = {
            name: min(snapshots, key=lambda images: (abs(images - share * common), images))
            for name, snapshots in kept.items()
        }
        if when not in found:
            found.append(when)
    return found


def draw_alike(settings: Sequence[Setting]) -> bool:
    """Whether one code means the same to all: codes are of one size and prior, and of as many classes."""
    recipes = [run.recipe for setting in settings for run in setting.runs]
    return len({(recipe.code_size, recipe.prior, len(recipe.classes)) for recipe in recipes}) == 1


def _shown(settings: Sequence[Setting]) -> list[tuple[Trained, int]]:
    every = [(run, place) for place, setting in enumerate(settings) for run in setting.runs]
    if len(every) <= MAX_STRIPS:
        return every
    return [(setting.runs[0], place) for place, setting in enumerate(settings)][:MAX_STRIPS]
