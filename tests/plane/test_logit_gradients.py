"""Every derivative that is written out, against autograd through the objective of its name."""

import numpy as np
import pytest
import torch

from figment.game.objectives import OBJECTIVES
from figment.plane.logit_gradients import GRADIENTS, sigmoid

REAL, FAKE = (torch.randn(40, dtype=torch.float64, generator=torch.Generator().manual_seed(i)) * 2 for i in (0, 1))


def test_there_is_a_row_for_each_objective() -> None:
    assert list(GRADIENTS) == list(OBJECTIVES)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_discriminator_s_equal_autograd_s(name: str) -> None:
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    expected = torch.autograd.grad(OBJECTIVES[name].discriminator(real, fake), (real, fake))
    for ours, theirs in zip(GRADIENTS[name].discriminator(REAL.numpy(), FAKE.numpy()), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_generator_s_equal_autograd_s(name: str) -> None:
    fake, row = FAKE.clone().requires_grad_(), OBJECTIVES[name]
    (expected,) = torch.autograd.grad(row.generator(*((fake, REAL) if row.paired else (fake,))), fake)
    np.testing.assert_allclose(GRADIENTS[name].generator(FAKE.numpy(), REAL.numpy()), expected, rtol=1e-12, atol=1e-16)


def test_no_logit_is_too_large() -> None:
    np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0, 1e4], np.float32)), [0, 0.5, 1])
