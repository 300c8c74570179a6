"""Generators as files: what is loaded is what was kept, and nothing but a generator of ours is loaded."""

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from figment import nets
from figment.errors import InputError
from figment.generator import Generator, load, packed, to_uint8
from figment.recipe import Recipe, make


@pytest.fixture
def recipe() -> Recipe:
    return make("dcgan", size=16, width=2, channels=3)


@pytest.fixture
def file(tmp_path: Path, recipe: Recipe) -> Path:
    path = tmp_path / "generator.safetensors"
    path.write_bytes(packed(nets.initialised(nets.generator(recipe), 0, "generator"), recipe, "generator"))
    return path


def test_loaded_equals_kept(file: Path, recipe: Recipe) -> None:
    kept = Generator(nets.initialised(nets.generator(recipe), 0, "generator"), recipe)
    again = load(file)
    assert again.recipe == recipe
    assert torch.equal(again.sample(20, seed=3), kept.sample(20, seed=3))
    assert packed(again.net, recipe, "generator") == file.read_bytes()


def test_header_carries_recipe_and_no_path(file: Path) -> None:
    raw = file.read_bytes()
    header = raw[8 : 8 + struct.unpack("<Q", raw[:8])[0]].decode()
    assert json.loads(json.loads(header)["__metadata__"]["figment"])["recipe"]["width"] == 2
    assert str(file.parent) not in header
    assert "/home" not in header


def test_sample_depends_on_number_and_seed_alone(file: Path) -> None:
    generator = load(file)
    many = generator.sample(50, seed=1)
    assert many.dtype == torch.uint8
    assert many.shape == (50, 3, 16, 16)
    for n, start in ((1, 0), (1, 17), (5, 14), (20, 30), (33, 16)):
        assert torch.equal(generator.sample(n, seed=1, start=start), many[start : start + n])
    assert not torch.equal(generator.sample(50, seed=2), many)
    assert generator.sample(0).shape == (0, 3, 16, 16)


def test_truncation_draws_in_to_the_mean_picture(file: Path) -> None:
    generator = load(file)
    mean = generator.sample(4, truncation=0.0)
    assert torch.equal(mean, mean[:1].expand_as(mean))
    spreads = [generator.sample(32, truncation=t).float().std(0).mean() for t in (0.2, 0.6, 1.0)]
    assert spreads == sorted(spreads)


def test_levels() -> None:
    assert to_uint8(torch.tensor([-1.0, 0.0, 1.0, 2.0])).tolist() == [0, 128, 255, 255]


def test_decoding_equals_the_net_one_code_at_a_time(file: Path) -> None:
    generator = load(file)
    z = generator.codes(5, seed=4)
    one_by_one = torch.cat([to_uint8(generator.net(c[None])) for c in z])
    assert (generator.decode(z).int() - one_by_one.int()).abs().max() <= 1


def refused(path: Path, *words: str) -> None:
    with pytest.raises(InputError) as error:
        load(path)
    said = str(error.value)
    assert path.name in said
    assert all(word in said for word in words), said
    assert "\n" not in said


@pytest.mark.parametrize("keep", [0, 4, 8, 100, 0.5, 0.99])
def test_cut_off(file: Path, keep: float) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[: int(keep * len(raw)) if 0 < keep < 1 else int(keep)])
    refused(file, "no whole safetensors file")


def test_not_ours(file: Path, tmp_path: Path, recipe: Recipe) -> None:
    other = tmp_path / "other.safetensors"
    save_file({"w": torch.zeros(3)}, other)
    refused(other, "no figment generator")
    save_file({"w": torch.zeros(3)}, other, {"figment": '{"kind": "generator", "recipe": 3}'})
    refused(other, "holds no figment recipe")
    other.write_bytes(packed(nets.initialised(nets.discriminator(recipe), 0, "d"), recipe, "discriminator"))
    refused(other, "no figment generator")
    other.write_text("hello")
    refused(other, "no whole safetensors file")
    refused(tmp_path / "missing", "doesn't exist")
    refused(tmp_path, "no run folder")


def test_shapes_are_checked_before_anything_is_allocated(file: Path, tmp_path: Path, recipe: Recipe) -> None:
    """A header that claims a giant net must not make us allocate it."""
    big = recipe.model_copy(update={"width": 1024, "size": 256, "code_size": 4096})
    net = nets.initialised(nets.generator(recipe), 0, "generator")
    file.write_bytes(packed(net, big, "generator"))
    refused(file, "doesn't fit the recipe")
