import pytest
import torch
from torch import nn

from figment.training import ema


def test_half_is_left_after_the_half_life_whatever_the_batch() -> None:
    for step in (10, 50, 250):
        left = 1.0
        for i in range(1000 // step):
            left *= ema.decay(1000, 10**6 + i * step, step)
        assert left == pytest.approx(0.5)


def test_half_life_grows_with_the_images_seen_at_first() -> None:
    assert ema.decay(10_000, 2000, 100) == pytest.approx(0.5 ** (100 / 100))  # a twentieth of 2,000
    assert ema.decay(10_000, 200_000, 100) == pytest.approx(0.5 ** (100 / 10_000))
    assert ema.decay(10_000, 0, 100) == 0.0


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
