"""Augmentation as a whole: what is drawn, what happens how often, in which order; and ADA's rule for p."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from figment.game.augment import CHANGES, NUMBERS, Change, adapted, augmented, cut, decided, draw, placing, wanted

KINDS = ("full", "diffaugment")
HALF = 0.5  # p in tests that choose which gates open


def numbers(**amounts: float | tuple[float, ...]) -> Tensor:
    """One picture's numbers with which, at p = 0.5, just these changes happen, with these uniform amounts."""
    row = []
    for name, count in CHANGES.items():
        amount = np.atleast_1d(amounts.get(name.replace(" ", "_"), 0.5))
        row += [0.01 if name.replace(" ", "_") in amounts else 0.99, *np.broadcast_to(amount, count)]
    return torch.tensor([row], dtype=torch.float64)


def even(value: float, reach: float) -> float:
    """The uniform number that stands for a value in (-reach, reach)."""
    return (value / reach + 1) / 2


def normal(value: float, deviation: float) -> float:
    """The uniform number that stands for a value of a normal distribution."""
    return torch.special.ndtr(torch.tensor(value / deviation, dtype=torch.float64)).item()


def drawn(count: int, seed: int = 0) -> Tensor:
    return draw(count, torch.Generator().manual_seed(seed))


def pictures(count: int = 1, channels: int = 3, height: int = 16, width: int = 16) -> Tensor:
    shape = (count, channels, height, width)
    return torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


# ---- what is drawn -------------------------------------------------------------------------------------------------


def test_numbers_are_float32_from_the_generator_alone() -> None:
    first = drawn(5)
    assert first.shape == (5, NUMBERS)
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


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_at_the_ends_all_or_nothing_happens(p: float) -> None:
    assert all((change.happens == bool(p)).all() for change in decided(drawn(1000), torch.tensor(p)).values())


# ---- single changes, whole -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 32, 64), (3, 24, 17)])
def test_without_change_pictures_stay_as_they_are(kind: str, shape: tuple[int, int, int]) -> None:
    batch = pictures(6, *shape).float()
    assert augmented(batch, drawn(6), 0.0, kind) is batch
    kept = augmented(batch, drawn(6), torch.tensor(0.0), kind)
    torch.testing.assert_close(kept, batch, rtol=0, atol=5e-6)
    if shape != (3, 24, 17):  # powers of two: not a bit is lost
        assert torch.equal(kept, batch)


@pytest.mark.parametrize(("coin", "is_flipped"), [(0.2, False), (0.8, True)])
def test_flip_is_exact(coin: float, is_flipped: bool) -> None:
    batch = pictures()
    assert torch.equal(augmented(batch, numbers(flip=coin), HALF, "full"), batch.flip(3) if is_flipped else batch)


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_are_exact_and_clockwise(quarters: int) -> None:
    batch = pictures()
    turned = augmented(batch, numbers(turn=quarters / 4 + 0.1), HALF, "full")
    assert torch.equal(turned, batch.rot90(-quarters, (2, 3)))


def test_shift_is_exact_and_brings_in_a_reflection() -> None:
    """2 px right and 1 px up in 16×32: the columns that come in mirror the first ones."""
    batch = pictures(height=16, width=32)
    shifted = augmented(batch, numbers(shift=(even(2 / 32, 1 / 8), even(-1 / 16, 1 / 8))), HALF, "full")
    rows, columns = [*range(1, 16), 15], [1, 0, *range(30)]
    assert torch.equal(shifted, batch[:, :, rows][..., columns])


def test_diffaugment_s_shift_brings_in_grey() -> None:
    batch = pictures(height=16, width=32)
    shifted = augmented(batch, numbers(shift=(even(-3 / 32, 1 / 8), even(2 / 16, 1 / 8))), HALF, "diffaugment")
    assert torch.equal(shifted[:, :, 2:, :-3], batch[:, :, :-2, 3:])
    assert (shifted[:, :, :2] == 0).all()
    assert (shifted[..., -3:] == 0).all()


def test_slide_by_half_a_pixel_is_the_mean_of_neighbours_once_sharpened() -> None:
    row = pictures(1, 1, 2, 32)[:, :, :1].expand(1, 1, 2, 32)
    slid = augmented(row, numbers(slide=(normal(0.5 / 32, 0.125), 0.5)), HALF, "full")
    ends = torch.cat([row[..., :1], row, row[..., -1:]], 3)
    sharp = row * 7 / 6 - (ends[..., :-2] + ends[..., 2:]) / 12  # variance -1/6
    torch.testing.assert_close(slid[..., 1:], (sharp[..., 1:] + sharp[..., :-1]) / 2)


@pytest.mark.parametrize("name", ["rotation", "second_rotation"])
def test_rotation_by_a_right_angle_is_a_sharpened_quarter_turn(name: str) -> None:
    batch = pictures()
    turned = augmented(batch, numbers(**{name: even(math.pi / 2, math.pi)}), HALF, "full")
    still = augmented(batch, numbers(**{name: even(0, math.pi)}), HALF, "full")
    torch.testing.assert_close(turned, still.rot90(-1, (2, 3)))


def test_brightness_contrast_and_luma_flip_come_in_this_order_for_grey_and_colour() -> None:
    chosen = numbers(brightness=normal(0.3, 0.2), contrast=normal(-1, 0.5), luma=0.9)  # + 0.3, × ½, mirrored
    colour, grey = pictures(), pictures(channels=1)
    expected = (colour + 0.3) / 2 - 2 * ((colour + 0.3) / 2).mean(1, keepdim=True)
    torch.testing.assert_close(augmented(colour, chosen, HALF, "full"), expected)
    torch.testing.assert_close(augmented(grey, chosen, HALF, "full"), -(grey + 0.3) / 2)


def test_hue_and_saturation_leave_grey_pictures_alone() -> None:
    chosen = numbers(hue=0.8, saturation=0.9)
    grey = pictures(channels=1)
    assert torch.equal(augmented(grey, chosen, HALF, "full"), grey)
    colour = pictures()
    changed = augmented(colour, chosen, HALF, "full")
    torch.testing.assert_close(changed.mean(1), colour.mean(1))
    assert (changed - colour).abs().max() > 0.1


def test_diffaugment_s_colours_are_brightness_saturation_contrast() -> None:
    batch = pictures()
    chosen = numbers(brightness=even(0.4, 0.5), saturation=even(-0.7, 1), contrast=even(0.45, 0.5))
    x = batch + 0.4
    x = x.mean(1, keepdim=True) + 0.3 * (x - x.mean(1, keepdim=True))
    x = x.mean((1, 2, 3), keepdim=True) + 1.45 * (x - x.mean((1, 2, 3), keepdim=True))
    torch.testing.assert_close(augmented(batch, chosen, HALF, "diffaugment"), x)


@pytest.mark.parametrize("kind", KINDS)
def test_cutout_hides_half_the_height_and_width(kind: str) -> None:
    batch = pictures(height=16, width=24) + 3
    hidden = augmented(batch, numbers(cutout=(0.51, 0.3)), HALF, kind) == 0
    expected = torch.zeros_like(hidden)
    expected[:, :, 4:12, 1:13] = True  # middles within 4 px of 8.16 and within 6 px of 7.2
    assert torch.equal(hidden, expected)


def test_cutout_may_lie_half_outside() -> None:
    corner = cut(torch.ones(1, 1, 16, 16), Change(torch.tensor([True]), torch.tensor([[1e-6, 1 - 1e-6]])))
    assert (corner == 0).sum() == 16
    assert (corner[0, 0, :4, 12:] == 0).all()


# ---- order ---------------------------------------------------------------------------------------------------------


def test_moves_follow_each_other_as_in_the_paper() -> None:
    """placing, against appendix B's 3×3 matrices multiplied in its order and inverted."""
    width, height = 24, 16
    chosen = numbers(
        flip=0.7,
        turn=0.3,
        shift=(0.9, 0.2),
        scale=0.8,
        rotation=0.33,
        stretch=0.15,
        second_rotation=0.71,
        slide=(0.6, 0.1),
    )
    log_scale, log_stretch = (0.2 * torch.special.ndtri(torch.tensor(u)).item() for u in (0.8, 0.15))
    slide = [0.125 * n * torch.special.ndtri(torch.tensor(u)).item() for n, u in ((width, 0.6), (height, 0.1))]
    shift = [round((2 * u - 1) / 8 * n) for n, u in ((width, 0.9), (height, 0.2))]

    def scaled(x: float, y: float) -> np.ndarray:
        return np.diag([x, y, 1])

    def moved(x: float, y: float) -> np.ndarray:
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])

    def turned(angle: float) -> np.ndarray:
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    forth = scaled(-1, 1)
    for matrix in (
        turned(math.pi / 2),
        moved(*shift),
        scaled(2**log_scale, 2**log_scale),
        turned((2 * 0.33 - 1) * math.pi),
        scaled(2**log_stretch, 2**-log_stretch),
        turned((2 * 0.71 - 1) * math.pi),
        moved(*slide),
    ):
        forth = matrix @ forth
    back = np.linalg.inv(forth)
    affine = placing(decided(chosen, HALF), height, width)
    linear = affine.axes[0] @ torch.diag(affine.steps[0]) @ affine.turn[0]
    np.testing.assert_allclose(linear.numpy(), back[:2, :2], atol=1e-6)
    np.testing.assert_allclose(affine.offset[0].numpy(), back[:2, 2], atol=1e-5)
    assert affine.blended.all()


def test_only_whole_pixel_moves_blend_nothing() -> None:
    assert not placing(decided(numbers(flip=0.9, turn=0.9, shift=0.9), HALF), 16, 16).blended.any()
    for name in ("scale", "rotation", "stretch", "second_rotation", "slide"):
        assert placing(decided(numbers(**{name: 0.6}), HALF), 16, 16).blended.all()


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
    compiled = torch.compile(augmented, fullgraph=True)
    args = (pictures(4).float(), drawn(4), torch.tensor(0.5), kind)
    torch.testing.assert_close(compiled(*args), augmented(*args), atol=2e-5, rtol=1e-5)


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
    assert [wanted(count) for count in (1, 29_999, 30_000, 65_000, 100_000, 10**9)] == [1, 1, 1, 0.5, 0, 0]


def test_rule_moves_p_by_images_over_half_a_million_towards_the_target() -> None:
    p, high, low = torch.tensor(0.5), torch.tensor(0.61), torch.tensor(-0.2)
    assert adapted(p, high, 0.6, 256).item() == pytest.approx(0.5 + 256 / 500_000)
    assert adapted(p, low, 0.6, 256).item() == pytest.approx(0.5 - 256 / 500_000)
    assert adapted(torch.tensor(0.0), low, 0.6, 256).item() == 0
    assert adapted(torch.tensor(1.0), high, 0.6, 256).item() == 1
    assert adapted(p, torch.tensor(0.5), 0.5, 256).item() == 0.5


def test_rule_settles_where_the_signs_meet_the_target() -> None:
    """A toy discriminator that knows 0.9 - 0.8·p of its reals by heart: r_t is 0.6 at p = 0.375."""
    p = torch.tensor(0.0)
    random = torch.Generator().manual_seed(0)
    for _ in range(2000):
        signs = (torch.rand(256, generator=random) < (1 + 0.9 - 0.8 * p) / 2).float() * 2 - 1
        p = adapted(p, signs.mean(), 0.6, 256)
    assert p.item() == pytest.approx(0.375, abs=0.03)
