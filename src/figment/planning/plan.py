"""Plan: what a budget buys on this machine; and the run as it will be, before it is."""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from figment import nets
from figment import recipe as recipes
from figment.augment.pipeline import wanted
from figment.common.machine import Machine
from figment.common.units import as_images, as_time
from figment.errors import InputError
from figment.recipe import Recipe
from figment.training import schedule

OVERHEAD = 0.03  # of a run's time goes into readings and snapshots
LEAST = 50_000  # images seen before which samples are hardly ever recognisable (LOG.md)
ROOM = 0.7  # share of the memory that nets and a step may take, beside the pictures and everybody else


class Rung(NamedTuple):
    """A recipe that "auto" may take, and the images seen from which it beats the smaller one before it."""

    recipe: str
    worth_from: int
    why: str


# On a CPU the wider nets were better at 150,000 images seen, and on portraits at 32 px from 90,000 (LOG.md). On a GPU
# (H100) "dcgan" was better by the eye than "dcgan-r1" at its widths; from where on R3GAN is worth it there is an estimate.
WITHOUT_GPU = "without a GPU, small fast nets give better pictures than wide slow ones"
LADDERS = {
    "cpu": (
        Rung("dcgan-r1-small", 0, WITHOUT_GPU),
        Rung("dcgan-r1", 60_000, WITHOUT_GPU),
    ),
    "gpu": (
        Rung("dcgan", 0, "a GPU carries the article's widths"),
        Rung("r3gan-hour", 1_000_000, "nets without normalisation under R1 + R2, which go on improving"),
        Rung("r3gan", 20_000_000, "the full nets of R3GAN"),
    ),
}  # fmt: skip


def ladder(machine: Machine) -> tuple[Rung, ...]:
    """The recipes that "auto" climbs on a machine, smallest first."""
    return LADDERS["cpu" if machine.kind == "cpu" else "gpu"]


def by_images(machine: Machine, images: int) -> Rung:
    """What "auto" takes for so many images seen: under an image budget nothing is chosen by stopwatch."""
    return [rung for rung in ladder(machine) if rung.worth_from <= images][-1]


def for_data(recipe: Recipe, channels: int, classes: Callable[[], tuple[str, ...]], count: int) -> Recipe:
    """The recipe with all settled that the pictures decide: grey or colour, classes, augmentation for so many of them.

    classes gives their names; it is asked only where labels are wanted, and may raise InputError.
    """
    names = classes() if recipe.labels else ()
    return recipes.changed(recipe, channels=channels, classes=names, **augmentation(recipe, count))


def augmentation(recipe: Recipe, count: int) -> dict[str, str | float]:
    """How much augmentation a training set of so many pictures gets: all below 30,000, none from 100,000 on.

    Where D's signs steer it, it may start from nothing.
    """
    if recipe.augment != "auto":
        return {}
    share = wanted(count)
    happens = share > 0 and (recipe.augment_p > 0 or recipe.augment_mode == "adaptive")
    return {"augment": "full" if happens else "none", "augment_p": recipe.augment_p * share}


def fitting(recipe: Recipe, machine: Machine) -> Recipe:
    """The recipe with its batch halved until a step fits the machine's memory."""
    while memory(recipe) > ROOM * machine.memory * 2**30 and recipe.batch >= 4:
        recipe = smaller(recipe)
    return recipe


def smaller(recipe: Recipe) -> Recipe:
    """The recipe with half the batch."""
    return recipes.changed(recipe, batch=recipe.batch // 2)


def warnings(recipe: Recipe) -> list[str]:
    """What a budget is too small for, in a line that says what would do; nothing where it is large enough."""
    if not 0 < recipe.planned_images < LEAST:
        return []
    little = f"that is little: pictures begin to show after about {as_images(LEAST)}"
    if recipe.seconds:
        minutes = math.ceil(recipe.seconds * LEAST / recipe.planned_images / 60)
        return [f"{little}, here with --for {minutes}m or more, or a smaller --size"]
    return [f"{little}: --images {LEAST // 1000}k or more"]


def by_rule(recipe: Recipe, machine: Machine) -> Recipe:
    """Every "auto" of the machine's settled without a stopwatch: under an image budget nothing that changes numbers is timed."""
    settled = {
        "precision": _precision(recipe, machine),
        "compile": _compile(recipe, machine),
        "planned_images": recipe.planned_images or recipe.images or 0,
    }
    return recipes.changed(recipe, **settled)


def _precision(recipe: Recipe, machine: Machine) -> str:
    if recipe.precision == "auto":
        return "bf16" if machine.bf16 == "fast" else "fp32"
    return recipe.precision


def _compile(recipe: Recipe, machine: Machine) -> str:
    # Compiling costs half a minute and is slower at small widths; torch.compile can't differentiate a penalty twice.
    if not machine.compiler or recipe.gradient_penalty:
        return "off"
    if recipe.compile == "auto":
        return "on" if recipe.width >= 48 and (recipe.images or 0) >= 500_000 else "off"
    return recipe.compile


def images_for(recipe: Recipe, images_per_second: float, spent: float) -> int:
    """Images that a time budget is good for, at the measured speed of the game, after the seconds that measuring took.

    Raises InputError where it is good for none.
    """
    images = int(((recipe.seconds or 0) - spent) * images_per_second * (1 - OVERHEAD))
    if images < recipe.images_a_step:
        step = recipe.images_a_step / images_per_second
        raise InputError(
            f"--for {recipe.seconds:g}s: too short: measuring this machine took {spent:.1f} s of it, and a step takes "
            f"{step:.1f} s: give it minutes."
        )
    return images


def fallbacks(recipe: Recipe, machine: Machine) -> list[str]:
    """What this machine or recipe rules out and what is done in its place, a line each; nothing where all is there."""
    lines = []
    if recipe.precision == "auto" and machine.bf16 == "slow":
        lines.append("no fast bf16 on this device: training in float32")
    if recipe.precision == "auto" and machine.bf16 == "perhaps" and recipe.images is not None:
        lines.append("a budget of images times nothing: training in float32; --set precision=bf16 may be faster here")
    if recipe.compile != "off" and not machine.compiler:
        lines.append("no compiler for torch.compile here: training without it")
    if recipe.compile == "on" and recipe.gradient_penalty:
        lines.append("torch.compile can't differentiate a gradient penalty twice: training without it")
    return lines


def describe(recipe: Recipe, machine: Machine) -> str:
    """The plan as text: nets with parameter counts, the game, the schedule, the memory. For --dry-run.

    recipe: with nothing left open that pictures or a measurement decide.
    """
    recipe = fitting(recipe, machine)
    generator, discriminator = nets.generator(recipe), nets.discriminator(recipe)
    colours = "grey" if recipe.channels == 1 else "colour"
    classes = f", {len(recipe.classes)} classes" if recipe.classes else ""
    times = [f"{at:,}" for at in schedule.snapshot_times(recipe)]
    shown = times if len(times) < 6 else [*times[:4], "…", times[-1]]
    where = "R1" if recipe.penalised == "reals" else "R1 + R2"
    often = "" if recipe.penalty_every == 1 else f", every {recipe.penalty_every}th step"
    penalty = f", γ {recipe.gamma:g} ({recipe.penalty} {where}{often})" if recipe.gamma else ""
    rows = [
        ("machine", str(machine)),
        ("recipe", f"{recipe.name}: {recipe.shape[0]}×{recipe.shape[1]}, {colours}{classes}, nets {recipe.nets}"),
        ("generator", f"{nets.parameter_count(generator):,} parameters: {_layers(generator)}"),
        ("discriminator", f"{nets.parameter_count(discriminator):,} parameters: {_layers(discriminator)}"),
        ("game", f"{recipe.objective}{penalty}, batch {recipe.batch}, Adam {recipe.lr:g} (β {recipe.beta1:g}, {recipe.beta2:g}), "
                 f"{recipe.discriminator_steps} discriminator step(s) for each of the generator"),
        ("augmentation", _augmenting(recipe)),
        ("arithmetic", f"{recipe.precision}, compile {recipe.compile}"),
        ("budget", as_time(recipe.seconds) if recipe.seconds else f"{as_images(recipe.images or 0)} seen"),
        ("schedule", f"rates decay from {recipe.lr_decay_start:.0%} to {recipe.lr_decay_end:.0%} of the run, "
                     f"to {recipe.lr * recipe.lr_final:g}"),
        ("snapshots", f"{len(times)}, at {', '.join(shown)} images seen"),
        ("averaging", f"half-life {recipe.ema_half_life:,} images, less at first"),
        ("memory", f"about {memory(recipe) / 2**20:,.0f} MiB for nets, optimisers and one step, beside the pictures"),
    ]  # fmt: skip
    return "\n".join(f"{name:<14} {text}" for name, text in rows)


def memory(recipe: Recipe) -> int:
    """Bytes that training takes, roughly: weights with gradients and Adam's moments, and what a step keeps for backward.

    What a convolution puts out is kept about three times (itself, normalised, activated), without normalisation twice;
    an exact penalty keeps everything once more for its second derivative. With R3GAN's nets this is 3 to 7 % above what an
    H100 needed, exact penalties and bf16, and a third above it without penalties (LOG.md).
    """
    generator, discriminator = nets.generator(recipe), nets.discriminator(recipe)
    weights = 4 * 4 * (nets.parameter_count(generator) + nets.parameter_count(discriminator))
    average = 4 * nets.parameter_count(generator)
    pixel = 2 if recipe.precision == "bf16" else 4
    penalty = 2 * recipe.penalty_share if recipe.gamma else 0
    z, pictures = torch.empty(1, recipe.code_size, device="meta"), _picture(recipe)
    kept = 2 if recipe.nets == "r3gan" else 3
    maps = kept * (_activations(generator, z, recipe) + (2 + penalty) * _activations(discriminator, pictures, recipe))
    return weights + average + round(pixel * recipe.batch * maps)


def _picture(recipe: Recipe) -> Tensor:
    return torch.empty(1, int(recipe.channels), *recipe.shape, device="meta")


def _activations(net: nn.Module, given: Tensor, recipe: Recipe) -> int:
    """Numbers that the convolutions of a net put out for one picture: counted on a device that only knows shapes."""
    total = 0

    def count(module: nn.Module, args: object, out: Tensor) -> None:
        nonlocal total
        total += out.numel()

    hooks = [conv.register_forward_hook(count) for conv in _convolutions(net)]
    net.eval()(given, torch.zeros(1, dtype=torch.int64, device="meta") if recipe.classes else None)
    for hook in hooks:
        hook.remove()
    return total


def _convolutions(net: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    return [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]


def _layers(net: nn.Module) -> str:
    """The channels that the net passes through, each run of equal ones once."""
    convolutions = _convolutions(net)
    channels = (convolutions[0].in_channels, *(c.out_channels for c in convolutions))
    return " → ".join(str(n) for n, _ in itertools.groupby(channels))


def _augmenting(recipe: Recipe) -> str:
    return "none" if recipe.augment == "none" else f"{recipe.augment}, {recipe.augment_mode}, p {recipe.augment_p:g}"
