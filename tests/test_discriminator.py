"""A discriminator loaded from its file, and one that has learnt nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch

from figment import nets, presets
from figment.common.pixels import to_input
from figment.discriminator import CALIBRATION, Discriminator, load_discriminator, representation, untrained
from figment.errors import InputError
from figment.game.calibration import Calibration
from figment.nets import dcgan, r3gan
from figment.nets.hooks import altered, layers, watched
from figment.nets.serialization import packed

FAMILIES = {
    "dcgan": dict(width=4),
    "without norm": dict(width=4, discriminator_norm="none", modulated=True, upsampling="nearest"),
    "dropout": dict(width=4, dropout=0.5),
    "r3gan": dict(nets="r3gan", width=8, blocks=2, discriminator_norm="none"),
    "classes": dict(width=4, labels=True, classes=("a", "b", "c")),
    "r3gan classes": dict(nets="r3gan", width=8, discriminator_norm="none", labels=True, classes=("a", "b", "c")),
}


def made(family: str, **choices):
    return presets.make("dcgan", **dict(size=32, channels=3, code_size=5) | FAMILIES[family] | choices)


def pictures(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), np.uint8))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_discriminator_is_loaded_as_it_was(family: str, tmp_path: Path) -> None:
    choices = made(family)
    net = nets.initialised(nets.discriminator(choices), 1, "discriminator").eval()
    file = tmp_path / "discriminator.safetensors"
    file.write_bytes(packed(net, choices, "discriminator"))
    found = load_discriminator(file)
    assert found.recipe == choices
    x, labels = to_input(pictures(70)), torch.arange(70) % 3 if choices.classes else None
    expected = net(x) if labels is None else net(x, labels)
    assert torch.allclose(found.logits(pictures(70), labels), expected, atol=1e-5)
    assert not any(p.requires_grad for p in found.net.parameters())


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_are_what_goes_into_the_end(family: str) -> None:
    discriminator = untrained(made(family))
    x = to_input(pictures(2)).requires_grad_()
    maps = discriminator.maps(x)
    assert len(maps) == len(discriminator.layers)
    assert all(m.shape[0] == 2 and m.ndim == 4 for m in maps)
    assert [m.shape[2] for m in maps] == sorted((m.shape[2] for m in maps), reverse=True)
    maps[-1].sum().backward()
    assert x.grad is not None
    assert (x.grad != 0).any()
    net, last = discriminator.net, maps[-1]
    with torch.no_grad():
        if isinstance(net, r3gan.Discriminator):
            again = net.end(last, torch.zeros(2, dtype=torch.int64))
        else:
            again = (
                net[-1](last, torch.zeros(2, dtype=torch.int64))
                if discriminator.recipe.classes
                else net[-2](last).flatten()
            )
        assert torch.allclose(again, discriminator(x), atol=1e-5)


def test_classes_change_logits_and_nothing_that_layers_see() -> None:
    discriminator = untrained(made("classes"))
    with torch.no_grad():
        discriminator.net[-1].embedding.weight.normal_()
    x = pictures(4)
    assert not torch.allclose(
        discriminator.logits(x, torch.full((4,), 2)), discriminator.logits(x, torch.full((4,), 1))
    )
    assert torch.equal(discriminator.logits(x), discriminator.logits(x, torch.zeros(4, dtype=torch.int64)))


def test_an_untrained_one_is_what_training_starts_from() -> None:
    choices = made("without norm")
    first = nets.initialised(nets.discriminator(choices), 5, "discriminator").state_dict()
    assert all(torch.equal(v, first[k]) for k, v in untrained(choices, 5).net.state_dict().items())
    assert not torch.equal(untrained(choices, 6).net[0].weight, first["0.weight"])


def test_files_that_are_no_discriminator_are_refused(tmp_path: Path) -> None:
    choices = made("dcgan")
    file = tmp_path / "x.safetensors"
    with pytest.raises(InputError, match="doesn't exist"):
        load_discriminator(file)
    file.write_bytes(packed(nets.initialised(nets.generator(choices), 0, "generator"), choices, "generator"))
    with pytest.raises(InputError, match="is no figment discriminator"):
        load_discriminator(file)
    net = nets.initialised(nets.discriminator(choices), 0, "discriminator")
    file.write_bytes(packed(net, made("dcgan", width=8), "discriminator"))
    with pytest.raises(InputError, match="doesn't fit the recipe"):
        load_discriminator(file)
    file.write_bytes(packed(net, choices, "discriminator")[:-5])
    with pytest.raises(InputError, match="no whole safetensors file"):
        load_discriminator(file)
    (tmp_path / "recipe.json").write_text("{}")
    (tmp_path / "run.json").write_text('{"format": 1, "state": "interrupted"}')
    with pytest.raises(InputError, match=r"has no discriminator\.safetensors: "):
        load_discriminator(tmp_path)


# ---- layers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_generators_have_layers_too_from_the_start_grid_up(family: str) -> None:
    choices = made(family)
    net = nets.initialised(nets.generator(choices), 0, "generator").eval()
    inputs = (torch.randn(2, 5), torch.zeros(2, dtype=torch.int64)) if choices.classes else (torch.randn(2, 5),)
    with watched(layers(net)) as seen:
        net(*inputs)
    sides = [m.shape[2] for m in seen]
    assert sides == sorted(sides)
    assert sides[0] == 4
    assert len(seen) == len(layers(net))
    kind = r3gan.Block if isinstance(net, r3gan.Generator) else torch.nn.ReLU
    assert all(isinstance(layer, kind) for layer in layers(net))
    assert isinstance(net, dcgan.Generator | r3gan.Generator)


def test_a_layer_can_be_altered_for_a_while() -> None:
    net = nets.initialised(nets.generator(made("dcgan")), 0, "generator").eval()
    z = torch.randn(2, 5)
    before = net(z)
    with altered(layers(net)[-1], lambda x: x * 0):
        assert torch.equal(net(z), torch.zeros_like(before))
    with pytest.raises(RuntimeError), altered(layers(net)[0], lambda x: x[:, :1]):
        net(z)
    assert torch.equal(net(z), before)


def test_the_representation_is_every_layers_maxima() -> None:
    """Against the paper's words, layer by layer: convolutions written out, largest values of a 4×4 grid."""
    made = presets.make("dcgan", size=32, channels=3, width=4, discriminator_norm="none")
    net = untrained(made, 3).net
    pictures = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), np.uint8)
    x, expected = torch.from_numpy(pictures).float() / 127.5 - 1, []
    convs = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)][:-1]
    for conv in convs:
        x = torch.nn.functional.conv2d(x, conv.weight, conv.bias, 2, 1)
        x = torch.where(x > 0, x, 0.2 * x)
        side = x.shape[2] // 4
        expected.append(x.unflatten(2, (4, side)).unflatten(4, (4, side)).amax((3, 5)).flatten(1))
    found = representation(Discriminator(net, made), pictures)
    assert found.shape == (3, 16 * (4 + 8 + 16))
    assert np.allclose(found, torch.cat(expected, 1).detach().numpy(), atol=1e-5)


def test_how_p_fake_is_read_is_kept_with_the_weights_and_older_files_have_none(tmp_path: Path) -> None:
    choices = made("without norm")
    net, kept = untrained(choices).net, {"slope": 2.0, "offset": -0.5, "reals": 40, "fakes": 512}
    file, older = tmp_path / "discriminator.safetensors", tmp_path / "older.safetensors"
    file.write_bytes(packed(net, choices, "discriminator", {CALIBRATION: kept}))
    older.write_bytes(packed(net, choices, "discriminator"))
    found, logits = load_discriminator(file), torch.tensor([0.0, 3.0])
    assert found.calibration == Calibration(2.0, -0.5, 40, 512)
    told = found.p_fake(logits)
    assert told is not None
    assert told.tolist() == pytest.approx([1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(5.5))])
    assert load_discriminator(older).p_fake(logits) is None
    assert untrained(choices).p_fake(logits) is None


@pytest.mark.parametrize("spoilt", [{"slope": -1.0}, {"offset": "x"}, {"slope": None}, {"reals": -1}])
def test_a_damaged_calibration_is_refused_by_name(spoilt: dict, tmp_path: Path) -> None:
    choices, file = made("without norm"), tmp_path / "discriminator.safetensors"
    kept = {"slope": 2.0, "offset": -0.5, "reals": 40, "fakes": 512} | spoilt
    file.write_bytes(packed(untrained(choices).net, choices, "discriminator", {CALIBRATION: kept}))
    with pytest.raises(InputError, match=f"is damaged \\(its calibration: .*{next(iter(spoilt))}"):
        load_discriminator(file)
