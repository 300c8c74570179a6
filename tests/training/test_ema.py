import pytest
import torch
from torch import nn

from figment.training import ema


def test_half_is_left_after_the_half_life_whatever_the_batch() -> None:
    for step in (10, 50, 250):
        assert ema.decay(1000, step) ** (1000 // step) == pytest.approx(0.5)


def test_with_no_half_life_nothing_is_kept() -> None:
    assert ema.decay(0, 100) == 0.0
    net, average = nn.Linear(50, 50), nn.Linear(50, 50)
    ema.update(average, net, ema.decay(0, 128))
    assert all(torch.equal(a, b) for a, b in zip(average.parameters(), net.parameters(), strict=True))


def test_average_of_weights_against_the_closed_form_and_buffers_copied() -> None:
    net, average = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    with torch.no_grad():
        average.weight.fill_(0)
    net.running_mean.fill_(3)
    for w in (1.0, 2.0, 3.0):
        with torch.no_grad():
            net.weight.fill_(w)
        ema.update(average, net, 0.75)
    expected = 0.25 * (1 * 0.75**2 + 2 * 0.75 + 3)
    assert average.weight.tolist() == pytest.approx([expected] * 2)
    assert average.running_mean.tolist() == [3, 3]
