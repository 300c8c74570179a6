"""The plan of a run as text, for --dry-run."""

import itertools

from torch import nn

from figment import nets
from figment.common.machine import Machine
from figment.common.units import as_images, as_time
from figment.planning.memory import convolutions, fitting_memory, training_bytes
from figment.recipe import Recipe
from figment.training import schedule


def describe(recipe: Recipe, machine: Machine, start: str = "", expected: str = "", speed: float = 0.0) -> str:
    """The plan as text: nets with parameter counts, the game, the schedule, the memory. For --dry-run.

    recipe: with nothing left open that pictures or a measurement decide. start: what its nets begin as, in a line. expected: when
    pictures begin to show, in a line. speed: images a second here, 0 where nobody knows.
    """
    recipe = fitting_memory(recipe, machine)
    generator, discriminator = nets.generator(recipe), nets.discriminator(recipe)
    colours = "grey" if recipe.channels == 1 else "colour"
    classes = f", {len(recipe.classes)} classes" if recipe.classes else ""
    times = [f"{at:,}" for at in schedule.snapshot_times(recipe)]
    batch = times if len(times) < 6 else [*times[:4], "…", times[-1]]
    where = "R1" if recipe.penalised == "reals" else "R1 + R2"
    often = "" if recipe.penalty_every == 1 else f", every {recipe.penalty_every}th step"
    penalty = f", γ {recipe.gamma:g} ({recipe.penalty} {where}{often})" if recipe.gamma else ""
    steps = f"{recipe.discriminator_steps} discriminator step(s) for each of the generator"
    turns = "one pass for both nets" if recipe.one_pass else steps
    rows = [
        ("machine", str(machine)),
        ("recipe", f"{recipe.name}: {recipe.shape[0]}×{recipe.shape[1]}, {colours}{classes}, nets {recipe.nets}"),
        *([("start", start)] if start else []),
        ("generator", f"{nets.parameter_count(generator):,} parameters: {_layers(generator)}"),
        ("discriminator", f"{nets.parameter_count(discriminator):,} parameters: {_layers(discriminator)}{_frozen(recipe)}"),
        ("game", f"{recipe.objective}{penalty}, batch {recipe.batch}, Adam {recipe.lr:g} (β {recipe.beta1:g}, {recipe.beta2:g}), "
                 f"{turns}"),
        ("augmentation", _augmenting(recipe)),
        ("arithmetic", f"{recipe.precision}, compile {recipe.compile}"),
        ("budget", _budget(recipe, speed)),
        *([("expected", expected)] if expected else []),
        ("schedule", f"rates decay from {recipe.lr_decay_start:.0%} to {recipe.lr_decay_end:.0%} of the run, "
                     f"to {recipe.lr * recipe.lr_final:g}"),
        ("snapshots", f"{len(times)}, at {', '.join(batch)} images seen"),
        ("averaging", f"half-life {recipe.ema_half_life:,} images, less at first" if recipe.ema_half_life else "none"),
        ("memory", f"about {training_bytes(recipe) / 2**20:,.0f} MiB for nets, optimisers and one step, beside the pictures"),
    ]  # fmt: skip
    return "\n".join(f"{name:<14} {text}" for name, text in rows)


def _budget(recipe: Recipe, speed: float) -> str:
    if recipe.seconds:
        return as_time(recipe.seconds)
    seen = f"{as_images(recipe.images or 0)} seen"
    return f"{seen}, in about {as_time((recipe.images or 0) / speed)} here" if speed else seen


def _layers(net: nn.Module) -> str:
    """The channels that the net passes through, each run of equal ones once."""
    layers = convolutions(net)
    channels = (layers[0].in_channels, *(layer.out_channels for layer in layers))
    return " → ".join(str(n) for n, _ in itertools.groupby(channels))


def _frozen(recipe: Recipe) -> str:
    return f"; of its stages the first {recipe.frozen_stages} stay as they begin" if recipe.frozen_stages else ""


def _augmenting(recipe: Recipe) -> str:
    if recipe.augment == "none":
        return "none"
    colours = f" (colours {recipe.augment_p * recipe.augment_colours:g})" if recipe.augment_colours < 1 else ""
    return f"{recipe.augment}, {recipe.augment_mode}, p {recipe.augment_p:g}{colours}"
