"""How much clips move while they are learnt: against clips whose motion is known, and in a tiny run's events."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import figment
from figment.data.bank.clips import Clips
from figment.presets import make
from figment.training.clip_motion import ClipMotion, motion_of
from figment.training.loader import Feed
from figtest.strips import FRAMES, SIDE, draw_strips

RECIPE = make("video-small", size=16, channels=3, code_size=6, motion_size=2, planned_images=64, images_first=0.0)


class Moving(nn.Module):
    """Draws flat pictures, as bright as the code's last number says."""

    def __init__(self, much: float) -> None:
        super().__init__()
        self.much = much

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return (self.much * z[:, -1]).view(-1, 1, 1, 1).expand(-1, 3, 16, 16)


def of_ramps(step: int, clips: int = 5, frames: int = 7) -> ClipMotion:
    """Beside real clips that grow brighter by so many levels a frame."""
    levels = np.tile(step * np.arange(frames, dtype=np.uint8), clips)
    pictures = np.broadcast_to(levels[:, None, None, None], (clips * frames, 3, 16, 16)).copy()
    numbers = np.repeat(np.arange(clips), frames).astype(np.int32)
    bank = SimpleNamespace(clips=Clips(numbers, np.zeros(len(numbers)), list("abcde")), train=np.arange(4 * frames))
    feed = Feed(pictures, np.arange(len(pictures)), 0, False, torch.device("cpu"))
    return ClipMotion.of(bank, RECIPE, feed)  # type: ignore[arg-type]


def test_reals_motion_is_that_of_windows_within_clips() -> None:
    assert of_ramps(10).reals == pytest.approx(10 / 127.5, rel=1e-3)  # a window across two clips would jump back by 60


def test_the_share_grows_with_how_far_codes_move_pictures() -> None:
    watched = of_ramps(10)
    by_hand = float(watched.codes[:, :, -1].diff(dim=1).abs().mean()) / watched.reals
    assert watched.share(Moving(1.0)) == pytest.approx(by_hand, rel=1e-5)
    assert watched.share(Moving(0.5)) == pytest.approx(by_hand / 2, rel=1e-5)
    assert watched.share(Moving(0.0)) == 0
    assert of_ramps(0).share(Moving(1.0)) is None


def test_codes_are_the_same_at_every_reading_and_their_content_stays() -> None:
    first, again = of_ramps(10), of_ramps(10)
    assert torch.equal(first.codes, again.codes)
    assert first.codes.shape == (32, 4, 6)
    assert (first.codes[:, :, :4] == first.codes[:, :1, :4]).all()
    assert (first.codes.diff(dim=1)[:, :, 4:] != 0).all()


def test_motion_by_hand() -> None:
    frames = torch.zeros(4, 1, 2, 2)
    frames[1], frames[2, 0, 0, 0] = 1.0, 1.0
    assert motion_of(frames)[0] == pytest.approx((1 + 0.75 + 0.25) / 3)


@pytest.mark.usefixtures("without_report")
def test_a_run_of_clips_tells_its_motion_once_it_learns_it(tmp_path: Path) -> None:
    run = figment.train(
        draw_strips(tmp_path / "discs"), out=tmp_path / "run", recipe="video-small", frames=FRAMES, fps=8, fit="strip",
        size=SIDE, width=4, batch=8, snapshots=2, images=64, images_first=0.5,
    )  # fmt: skip
    told = {event["images"]: event["motion"] for event in run.events("tick")}
    assert all((motion is None) == (images < 32) for images, motion in told.items())
    assert told[64] > 0
