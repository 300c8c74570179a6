"""The network that has learnt nothing."""

import numpy as np
import torch

from figment.features import random_network, registry
from figtest.pictures import noise_batch


def test_the_random_networks_digest_tells_its_seed(monkeypatch):
    before = registry.extractor("random").digest
    assert before == registry.extractor("random").digest
    assert len(before) == 16
    monkeypatch.setattr(random_network, "WEIGHTS_SEED", 1)
    assert registry.extractor("random").digest != before


def test_the_first_layer_computes_what_it_says(monkeypatch):
    monkeypatch.setattr(random_network, "LAYER_CHANNELS", (5,))
    network = random_network.random_network(7)
    x = noise_batch(2)
    found = network(x)
    random = torch.Generator().manual_seed(7)
    filters = torch.linalg.qr(torch.randn(48, 5, generator=random))[0].T.numpy()
    bias = 0.1 * torch.randn(5, generator=random).numpy()
    squares = (x / 127.5 - 1).reshape(2, 3, 16, 4, 16, 4).transpose(0, 2, 4, 1, 3, 5).reshape(2, 256, 48)
    answer = squares @ (filters.T * np.sqrt(2 * 48 / 5 / 1.04)) + bias
    answer = np.where(answer > 0, answer, 0.2 * answer)
    assert np.allclose(found, np.concatenate([answer.mean(1), answer.std(1)], 1), atol=1e-4)
