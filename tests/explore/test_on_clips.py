"""What is asked of a generator of pictures is answered by one of clips, whose frames are pictures."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import figment
from figment.discriminator import Discriminator, load_discriminator
from figment.explore import arithmetic, directions, neighbours
from figment.explore.direction_file import load_directions
from figment.explore.groups import numbered_group
from figment.explore.projection import project
from figment.explore.style_mixing import mix
from figment.features.perceptual import perceptual_loss
from figment.generator import Generator
from figment.run import Run
from figment.workbench import Workbench
from figtest.command import command


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of clips that was trained for a moment."""
    return figment.train(
        "portraits-moving:24", images=320, video="16x12", recipe="video-small", size=16, width=4, code_size=10, motion_size=4,
        batch=16, scores="none", snapshots=2, compile="off", out=tmp_path_factory.mktemp("clips") / "run",
    )  # fmt: skip


@pytest.fixture(scope="module")
def generator(run: Run) -> Generator:
    return figment.load(run.folder)


def test_directions_are_found_named_and_followed(run: Run, generator: Generator, capsys: Any) -> None:
    asked = ("--how", "principal,factorised", "--count", 3, "--samples", 200)
    assert command("explore", "directions", run.folder, *asked) == 0
    kept = load_directions(run.directions_file, generator)
    assert len(kept) == 6
    moved = (f"{kept[0].name}=2", f"{kept[3].name}=-1")
    assert command("sample", run.folder, "--video", "-n", 2, "--direction", moved[0], "--direction", moved[1]) == 0
    assert command("sample", run.folder, "-n", 2, "--direction", moved[0]) == 0
    assert command("walk", run.folder, "--direction", kept[0].name, "--seconds", 0.5, "--tiles", 1) == 0


def test_a_factorised_direction_of_motion_alone_moves_pictures(generator: Generator) -> None:
    """And one of numbers that enter nowhere would move none: the net itself says so."""
    found = directions(generator, ["factorised"], 10, samples=100)
    assert torch.allclose(torch.stack([one.vector for one in found.directions]).norm(dim=1), torch.ones(10))
    assert min(effect.change for effect in found.effects) > 0


def test_arithmetic_neighbours_and_projection_take_frames(run: Run, generator: Generator) -> None:
    groups = [numbered_group(generator, [3 * i, 3 * i + 1, 3 * i + 2]) for i in range(3)]
    total = arithmetic(generator, *groups)
    assert total.pictures["A − B + C"].shape == (1, 3, 16, 16)
    bank = Workbench(run.folder, "cpu").bank
    assert neighbours(generator, bank, [0, 3], 2).distances.shape == (2, 2)
    judge = load_discriminator(run.folder)
    assert isinstance(judge, Discriminator)
    target = generator.sample(1, 9)
    loss = perceptual_loss("own", lambda: judge, "cpu")
    rebuilt = project(generator, {"given": target}, loss, 1, 3, names={"given": ["a"]})
    assert set(rebuilt.closeness) == {"given", "own samples"}
    assert mix(generator, generator.codes(2), generator.codes(2, 1), 1).shape == (2, 3, 16, 16)


def test_pictures_are_picked_and_files_are_frames(run: Run, generator: Generator, tmp_path: Path) -> None:
    assert command("sample", run.folder, "--files", "-n", 3, "--pick", 2, "--no-mark", "--out", tmp_path) == 0
    first = np.asarray(Image.open(tmp_path / "0-000000.png"))
    picked = generator.sample(3, pick=2)
    assert np.array_equal(first, picked[0].permute(1, 2, 0).numpy())


def test_compare_and_measure_read_it(run: Run, tmp_path: Path) -> None:
    other = shutil.copytree(run.folder, tmp_path / "other")
    assert command("measure", other, "-n", 50, "--features", "random", "--only", "kid,clips") == 0
    assert command("compare", run.folder, other, "--out", tmp_path / "compare.html") == 0
    assert (tmp_path / "compare.html").is_file()
