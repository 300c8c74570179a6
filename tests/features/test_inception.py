"""FID's Inception: its facts, its resizing against loops, and files of its weights. tests/oracle compares the numbers."""

import numpy as np
import pytest
import torch
from torch import nn

from figment.errors import InputError
from figment.features import inception, registry, weights
from figment.features.inception import Inception, resized
from figtest.pictures import noise_batch


def random_net(seed=0):
    """A network whose maps keep their size in numbers, however deep."""
    random = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        net = Inception()
    net.to_empty(device="cpu").eval().requires_grad_(False)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value, low, high in ((module.weight, 0.5, 1.5), (module.running_var, 0.5, 1.5)):
                value.uniform_(low, high, generator=random)
            module.bias.normal_(0, 0.1, generator=random)
            module.running_mean.normal_(0, 0.1, generator=random)
            module.num_batches_tracked.zero_()
        elif isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.normal_(0, (2 / module.weight[0].numel()) ** 0.5, generator=random)
    net.fc.bias.normal_(generator=random)
    return net


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A network and the file of its weights."""
    net = random_net()
    file = tmp_path_factory.mktemp("inception") / "random.pth"
    torch.save(net.state_dict(), file)
    return net, file


def test_it_has_the_published_parameters():
    with torch.device("meta"):
        net = Inception()
    torchvisions, beside = 27_161_264, 768 * 128 + 2 * 128 + 128 * 768 * 25 + 2 * 768 + 769 * 1000
    assert sum(value.numel() for value in net.parameters()) == torchvisions - beside + 8 * 2049 == 23_850_960
    assert len(net.state_dict()) == 566  # as the published file
    assert sum(isinstance(module, nn.BatchNorm2d) and module.eps == 1e-3 for module in net.modules()) == 94
    for name in (
        "Conv2d_1a_3x3.conv.weight", "Mixed_5b.branch1x1.bn.running_mean", "Mixed_5d.branch3x3dbl_3.bn.bias",
        "Mixed_6a.branch3x3.conv.weight", "Mixed_6e.branch7x7dbl_5.conv.weight", "Mixed_7a.branch7x7x3_4.bn.weight",
        "Mixed_7b.branch3x3_2b.conv.weight", "Mixed_7c.branch3x3dbl_3a.bn.running_var", "Mixed_7c.branch_pool.conv.weight",
        "fc.weight", "fc.bias",
    ):  # fmt: skip
        assert name in net.state_dict()


def test_every_block_has_its_published_size(made):
    sizes = {}
    for name, module in made[0].named_children():
        module.register_forward_hook(lambda module, _, y, name=name: sizes.update({name: tuple(y.shape[1:])}))
    with torch.inference_mode():
        made[0](torch.zeros(1, 3, 299, 299))
    expected = {
        "Conv2d_1a_3x3": (32, 149), "Conv2d_2a_3x3": (32, 147), "Conv2d_2b_3x3": (64, 147), "Conv2d_3b_1x1": (80, 73),
        "Conv2d_4a_3x3": (192, 71), "Mixed_5b": (256, 35), "Mixed_5c": (288, 35), "Mixed_5d": (288, 35),
        "Mixed_6a": (768, 17), "Mixed_6b": (768, 17), "Mixed_6c": (768, 17), "Mixed_6d": (768, 17),
        "Mixed_6e": (768, 17), "Mixed_7a": (1280, 8), "Mixed_7b": (2048, 8), "Mixed_7c": (2048, 8),
    }  # fmt: skip
    assert sizes == {name: (channels, side, side) for name, (channels, side) in expected.items()}


def by_hand(picture, side):
    """TensorFlow 1's ResizeBilinear of one channel, pixel by pixel, in its single precision."""
    height, width = picture.shape
    found = np.empty((side, side), np.float32)
    down, across = np.float32(height / side), np.float32(width / side)
    for i in range(side):
        y = np.float32(i) * down
        top, bottom, dy = int(y), min(int(y) + 1, height - 1), y - np.float32(int(y))
        for j in range(side):
            x = np.float32(j) * across
            left, right, dx = int(x), min(int(x) + 1, width - 1), x - np.float32(int(x))
            above = picture[top, left] + (picture[top, right] - picture[top, left]) * dx
            below = picture[bottom, left] + (picture[bottom, right] - picture[bottom, left]) * dx
            found[i, j] = above + (below - above) * dy
    return found


@pytest.mark.parametrize("shape", [(8, 8), (29, 13), (100, 30), (30, 70), (299, 64)])
def test_resizing_is_tensorflow_ones_to_the_bit(shape):
    side = inception.INPUT_SIDE if shape[0] == inception.INPUT_SIDE else 30
    x = np.random.default_rng(1).integers(0, 256, shape).astype(np.float32)
    found = resized(torch.from_numpy(x)[None, None], side)[0, 0].numpy()
    assert np.array_equal(found, by_hand(x, side))


def test_resizing_isnt_by_half_pixels():
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    assert torch.equal(resized(ramp, 16)[0, 0, 0], torch.tensor([i / 2 for i in range(15)] + [7.0]))
    assert torch.equal(resized(ramp, 8), ramp)


def test_pixels_are_scaled_around_128():
    x = torch.tensor([0, 128, 255], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 3, 5, 4)
    found = inception.prepared(x)
    assert found.shape == (3, 3, 299, 299)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert found.amax((1, 2, 3)).tolist() == found.amin((1, 2, 3)).tolist() == [-1, 0, 127 / 128]


def test_average_pools_dont_count_what_is_outside():
    x = torch.ones(1, 1, 4, 4)
    assert torch.equal(inception._pooled(x, "average"), x)
    assert torch.equal(inception._pooled(-x, "max"), -x)
    assert inception._pooled(x, "halve").shape == (1, 1, 1, 1)


def test_the_last_block_alone_pools_by_the_maximum(made):
    pools = {name: [step for branch in module.branches for step in branch if isinstance(step, str)]
             for name, module in made[0].named_children() if name.startswith("Mixed")}  # fmt: skip
    assert pools.pop("Mixed_6a") == pools.pop("Mixed_7a") == ["halve"]
    assert pools.pop("Mixed_7c") == ["max"]
    assert set(map(tuple, pools.values())) == {("average",)}


def test_features_and_logits_of_a_file(made):
    net, file = made
    extractor = registry.extractor(f"inception:{file}")
    digest = weights.sha256_of(file)
    assert (extractor.name, extractor.dimension) == ("inception:random.pth", 2048)
    assert extractor.label == f"FD-inception-{digest[:8]}"  # the weights aren't those that FID is defined by
    assert extractor.digest == digest[:16]
    assert extractor.resize == "TensorFlow 1's bilinear, not antialiased, to 299"
    x = noise_batch(3, 40, 50)
    found = extractor(x)
    logits = extractor.head(found)
    with torch.inference_mode():
        unfolded = net(inception.prepared(torch.from_numpy(x)))
    assert np.allclose(found, unfolded.numpy(), atol=1e-5 * np.abs(found).max())
    assert found.dtype == logits.dtype == np.float32
    assert logits.shape == (3, 1008)
    # Without fc's bias, as the Inception Score takes them.
    assert np.allclose(logits, found @ net.fc.weight.numpy().T, atol=1e-4)
    assert np.allclose(logits, net.logits(unfolded).numpy(), atol=1e-3)


def test_only_the_published_bytes_are_called_fid(made, monkeypatch):
    digest = weights.sha256_of(made[1])
    published = weights.PublishedWeights("inception", ("random.pth",), (), "", made[1].stat().st_size, digest)
    monkeypatch.setattr(weights, "INCEPTION", published)
    monkeypatch.setenv("FIGMENT_WEIGHTS", str(made[1].parent))
    for name in ("inception", f"inception:{made[1]}"):
        extractor = registry.extractor(name)
        assert (extractor.name, extractor.label) == ("inception", "FID")


def test_a_classifier_beside_the_last_is_left_out_and_no_more(made, tmp_path):
    whole = made[0].state_dict()
    torch.save(whole | {"AuxLogits.conv0.conv.weight": torch.ones(1)}, tmp_path / "more.pth")
    assert inception.load_inception(tmp_path / "more.pth", "x")
    torch.save({"fc.weight": torch.ones(1000, 2048)}, tmp_path / "less.pth")
    with pytest.raises(
        InputError, match=r"inception:.*less.pth holds the weights of another network than FID's Inception"
    ):
        registry.extractor(f"inception:{tmp_path / 'less.pth'}")
    torch.save(whole | {"fc.weight": torch.ones(1000, 2048)}, tmp_path / "later.pth")
    with pytest.raises(InputError, match=r"fc.weight is 1000×2048 and not 1008×2048"):
        registry.extractor(f"inception:{tmp_path / 'later.pth'}")
