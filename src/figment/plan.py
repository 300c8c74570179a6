"""Plan: what a budget buys on this machine; and the run as it will be, before it is."""

from torch import nn

from figment import nets
from figment import recipe as recipes
from figment.budget import as_images, as_time
from figment.errors import InputError
from figment.machine import Machine
from figment.recipe import Recipe
from figment.training import schedule

QUICK_SECONDS, QUICK_IMAGES = 300.0, 200_000  # a guess: only 3 minutes were tried (LOG.md)


def named(recipe: str, machine: Machine, seconds: float | None, images: int | None) -> tuple[str, str]:
    """The recipe that a name stands for under a budget, and why: "auto" takes small nets where there is no GPU."""
    if recipe != "auto":
        return recipe, f"recipe {recipe}, as asked"
    if machine.device.startswith("cuda"):
        return "dcgan", "recipe dcgan: a GPU carries the article's widths"
    if (seconds or 0) <= QUICK_SECONDS and (images or 0) <= QUICK_IMAGES:
        return "dcgan-quick", "recipe dcgan-quick: a small net in small batches, for a few minutes without a GPU"
    return "dcgan-small", "recipe dcgan-small: without a GPU, small fast nets give better pictures than wide slow ones"


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
        return "bf16" if machine.bf16 else "fp32"
    return recipe.precision


def _compile(recipe: Recipe, machine: Machine) -> str:
    # Compiling costs half a minute and is slower at small widths; torch.compile can't differentiate a penalty twice.
    if not machine.compiler or recipe.gradient_penalty:
        return "off"
    if recipe.compile == "auto":
        return "on" if recipe.width >= 48 and (recipe.images or 0) >= 500_000 else "off"
    return recipe.compile


def images_for(recipe: Recipe, images_per_second: float, spent: float) -> int:
    """Images that a time budget is good for, at a measured speed, after the seconds that measuring took.

    Raises InputError where it is good for none.
    """
    images = int(((recipe.seconds or 0) - spent) * images_per_second * 0.97)  # .03 for readings and snapshots
    if images < recipe.images_a_step:
        step = recipe.images_a_step / images_per_second
        raise InputError(
            f"--for {recipe.seconds:g}s: too short, since a step alone takes {step:.1f} s here: give it minutes."
        )
    return images


def fallbacks(recipe: Recipe, machine: Machine) -> list[str]:
    """What this machine or recipe rules out and what is done in its place, a line each; nothing where all is there."""
    lines = []
    if recipe.precision == "auto" and not machine.bf16:
        lines.append("no fast bf16 on this device: training in float32")
    if recipe.compile != "off" and not machine.compiler:
        lines.append("no compiler for torch.compile here: training without it")
    if recipe.compile == "on" and recipe.gradient_penalty:
        lines.append("torch.compile can't differentiate a gradient penalty twice: training without it")
    return lines


def describe(recipe: Recipe, machine: Machine) -> str:
    """The plan as text: nets with parameter counts, the game, the schedule, the memory. For --dry-run."""
    if recipe.channels == "auto":
        return (
            describe(recipes.changed(recipe, channels=3), machine)
            + "\nThe pictures decide on grey or colour; colour is assumed here."
        )
    generator, discriminator = nets.generator(recipe), nets.discriminator(recipe)
    colours = "grey" if recipe.channels == 1 else "colour"
    times = schedule.snapshot_times(recipe) if recipe.planned_images else []
    rows = [
        ("machine", str(machine)),
        ("recipe", f"{recipe.name}: {recipe.size}×{recipe.size}, {colours}, width {recipe.width}"),
        ("generator", f"{nets.parameter_count(generator):,} parameters: {_layers(generator)}"),
        ("discriminator", f"{nets.parameter_count(discriminator):,} parameters: {_layers(discriminator)}"),
        ("game", f"{recipe.objective}, batch {recipe.batch}, Adam {recipe.lr:g} (β {recipe.beta1:g}, {recipe.beta2:g}), "
                 f"{recipe.discriminator_steps} discriminator step(s) for each of the generator"),
        ("arithmetic", f"{recipe.precision}, compile {recipe.compile}"),
        ("budget", as_time(recipe.seconds) if recipe.seconds else f"{as_images(recipe.images or 0)} seen"),
        ("snapshots", f"{len(times)}, at {', '.join(as_images(t) for t in (*times[:4], times[-1]))} seen (… growing)"
                      if times else f"{recipe.snapshots}, at geometrically growing intervals (laid out once speed is measured)"),
        ("averaging", f"half-life {recipe.ema_half_life:,} images, less at first"),
        ("memory", f"about {memory(recipe) / 2**20:,.0f} MiB for nets, optimisers and one step, beside the pictures"),
    ]  # fmt: skip
    return "\n".join(f"{name:<14} {text}" for name, text in rows)


def memory(recipe: Recipe) -> int:
    """Bytes that training takes, roughly: weights with gradients and Adam's moments, and what a step keeps for backward."""
    generator, discriminator = nets.generator(recipe), nets.discriminator(recipe)
    weights = 4 * 4 * (nets.parameter_count(generator) + nets.parameter_count(discriminator))
    average = 4 * nets.parameter_count(generator)
    pixel = 2 if recipe.precision == "bf16" else 4
    maps = 3 * (_activations(generator, recipe) + 2 * _activations(discriminator, recipe))  # conv, norm, activation
    return weights + average + pixel * recipe.batch * maps


def _activations(net: nn.Module, recipe: Recipe) -> int:
    """Numbers that the convolutions of a net put out for one picture."""
    total, side = 0, 1 if isinstance(next(iter(net)), nn.Unflatten) else recipe.size  # type: ignore[call-overload]
    for conv in _convolutions(net):
        if isinstance(conv, nn.ConvTranspose2d):
            side = 4 if side == 1 else side * 2
        else:
            side = side // 2 if side > 4 else 1
        total += conv.out_channels * side * side
    return total


def _convolutions(net: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    return [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]


def _layers(net: nn.Module) -> str:
    convolutions = _convolutions(net)
    return " → ".join(str(n) for n in (convolutions[0].in_channels, *(c.out_channels for c in convolutions)))
