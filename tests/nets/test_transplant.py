"""What was learnt, put into other nets: where channels coincide the same features to the bit, elsewhere undisturbed."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from figment import nets
from figment.common.seeds import generator_at
from figment.errors import InputError
from figment.nets import r3gan
from figment.nets.overlap import copy_grouped, resized_sum
from figment.nets.transplant import compared, transplant
from figment.presets import make
from figment.recipe import Recipe

R1 = dict(size=32, channels=3, width=6, code_size=8)
R3 = dict(size=32, channels=3, widths=(8, 8, 6, 4), blocks=1, group_channels=4, code_size=8)
RECIPES = {"dcgan": ("dcgan-r1", R1), "batch norm": ("dcgan", R1), "r3gan": ("r3gan-small", R3)}
CLASSES = dict(labels=True, classes=("cats", "dogs"))
BUILD = {"generator": nets.generator, "discriminator": nets.discriminator}


def recipe(family: str, **changes: Any) -> Recipe:
    name, fields = RECIPES[family]
    return make(name, **fields | changes)


def fresh(r: Recipe, kind: str, seed: int = 0) -> nn.Module:
    return nets.initialised(BUILD[kind](r), seed, kind).eval().requires_grad_(False)


def taught(r: Recipe, kind: str) -> nn.Module:
    """A net all of whose numbers differ from a fresh one's: what an initial weight of 0 adds is seen, too."""
    net = fresh(r, kind, seed=1)
    draw = generator_at(7, kind)
    for tensor in net.state_dict().values():
        if tensor.is_floating_point():
            tensor += 0.2 * torch.rand(tensor.shape, generator=draw)
    return net


def moved(source: Recipe, target: Recipe, kind: str) -> tuple[nn.Module, nn.Module]:
    """A net that has learnt, and the target's with what fits of it."""
    old, new = taught(source, kind), fresh(target, kind)
    transplant(source, old.state_dict(), target, new, kind)
    return old, new


def inputs(r: Recipe, kind: str, n: int = 3) -> Tensor:
    draw = generator_at(3, "inputs")
    return torch.randn(n, *((r.code_size,) if kind == "generator" else (int(r.channels), *r.shape)), generator=draw)


def features(net: nn.Module, x: Tensor, labels: Tensor | None = None) -> list[Tensor]:
    """What each layer gives, in order."""
    seen = list[Tensor]()
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU, nn.LeakyReLU)
    hooks = [m.register_forward_hook(lambda m, a, y: seen.append(y)) for m in net.modules() if isinstance(m, kinds)]
    with torch.no_grad():
        seen.append(net(x) if labels is None else net(x, labels))
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("kind", BUILD)
@pytest.mark.parametrize("family", RECIPES)
def test_the_same_nets_give_the_same(family: str, kind: str) -> None:
    r = recipe(family)
    old, new = moved(r, r, kind)
    assert all(torch.equal(a, b) for a, b in zip(old.state_dict().values(), new.state_dict().values(), strict=True))
    assert str(compared(r, r)) == "all 4 stages"


@pytest.mark.parametrize("family", RECIPES)
def test_a_larger_size_has_the_same_features(family: str) -> None:
    """G's features up to the stages that are new are the smaller net's to the bit."""
    small = recipe(family)
    more = dict(widths=(8, 8, 6, 4, 4)) if family == "r3gan" else dict(widths=(24, 12, 6, 4))
    large = recipe(family, size=64, **more)
    old, new = moved(small, large, "generator")
    x = inputs(small, "generator")
    shared = [i for i, y in enumerate(features(old, x)) if y.shape[1] != 3 and y.shape[-1] <= 32]
    assert len(shared) > 5
    mine, theirs = features(new, x), features(old, x)
    assert all(
        torch.equal(mine[i], theirs[i]) for i in shared if theirs[i].shape[-1] <= (16 if family != "r3gan" else 32)
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize(
    ("family", "changes"),
    [("dcgan", {}), ("dcgan", dict(activation="leaky_relu")), ("batch norm", {}), ("r3gan", {}), ("r3gan", CLASSES)],
)
def test_a_larger_size_begins_as_the_smaller_one(family: str, changes: dict, size: int, channels: int) -> None:
    """G draws the same pictures with doubled pixels, and D sees means of pixels, whatever stages there are between."""
    widths = (
        (8, 8, 6, 4, 5)[: 3 if size == 32 else 4] if family != "r3gan" else (8, 8, 6, 6, 3)[: 4 if size == 32 else 5]
    )
    widths = (24, 12, 9, 7)[: len(widths)] if family != "r3gan" else widths
    few = (8, 8, 6) if family == "r3gan" else (24, 12)
    small = recipe(family, **dict(widths=few, size=16, channels=3) | changes)
    large = recipe(family, **dict(widths=widths, size=size, channels=channels) | changes)
    labels = (torch.zeros(3, dtype=torch.int64),) if changes == CLASSES else ()
    old, new = moved(small, large, "generator")
    z = inputs(small, "generator")
    enlarged = r3_enlarged if family == "r3gan" else lambda x: x.repeat_interleave(2, -1).repeat_interleave(2, -2)
    expected = old(z, *labels)
    expected = expected if channels == 3 else last_before(old, z, *labels).mean(1, keepdim=True)
    expected = torch.tanh(expected) if channels == 1 and family != "r3gan" else expected
    for _ in range(size // 32):
        expected = enlarged(expected)
    assert torch.allclose(new(z, *labels), expected, atol=2e-4)
    if family == "batch norm":
        return
    old, new = moved(small, large, "discriminator")
    x = reduced = inputs(large, "discriminator")
    for _ in range(size // 32):
        reduced = r3gan.halved(reduced) if family == "r3gan" else nn.functional.avg_pool2d(reduced, 2)
    expected = old(reduced.expand(-1, 3, -1, -1), *labels)
    assert torch.allclose(new(x, *labels), expected, rtol=1e-4, atol=1e-4)


def r3_enlarged(x: Tensor) -> Tensor:
    return r3gan.doubled(x)


def last_before(net: nn.Module, z: Tensor, *labels: Tensor) -> Tensor:
    """What the last convolution gives: colours before tanh."""
    return next(y for y in features(net, z, *labels) if y.shape[1] == 3)


def test_too_narrow_stages_begin_new() -> None:
    small, large = recipe("dcgan"), recipe("dcgan", size=64, widths=(24, 12, 6, 4))
    assert str(compared(small, large)) == "3 of 5 stages; new: the stages at 32 and 64 px"


def test_words() -> None:
    small, grey = recipe("dcgan"), recipe("dcgan", channels=1, size=64, widths=(24, 12, 6, 8))
    assert (
        str(compared(small, grey))
        == "3 of 5 stages; new: the stages at 32 and 64 px; pictures at first as they were, enlarged, colours→grey"
    )
    assert str(compared(grey, small)) == "3 of 4 stages; new: the stage at 32 px; grey→colours"
    other = recipe("dcgan", width=4, code_size=5, size="16x32", **CLASSES)
    assert str(compared(small, other)) == (
        "2 of 3 stages; new: the stage at 16x32 px; start grid 4×4→4×8, channels 24,12→8,4, code 8→5, 2 new classes"
    )
    r3, tall = recipe("r3gan"), recipe("r3gan", size=64, widths=(8, 8, 6, 4, 4))
    assert str(compared(r3, tall)) == "4 of 5 stages; new: the stage at 64 px; pictures at first as they were, enlarged"
    assert str(compared(tall, r3)) == "all 4 stages; new layers to colours"
    assert str(compared(recipe("dcgan", **CLASSES), small)) == "all 4 stages; its 2 classes as one"
    assert str(compared(small, small, True)) == "all 4 stages; the discriminator is new"


@pytest.mark.parametrize("family", RECIPES)
def test_wider_nets_are_not_disturbed(family: str) -> None:
    """The channels that the source had give what they gave: they see 0 of the new ones."""
    wide = dict(widths=(12, 10, 8, 6)) if family == "r3gan" else dict(width=9)
    source, target = recipe(family), recipe(family, **wide)
    for kind in BUILD:
        old, new = moved(source, target, kind)
        x = inputs(source, kind)
        a, b = old(x), new(x)
        assert torch.allclose(a, b, atol=1e-5 * float(a.abs().max()) + 1e-6), kind


@pytest.mark.parametrize("family", RECIPES)
def test_narrower_nets_take_the_first_channels(family: str) -> None:
    narrow = dict(widths=(4, 4, 4, 2)) if family == "r3gan" else dict(width=4)
    source, target = recipe(family), recipe(family, **narrow)
    for kind in BUILD:
        old, new = moved(source, target, kind)
        assert torch.isfinite(new(inputs(target, kind))).all()
        for name, weight in new.state_dict().items():
            if weight.dim() == 4 and "mix" not in name and not name.endswith("pool.weight"):
                assert torch.equal(weight, old.state_dict()[name][tuple(slice(n) for n in weight.shape)]), name


@pytest.mark.parametrize("family", RECIPES)
def test_grey_pictures_mean_what_they_meant(family: str) -> None:
    """D of colours on grey pictures equals D of grey on them, either way; G of grey draws the mean of the colours."""
    coloured, grey = recipe(family), recipe(family, channels=1)
    picture = inputs(grey, "discriminator")
    for source, target in ((coloured, grey), (grey, coloured)):
        old, new = moved(source, target, "discriminator")
        a, b = (net(picture.expand(-1, int(r.channels), -1, -1)) for net, r in ((old, source), (new, target)))
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-5)
    for source, target in ((coloured, grey), (grey, coloured)):
        old, new = moved(source, target, "generator")
        x = inputs(source, "generator")
        a, b = (
            net(x) if family == "r3gan" else torch.atanh(net(x).double().clamp(-1 + 1e-9, 1 - 1e-9))
            for net in (old, new)
        )
        a, b = a.mean(1, keepdim=True), b.mean(1, keepdim=True)
        sure = (a.abs() < 3) & (b.abs() < 3) if family != "r3gan" else torch.ones_like(a, dtype=torch.bool)
        assert torch.allclose(a[sure].double(), b[sure].double(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("family", RECIPES)
def test_classes(family: str) -> None:
    """Those that both know are the same; a discriminator gives new ones the mean of all, and one without classes, too."""
    plain, source = recipe(family), recipe(family, **CLASSES)
    target = recipe(family, labels=True, classes=("birds", "dogs"))
    old, new = moved(source, target, "discriminator")
    x = inputs(source, "discriminator")
    cats, dogs = (torch.full((3,), k) for k in (0, 1))
    mean = (old(x, cats) + old(x, dogs)) / 2
    assert torch.equal(new(x, dogs), old(x, dogs))
    assert torch.allclose(new(x, cats), mean, rtol=1e-4, atol=1e-4)
    assert torch.allclose(moved(source, plain, "discriminator")[1](x), mean, rtol=1e-4, atol=1e-4)
    old, new = moved(plain, source, "discriminator")
    assert torch.allclose(new(x, cats), old(x), rtol=1e-5, atol=1e-5)
    z = inputs(source, "generator")
    old, new = moved(source, target, "generator")
    assert torch.equal(new(z, dogs), old(z, dogs))
    assert not torch.allclose(new(z, cats), new(z, dogs))
    old, new = moved(plain, source, "generator")
    assert torch.allclose(new(z, cats), old(z), atol=1e-6)
    assert moved(source, plain, "generator")[1](z).isfinite().all()


@pytest.mark.parametrize("family", RECIPES)
def test_more_numbers_in_a_code_change_nothing_yet(family: str) -> None:
    source, target = recipe(family), recipe(family, code_size=11)
    old, new = moved(source, target, "generator")
    z = inputs(target, "generator")
    assert torch.allclose(new(z), old(z[:, :8]), atol=1e-6)


def test_modulation_that_was_not_there_changes_nothing_yet() -> None:
    source = recipe("dcgan", modulated=False)
    old, new = moved(source, recipe("dcgan"), "generator")
    x = inputs(source, "generator")
    assert torch.equal(old(x), new(x))


def test_more_blocks_add_nothing_yet() -> None:
    source, target = recipe("r3gan"), recipe("r3gan", blocks=2)
    for kind in BUILD:
        old, new = moved(source, target, kind)
        x = inputs(source, kind)
        assert torch.allclose(old(x), new(x), atol=1e-5)


@pytest.mark.parametrize(
    ("family", "changes", "words"),
    [("dcgan", dict(upsampling="transposed"), r"^--from: these nets don't fit \(upsampling is nearest there, transposed here"),
     ("batch norm", dict(discriminator_norm="none"), r"discriminator_norm is batch there, none here"),
     ("r3gan", dict(group_channels=2), r"group_channels is 4 there, 2 here")],
)  # fmt: skip
def test_weights_that_would_mean_something_else_are_refused(family: str, changes: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        compared(recipe(family), recipe(family, **changes))
    with pytest.raises(InputError, match=r"nets is dcgan there, r3gan here"):
        compared(recipe("dcgan"), recipe("r3gan"))


def test_groups_of_other_sizes() -> None:
    """By brute force: each output's weight on each input, 0 where the source has none."""
    draw = generator_at(0, "groups")
    source, target = torch.randn(8, 4, 3, 3, generator=draw), torch.randn(12, 3, 3, 3, generator=draw)
    before = target.clone()
    copy_grouped(target, source)
    for o in range(12):
        for j in range(3):
            i = o // 3 * 3 + j  # of all inputs
            theirs = source[o, i - o // 4 * 4] if o < 8 and o // 4 == i // 4 else torch.zeros(3, 3)
            assert torch.equal(target[o, j], theirs if o < 8 else before[o, j])


def test_sums_over_another_grid_keep_their_size() -> None:
    weight = torch.ones(2, 3, 4, 4)
    assert torch.allclose(resized_sum(weight, 6, 5).sum((2, 3)), weight.sum((2, 3)))
    assert resized_sum(weight, 4, 4).equal(weight)
