"""Generators as files: what is loaded is what was kept, and nothing but a generator of ours is loaded."""

import json
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from figment import nets
from figment.common.pixels import to_uint8
from figment.errors import InputError
from figment.generator import Generator, load
from figment.media.images import grid
from figment.nets.serialization import packed
from figment.presets import make
from figment.recipe import Recipe


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


def test_decoding_equals_the_net_one_code_at_a_time(file: Path) -> None:
    generator = load(file)
    z = generator.codes(5, seed=4)
    one_by_one = torch.cat([to_uint8(generator.net(c[None])) for c in z])
    assert (generator.decode(z).int() - one_by_one.int()).abs().max() <= 1


# ---- other shapes, and classes -----------------------------------------------------------------------------------

PETS = ("ant", "bee", "cat")


def conditional(**choices: Any) -> Generator:
    """An untrained generator of three classes whose pictures differ by them."""
    recipe = make("dcgan", **dict(size=16, width=2, channels=3, code_size=6, classes=PETS) | choices)
    net = nets.initialised(nets.generator(recipe), 0, "generator")
    with torch.no_grad():
        [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)][-1].weight.mul_(20)
    return Generator(net, recipe)


@pytest.mark.parametrize("family", ["dcgan", "r3gan"])
@pytest.mark.parametrize("size", ["16x24", (40, 32), 16])
@pytest.mark.parametrize("classes", [(), PETS])
def test_any_shape_and_family_is_kept_and_sampled(
    family: str, size: Any, classes: tuple[str, ...], tmp_path: Path
) -> None:
    recipe = make("dcgan", size=size, width=4, channels=1, nets=family, group_channels=2, blocks=1, classes=classes)
    made = Generator(nets.initialised(nets.generator(recipe), 0, "generator"), recipe)
    (tmp_path / "generator.safetensors").write_bytes(packed(made.net, recipe, "generator"))
    again = load(tmp_path / "generator.safetensors")
    assert again.recipe == recipe
    assert again.classes == classes
    many = made.sample(20, seed=1)
    assert many.shape == (20, 1, *recipe.shape)
    assert torch.equal(again.sample(3, seed=1, start=15), many[15:18])
    assert made.sample(0).shape == (0, 1, *recipe.shape)


def test_sample_of_a_class_depends_on_number_and_seed_and_class_alone() -> None:
    generator = conditional()
    many = generator.sample(40, seed=1)
    labels = generator.labels(40, seed=1)
    assert set(labels.tolist()) == {0, 1, 2}
    for n, start in ((1, 17), (5, 14), (20, 19)):
        assert torch.equal(generator.sample(n, seed=1, start=start), many[start : start + n])
        assert torch.equal(generator.labels(n, seed=1, start=start), labels[start : start + n])
    for number, name in enumerate(PETS):
        of_class = generator.sample(40, seed=1, label=name)
        assert torch.equal(of_class[labels == number], many[labels == number])
        assert torch.equal(generator.sample(3, seed=1, start=20, label=name), of_class[20:23])
        assert generator.labels(5, label=name).tolist() == [number] * 5


def test_class_changes_the_picture_and_code_stays() -> None:
    generator = conditional()
    cats, bees = (generator.sample(8, label=name) for name in ("cat", "bee"))
    assert not torch.equal(cats, bees)
    z = generator.codes(8)
    assert torch.equal(generator.decode(z, torch.full((8,), 2)), cats)
    one_by_one = [to_uint8(generator.net(c[None], torch.tensor([1]))) for c in z]
    assert (torch.cat(one_by_one).int() - bees.int()).abs().max() <= 1


def test_a_sheet_has_a_row_for_each_class() -> None:
    generator = conditional(size="16x24")
    assert np.array_equal(
        generator.sheet(seed=2), grid(torch.cat([generator.sample(8, 2, label=name) for name in PETS]), columns=8)
    )
    assert generator.sheet().shape == (3 * 18 - 2, 8 * 26 - 2, 3)
    assert np.array_equal(generator.sheet(5, labels=["cat"]), grid(generator.sample(5, label="cat")))
    assert np.array_equal(generator.sheet(10, seed=3), grid(generator.sample(10, seed=3)))
    assert generator.sheet(5, labels=["cat", "ant"]).shape == (2 * 18 - 2, 5 * 26 - 2, 3)


def test_what_a_sheet_shows() -> None:
    many = tuple(f"class {i}" for i in range(17))
    assert conditional().shown() == (8, PETS)
    assert conditional().shown(labels=["cat"]) == (64, ("cat",))
    assert conditional().shown(9) == (9, ())
    assert conditional(classes=many).shown() == (64, ())
    assert conditional(size=512).shown() == (4, PETS)
    assert conditional(classes=(), size=256).shown() == (64, ())
    assert conditional(classes=(), size="320x256").shown() == (16, ())


def test_unconditional_sheets_are_as_they_were(file: Path) -> None:
    generator = load(file)
    assert generator.labels(5) is None
    assert np.array_equal(generator.sheet(seed=3), grid(generator.sample(64, seed=3), columns=8))


@pytest.mark.parametrize(
    ("classes", "label", "said"),
    [
        (PETS, "can", "--label can: no class of this generator; did you mean cat?"),
        (PETS, "zebra", "there are ant, bee, cat."),
        (tuple(map(str, range(100))), "x", "18, 19 and 80 more."),
        ((), "cat", "was trained without labels: train one with --labels."),
    ],
)
def test_unknown_labels(classes: tuple[str, ...], label: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        conditional(classes=classes).sample(1, label=label)
    assert said in str(error.value)


def test_labels_are_given_where_there_are_classes_and_only_there() -> None:
    for generator, labels in ((conditional(), None), (conditional(classes=()), torch.zeros(2, dtype=torch.int64))):
        with pytest.raises(ValueError, match="labels are for generators with classes"):
            generator.decode(generator.codes(2), labels)


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


# ---- files of another hand -----------------------------------------------------------------------------------------


def stored_as(file: Path, dtype: torch.dtype) -> None:
    with safe_open(file, "pt") as content:
        header = content.metadata()
    save_file({k: v.to(dtype) if v.is_floating_point() else v for k, v in load_file(file).items()}, file, header)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_halved_and_doubled_weights_are_taken(file: Path, dtype: torch.dtype) -> None:
    before = load(file).sample(4)
    stored_as(file, dtype)
    again = load(file)
    assert {v.dtype for v in again.net.state_dict().values() if v.is_floating_point()} == {torch.float32}
    assert (again.sample(4).int() - before.int()).abs().max() <= 3


@pytest.mark.parametrize("dtype", [torch.int32, torch.int8, torch.bool, torch.complex64])
def test_weights_of_other_types_are_refused_by_name(file: Path, dtype: torch.dtype) -> None:
    stored_as(file, dtype)
    with pytest.raises(InputError, match=r"is damaged \(\S+weight is \w+ where float32 is wanted\)"):
        load(file)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 3e38, -1e20])
def test_numbers_that_no_net_can_have_are_refused_by_name(file: Path, number: float) -> None:
    with safe_open(file, "pt") as content:
        header = content.metadata()
    found = load_file(file)
    name = next(k for k, v in found.items() if v.ndim == 4)
    found[name].view(-1)[1] = number
    save_file(found, file, header)
    with pytest.raises(
        InputError, match=rf"is damaged \({name} holds NaN, infinity or numbers beyond -1e\+15 to 1e\+15\)"
    ):
        load(file)


def test_a_variance_below_nothing_is_refused_by_name(file: Path) -> None:
    with safe_open(file, "pt") as content:
        header = content.metadata()
    found = load_file(file)
    name = next(k for k in found if k.endswith("running_var"))
    found[name][0] = -1
    save_file(found, file, header)
    with pytest.raises(InputError, match=rf"is damaged \({name} holds"):
        load(file)


@pytest.mark.parametrize(
    "fields",
    [{"channels": "auto"}, {"width": 10**9}, {"nets": "r3gan", "widths": [10**12] * 3}, {"classes": ["a", "a"]},
     {"nets": "r3gan", "widths": [1]}, {"code_size": "x"}, {"size": 10**9}, {"width": 4096, "size": 512}],
)  # fmt: skip
def test_headers_that_describe_no_net_are_refused(file: Path, fields: dict[str, Any]) -> None:
    with safe_open(file, "pt") as content:
        header = json.loads(content.metadata()["figment"])
    header["recipe"] |= fields
    save_file(load_file(file), file, {"figment": json.dumps(header)})
    with pytest.raises(InputError, match=str(file)):
        load(file)


def test_a_net_larger_than_the_memory_is_told_before_it_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(InputError, match=r"of memory and 0\.0 are free"):
        load(file)


@pytest.mark.parametrize(
    "scores", ["onnx:/home/me/nets/eye.onnx,size=32", r"inception:C:\nets\eye.onnx,size=32", "random"]
)
def test_what_is_packed_names_a_network_and_not_where_it_lay(file: Path, recipe: Recipe, scores: str) -> None:
    net = load(file).net
    file.write_bytes(packed(net, recipe.model_copy(update={"scores": scores}), "generator"))
    assert b"home" not in file.read_bytes()
    assert b"C:" not in file.read_bytes()
    kind, colon, _ = scores.partition(":")
    assert load(file).recipe.scores == (f"{kind}:eye.onnx,size=32" if colon else scores)
