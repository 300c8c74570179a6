"""What is done to pictures before D sees them doesn't get into samples: an end-to-end check on pictures with a clear top."""

from pathlib import Path

import numpy as np
import pytest
import torch

import figment

pytestmark = pytest.mark.slow


def bright_tops(folder: Path, count: int = 600) -> Path:
    """Pictures of 16×16, bright above and dark below, with some colour and a blob somewhere."""
    random = np.random.default_rng(0)
    light = np.linspace(220, 40, 16)[None, :, None, None] + random.normal(0, 12, (count, 1, 1, 3))
    y, x = np.mgrid[:16, :16]
    centre = random.uniform(3, 13, (count, 2, 1, 1))
    blob = np.exp(-((y - centre[:, 0]) ** 2 + (x - centre[:, 1]) ** 2) / 6)[..., None] * 40
    np.save(folder / "tops.npy", np.clip(light + blob, 0, 255).astype(np.uint8))
    return folder / "tops.npy"


def learned(folder: Path, choices: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """Grey samples of a run that learned such pictures, and these: (N, 16, 16)."""
    data = bright_tops(folder)
    setup = dict(size=16, width=8, batch=32, lr=1e-3, beta2=0.99, lr_final=0.1, real_target=0.9)
    run = figment.train(data, images=40_000, recipe="dcgan", out=folder / "run", **setup, **choices)
    samples = figment.load(run.folder).sample(500, seed=1).float().mean(1)
    return samples, torch.from_numpy(np.load(data)).float().mean(3)


def share_upright(samples: torch.Tensor) -> float:
    return (samples[:, :8].mean((1, 2)) > samples[:, 8:].mean((1, 2)) + 40).float().mean().item()


@pytest.mark.parametrize(
    "choices",
    [
        dict(augment="none"),
        dict(augment="full", augment_p=0.5),
        dict(augment="full", augment_p=0.8, augment_mode="ramp"),
        dict(augment="diffaugment", augment_p=1.0),
        dict(augment="full", augment_mode="adaptive", augment_target=0.3),
    ],
    ids=["none", "full", "risen", "diffaugment", "adaptive"],
)
def test_samples_are_upright_and_as_bright_as_the_pictures(choices: dict, tmp_path: Path) -> None:
    """Quarter turns, shifts, luma flips and brightness are shown to D all the time; no sample may have them."""
    samples, reals = learned(tmp_path, choices)
    upright = share_upright(samples)
    sideways = (samples[:, :, :8].mean((1, 2)) - samples[:, :, 8:].mean((1, 2))).abs() > 40
    assert upright > 0.98
    assert sideways.float().mean().item() < 0.02
    assert samples.mean().item() == pytest.approx(reals.mean().item(), abs=12)


def test_what_is_warned_of_does_leak(tmp_path: Path) -> None:
    samples, _ = learned(tmp_path, dict(augment="full", augment_p=0.7))
    assert share_upright(samples) < 0.9
