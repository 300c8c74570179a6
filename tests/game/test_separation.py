"""The AUC against counting all pairs."""

import itertools

import pytest
import torch

from figment.game.separation import auc


def test_auc_equals_counting_all_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(0, 8, (37,), generator=generator).float()  # many ties
    b = torch.randint(0, 8, (23,), generator=generator).float() - 1
    pairs = [1.0 if x > y else 0.5 if x == y else 0.0 for x, y in itertools.product(a.tolist(), b.tolist())]
    assert auc(a, b) == pytest.approx(sum(pairs) / len(pairs))
    assert auc(a, b) + auc(b, a) == pytest.approx(1)
