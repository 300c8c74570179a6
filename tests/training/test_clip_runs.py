"""Runs of clips, from strips: repeatable, resumed to the bit, started from a run of pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import figment
from figtest.resumed import same, stopping_after
from figtest.strips import FRAMES, SIDE, draw_strips

CHOICES: dict[str, Any] = dict(
    recipe="video-small", frames=FRAMES, fps=8, fit="strip", size=SIDE, width=4, batch=8, snapshots=4, save_seconds=0.2
)

pytestmark = pytest.mark.usefixtures("without_report")


@pytest.fixture(scope="module")
def strips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_strips(tmp_path_factory.mktemp("clips") / "discs")


def test_a_run_resumes_bit_for_bit(strips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut while single frames are learnt, and again while motion is."""
    choices = CHOICES | dict(images=160, images_first=0.5)
    whole = figment.train(strips, out=tmp_path / "whole", **choices)
    with monkeypatch.context() as patch:
        stopping_after(6, patch)
        cut = figment.train(strips, out=tmp_path / "cut", **choices)
    with monkeypatch.context() as patch:
        stopping_after(8, patch)
        cut = figment.resume(cut)
    assert cut.facts["images"] == 14 * 8
    same(whole, figment.resume(cut))


def test_a_run_of_pictures_is_the_start_of_one_of_clips(strips: Path, tmp_path: Path) -> None:
    """The first frames of the strips as pictures, then clips: of the nets all is taken but what sees motion."""
    still = {k: v for k, v in CHOICES.items() if k not in ("frames", "fps", "recipe", "fit")}
    pictures = figment.train(
        strips, recipe="dcgan-r1-small", images=64, fit="first", out=tmp_path / "pictures", **still
    )
    moving = {k: v for k, v in CHOICES.items() if k != "recipe"}
    run = figment.train(strips, from_run=pictures, images=64, out=tmp_path / "clips", **moving)
    assert run.recipe.name == "dcgan-r1-small"
    assert (run.recipe.code_size, run.recipe.motion_size) == (132, 32)
    first = figment.load(run.snapshot_file(0))
    known = figment.load(pictures.folder)
    codes = known.codes(4)
    wide = np.concatenate([codes.numpy(), np.zeros((4, 32), np.float32)], 1)
    drawn = first.decode(torch.from_numpy(wide)).int()
    assert (drawn - known.decode(codes).int()).abs().max() <= 1
