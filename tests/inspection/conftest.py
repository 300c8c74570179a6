"""A folder with one of everything that a survey looks for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from figment.inspection.survey import Survey, survey

EVIL = "<script>document.title = 'taken'<" + "script>.png"  # a name can't hold a slash


def texture(random: np.random.Generator, side: int = 96) -> Image.Image:
    """A smooth coloured pattern that is like no other of its kind."""
    coarse = random.integers(40, 216, (16, 16, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


def make(folder: Path) -> Path:
    """130 textures and: a copy, a mirrored one, small, dark, light, flat, noise, and two that can't be read."""
    folder.mkdir()
    random = np.random.default_rng(5)
    pictures = [texture(random) for _ in range(130)]
    for i, picture in enumerate(pictures):
        picture.save(folder / f"{i:03d}.png")
    pictures[3].save(folder / "copy.png", compress_level=1)
    pictures[4].transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mirrored.jpg", quality=95)
    texture(random, 40).save(folder / "small.png")
    texture(random).point(lambda v: v // 8).save(folder / "dark.png")
    texture(random).point(lambda v: 225 + v // 9).save(folder / "light.png")
    Image.new("RGB", (96, 96), (120, 90, 60)).save(folder / "flat.png")
    Image.fromarray(random.integers(0, 256, (96, 96, 3), dtype=np.uint8)).save(folder / "noise.png")
    texture(random).filter(ImageFilter.GaussianBlur(8)).save(folder / "blurred.png")
    (folder / EVIL).write_bytes(b"nothing")
    (folder / "cut.png").write_bytes((folder / "000.png").read_bytes()[:300])
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="session")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("inspection") / "odd")


@pytest.fixture(scope="session")
def odd(odd_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return survey(odd_folder)
