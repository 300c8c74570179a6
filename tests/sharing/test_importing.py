"""Nets of other programs: drawn by an independent implementation of what they are, and by figment's net of the same weights."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import figment
from figment.data.decoding.decode import decode
from figment.data.sources.open import open_source
from figment.sharing.importing import dcgan_tutorial
from figtest.command import command
from figtest.tutorial import tutorial_weights


def by_hand(weights: dict[str, Tensor], z: Tensor) -> Tensor:
    """What such a net draws, from its weights alone: each convolution as a sum over its taps, in float64."""
    x = z.double()[:, :, None, None]
    i = 0
    while True:
        kernel = weights[f"main.{3 * i}.weight"].double()
        stride, pad = (2, 1) if i else (1, 0)
        n, _, h, w = x.shape
        full = torch.zeros(n, kernel.shape[1], (h - 1) * stride + 4, (w - 1) * stride + 4, dtype=torch.float64)
        for dy in range(4):
            for dx in range(4):
                part = torch.einsum("nihw,io->nohw", x, kernel[:, :, dy, dx])
                full[:, :, dy : dy + (h - 1) * stride + 1 : stride, dx : dx + (w - 1) * stride + 1 : stride] += part
        x = full[:, :, pad : full.shape[2] - pad, pad : full.shape[3] - pad]
        norm = f"main.{3 * i + 1}."
        if norm + "weight" not in weights:
            return torch.tanh(x)
        mean, var, scale, shift = (
            weights[norm + part].double()[:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = ((x - mean) / (var + 1e-5).sqrt() * scale + shift).clamp(min=0)
        i += 1


@pytest.mark.parametrize(
    ("shape", "size"), [({}, 64), (dict(nz=20, ngf=4, nc=1, doublings=5), 128), (dict(nz=7, ngf=3, doublings=2), 16)]
)
def test_it_draws_what_the_other_net_draws(shape, size, tmp_path):
    weights = tutorial_weights(**shape)
    net, recipe = dcgan_tutorial(weights, tmp_path / "netG.pth")
    z = torch.randn(3, recipe.code_size, generator=torch.Generator().manual_seed(1))
    expected = by_hand(weights, z)
    assert recipe.shape == (size, size) == tuple(expected.shape[2:])
    assert recipe.prior == "normal"
    assert expected.std() > 0.05
    assert (net(z).double() - expected).abs().max() < 2e-5


def test_a_file_becomes_a_generator(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = tutorial_weights(nz=12, ngf=4, doublings=3)
    torch.save(weights, "netG.pth")
    save_file({f"module.{name}": tensor for name, tensor in weights.items()}, "netG.safetensors")
    torch.save({"epoch": 3, "netG": weights}, "whole.pt")
    made = []
    for i, file in enumerate(("netG.pth", "netG.safetensors", "whole.pt")):
        assert command("import", file, "--as", "dcgan-tutorial", "--out", f"out-{i}") == 0
        assert {path.name for path in Path(f"out-{i}").iterdir()} == {"generator.safetensors", "recipe.json"}
        made.append(Path(f"out-{i}/generator.safetensors").read_bytes())
    assert made[0] == made[1] == made[2]
    assert "32 colour, widths 16→8→4, codes of 12 numbers" in capsys.readouterr().out
    generator = figment.load("out-0/generator.safetensors")
    drawn = by_hand(weights, generator.codes(5))
    assert (generator.sample(5).double() - (drawn + 1) * 127.5).abs().max() < 1.01
    assert command("sample", "out-0/generator.safetensors", "-n", 4) == 0
    assert command("import", "netG.pth", "--as", "dcgan-tutorial", "--out", "out-0") == 2
    assert "holds a generator.safetensors already" in capsys.readouterr().err


class Evil:
    def __reduce__(self):
        return open, ("ran", "w")


def test_what_it_isn_t_is_refused_and_nothing_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = tutorial_weights(nz=12, ngf=4, doublings=3)
    torch.save({"main.0.weight": Evil()}, "evil.pth")
    Path("plain.pkl").write_bytes(pickle.dumps(Evil()))
    torch.save(weights, buffer := io.BytesIO())
    Path("cut.pth").write_bytes(buffer.getvalue()[:3000])
    torch.save([1, 2], "list.pt")
    torch.save(weights | {"main.12.weight": torch.zeros(3, 3, 4, 4)}, "more.pt")
    torch.save({n: t for n, t in weights.items() if n != "main.4.running_var"}, "less.pt")
    torch.save(weights | {"main.1.bias": torch.full((16,), float("nan"))}, "nan.pt")
    torch.save(weights | {"main.1.bias": torch.zeros(3)}, "shape.pt")
    torch.save(weights | {"main.9.weight": torch.zeros(4, 5, 4, 4)}, "channels.pt")
    torch.save(nn.Conv2d(3, 3, 3).state_dict(), "other.pt")
    Path("cut.safetensors").write_bytes(b"\x99" * 40)
    with zipfile.ZipFile("bomb.pt", "w") as archive:
        archive.writestr("x", b"")
        archive.infolist()[0].file_size = 1 << 40
    for file, told in {
        "evil.pth": "holds more than weights", "plain.pkl": "holds more than weights, which might run code",
        "cut.pth": "is cut short",
        "list.pt": "other things than tensors by name", "more.pt": "isn't a generator",
        "less.pt": "(main.4.running_var is missing)", "nan.pt": "main.1.bias holds NaN",
        "shape.pt": "main.1.bias has the shape (3,)",
        "channels.pt": "in 5 channels", "other.pt": "isn't a generator of PyTorch's DCGAN tutorial", "none.pt": "doesn't exist",
        "cut.safetensors": "no whole safetensors file", "bomb.pt": "unpacks to more than 4 GiB", ".": "is a folder",
    }.items():  # fmt: skip
        assert command("import", file, "--as", "dcgan-tutorial", "--out", "out") == 2
        error = capsys.readouterr().err
        assert told in error, file
        assert error.count("\n") == 1
    assert command("import", "evil.pth", "--as", "r3gan", "--out", "out") == 2
    assert "R3GAN's published nets are pickles" in capsys.readouterr().err
    assert not Path("ran").exists()
    assert not Path("out").exists()


def test_batches_of_samples_as_the_adm_evaluation_has_them(tmp_path):
    """arr_0, uint8 N×H×W×C, and classes beside it in arr_1 where there are any."""
    pictures = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "samples_12x16x16x3.npz", pictures, np.arange(12) % 3)
    source = open_source(tmp_path / "samples_12x16x16x3.npz")
    assert source.listing.names == [f"arr_0/{i:06d}" for i in range(12)]
    assert source.listing.labels == [str(i % 3) for i in range(12)]
    held = np.stack([np.asarray(decode(payload)) for chunk in source.chunks() for payload in chunk.payloads])
    assert np.array_equal(held, pictures)


@pytest.mark.parametrize(
    "crafted",
    [
        torch.empty(16, device="meta"), torch.ones(16).to_sparse(), torch.ones(1).expand(16),
        torch.ones(1).expand(1 << 40),
    ],
    ids=["meta", "sparse", "repeated", "vast"],
)  # fmt: skip
def test_tensors_that_aren_t_all_there_are_refused(crafted, tmp_path, capsys):
    torch.save(tutorial_weights(nz=12, ngf=4, doublings=3) | {"main.1.weight": crafted}, tmp_path / "x.pth")
    assert command("import", tmp_path / "x.pth", "--as", "dcgan-tutorial", "--out", tmp_path / "out") == 2
    assert "x.pth holds main.1.weight without all its numbers, one by one" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
