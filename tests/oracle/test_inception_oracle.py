"""figment's Inception against torch-fidelity's: random weights, small and large pictures."""

import numpy as np
import pytest
import torch
from torch import nn

from figment.features import registry
from figment.features.inception import Inception


@pytest.mark.parametrize("side", [64, 299, 400])
def test_features_and_logits_are_those_of_torch_fidelity(tmp_path, asked, side):
    torch.manual_seed(side)
    net = Inception()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value, low, high in ((module.weight.data, 0.5, 1.5), (module.running_var, 0.5, 1.5)):
                value.uniform_(low, high)
            module.bias.data.normal_(0, 0.1)
            module.running_mean.normal_(0, 0.1)
        elif isinstance(module, nn.Conv2d):
            module.weight.data.normal_(0, (2 / module.weight[0].numel()) ** 0.5)
    torch.save(net.state_dict(), tmp_path / "weights.pth")
    x = np.random.default_rng(side).integers(0, 256, (2, 3, side, side + side // 4), dtype=np.uint8)
    np.save(tmp_path / "pictures.npy", x)
    asked("ask_torch_fidelity.py", *(tmp_path / name for name in ("weights.pth", "pictures.npy", "answers.npz")))
    answers = np.load(tmp_path / "answers.npz")
    network = registry.extractor(f"inception:{tmp_path / 'weights.pth'}")
    found = network(x)
    logits = network.head(found)
    for name, value in (("features", found), ("logits", logits)):
        furthest, largest = np.abs(value - answers[name]).max(), np.abs(answers[name]).max()
        print(f"{name} at {side}: differ by at most {furthest:.2g} of {largest:.3g}")
        assert furthest < 1e-4 * largest
