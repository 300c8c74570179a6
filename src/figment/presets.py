"""The named recipes: a row each."""

import math
from typing import Any, NamedTuple

from figment.common import sizes
from figment.common.text import suggestion
from figment.errors import InputError
from figment.recipe import Recipe, changed, validated

# What an objective needs beside its loss; a field that the user sets wins.
NEEDS: dict[str, dict[str, Any]] = {
    "bce": {},
    "mse": {},
    "ml": {},
    "hinge": {},
    # arXiv 1704.00028, algorithm 1: λ = 10, 5 critic steps, Adam 1e-4 (0, .9), no batch norm in the critic.
    "wgan": dict(
        discriminator_norm="none", gradient_penalty=10.0, discriminator_steps=5, lr=1e-4, beta1=0.0, beta2=0.9
    ),
    # R1 and R2 are taken on each sample's own gradient, which batch norm mixes; γ by gamma_for.
    "relativistic": dict(discriminator_norm="none"),
}
# R3GAN's nets and game (arXiv 2501.05441). One half cosine over the burn-in takes lr, β₂ and γ to their final values and
# the half-life and the augmentation's probability up from 0. Colours change half as often as all else: so the authors' code
# has it for all of its settings. Width 768 is the paper's for all but ImageNet.
R3GAN: dict[str, Any] = dict(
    nets="r3gan", width=768, blocks=2, group_channels=16, code_size=64, prior="normal",
    objective="relativistic", penalty="exact", gamma_final=0.1, fresh=True,
    batch=256, lr=2e-4, lr_final=0.25, beta1=0.0, beta2=0.9, beta2_final=0.99, lr_decay_start=0.0, lr_decay_end=0.2,
    ema_half_life=500_000, ema_ramp=True, augment="full", augment_p=0.3, augment_mode="ramp", augment_colours=0.5,
)  # fmt: skip
IMAGENET: dict[str, Any] = dict(
    width=1536, group_channels=32, labels=True, batch=4096, lr_decay_end=200 / 1000, ema_half_life=50_000_000
)
# DCGAN's nets without chequerboards, every stage of G modulated by the code (arXiv 1810.01365), and a discriminator held by
# R1 (arXiv 1801.04406) instead of batch norm, under which small nets lose their variety within minutes.
R1: dict[str, Any] = dict(
    batch=32, upsampling="nearest", modulated=True, initial_weights="he", discriminator_norm="none", prior="normal",
    gamma=0.5, penalised="reals", penalty_every=8, lr=1e-3, beta2=0.99, lr_final=0.02, lr_decay_start=0.4,
    augment="few", augment_p=0.3,
)  # fmt: skip

MOTION_SIZE = 32  # numbers that a code of clips has beside the image generator's, and that move
# Images first (LOG 123): of five minutes three went to single frames, three times as fast, and heads had faces.
CLIPS: dict[str, Any] = dict(frames=16, fps=12.0, images_first=0.6)


LEAST_CHANNELS = 8  # of a stage above 64 px


class Preset(NamedTuple):
    """A named recipe: what it sets beside the paper's defaults, what to expect of it, and of which budget.

    expect: in a line, with the machine and the time where that was measured; numbers that weren't measured with this code
    say whose they are. budget: the options that it is meant for, where those are part of the expectation.
    """

    fields: dict[str, Any]
    expect: str
    budget: str = ""

    def __str__(self) -> str:
        return f"with {self.budget}: {self.expect}" if self.budget else self.expect


PRESETS: dict[str, Preset] = {
    # The article's widths, the paper's numbers, and two things that the paper hasn't: mirroring and the average.
    "dcgan": Preset(
        {}, "the article's nets, the paper's numbers, mirrored pictures and an average: for a GPU, hours on a CPU",
    ),
    # Section 4 of arXiv 1511.06434: no augmentation; samples are the last weights'.
    "dcgan-plain": Preset(
        dict(flips=False, ema_half_life=0), "the same without these two, as the paper trains: to compare with",
    ),
    # A sixteenth of the size at ten times the speed: better than "dcgan" by far where time is short (LOG 36).
    "dcgan-small": Preset(
        dict(width=16, batch=64, lr=3e-4, lr_final=0.2, real_target=0.9),
        "a quarter of the widths, reals' target 0.9: 2 cores, 20 min, CelebA at 64 px: a face is found in 93 % of samples",
    ),
    # What a search found for minutes on a CPU (LOG 29, 33).
    "dcgan-r1": Preset(
        R1 | dict(width=24), "what auto takes on a CPU: small modulated nets, no chequerboards, D held by R1 (LOG.md)",
    ),
    "dcgan-r1-small": Preset(
        R1 | dict(width=16), "the same two thirds as wide: for a minute or two, or a slow machine",
    ),
    # Clips: dcgan-r1's nets and game, with a second discriminator on three frames.
    "video": Preset(
        R1 | CLIPS | dict(width=24), "clips: dcgan-r1 with moving codes and a discriminator of three frames",
    ),
    "video-small": Preset(
        R1 | CLIPS | dict(width=16), "the same two thirds as wide: for minutes on a CPU",
    ),
    # The paper's numbers for FFHQ, with γ by size, augmentation by the number of pictures, and an average that suits any
    # budget.
    "r3gan": Preset(R3GAN | dict(augment="auto", ema_ramp=False), "the paper's nets at any size, for days on a GPU"),
    # The published runs; lr_decay_end is burn-in / images seen, so give the budget named. FFHQ-64 takes half a TFLOP an
    # image seen: 6 days at 100 TFLOP/s.
    "r3gan-cifar10": Preset(
        R3GAN | dict(
            size=32, labels=True, batch=512, gamma=0.05, lr_decay_end=20 / 250, ema_half_life=5_000_000, augment_p=0.55
        ), "FID 1.96 (the paper's; 10 classes)", "--images 250M",
    ),
    "r3gan-ffhq64": Preset(
        R3GAN | dict(size=64, gamma=2.0, lr_decay_end=20 / 100),
        "FID 1.95 (the paper's); half a TFLOP an image", "--images 100M",
    ),
    "r3gan-ffhq256": Preset(
        R3GAN | dict(size=256, gamma=150.0, lr_decay_end=20 / 200), "FID 2.75 (the paper's)", "--images 200M",
    ),
    "r3gan-imagenet32": Preset(
        R3GAN | IMAGENET | dict(size=32, gamma=0.5, augment_p=0.5),
        "FID 1.27 (the paper's; 1,000 classes)", "--images 1000M",
    ),
    "r3gan-imagenet64": Preset(
        R3GAN | IMAGENET | dict(size=64, widths=(1536,) * 5, gamma=1.0, augment_p=0.4),
        "FID 2.09 (the paper's; 1,000 classes)", "--images 1000M",
    ),
    # Half the widths are a quarter of the work. An H100 does 205 images/s with exact penalties and 553 with finite
    # differences on a quarter of the batch (LOG 46), which is 2 million in the hour. Burn-in and average are shortened to suit.
    "r3gan-hour": Preset(
        R3GAN | dict(
            width=384, penalty="finite", penalty_share=0.25, augment="auto", lr_decay_end=0.5, ema_half_life=50_000,
            ema_ramp=False,
        ), "half the widths: an hour of a data-centre GPU, 2 million images of 64 px on an H100; never run to its end",
    ),
    # Never run to an end: a forward pass of G or D is 37 MFLOP at 64 px, a step about 15 of them an image. bf16 was slower
    # than float32 at such widths.
    "r3gan-small": Preset(
        R3GAN | dict(
            width=16, blocks=1, batch=64, penalty="finite", penalty_share=0.25, augment="auto", lr_decay_end=0.5,
            ema_half_life=10_000, ema_ramp=False, precision="fp32",
        ), "a narrow one for a CPU; the small DCGANs learn faster there (LOG.md)",
    ),
}  # fmt: skip


def _moving(fields: dict[str, Any]) -> dict[str, Any]:
    """What a recipe of clips has beside that of pictures, where nobody says how much of the code moves: so much more of it."""
    if not fields.get("frames") or "motion_size" in fields:
        return {}
    still = fields.get("code_size", Recipe.model_fields["code_size"].default)
    return {"motion_size": MOTION_SIZE, "code_size": still + MOTION_SIZE}


def beyond_64(width: int, gamma: float, size: int | tuple[int, int]) -> dict[str, Any]:
    """What dcgan-r1's fields become at a size of more pixels than 64×64, where they were found.

    widths: each stage above 64 px has half the channels of the one below, at least 8, so that all below stay as they are: at
    128 px that is 2.3 times as fast as 24 channels at half of the size, and nets of 64 px can be gone on from (LOG 89).
    gamma: in proportion to the pixels. Of an enlarged picture each of the k pixels that stand for one has 1/k of its part in
    what the same D says, so ‖∇D‖² is 1/k of what it was, and γ‖∇D‖² the same; so it is, exactly, where a run begins from
    nets of a smaller size. An image that isn't square counts by its area.
    """
    height, wide = sizes.shape(size)
    widths = [width * 2**i for i in (3, 2, 1, 0)]
    for _ in range(sizes.start_grid(height, wide).doublings - len(widths)):
        widths.append(max(LEAST_CHANNELS, widths[-1] // 2))
    pixels = height * wide / 64**2
    return {"gamma": float(f"{gamma * max(1.0, pixels):.3g}")} | ({"widths": tuple(widths)} if len(widths) > 4 else {})


def gamma_for(size: int | tuple[int, int]) -> float:
    """γ for pictures of a size, to 3 digits: through the paper's for FFHQ, 2 at 64 px and 150 at 256 px, γ ∝ side^3.11.

    Between the two sizes this is interpolation; outside it is extrapolation, a guess to start from. An image that isn't
    square has the side of a square of its area. FFHQ's γ are high: the paper's CIFAR-10 and ImageNet runs take less.
    """
    side = math.prod(sizes.shape(size)) ** 0.5
    return float(f"{2 * 75 ** math.log(side / 64, 4):.3g}")


def make(name: str, **choices: Any) -> Recipe:
    """A named recipe with some fields set: paper's defaults ← the recipe's row ← the objective's needs ← choices.

    Raises InputError with one sentence for an unknown name or field (with the nearest real one) or a value out of range.
    """
    if name not in PRESETS:
        raise InputError(f"--recipe {name}: unknown recipe{suggestion(name, ['auto', *PRESETS])}")
    preset = PRESETS[name].fields
    objective = choices.get("objective", preset.get("objective", "bce"))
    fields = {"name": name} | preset | NEEDS.get(objective, {}) | choices
    recipe = validated(fields | _moving(fields))
    if "penalised" in preset:
        given = {*choices, *(["widths"] if "width" in choices else [])}
        sized = beyond_64(preset["width"], preset["gamma"], recipe.size)
        return changed(recipe, **{field: value for field, value in sized.items() if field not in given})
    if objective == "relativistic" and "gamma" not in fields:
        return changed(recipe, gamma=gamma_for(recipe.size))
    return recipe
