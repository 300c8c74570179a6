"""R3GAN's presets against the table of its settings (arXiv 2501.05441), and γ by size."""

import pytest
import torch

from figment.presets import PRESETS, gamma_for, make

# preset → size, with labels, images seen (M), burn-in (M), batch, γ, EMA half-life (M), augmentation p, group
PUBLISHED = {
    "r3gan-cifar10": (32, True, 250, 20, 512, 0.05, 5, 0.55, 16),
    "r3gan-ffhq64": (64, False, 100, 20, 256, 2, 0.5, 0.3, 16),
    "r3gan-ffhq256": (256, False, 200, 20, 256, 150, 0.5, 0.3, 16),
    "r3gan-imagenet32": (32, True, 1000, 200, 4096, 0.5, 50, 0.5, 32),
    "r3gan-imagenet64": (64, True, 1000, 200, 4096, 1, 50, 0.4, 32),
}
R3GAN = [name for name in PRESETS if name.startswith("r3gan")]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings(name: str) -> None:
    size, labels, seen, burn_in, batch, gamma, half_life, p, group = PUBLISHED[name]
    r = make(name)
    assert (r.size, r.labels, r.batch, r.gamma, r.augment_p, r.group_channels) == (size, labels, batch, gamma, p, group)
    assert r.ema_half_life == half_life * 1_000_000
    assert (r.lr_decay_start, r.lr_decay_end) == (0, pytest.approx(burn_in / seen))
    # The authors' code lets all changes happen with p, brightness, contrast, luma flip, hue and saturation with p / 2.
    assert (r.augment, r.augment_mode, r.augment_colours, r.ema_ramp) == ("full", "ramp", 0.5, True)
    assert (r.penalty, r.penalty_share, r.penalty_every, r.precision) == ("exact", 1, 1, "auto")


@pytest.mark.parametrize("name", R3GAN)
def test_what_all_share(name: str) -> None:
    r = make(name)
    assert (r.nets, r.objective, r.fresh, r.code_size, r.prior) == ("r3gan", "relativistic", True, 64, "normal")
    assert (r.lr, r.lr * r.lr_final, r.beta1, r.beta2, r.beta2_final) == (2e-4, pytest.approx(5e-5), 0, 0.9, 0.99)
    assert r.gamma > 0
    assert r.gamma_final == 0.1
    assert (r.discriminator_steps, r.discriminator_norm, r.dropout, r.gradient_penalty) == (1, "none", 0, 0)


def test_dcgan_plain_is_the_paper_s_training() -> None:
    """Section 4 of arXiv 1511.06434: batches of 128, Adam 2e-4 with β₁ 0.5, codes uniform, no augmentation, no average."""
    r = make("dcgan-plain")
    assert (r.batch, r.lr, r.lr_final, r.beta1, r.beta2, r.lr_discriminator) == (128, 2e-4, 1, 0.5, 0.999, 1)
    assert (r.objective, r.real_target, r.label_flips, r.dropout, r.gamma) == ("bce", 1, 0, 0, 0)
    assert (r.prior, r.code_size, r.initial_weights, r.activation, r.upsampling) == (
        "uniform", 100, "normal", "relu", "transposed",
    )  # fmt: skip
    assert (r.flips, r.augment_p, r.ema_half_life) == (False, 0, 0)
    added = {"name": "dcgan", "flips": True, "ema_half_life": 10_000}
    assert make("dcgan").model_dump() == r.model_dump() | added


def test_gamma_goes_through_the_published_sizes_and_is_geometric_between() -> None:
    assert (gamma_for(64), gamma_for(256)) == (2, 150)
    assert gamma_for(128) == pytest.approx((2 * 150) ** 0.5, rel=5e-3)
    assert gamma_for((64, 256)) == gamma_for((256, 64)) == gamma_for(128)
    assert gamma_for(32) == pytest.approx(gamma_for(64) ** 2 / gamma_for(128), rel=1e-2)


def test_gamma_goes_by_size_unless_it_is_set() -> None:
    assert make("r3gan", size="64x256").gamma == gamma_for(128)
    assert make("r3gan", size=128, gamma=3).gamma == 3
    assert make("r3gan-ffhq64", size=128).gamma == 2
    assert make("r3gan", objective="hinge").gamma == 0


def test_relativistic_game_of_other_nets_is_given_a_penalty_and_no_batch_norm() -> None:
    r = make("dcgan", objective="relativistic")
    assert (r.discriminator_norm, r.gamma) == ("none", 2)


@pytest.mark.parametrize(
    ("size", "widths", "gamma"),
    [
        (32, (), 0.5),
        (64, (), 0.5),
        (96, (), 1.12),
        ((96, 128), (), 1.5),
        (128, (192, 96, 48, 24, 12), 2),
        (512, (192, 96, 48, 24, 12, 8, 8), 32),
    ],
)
def test_beyond_64_pixels_stages_are_added_and_the_penalty_grows_with_the_pixels(
    size: int | tuple[int, int], widths: tuple[int, ...], gamma: float
) -> None:
    recipe = make("dcgan-r1", size=size)
    assert (recipe.widths, recipe.gamma) == (widths, gamma)


def test_widths_and_penalty_that_are_set_stay_at_any_size() -> None:
    assert make("dcgan-r1", size=128, width=8).widths == ()
    assert make("dcgan-r1", size=128, widths="5,4,3,2,1").widths == (5, 4, 3, 2, 1)
    assert make("dcgan-r1", size=128, gamma=0.5).gamma == 0.5


def test_the_penalty_of_one_discriminator_is_as_strong_on_enlarged_pictures() -> None:
    """γ ‖∇D‖² is the same at every size, for a D that sees a larger picture reduced to 16×16."""
    weights, strengths = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)).double(), []
    for size in (64, 128, 256):
        picture = torch.zeros(1, 3, size, size, dtype=torch.float64, requires_grad=True)
        torch.tanh((torch.nn.functional.adaptive_avg_pool2d(picture, 16) * weights).sum()).backward()
        strengths.append(make("dcgan-r1", size=size).gamma * float((picture.grad**2).sum()))
    assert strengths == pytest.approx([strengths[0]] * 3, rel=1e-9)
