"""Sampling by hand, for a PyTorch whose grid_sample can't be differentiated twice, gives what grid_sample gives."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from figment.augment import grid_sample

MODES = {"bilinear": (grid_sample.bilinear, "reflection"), "nearest": (grid_sample.nearest, "zeros")}


@pytest.mark.parametrize("mode", MODES)
def test_by_hand_equals_grid_sample(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid_sample, "BY_GRID_SAMPLE", False)
    by_hand, padding = MODES[mode]
    random = torch.Generator().manual_seed(0)
    pictures = torch.randn(3, 2, 8, 12, generator=random, dtype=torch.float64)
    anywhere = torch.rand(3, 5, 7, 2, generator=random, dtype=torch.float64) * 8 - 4
    middles = (torch.arange(12, dtype=torch.float64) + 0.5) / 6 - 1
    exact = torch.stack([middles.expand(3, 12, 12), middles.view(12, 1).expand(3, 12, 12)], 3)
    for grid in (anywhere, exact, torch.ones(3, 1, 1, 2, dtype=torch.float64)):
        expected = F.grid_sample(pictures, grid, mode, padding, align_corners=False)
        assert torch.allclose(by_hand(pictures, grid), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("by_hand", [grid_sample.bilinear, grid_sample.nearest])
def test_by_hand_can_be_differentiated_twice(
    by_hand: Callable[[Tensor, Tensor], Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_sample, "BY_GRID_SAMPLE", False)
    random = torch.Generator().manual_seed(0)
    pictures = torch.randn(2, 1, 4, 4, generator=random, dtype=torch.float64, requires_grad=True)
    grid = torch.rand(2, 4, 4, 2, generator=random, dtype=torch.float64) * 3 - 1.5
    assert torch.autograd.gradgradcheck(lambda x: by_hand(x, grid).pow(3), pictures)
