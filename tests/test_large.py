"""The largest pictures that there are go through all that a run is for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import figment
from figtest.command import command

TINY = ("--set", "width=2", "--set", "batch=4", "--set", "snapshots=2", "--set", "scores=none")


@pytest.mark.slow
@pytest.mark.parametrize(("size", "shape"), [("512", (512, 512)), ("96x128", (96, 128))])
def test_a_size_is_trained_sampled_walked_reported_and_measured(
    size: str, shape: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (60, 24, 24, 3), np.uint8)):
        Image.fromarray(pixels).save(f"pictures/{i}.png")
    train = ("train", "pictures", "--size", size, "--recipe", "dcgan-r1", *TINY, "--device", "cpu")
    assert command(*train, "--images", 8, "--out", "run") == 0
    assert command("sample", "run", "-n", 4, "--out", "sheet.png") == 0
    assert command("walk", "run", "--keyframes", 2, "--seconds", 0.2, "--out", "walk.mp4") == 0
    assert command("report", "run") == 0
    assert command("measure", "run", "-n", 30, "--features", "gradients") == 0
    assert figment.load("run").sample(1).shape == (1, 3, *shape)
    assert all(Path(made).is_file() for made in ("sheet.png", "walk.mp4", "run/report.html", "run/measures.jsonl"))
