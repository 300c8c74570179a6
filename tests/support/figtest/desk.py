"""A desk: a folder with what the pages speak of, in small: pictures, runs, files of others, and public sets in the cache."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import figment
from figment.data.portraits.table import portraits
from figment.data.public.catalog import PUBLIC_SETS
from figment.nets.serialization import packed
from figtest.clip_nets import clip_generator
from figtest.pictures import encoded, noise_folder
from figtest.runs import build
from figtest.tutorial import tutorial_weights

# What the runs that the pages speak of are made with. They are too short for augmentation to leave two kinds apart.
RECIPE: dict[str, Any] = dict(
    recipe="dcgan-r1",
    size=16,
    width=4,
    code_size=8,
    batch=16,
    snapshots=4,
    scores="none",
    compile="off",
    augment="none",
)
# With layers, filters and codes to name; a rehearsal makes it 32 px.
WIDER: dict[str, Any] = RECIPE | {"size": 128, "width": 8, "code_size": 16}
COPIES = ("celeba-1", "fashion-1", "rooms-1")  # runs that are another one under their name
PEOPLE, EACH = 30, 4  # of the public set's stand-in
PICTURES_EACH = 10  # of the people in the folder: a tenth of them is held out


def lay_out(desk: Path) -> None:
    """Fill a new folder, and the cache."""
    (desk / "runs").mkdir(parents=True)
    two_kinds(desk / "my-pictures")
    people(desk / "faces")
    noise_folder(desk / "their-samples", 120, 16)
    for number, name in enumerate(("me.jpg", "friend.png")):
        picture_of(portraits(1, 70 + number, 32)[0][0]).save(desk / name)
    figment.train(desk / "my-pictures", images=2000, labels=True, out=desk / "runs" / "my-pictures-1", **RECIPE)
    figment.train(desk / "faces", images=1000, out=desk / "runs" / "faces-1", **WIDER)
    figment.train(images=6000, out=desk / "runs" / "portraits-1", **RECIPE | {"width": 8})
    clips(desk)
    for name in COPIES:
        shutil.copytree(desk / "runs" / "my-pictures-1", desk / "runs" / name)
    for net in ("generator", "discriminator"):
        shutil.copy(desk / "runs" / "my-pictures-1" / f"{net}.safetensors", desk)
    boxes = [(sample, 4, 4, 10, 10) for sample in range(24)]
    (desk / "windows.csv").write_text("".join(f"{','.join(map(str, box))}\n" for box in boxes))
    torch.save(tutorial_weights(nz=8, ngf=4, doublings=3), desk / "netG.pth")
    celeba()


def clips(desk: Path) -> None:
    """A run of clips whose generator nobody trained: runs/clips-1."""
    generator = clip_generator(size=16)
    run = build(desk / "aside", ticks=0, snapshots=(), choices={"frames": 16, "motion_size": 2})
    run.recipe = generator.recipe
    run.generator_file.write_bytes(packed(generator.net, generator.recipe, "generator"))
    shutil.move(run.folder, desk / "runs" / "clips-1")
    shutil.rmtree(desk / "aside")


def two_kinds(folder: Path) -> None:
    """Portraits in a folder for each of two kinds, the second ones brighter."""
    for number, kind in enumerate(("neutral", "smiling")):
        (folder / kind).mkdir(parents=True)
        for i, picture in enumerate(portraits(150, number, 32)[0] // 2 + np.uint8(120 * number)):
            picture_of(picture).save(folder / kind / f"{i:03d}.png")


def people(folder: Path) -> None:
    """Faces of some people, whose names say of whom: PERSON_PICTURE.jpg."""
    folder.mkdir()
    for i, face in enumerate(portraits(PEOPLE * PICTURES_EACH, 3, 40)[0]):
        picture_of(face).save(folder / f"{i // PICTURES_EACH:04d}_{i % PICTURES_EACH}.jpg", quality=95)


def celeba() -> None:
    """The public set as it lies in the cache when it has been downloaded: names and layout are the real ones', pictures not."""
    faces = portraits(PEOPLE * EACH, 3, 40)[0]
    file = set_folder("celeba") / "img_align_celeba.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for i, face in enumerate(faces, 1):
            archive.writestr(f"img_align_celeba/{i:06d}.jpg", encoded(picture_of(face).resize((178, 218)), "JPEG"))
    people_of = (f"{i:06d}.jpg {1 + (i - 1) // EACH}\n" for i in range(1, len(faces) + 1))
    (file.parent / "identity_CelebA.txt").write_text("".join(people_of))
    remember("celeba")


def set_folder(name: str) -> Path:
    """Where a public set lies in the cache."""
    from figment.common.cache import cache_folder

    folder = cache_folder() / "sets" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def remember(name: str) -> None:
    """Note that a set was downloaded and its licence agreed to."""
    folder, entry = set_folder(name), PUBLIC_SETS[name]
    files = {
        file.name: {"url": "", "bytes": (folder / file.name).stat().st_size, "sha256": "", "opened": True}
        for file in (*entry.files, *(one.file for one in entry.together if one.file))
    }
    record = {"format": 1, "agreed": entry.licence, "files": files}
    folder.with_name(f"{name}.json").write_text(json.dumps(record))


def picture_of(pixels: NDArray[np.uint8]) -> Image.Image:
    """A picture of pixels (C, H, W)."""
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
