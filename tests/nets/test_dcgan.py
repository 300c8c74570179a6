"""The nets against a table of layers, and against the counts of the article's own source."""

import pytest
import torch
from torch import nn

from figment import nets
from figment.common.seeds import generator_at
from figment.common.sizes import start_grid
from figment.errors import InputError
from figment.nets import dcgan
from figment.presets import make
from figment.recipe import Recipe

SIZES = (16, 32, 64, 128, 256, 512)

# size → channels from the 4×4 start on, at width 64
TABLE = {
    16: [128, 64],
    32: [256, 128, 64],
    64: [512, 256, 128, 64],
    128: [512, 512, 256, 128, 64],
    256: [512, 512, 512, 256, 128, 64],
    512: [512, 512, 512, 512, 256, 128, 64],
}
LABELLED = dict(channels=3, labels=True, classes=("cat", "dog", "owl"))
LABELS = torch.tensor([2, 0, 1])


def convolutions(net: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_channels, m.out_channels) for m in net if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_layer_table(size: int, channels: int) -> None:
    maps = TABLE[size]
    with torch.device("meta"):
        grid = start_grid(size, size)
        widths = dcgan.widths_by_rule(grid.doublings, 64)
        g, d = dcgan.Generator(grid, channels, widths, 100), dcgan.Discriminator(grid, channels, widths)
    assert convolutions(g) == list(zip([100, *maps], [*maps, channels], strict=True))
    assert convolutions(d) == list(zip([channels, *maps[::-1]], [*maps[::-1], 1], strict=True))


def test_parameter_counts_of_the_article() -> None:
    recipe = make("dcgan", channels=3)
    assert nets.parameter_count(nets.generator(recipe)) == 3_576_704
    assert nets.parameter_count(nets.discriminator(recipe)) == 2_765_568


def test_the_discriminator_may_have_a_width_of_its_own() -> None:
    recipe = make("dcgan", channels=3, width=8, discriminator_width=4)
    assert convolutions(nets.generator(recipe))[-1] == (8, 3)
    assert convolutions(nets.discriminator(recipe))[0] == (3, 4)
    with pytest.raises(InputError, match=r"discriminator_width is for DCGAN's nets"):
        make("r3gan", discriminator_width=4)


def test_widths_by_name() -> None:
    recipe = make("dcgan", channels=3, size=32, widths=(12, 9, 8), width=4, discriminator_width=8)
    assert convolutions(nets.generator(recipe)) == [(100, 12), (12, 9), (9, 8), (8, 3)]
    assert convolutions(nets.discriminator(recipe)) == [(3, 16), (16, 18), (18, 24), (24, 1)]
    with pytest.raises(InputError, match=r"^--set widths=12,9: size 32 has 3 stages: give as many numbers above 0"):
        nets.generator(make("dcgan", channels=3, size=32, widths=(12, 9)))


def pair(recipe: Recipe) -> tuple[nn.Module, nn.Module]:
    g = nets.initialised(nets.generator(recipe), 0, "generator")
    return g, nets.initialised(nets.discriminator(recipe), 0, "discriminator")


@pytest.mark.parametrize("size", [*SIZES, 96, (64, 96), (80, 20), (16, 48)])
def test_shapes_and_range(size: int | tuple[int, int]) -> None:
    recipe = make("dcgan", size=size, width=2, channels=3)
    g, d = pair(recipe)
    pictures = g(torch.randn(3, 100) * 100)
    assert pictures.shape == (3, 3, *recipe.shape)
    assert pictures.abs().max() <= 1
    assert d(pictures).shape == (3,)


def test_weights_without_classes_are_those_that_runs_were_begun_with() -> None:
    """Names, order, shapes and draws, written out for 16 px."""
    layers = {
        "generator": {"1.weight": (5, 4, 4, 4), "2": 4, "4.weight": (4, 2, 4, 4), "5": 2, "7.weight": (2, 3, 4, 4)},
        "discriminator": {"0.weight": (2, 3, 4, 4), "2.weight": (4, 2, 4, 4), "3": 4, "5.weight": (1, 4, 4, 4)},
    }
    recipe = make("dcgan", size=16, width=2, channels=3, code_size=5)
    for role, net in zip(layers, pair(recipe), strict=True):
        random, expected = generator_at(0, "weights", role), {}
        for name, shape in layers[role].items():
            if isinstance(shape, tuple):
                expected[name] = torch.empty(shape).normal_(0, 0.02, generator=random)
                continue
            expected[f"{name}.weight"] = torch.empty(shape).normal_(1, 0.02, generator=random)
            expected |= {f"{name}.bias": torch.zeros(shape), f"{name}.running_mean": torch.zeros(shape)}
            expected |= {f"{name}.running_var": torch.ones(shape), f"{name}.num_batches_tracked": torch.tensor(0)}
        state = net.state_dict()
        assert list(state) == list(expected)
        assert all(torch.equal(state[name], expected[name]) for name in expected)


def test_class_is_behind_the_code() -> None:
    """The conditional generator equals the unconditional one on the code with the class's numbers appended."""
    g, _ = pair(make("dcgan", size=(16, 32), width=2, code_size=5, **LABELLED))
    plain = dcgan.Generator(start_grid(16, 32), 3, [4, 2], 5 + dcgan.CLASS_EMBEDDING_SIZE)
    plain.load_state_dict({k: v for k, v in g.state_dict().items() if not k.startswith("0.")})
    z = torch.randn(3, 5, generator=generator_at(0, "test"))
    assert torch.equal(g(z, LABELS), plain(torch.cat([z, g[0].embedding.weight[LABELS]], 1)))
    assert not torch.allclose(g(z, LABELS), g(z, LABELS.flip(0)), atol=1e-3)


def test_class_is_projected_on_the_last_features() -> None:
    """D's logit by hand: the last convolution's plus Σ over positions of ⟨features, the class's vector⟩."""
    _, d = pair(make("dcgan", size=(16, 32), width=2, **LABELLED))
    x = torch.randn(3, 3, 16, 32, generator=generator_at(0, "test"))
    features = nn.Sequential(*list(d)[:-1])(x)
    assert features.shape == (3, 4, 4, 8)
    logits = []
    for sample, label in zip(features, LABELS.tolist(), strict=True):
        plain = (sample * d[-1].last.weight[0]).sum()
        logits.append(plain + sum(sample[:, y, x] @ d[-1].embedding.weight[label] for y in range(4) for x in range(8)))
    assert torch.allclose(d(x, LABELS), torch.stack(logits), atol=1e-6)


def test_initial_weights_of_classes() -> None:
    many = tuple(map(str, range(1000)))
    g, d = pair(make("dcgan", size=16, width=16, channels=3, labels=True, classes=many))
    assert g[0].embedding.weight.std().item() == pytest.approx(1, rel=0.03)
    assert d[-1].embedding.weight.std().item() == pytest.approx(0.02, rel=0.03)


def test_batch_norm_is_neither_at_the_output_nor_at_the_input() -> None:
    grid, widths = start_grid(64, 64), [64, 32, 16, 8]
    with torch.device("meta"):
        g, d = dcgan.Generator(grid, 3, widths, 100), dcgan.Discriminator(grid, 3, widths)
    assert [type(m) for m in list(g)[-2:]] == [nn.ConvTranspose2d, nn.Tanh]
    assert [type(m) for m in list(d)[:2]] == [nn.Conv2d, nn.LeakyReLU]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in g) == 4
    assert sum(isinstance(m, nn.BatchNorm2d) for m in d) == 3


def test_options() -> None:
    grid, widths = start_grid(64, 64), [64, 32, 16, 8]
    with torch.device("meta"):
        g = dcgan.Generator(grid, 3, widths, 100, "leaky_relu")
        d = dcgan.Discriminator(grid, 3, widths, norm="none", dropout=0.3)
    assert not any(isinstance(m, nn.ReLU) for m in g)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in d)
    assert all(m.bias is not None for m in d if isinstance(m, nn.Conv2d))
    assert [m.p for m in d if isinstance(m, nn.Dropout2d)] == [0.3] * 3


def test_initialisation_is_the_paper_s_and_repeatable() -> None:
    recipe = make("dcgan", channels=3, width=32)
    first, again, other = (nets.initialised(nets.generator(recipe), s, "generator") for s in (5, 5, 6))
    weights = torch.cat([m.weight.flatten() for m in first if isinstance(m, nn.ConvTranspose2d)])
    assert weights.mean().item() == pytest.approx(0, abs=1e-4)
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)
    scales = torch.cat([m.weight for m in first if isinstance(m, nn.BatchNorm2d)])
    assert scales.mean().item() == pytest.approx(1, abs=0.005)
    assert scales.std().item() == pytest.approx(0.02, rel=0.2)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    assert not torch.equal(first[1].weight, other[1].weight)


def test_generator_equals_an_independent_computation() -> None:
    """The 16-px generator by hand: transposed convolution as zero-stuffing and correlation with the flipped kernel."""
    recipe = make("dcgan", size=16, width=2, channels=1, code_size=3)
    g = nets.initialised(nets.generator(recipe), 0, "generator").eval()
    z = torch.randn(2, 3, generator=generator_at(0, "test"))

    def up(x: torch.Tensor, weight: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
        n, c, h, w = x.shape
        stuffed = torch.zeros(n, c, (h - 1) * stride + 1, (w - 1) * stride + 1)
        stuffed[:, :, ::stride, ::stride] = x
        return nn.functional.conv2d(stuffed, weight.flip(2, 3).transpose(0, 1), padding=3 - padding)

    def norm(x: torch.Tensor, m: nn.BatchNorm2d) -> torch.Tensor:  # running mean 0, variance 1
        return torch.relu(x / (1 + 1e-5) ** 0.5 * m.weight.view(1, -1, 1, 1))

    x = norm(up(z.view(2, 3, 1, 1), g[1].weight, 1, 0), g[2])
    x = norm(up(x, g[4].weight, 2, 1), g[5])
    expected = torch.tanh(up(x, g[7].weight, 2, 1))
    assert torch.allclose(g(z), expected, atol=1e-6)


def test_doubling_is_nearest_neighbours_and_a_convolution() -> None:
    layer = dcgan.Doubling(3, 5).double()
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    doubled = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    # A transposed convolution's kernel is turned about and has its inputs first.
    plain = torch.nn.functional.conv2d(doubled, layer.weight.flip(2, 3).transpose(0, 1), padding=1)
    assert torch.allclose(layer(x), plain, rtol=1e-10, atol=1e-12)


def test_upsampling_by_doubling_has_the_same_shapes_and_starts_alike() -> None:
    recipe = make("dcgan", size=32, width=4, channels=3, upsampling="nearest")
    net = nets.initialised(nets.generator(recipe), 0, "generator")
    assert net(torch.rand(3, 100)).shape == (3, 3, 32, 32)
    kernels = [m.weight for m in net if isinstance(m, dcgan.Doubling)]
    assert [tuple(k.shape) for k in kernels] == [(16, 8, 3, 3), (8, 4, 3, 3), (4, 3, 3, 3)]
    assert all(k.std().item() == pytest.approx(0.02, rel=0.2) for k in kernels)


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
def test_he_s_weights_pass_a_signal_on_as_strong(upsampling: str) -> None:
    """Every convolution gives a unit signal the variance 2/1.04, the generator's first 1, borders apart."""
    choices = dict(
        size=64, width=32, channels=3, initial_weights="he", upsampling=upsampling, discriminator_norm="none"
    )
    for build, role in ((nets.generator, "generator"), (nets.discriminator, "discriminator")):
        net = nets.initialised(build(make("dcgan", **choices)), 0, role)
        convolutions = [m for m in net if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        for i, conv in enumerate(convolutions):
            start = role == "generator" and i == 0
            shape = (256, conv.in_channels, *((1, 1) if start else (8, 8)))
            x = torch.randn(shape, generator=generator_at(0, "test", role, i))
            y = conv(x)
            inner = y if y.shape[-1] <= 4 else y[:, :, 2:-2, 2:-2]
            expected = 1.0 if start else 2 / 1.04
            if not isinstance(conv, dcgan.Doubling):
                assert inner.var().item() == pytest.approx(expected, rel=0.25), (role, i)
            else:
                assert conv.weight.std().item() == pytest.approx((2 / 1.04 / (9 * conv.in_channels)) ** 0.5, rel=0.1)


def test_modulation_scales_and_shifts_each_sample_by_its_own_code() -> None:
    """Every stage by hand: batch norm, then 1 + scale and a shift for each channel, from code and class."""
    g, _ = pair(make("dcgan", size=16, width=2, code_size=5, modulated=True, **LABELLED))
    z = torch.randn(3, 5, generator=generator_at(0, "test"))
    g.eval()
    x = code = torch.cat([z, g[0].embedding.weight[LABELS]], 1)[:, :, None, None]
    for conv, norm, modulation in ((g[1], g[2], g[3]), (g[5], g[6], g[7])):
        x = norm(conv(x))
        for n in range(3):
            hidden = (modulation.hidden.weight @ code[n, :, 0, 0] + modulation.hidden.bias).clamp(min=0)
            out = modulation.out.weight @ hidden + modulation.out.bias
            for c in range(x.shape[1]):
                x[n, c] = x[n, c] * (1 + out[c]) + out[x.shape[1] + c]
        x = x.clamp(min=0)
    assert torch.allclose(g(z, LABELS), torch.tanh(g[9](x)), atol=1e-6)
    assert len(g) == 11


def test_modulation_starts_small() -> None:
    g, _ = pair(make("dcgan", width=16, channels=3, modulated=True, initial_weights="he"))
    modulations = [m for m in g if isinstance(m, dcgan.Modulation)]
    assert len(modulations) == 4
    weights = torch.cat([m.out.weight.flatten() for m in modulations])
    assert weights.std().item() == pytest.approx(0.02, rel=0.03)
    hidden = torch.cat([m.hidden.weight.flatten() for m in modulations])
    assert hidden.std().item() == pytest.approx((2 / 100) ** 0.5, rel=0.03)
    assert all((m.hidden.bias == 0).all() and (m.out.bias == 0).all() for m in modulations)
