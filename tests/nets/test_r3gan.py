"""R3GAN's nets against the paper's parameter counts, and against formulas written out once more."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from figment import nets
from figment.common.seeds import generator_at
from figment.errors import InputError
from figment.nets import r3gan
from figment.presets import make
from figment.recipe import Recipe

# preset → classes, the paper's widths from 4×4 up, and its generator's parameters (arXiv 2501.05441)
PUBLISHED = {
    "r3gan-cifar10": (10, [768] * 4, 20_781_952),
    "r3gan-ffhq64": (0, [768] * 4 + [384], 22_429_824),
    "r3gan-ffhq256": (0, [768] * 4 + [384, 192, 96], 23_057_952),
    "r3gan-imagenet32": (1000, [1536] * 4, 82_914_304),
    "r3gan-imagenet64": (1000, [1536] * 5, 103_570_432),
}
CLASSES = ("cat", "dog", "owl")
LABELS = torch.tensor([2, 0, 1])
SLOPE = 0.2


def named(count: int) -> dict[str, object]:
    return dict(labels=count > 0, classes=tuple(map(str, range(count))), channels=3)


def tiny(**choices: object) -> Recipe:
    return make("r3gan", **(dict(size=16, width=4, blocks=1, group_channels=4, code_size=5, channels=3) | choices))  # type: ignore[arg-type]


def pair(recipe: Recipe) -> tuple[nn.Module, nn.Module]:
    g = nets.initialised(nets.generator(recipe), 0, "generator")
    return g, nets.initialised(nets.discriminator(recipe), 0, "discriminator")


def disturbed(net: nn.Module) -> nn.Module:
    """The net with no weight at zero, in float64."""
    random = generator_at(1, "disturbed")
    with torch.no_grad():
        for p in net.parameters():
            p += 0.3 * torch.randn(p.shape, generator=random)
    return net.double()


def randn(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(shape, generator=generator_at(0, "test"), dtype=dtype)


@pytest.mark.parametrize("preset", PUBLISHED)
def test_parameter_counts_are_the_paper_s(preset: str) -> None:
    classes, widths, count = PUBLISHED[preset]
    recipe = make(preset, **named(classes))
    assert r3gan.stage_widths(recipe) == widths
    assert nets.parameter_count(nets.generator(recipe)) == count


@pytest.mark.parametrize(
    ("preset", "groups"), [("r3gan-ffhq256", [96] * 4 + [48, 24, 12]), ("r3gan-imagenet64", [96] * 5)]
)
def test_groups_are_the_paper_s(preset: str, groups: list[int]) -> None:
    for net, order in ((nets.generator, 1), (nets.discriminator, -1)):
        stages = net(make(preset, **named(0))).stages
        assert [[m.mix.groups for m in stage if isinstance(m, r3gan.Block)] for stage in stages] == [
            [n] * 2 for n in groups[::order]
        ]


def test_discriminator_mirrors_the_generator() -> None:
    """Both have the same layers but for the ends: G a basis and a Linear of the code, D a depthwise filter and one of 1."""
    for preset in ("r3gan-ffhq64", "r3gan-ffhq256"):
        g, d = (net(make(preset, channels=3)) for net in (nets.generator, nets.discriminator))
        inner = [{n: p.shape for n, p in net.named_parameters() if ".narrow." in n or ".mix." in n} for net in (g, d)]
        assert sorted(inner[0].values()) == sorted(inner[1].values())
        assert nets.parameter_count(g) - 64 * 768 == nets.parameter_count(d) - 768


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 32, 64, 128, 256, 512, 96, (64, 96), (16, 64), (320, 192)])
def test_shapes(size: int | tuple[int, int], channels: int) -> None:
    recipe = make("r3gan", size=size, channels=channels, labels=True, classes=CLASSES)
    with torch.device("meta"):
        pictures = nets.generator(recipe)(torch.empty(3, 64), torch.empty(3, dtype=torch.int64))
        logits = nets.discriminator(recipe)(pictures, torch.empty(3, dtype=torch.int64))
    assert pictures.shape == (3, channels, *recipe.shape)
    assert logits.shape == (3,)


def test_pictures_and_logits() -> None:
    g, d = pair(tiny(size=(32, 48)))
    pictures = g(randn(3, 5))
    assert pictures.shape == (3, 3, 32, 48)
    assert pictures.is_contiguous(memory_format=torch.channels_last)
    assert d(pictures).shape == (3,)
    assert d(pictures).isfinite().all()


@pytest.mark.parametrize(("width", "widths"), [(768, [768] * 4 + [384, 192, 96, 48]), (3, [3, 3, 3, 3, 1, 1, 1, 1])])
def test_widths_by_rule(width: int, widths: list[int]) -> None:
    assert r3gan.stage_widths(make("r3gan", size=512, width=width)) == widths


def test_group_is_lowered_where_it_does_not_divide() -> None:
    assert [r3gan.Block(c, 16).mix.groups for c in (16, 8, 4, 12, 7)] == [2, 1, 1, 3, 7]


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"^--set widths=0: must be "):
        make("r3gan", size="64x96", channels=3, widths=(8, 8, 8, 8, 0))


@pytest.mark.parametrize("widths", [(8,) * 3, (8,) * 6])
def test_widths_that_do_not_fit(widths: tuple[int, ...]) -> None:
    recipe = make("r3gan", size="64x96", channels=3, widths=widths)
    for net in (nets.generator, nets.discriminator):
        with pytest.raises(InputError, match=rf"^--set widths={','.join(map(str, widths))}: size 64x96 has 5 stages"):
            net(recipe)


def test_blocks_start_as_the_identity() -> None:
    for net in pair(tiny()):
        blocks = [m for m in net.modules() if isinstance(m, r3gan.Block)]
        assert len(blocks) == 3
        x = randn(2, 4, 8, 8)
        assert all(torch.equal(block(x), x) for block in blocks)


def test_block_by_hand() -> None:
    """x + W₃ a(conv₃ₓ₃(a(W₁x + b₁)) + b₂), the 3×3 pixel by pixel and group by group."""
    block = disturbed(r3gan.Block(3, 2))
    x = randn(1, 3, 4, 5, dtype=torch.float64)
    act = nn.LeakyReLU(SLOPE)
    y = act(torch.einsum("oi,ihw->ohw", block.widen.weight[..., 0, 0], x[0]) + block.widen.bias[:, None, None])
    padded, mixed = nn.functional.pad(y, (1, 1, 1, 1)), torch.empty_like(y)
    for channel in range(6):
        inputs = slice(channel // 2 * 2, channel // 2 * 2 + 2)
        for i in range(4):
            for j in range(5):
                patch = padded[inputs, i : i + 3, j : j + 3]
                mixed[channel, i, j] = (block.mix.weight[channel] * patch).sum() + block.mix.bias[channel]
    expected = x[0] + torch.einsum("oi,ihw->ohw", block.narrow.weight[..., 0, 0], act(mixed))
    assert torch.allclose(block(x)[0], expected)


def filtered(x: NDArray[np.float64], axis: int, up: bool) -> NDArray[np.float64]:
    """Doubling or halving along an axis by [1, 3, 3, 1], pixel by pixel; 0 outside of the picture."""
    x = np.moveaxis(x, axis, 0)
    n = len(x)
    get = lambda i: x[i] if 0 <= i < n else np.zeros_like(x[0])  # noqa: E731
    if up:  # pixel 2i lies a quarter of a pixel before i, pixel 2i + 1 as much behind it
        y = [(3 * get(i) + get(i + side)) / 4 for i in range(n) for side in (-1, 1)]
    else:
        y = [(get(i - 1) + 3 * get(i) + 3 * get(i + 1) + get(i + 2)) / 8 for i in range(0, n, 2)]
    return np.moveaxis(np.stack(y), 0, axis)


RESAMPLING = [
    (r3gan.doubled, True), (r3gan.halved, False), (r3gan.doubled_by_matrices, True), (r3gan.halved_by_matrices, False)
]  # fmt: skip


@pytest.mark.parametrize(("resample", "up"), RESAMPLING)
def test_resampling(resample: object, up: bool) -> None:
    x = randn(2, 3, 4, 6, dtype=torch.float64)
    expected = filtered(filtered(x.numpy(), 2, up), 3, up)
    assert np.allclose(resample(x).numpy(), expected)  # type: ignore[operator]
    lowered = resample(x.to(torch.bfloat16))  # type: ignore[operator]
    assert lowered.dtype == torch.bfloat16
    assert np.allclose(lowered.double().numpy(), expected, atol=0.03)


def test_resampling_keeps_constants_away_from_the_border() -> None:
    ones = torch.ones(1, 2, 8, 8)
    assert torch.equal(r3gan.doubled(ones)[..., 1:-1, 1:-1], torch.ones(1, 2, 14, 14))
    assert torch.equal(r3gan.halved(ones)[..., 1:-1, 1:-1], torch.ones(1, 2, 2, 2))


def test_resampling_is_differentiable_twice() -> None:
    x = randn(1, 2, 4, 4, dtype=torch.float64).requires_grad_()
    for resample in (r3gan.doubled, r3gan.halved):
        assert gradcheck(resample, x)
        assert gradgradcheck(lambda x, f=resample: f(x).pow(2), x)


def test_gradients_of_the_game_s_parts() -> None:
    """D(G(z)) by z, and R1 = Σ|∇ₓD|² by D's weights: the penalty's double backward, against finite differences."""
    g, d = map(disturbed, pair(tiny(width=2, group_channels=2, labels=True, classes=CLASSES)))
    z = randn(3, 5, dtype=torch.float64).requires_grad_()
    assert gradcheck(lambda z: d(g(z, LABELS), LABELS), z)

    x = g(z, LABELS).detach()
    weights = {n: p.detach() for n, p in d.named_parameters()}
    chosen = ["rgb.weight", "stages.1.0.mix.weight", "end.pool.weight", "end.embedding.weight"]

    def penalty(*values: Tensor) -> Tensor:
        shown = x.clone().requires_grad_()
        logits = torch.func.functional_call(d, weights | dict(zip(chosen, values, strict=True)), (shown, LABELS))
        (gradient,) = torch.autograd.grad(logits.sum(), shown, create_graph=True)
        return gradient.square().sum()

    assert gradcheck(penalty, [weights[n].clone().requires_grad_() for n in chosen])


def test_conditional_discriminator_by_hand() -> None:
    """Its logit: ⟨W·(depthwise filter of the last features), the class's vector⟩."""
    _, d = pair(tiny(size=(16, 32), labels=True, classes=CLASSES))
    d, x = disturbed(d), randn(3, 3, 16, 32, dtype=torch.float64)
    features = d.rgb(x)
    for stage in d.stages:
        features = stage(features)
    pooled = torch.einsum("nchw,chw->nc", features, d.end.pool.weight[:, 0])
    vectors = pooled @ d.end.linear.weight.T
    one_hot = nn.functional.one_hot(LABELS, 3).double()
    assert vectors.shape == (3, 64)
    assert torch.allclose(d(x, LABELS), (vectors * (one_hot @ d.end.embedding.weight)).sum(1))


def test_class_and_code_decide_on_the_start() -> None:
    g, _ = pair(tiny(labels=True, classes=CLASSES))
    g, z = disturbed(g), randn(3, 5, dtype=torch.float64)
    code = torch.cat([z, nn.functional.one_hot(LABELS, 3).double() @ g.start.embedding.weight], 1)
    expected = torch.einsum("nc,chw->nchw", code @ g.start.linear.weight.T, g.start.basis)
    assert torch.allclose(g.start(z, LABELS), expected)
    assert not torch.allclose(g(z, LABELS), g(z, LABELS.flip(0)), atol=1e-2)


def gain(name: str, blocks: int) -> float:
    """√(2/(1 + .2²)) · L^(-1/4) for a block's first two, 0 for its last, 1/8 for D's vectors of classes, else 1."""
    if ".widen" in name or ".mix" in name:
        return math.sqrt(2 / 1.04) / blocks**0.25
    return 0.0 if ".narrow" in name else 1 / 8 if "end.embedding" in name else 1.0


def test_initial_weights() -> None:
    for net in pair(make("r3gan", size=64, width=64, group_channels=32, **named(200))):
        for name, p in net.named_parameters():
            if name.endswith("bias"):
                assert not p.any(), name
                continue
            fan_in = {"basis": 1, "embedding.weight": len(p)}.get(name.split(".", 1)[1], p[0].numel())
            expected = gain(name, 10) / math.sqrt(fan_in)
            assert p.mean().item() == pytest.approx(0, abs=max(5 * expected / math.sqrt(p.numel()), 1e-9)), name
            assert p.std().item() == pytest.approx(expected, rel=5 / math.sqrt(2 * p.numel())), name


def test_initial_weights_come_from_seed_and_role() -> None:
    one, again, other = (nets.initialised(nets.generator(tiny()), seed, "generator") for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), again.parameters(), strict=True))
    assert not torch.equal(one.start.basis, other.start.basis)


def types(net: nn.Module, *inputs: Tensor) -> dict[str, torch.dtype]:
    """Type that each block and end of a net puts out."""
    seen: dict[str, torch.dtype] = {}
    for name, module in net.named_modules():
        if isinstance(module, r3gan.Block) or name in {"rgb", "start", "end"}:
            module.register_forward_hook(lambda m, i, o, name=name: seen.update({name: o.dtype}))
    net(*inputs)
    return seen


@pytest.mark.parametrize(("size", "lowered"), [(16, 2), (32, 3), (64, 4), (128, 4)])
def test_autocast_lowers_only_the_largest_stages(size: int, lowered: int) -> None:
    g, d = pair(tiny(size=size))
    low, high = torch.bfloat16, torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        in_g, in_d = list(types(g, randn(2, 5)).values()), list(types(d, randn(2, 3, size, size)).values())
    stages = len(g.stages)
    assert in_g == [high] * (1 + stages - lowered) + [low] * lowered + [high]
    assert in_d == [high] + [low] * lowered + [high] * (stages - lowered + 1)
    assert set(types(g, randn(2, 5)).values()) == {high}


def test_autocast_stays_near_float32_and_is_one_graph() -> None:
    g, d = pair(tiny(size=32, labels=True, classes=CLASSES))
    play = lambda z, labels: d(g(z, labels), labels)  # noqa: E731
    z = randn(3, 5)
    with torch.autocast("cpu", torch.bfloat16):
        lowered = play(z, LABELS)
        assert torch.equal(torch.compile(play, backend="eager", fullgraph=True)(z, LABELS), lowered)
    assert lowered.dtype == torch.float32
    assert torch.allclose(lowered, play(z, LABELS), atol=0.02)
    assert not torch.equal(lowered, play(z, LABELS))
