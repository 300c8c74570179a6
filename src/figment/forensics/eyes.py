"""What a detector sees views of pictures with: their spectrum, a network that knows photographs, or a run's discriminator.

A row of EYES each. All take squares of any size and give vectors; what these say of real and made is learnt by a probe.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from figment.discriminator import Discriminator
from figment.errors import InputError
from figment.features.base import Extractor
from figment.features.resize import resized_array
from figment.forensics.spectrum import DIMENSION, spectrum
from figment.forensics.views import Box

NETWORK_SIDE = 64  # pixels that views are brought to for lite0: its weakest input, and a quarter of the next one's time
CHUNK_PICTURES = 32  # whose views go through a network together
SPECTRUM, LITE0, DISCRIMINATOR = "spectrum", "lite0", "discriminator"
EYES = {
    SPECTRUM: "how strong fine detail is, and whether regular patterns stand out",
    LITE0: "what a network that knows photographs sees, at several crops and scales",
    DISCRIMINATOR: "what a run's discriminator sees before its last layer",
}
View = NDArray[np.uint8]  # (3, side, side)


@dataclass(frozen=True, eq=False)
class Eye:
    """What sees views. look: views of any sizes → float32 (N, dimension). digest: tells its weights from others."""

    name: str
    dimension: int
    look: Callable[[Sequence[View]], NDArray[np.float32]]
    digest: str = ""


def spectrum_eye() -> Eye:
    return Eye(SPECTRUM, DIMENSION, lambda views: np.stack([spectrum(view) for view in views]))


def lite0_eye(device: str) -> Eye:
    """Raises InputError where its package is missing."""
    from figment.features.efficientnet_lite import lite0_extractor

    return _network_eye(LITE0, lite0_extractor(device, NETWORK_SIDE), (NETWORK_SIDE, NETWORK_SIDE))


def discriminator_eye(discriminator: Discriminator, digest: str, device: str) -> Eye:
    """What it sees before its last layer, which is replaced."""
    from figment.features.discriminator_features import headless_extractor

    found = headless_extractor(discriminator.net, discriminator.recipe, digest, device)
    return _network_eye(DISCRIMINATOR, found, discriminator.recipe.shape)


def _network_eye(name: str, network: Extractor, sides: tuple[int, int]) -> Eye:
    def look(views: Sequence[View]) -> NDArray[np.float32]:
        return network(np.concatenate([resized_array(np.ascontiguousarray(view)[None], sides) for view in views]))

    return Eye(name, network.dimension, look, network.digest or "")


def seen(
    eyes: Mapping[str, Eye], pictures: Iterator[View], places: Callable[[int, int], list[Box]]
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """What each eye sees in pictures, uint8 (3, H, W) of any sizes, some at a time: (n, views, dimension) by name.

    places: the boxes of the views in a picture of a height and width, as many in each.
    """
    while chunk := list(islice(pictures, CHUNK_PICTURES)):
        views = [box.of(picture) for picture in chunk for box in places(*picture.shape[1:])]
        yield {name: eye.look(views).reshape(len(chunk), -1, eye.dimension) for name, eye in eyes.items()}


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names in the order of the table, each once. Raises InputError for one that there isn't."""
    for name in names:
        if name not in EYES:
            raise InputError(f"--by {name}: a detector sees by {', '.join(EYES)}: give some of these.")
    return tuple(name for name in EYES if name in names)
