"""What tests of explaining share: small nets of both families that do something in every layer, and a short run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import figment
from figment import nets
from figment.data.portraits.table import portraits
from figment.discriminator import Discriminator, untrained
from figment.explain.labelled import LabelledPictures
from figment.generator import Generator
from figment.presets import make
from figment.recipe import Recipe
from figtest.nets import stirred

FAMILIES: dict[str, dict[str, Any]] = {
    "dcgan": dict(width=4, code_size=6),
    "dcgan-r1": dict(width=4, code_size=6),
    "r3gan": dict(width=8, blocks=1, group_channels=4, code_size=6),
}


def small(name: str, **choices: Any) -> Recipe:
    return make(name, **(FAMILIES[name] | dict(size=16, channels=3) | choices))


@pytest.fixture(params=["dcgan", "r3gan"])
def critic(request: pytest.FixtureRequest) -> Discriminator:
    recipe = small(request.param)
    return Discriminator(stirred(untrained(recipe).net), recipe)


@pytest.fixture
def generator_of() -> Callable[..., Generator]:
    """Makes a generator with random weights: of the recipe named, with choices of one's own."""

    def made(name: str, **choices: Any) -> Generator:
        recipe = small(name, **choices)
        return Generator(stirred(nets.initialised(nets.generator(recipe), 1, "generator")), recipe)

    return made


def stripes(count: int, seed: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures with stripes down (0) or across (1) of any phase, so that no pixel alone tells the class."""
    random = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    waves = np.where((np.arange(16)[None] // 2 + random.integers(0, 2, count)[:, None]) % 2, 190, 60)
    down = np.broadcast_to(waves[:, None, None, :], (count, channels, 16, 16))
    whole = np.where(classes[:, None, None, None] == 0, down, down.swapaxes(2, 3))
    return (whole + random.integers(-40, 40, whole.shape)).clip(0, 255).astype(np.uint8), classes


@pytest.fixture(scope="session")
def striped() -> LabelledPictures:
    return LabelledPictures(("down", "across"), *stripes(200, 0), *stripes(150, 1), "stripes")


@pytest.fixture
def recipe_of() -> Callable[..., Recipe]:
    """Makes a recipe of small nets: of the one named, with choices of one's own."""
    return small


@pytest.fixture(scope="session")
def dark_and_bright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 160 portraits in two classes, dark and bright."""
    folder = tmp_path_factory.mktemp("data") / "pictures"
    for number, kind in enumerate(("dark", "bright")):
        (folder / kind).mkdir(parents=True)
        for i, picture in enumerate(portraits(80, number, 16)[0] // 2 + np.uint8(120 * number)):
            Image.fromarray(picture.transpose(1, 2, 0)).save(folder / kind / f"{i:03d}.png")
    return folder


@pytest.fixture(scope="session")
def run_with_classes(dark_and_bright: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a class-conditional generator that has only just begun to learn."""
    out = tmp_path_factory.mktemp("runs") / "classes"
    choices: dict[str, Any] = dict(width=4, batch=16, labels=True, snapshots=2, scores="none", compile="off")
    return figment.train(dark_and_bright, images=320, recipe="dcgan-r1", size=16, out=out, **choices).folder
