"""Augmentation as a whole: what is drawn, what happens how often, as a part of training; and ADA's rule for p."""

import math

import pytest
import torch
from torch import Tensor

from figment.augment.pipeline import (
    CHANGES,
    NUMBERS_A_PICTURE,
    Change,
    adapted_probability,
    augmentation_share,
    augmented,
    decided,
    draw_numbers,
)

KINDS = ("full", "diffaugment")


def drawn(count: int, seed: int = 0) -> Tensor:
    return draw_numbers(count, torch.Generator().manual_seed(seed))


def pictures(count: int = 1, channels: int = 3, height: int = 16, width: int = 16) -> Tensor:
    shape = (count, channels, height, width)
    return torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


# ---- what is drawn -------------------------------------------------------------------------------------------------


def test_numbers_are_float32_from_the_generator_alone() -> None:
    first = drawn(5)
    assert first.shape == (5, NUMBERS_A_PICTURE)
    assert first.dtype == torch.float32
    assert first.device.type == "cpu"
    assert torch.equal(first, drawn(5))
    assert not torch.equal(first, drawn(5, seed=1))


def test_ends_are_never_drawn() -> None:
    """0 and 1 would be infinite as a normal's quantiles."""
    change = Change(torch.tensor([True]), drawn(100_000).flatten()[None])
    assert 0 < change.much.min() < 1e-5
    assert 1 - 1e-5 < change.much.max() < 1
    assert change.normal(1).isfinite().all()


def test_amounts_have_the_paper_s_distributions() -> None:
    """At p = 1, from 40,000 pictures: means and deviations within five standard errors; kurtoses tell normal from even."""
    changes = decided(drawn(40_000).double(), 1.0)
    for name, deviation in {
        "scale": 0.2,
        "stretch": 0.2,
        "slide": 0.125,
        "brightness": 0.2,
        "contrast": 0.5,
        "saturation": 1,
    }.items():
        values = changes[name].normal(deviation)[:, -1] / deviation
        assert abs(values.mean()) < 5 / 200
        assert abs(values.square().mean() - 1) < 5 * math.sqrt(2) / 200
        assert abs(values.pow(4).mean() - 3) < 5 * math.sqrt(96) / 200
    for name, reach in {"rotation": math.pi, "second rotation": math.pi, "hue": math.pi, "shift": 1 / 8}.items():
        values = changes[name].even(reach) / reach
        assert values.abs().max() <= 1
        assert abs(values[:, -1].square().mean() - 1 / 3) < 0.01
    quarters = changes["turn"].one_of(4).flatten().long().bincount()
    assert len(quarters) == 4
    assert (quarters - 10_000).abs().max() < 5 * math.sqrt(40_000 * 3 / 16)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.8])
def test_each_change_happens_at_its_rate_and_on_its_own(p: float) -> None:
    count = 20_000
    changes = decided(drawn(count), torch.tensor(p))
    happens = torch.stack([change.happens for change in changes.values()]).double()
    rates = happens.mean(1)
    each = torch.tensor([1 - math.sqrt(1 - p) if "rotation" in name else p for name in CHANGES]).double()
    assert ((rates - each).abs() < 5 * (each * (1 - each) / count).sqrt()).all()
    correlations = torch.corrcoef(happens) - torch.eye(len(CHANGES))
    assert correlations.abs().max() < 5 / math.sqrt(count)
    either = changes["rotation"].happens | changes["second rotation"].happens
    assert abs(either.double().mean() - p) < 5 * math.sqrt(p * (1 - p) / count)


@pytest.mark.parametrize("p", [0.55, torch.tensor(0.55)], ids=["number", "tensor"])
def test_of_the_changes_only_the_five_of_colours_happen_at_a_share_of_the_rate(p: float | Tensor) -> None:
    numbers = drawn(20_000)
    plain, halved = decided(numbers, p), decided(numbers, p, colours=0.5)
    colours = {"brightness", "contrast", "luma", "hue", "saturation"}
    for name in CHANGES:
        if name in colours:
            assert halved[name].happens.double().mean() == pytest.approx(
                0.275, abs=5 * math.sqrt(0.275 * 0.725 / 20_000)
            )
            assert not (halved[name].happens & ~plain[name].happens).any()
        else:
            assert torch.equal(halved[name].happens, plain[name].happens)
    same = decided(numbers, p, colours=1.0)
    assert all(torch.equal(same[name].happens, plain[name].happens) for name in CHANGES)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_at_the_ends_all_or_nothing_happens(p: float) -> None:
    assert all((change.happens == bool(p)).all() for change in decided(drawn(1000), torch.tensor(p)).values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 32, 64), (3, 24, 17)])
def test_without_change_pictures_stay_as_they_are(kind: str, shape: tuple[int, int, int]) -> None:
    batch = pictures(6, *shape).float()
    assert augmented(batch, drawn(6), 0.0, kind) is batch
    kept = augmented(batch, drawn(6), torch.tensor(0.0), kind)
    torch.testing.assert_close(kept, batch, rtol=0, atol=5e-6)
    if shape != (3, 24, 17):  # powers of two: not a bit is lost
        assert torch.equal(kept, batch)


# ---- as a part of training -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_never_mixed(kind: str) -> None:
    batch, chosen = pictures(4).float(), drawn(4)
    before = augmented(batch, chosen, 0.7, kind)
    batch[2] += 1
    after = augmented(batch, chosen, 0.7, kind)
    assert [torch.equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True, False, True]
    torch.testing.assert_close(augmented(batch[1:3], chosen[1:3], 0.7, kind), after[1:3])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_and_second_gradients(kind: str, channels: int) -> None:
    batch = pictures(2, channels, 4, 3).requires_grad_()
    chosen = drawn(2).double()
    assert torch.autograd.gradcheck(lambda x: augmented(x, chosen, 0.8, kind), (batch,))
    assert torch.autograd.gradgradcheck(lambda x: augmented(x, chosen, 0.8, kind) ** 2, (batch,))


def slopes_of_penalty(kind: str, function=lambda f: f) -> tuple[Tensor, Tensor]:
    """The gradient of a squared gradient, of a toy discriminator and through augmentation: by torch.func, by autograd."""
    batch, chosen, p = pictures(2).float(), drawn(2), torch.tensor(0.8)
    weight = torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(2), requires_grad=True)

    def judged(x: Tensor, weight: Tensor) -> Tensor:
        return (augmented(x, chosen, p, kind) * weight).tanh().sum()

    def penalty(weight: Tensor) -> Tensor:
        return torch.func.grad(judged)(batch, weight).square().sum()

    (by_func,) = torch.autograd.grad(function(penalty)(weight), weight)
    leaf = batch.clone().requires_grad_()
    (slope,) = torch.autograd.grad(judged(leaf, weight), leaf, create_graph=True)
    (by_autograd,) = torch.autograd.grad(slope.square().sum(), weight)
    return by_func, by_autograd


@pytest.mark.parametrize("kind", KINDS)
def test_penalties_go_through_it(kind: str) -> None:
    torch.testing.assert_close(*slopes_of_penalty(kind))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_penalties_through_it_trace_as_one_graph(kind: str) -> None:
    torch.compiler.reset()
    one_graph = lambda f: torch.compile(f, backend="aot_eager", fullgraph=True)  # noqa: E731
    torch.testing.assert_close(*slopes_of_penalty(kind, one_graph))


@pytest.mark.parametrize("kind", KINDS)
def test_traces_as_one_graph_for_all_p(kind: str) -> None:
    torch.compiler.reset()
    compiled = torch.compile(augmented, backend="aot_eager", fullgraph=True)
    batch = pictures(4).float().contiguous(memory_format=torch.channels_last).requires_grad_()
    with torch._dynamo.config.patch(error_on_recompile=True):
        for seed, p in enumerate((0.0, 0.4, 1.0)):
            args = (batch, drawn(4, seed), torch.tensor(p), kind)
            torch.testing.assert_close(compiled(*args), augmented(*args))
            slopes = [torch.autograd.grad(f(*args).square().sum(), batch)[0] for f in (compiled, augmented)]
            torch.testing.assert_close(*slopes)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # the compiler's own
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_code_computes_the_same(kind: str) -> None:
    torch.compiler.reset()
    compiled = torch.compile(augmented, fullgraph=True)
    batch = pictures(4).float().contiguous(memory_format=torch.channels_last).requires_grad_()
    args = (batch, drawn(4), torch.tensor(0.5), kind)
    torch.testing.assert_close(compiled(*args), augmented(*args), atol=2e-5, rtol=1e-5)
    slopes = [torch.autograd.grad(f(*args).square().sum(), batch)[0] for f in (compiled, augmented)]
    torch.testing.assert_close(*slopes, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_is_float32_under_autocast_and_for_bf16_pictures(kind: str) -> None:
    batch, chosen = pictures(4).bfloat16(), drawn(4)
    with torch.autocast("cpu", torch.bfloat16):
        cast = augmented(batch, chosen, 0.6, kind)
    assert cast.dtype == torch.float32
    assert torch.equal(cast, augmented(batch.float(), chosen, 0.6, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_order_in_memory_is_kept(kind: str) -> None:
    last = pictures(2).contiguous(memory_format=torch.channels_last)
    assert augmented(last, drawn(2), 0.5, kind).is_contiguous(memory_format=torch.channels_last)
    assert augmented(pictures(2), drawn(2), 0.5, kind).is_contiguous()
    assert torch.equal(augmented(last, drawn(2), 0.5, kind), augmented(pictures(2), drawn(2), 0.5, kind))


def test_p_may_be_a_float_or_a_tensor() -> None:
    batch, chosen = pictures(8), drawn(8)
    assert torch.equal(augmented(batch, chosen, 0.3, "full"), augmented(batch, chosen, torch.tensor(0.3), "full"))


# ---- how much ------------------------------------------------------------------------------------------------------


def test_few_pictures_want_all_many_none() -> None:
    assert [augmentation_share(count) for count in (1, 29_999, 30_000, 65_000, 100_000, 10**9)] == [1, 1, 1, 0.5, 0, 0]


def test_rule_moves_p_by_images_over_half_a_million_towards_the_target() -> None:
    p, high, low = torch.tensor(0.5), torch.tensor(0.61), torch.tensor(-0.2)
    assert adapted_probability(p, high, 0.6, 256).item() == pytest.approx(0.5 + 256 / 500_000)
    assert adapted_probability(p, low, 0.6, 256).item() == pytest.approx(0.5 - 256 / 500_000)
    assert adapted_probability(torch.tensor(0.0), low, 0.6, 256).item() == 0
    assert adapted_probability(torch.tensor(0.7999), high, 0.6, 256).item() == pytest.approx(0.8)  # beyond it leaks
    assert adapted_probability(p, torch.tensor(0.5), 0.5, 256).item() == 0.5


def test_rule_settles_where_the_signs_meet_the_target() -> None:
    """A toy discriminator that knows 0.9 - 0.8·p of its reals by heart: r_t is 0.6 at p = 0.375."""
    p = torch.tensor(0.0)
    random = torch.Generator().manual_seed(0)
    for _ in range(2000):
        signs = (torch.rand(256, generator=random) < (1 + 0.9 - 0.8 * p) / 2).float() * 2 - 1
        p = adapted_probability(p, signs.mean(), 0.6, 256)
    assert p.item() == pytest.approx(0.375, abs=0.03)
