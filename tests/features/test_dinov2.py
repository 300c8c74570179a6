"""DINOv2's transformers: their facts, the interpolated positions against loops, both names of weights, wrong files."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from figment.errors import InputError
from figment.features import dinov2, registry, weights
from figment.features.dinov2 import Dinov2, Size, positions

SMALL = Size(128, 2)


def random_net(size=SMALL, seed=0):
    torch.manual_seed(seed)
    net = Dinov2(size).eval().requires_grad_(False)
    for name, value in net.named_parameters():
        if value.ndim == 1 or "token" in name or name == "pos_embed":
            value.normal_(1.0 if "norm" in name and "weight" in name else 0.0, 0.5)
    return net


@pytest.fixture
def small(monkeypatch):
    """S is a network small enough to try."""
    monkeypatch.setitem(dinov2.SIZES, "s", SMALL)
    return random_net()


def hugging_face(table, later=False):
    """Weights under the names of Hugging Face's port, as its files have them or as its later releases do."""
    query, key, value = (
        ("q_proj", "k_proj", "v_proj") if later else ("attention.query", "attention.key", "attention.value")
    )
    names = {
        "attn.proj": "attention.o_proj" if later else "attention.output.dense",
        "ls1.gamma": "layer_scale1.lambda1",
        "ls2.gamma": "layer_scale2.lambda1",
    }
    found = {}
    for name, tensor in table.items():
        if name.startswith("blocks."):
            name = name.replace("blocks.", "encoder.layer.")
            for old, new in names.items():
                name = name.replace(old, new)
            if "attn.qkv" in name:
                for part, piece in zip((query, key, value), tensor.chunk(3), strict=True):
                    found[name.replace("attn.qkv", f"attention.{part}")] = piece.contiguous()
                continue
        elif name.startswith("norm."):
            name = f"layer{name}"
        else:
            name = name.replace("patch_embed.proj", "patch_embeddings.projection")
            name = f"embeddings.{name.replace('pos_embed', 'position_embeddings')}"
        found[name] = tensor
    return found


@pytest.mark.parametrize(
    ("size", "parameters", "tensors"), [("s", 22_056_576, 175), ("b", 86_580_480, 175), ("l", 304_368_640, 343)]
)
def test_they_have_the_published_parameters(size, parameters, tensors):
    with torch.device("meta"):
        net = Dinov2(dinov2.SIZES[size])
    assert sum(value.numel() for value in net.parameters()) == parameters
    assert len(net.state_dict()) == tensors
    for name in (
        "cls_token", "pos_embed", "mask_token", "patch_embed.proj.weight", "blocks.0.norm1.weight",
        "blocks.11.attn.qkv.bias", "blocks.11.attn.proj.weight", "blocks.11.ls1.gamma", "blocks.11.norm2.bias",
        "blocks.11.mlp.fc1.weight", "blocks.11.mlp.fc2.bias", "blocks.11.ls2.gamma", "norm.weight", "norm.bias",
    ):  # fmt: skip
        assert name in net.state_dict()


def bicubic_by_hand(line, length):
    """A line brought to a length as the published code does, sample by sample (Keys' kernel, a = -0.75)."""
    found = []
    step = len(line) / (length + 0.1)
    for i in range(length):
        place = (i + 0.5) * step - 0.5
        first = int(np.floor(place))
        total = 0.0
        for j in range(first - 1, first + 3):
            far = abs(place - j)
            near = 1.25 * far**3 - 2.25 * far**2 + 1
            weight = near if far <= 1 else -0.75 * (far**3 - 5 * far**2 + 8 * far - 4)
            total += weight * line[min(max(j, 0), len(line) - 1)]
        found.append(total)
    return np.array(found)


@pytest.mark.parametrize("grid", [(16, 16), (10, 15)])
def test_positions_are_interpolated_as_published(grid):
    table = torch.randn(1, 1 + 37**2, 2, generator=torch.Generator().manual_seed(0))
    found = positions(table, grid)
    assert torch.equal(found[:, 0], table[:, 0])
    places = table[0, 1:].numpy().astype(float).reshape(37, 37, 2)
    rows = np.apply_along_axis(bicubic_by_hand, 0, places, grid[0])
    whole = np.apply_along_axis(bicubic_by_hand, 1, rows, grid[1])
    assert np.allclose(found[0, 1:].numpy(), whole.reshape(-1, 2), atol=1e-4)


def test_positions_of_its_own_grid_stay_as_they_are():
    table = torch.randn(1, 1 + 37**2, 2)
    assert positions(table, (37, 37)) is table


def test_attention_is_that_of_the_paper():
    torch.manual_seed(0)
    attention = dinov2.Attention(128)
    x = torch.randn(2, 5, 128)
    q, k, v = (
        part.unflatten(2, (2, 64)).transpose(1, 2)
        for part in F.linear(x, attention.qkv.weight, attention.qkv.bias).chunk(3, 2)
    )
    answer = ((q @ k.mT / 8).softmax(-1) @ v).transpose(1, 2).reshape(2, 5, 128)
    assert torch.allclose(attention(x), attention.proj(answer), atol=1e-5)


def test_pixels_are_normalised_as_imagenets():
    x = torch.tensor([124.0, 116.0, 104.0]).view(1, 3, 1, 1)
    expected = [(124 / 255 - 0.485) / 0.229, (116 / 255 - 0.456) / 0.224, (104 / 255 - 0.406) / 0.225]
    assert np.allclose(dinov2.normalised(x).flatten().numpy(), expected, atol=1e-6)


def test_features_of_a_file(small, tmp_path):
    file = tmp_path / "mine.pth"
    torch.save(small.state_dict(), file)
    extractor = registry.extractor(f"dinov2:{file}")
    digest = weights.sha256_of(file)
    assert (extractor.name, extractor.dimension, extractor.label) == (
        "dinov2:mine.pth",
        128,
        f"FD-DINOv2-S-{digest[:8]}",
    )
    assert (extractor.digest, extractor.resize) == (digest[:16], "bicubic, antialiased, to 224")
    assert extractor.head is None
    x = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64), dtype=np.uint8)
    large = F.interpolate(torch.from_numpy(x).float(), (224, 224), mode="bicubic", antialias=True).round().clamp(0, 255)
    with torch.inference_mode():
        expected = small(dinov2.normalised(large)).numpy()
    found = extractor(x)
    assert np.allclose(found, expected, atol=1e-4)
    assert np.allclose(found, extractor(large.byte().numpy()), atol=1e-4)
    assert np.allclose(found[1:2], extractor(x[1:2]), atol=1e-4)


def test_what_comes_out_is_the_normalised_class_token(small):
    seen = []
    small.blocks.register_forward_hook(lambda module, _, y: seen.append(y))
    with torch.inference_mode():
        found = small(torch.randn(2, 3, 28, 42))
    assert seen[0].shape == (2, 1 + 2 * 3, 128)
    assert torch.allclose(
        found, nn.functional.layer_norm(seen[0], (128,), small.norm.weight, small.norm.bias, 1e-6)[:, 0]
    )


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("prefix", ["", "dinov2."])
def test_hugging_faces_names_are_understood(small, tmp_path, later, prefix):
    table = {prefix + name: value for name, value in hugging_face(small.state_dict(), later).items()}
    assert f"{prefix}encoder.layer.0.attention.{'q_proj' if later else 'attention.query'}.weight" in table
    save_file(table, tmp_path / "model.safetensors")
    size, net = dinov2.load_dinov2(tmp_path / "model.safetensors", "x")
    assert size == "s"
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in small.state_dict().items())


@pytest.mark.parametrize("name", ["dinov2", "dinov2:s"])
def test_the_published_file_is_found_by_its_size(small, tmp_path, monkeypatch, name):
    file = tmp_path / "dinov2_vits14_pretrain.pth"
    torch.save(small.state_dict(), file)
    monkeypatch.setenv("FIGMENT_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match="has the name but not the bytes"):
        registry.extractor(name)
    published = weights.PublishedWeights("dinov2:s", (file.name,), (), "", 0, weights.sha256_of(file))
    monkeypatch.setitem(weights.DINOV2, "s", published)
    extractor = registry.extractor(name)
    assert (extractor.name, extractor.label) == ("dinov2:s", "FD-DINOv2-S")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"register_tokens": torch.zeros(1, 4, 128)}, "register_tokens is one too many"),
        ({"cls_token": torch.zeros(1, 1, 1536)}, r"no DINOv2 that figment knows \(1536 channels\)"),
        ({"cls_token": torch.tensor(0.0)}, r"no DINOv2 that figment knows \(no cls_token\)"),
        ({"cls_token": None}, "no cls_token"),
        ({"blocks.1.attn.qkv.bias": None}, "blocks.1.attn.qkv.bias is missing"),
        ({"pos_embed": torch.zeros(1, 257, 128)}, "pos_embed is 1×257×128 and not 1×1370×128"),
    ],
)
def test_other_networks_are_refused(small, tmp_path, change, said):
    table = {name: value for name, value in (small.state_dict() | change).items() if value is not None}
    torch.save(table, tmp_path / "other.pth")
    with pytest.raises(InputError, match=said) as error:
        registry.extractor(f"dinov2:{tmp_path / 'other.pth'}")
    assert str(tmp_path / "other.pth") in str(error.value)
