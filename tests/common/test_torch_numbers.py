"""torch's random numbers without torch: compared with torch's own, number by number."""

import numpy as np
import pytest
import torch

from figment.common import torch_numbers

SEEDS = (0, 1, 2**31, 2**32 - 1, 2**32, 12345678901234567, 2**63 - 1)
FEW_LAST_DIGITS = 4e-6  # torch's own differ by half of it between instructions, as ATEN_CPU_CAPABILITY=default shows


def of(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [1, 8, 100, 512])
def test_uniform_numbers_are_torchs_to_the_bit(seed, count):
    assert np.array_equal(torch_numbers.uniform(seed, count), torch.rand(count, generator=of(seed)).numpy())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("limit", [1, 2, 3, 10, 1000, 2**20 + 1])
def test_whole_numbers_are_torchs(seed, limit):
    assert torch_numbers.below(seed, limit) == int(torch.randint(limit, (1,), generator=of(seed)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [1, 2, 7, 15])
def test_short_rows_of_normal_numbers_are_torchs_to_the_bit(seed, count):
    assert np.array_equal(torch_numbers.normal(seed, count), torch.randn(count, generator=of(seed)).numpy())


@pytest.mark.parametrize("count", [16, 17, 31, 32, 64, 100, 512])
def test_long_rows_of_normal_numbers_are_torchs_but_for_last_digits(count):
    for seed in (*SEEDS, *range(100)):
        found, wanted = torch_numbers.normal(seed, count), torch.randn(count, generator=of(seed)).numpy()
        assert found.dtype == np.float32
        assert np.abs(found - wanted).max() <= FEW_LAST_DIGITS
