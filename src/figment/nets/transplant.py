"""What a trained pair of nets has learnt, put into a new pair of other size, widths, colours or classes.

Stages are matched by the resolution that they work at, counted in doublings from the start grid, whose shorter side has 4
to 7 pixels. Where channel counts coincide the features of transplanted stages are the same to the bit. Where the target is
wider, the first channels are the source's and see 0 of the new ones; where it is narrower, the first are taken. Stages
above the source's begin as doubled pixels in G, halved pictures in D, so that a larger size goes on where a smaller one was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from figment import nets
from figment.common import sizes
from figment.errors import InputError
from figment.nets import clips, dcgan, dcgan_transplant, r3gan, r3gan_transplant
from figment.nets.clips import ClipDiscriminator
from figment.nets.dcgan_growth import is_wide_enough
from figment.recipe import Recipe

COPIES = {"dcgan": dcgan_transplant, "r3gan": r3gan_transplant}
# Fields that decide what a weight means: nets that differ in one have nothing in common.
MEANING = ("nets", "upsampling", "discriminator_norm", "group_channels")


@dataclass(frozen=True)
class Transplant:
    """What is taken from known nets and what is new.

    copied: of so many stages; new: where in the target the others work; changes: what was adapted, in words.
    """

    copied: int
    stages: int
    new: tuple[str, ...]
    changes: tuple[str, ...]

    def __str__(self) -> str:
        whole = f"{self.copied} of {self.stages} stages" if self.new else f"all {self.stages} stages"
        where = f"new: {_stages(self.new)}" if self.new else ""
        return "; ".join(filter(None, [whole, where, ", ".join(self.changes)]))


def compared(source: Recipe, target: Recipe, lacks_discriminator: bool = False) -> Transplant:
    """What of the source's nets fits the target's. Raises InputError where nothing does."""
    for field in MEANING:
        theirs, ours = getattr(source, field), getattr(target, field)
        if theirs != ours and (field == "nets" or _has(source, field)):
            raise InputError(
                f"--from: these nets don't fit ({field} is {theirs} there, {ours} here): leave out --recipe and "
                f"--set {field}, and they are followed."
            )
    old, new = sizes.start_grid(*source.shape), sizes.start_grid(*target.shape)
    shared, stages = _shared(source, target), new.doublings + 1
    grid = (new.height, new.width)
    return Transplant(
        shared,
        stages,
        tuple(sizes.as_text(tuple(side * 2**i for side in grid)) for i in range(shared, stages)),
        tuple(_changes(source, target, old, new, lacks_discriminator)),
    )


def transplant(source: Recipe, weights: Mapping[str, Tensor], target: Recipe, net: nn.Module, kind: str) -> None:
    """Put what fits of the source's weights into a fresh net of the target's recipe, in place.

    kind: "generator" or "discriminator". weights: the source's whole state dict, float32 on the CPU. Raises InputError as
    compared() does.
    """
    compared(source, target)
    built = {"generator": nets.generator, "discriminator": nets.discriminator}[kind](source)
    built.load_state_dict(weights, assign=True)
    copy = getattr(COPIES[target.nets], f"copy_{kind}")
    with torch.no_grad():
        if kind == "discriminator" and (source.frames or target.frames):
            _copy_clip_discriminator(copy, source, built, target, net)
        else:
            copy(source, built, target, net)


def _copy_clip_discriminator(
    copy: Callable[..., None], source: Recipe, old: nn.Module, target: Recipe, new: nn.Module
) -> None:
    """Of clips: the image part from the image part, or from a discriminator of pictures; of both kinds, what sees motion, too."""
    if isinstance(old, ClipDiscriminator) and isinstance(new, ClipDiscriminator):
        copy(clips.of_motion(source), old.motion, clips.of_motion(target), new.motion)
    parts = [net.image if isinstance(net, ClipDiscriminator) else net for net in (old, new)]
    copy(source, parts[0], target, parts[1])


def _shared(source: Recipe, target: Recipe) -> int:
    """How many stages both have; dcgan's last, which makes the colours, fits one of the same number of doublings only."""
    old, new = (sizes.start_grid(*recipe.shape).doublings for recipe in (source, target))
    if target.nets == "dcgan" and old != new:
        return min(old, new)
    return min(old, new) + 1


def _changes(source: Recipe, target: Recipe, old: sizes.Grid, new: sizes.Grid, lacks_discriminator: bool) -> list[str]:
    changes = ["the discriminator is new"] if lacks_discriminator else []
    if new.doublings > old.doublings and _begins_enlarged(source, target):
        changes.append("pictures at first as they were, enlarged")
    elif target.nets == "r3gan" and old.doublings != new.doublings:
        changes.append("new layers to colours")
    if target.channels != "auto" and source.channels != target.channels:
        changes.append("grey→colours" if source.channels == 1 else "colours→grey")
    if old[:2] != new[:2]:
        changes.append(f"start grid {old.height}×{old.width}→{new.height}×{new.width}")
    before, after = (_widths(recipe) for recipe in (source, target))
    if any(a != b for a, b in zip(before, after, strict=False)):
        changes.append(f"channels {_arrow(before, after)}")
    if source.code_size != target.code_size:
        changes.append(f"code {source.code_size}→{target.code_size}")
    for field in ("prior", "activation", "modulated", "blocks"):
        if getattr(source, field) != getattr(target, field) and (field != "blocks" or target.nets == "r3gan"):
            changes.append(f"{field} {getattr(source, field)}→{getattr(target, field)}")
    if target.frames and not source.frames:
        changes.append("what sees motion is new")
    known = len(set(source.classes) & set(target.classes))
    if source.classes and not target.classes:
        changes.append(f"its {len(source.classes)} classes as one")
    elif len(target.classes) > known:
        changes.append(f"{len(target.classes) - known} new classes")
    return changes


def _begins_enlarged(source: Recipe, target: Recipe) -> bool:
    """Whether the new stages of a larger size have the channels that pass the smaller size's colours on."""
    colours = 3 if target.channels == "auto" else target.channels
    depth = sizes.start_grid(*source.shape).doublings
    widths = _widths(target)[depth if target.nets == "dcgan" else depth + 1 :]
    return is_wide_enough(widths, colours if target.nets == "dcgan" else 1)


def _has(recipe: Recipe, field: str) -> bool:
    return recipe.nets == ("r3gan" if field == "group_channels" else "dcgan")


def _widths(recipe: Recipe) -> list[int]:
    return (dcgan if recipe.nets == "dcgan" else r3gan).stage_widths(recipe)


def _arrow(before: list[int], after: list[int]) -> str:
    """The channels of the stages that both have."""
    pairs = list(zip(before, after, strict=False))
    return "→".join(",".join(str(pair[i]) for pair in pairs) for i in (0, 1))


def _stages(places: tuple[str, ...]) -> str:
    named = places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}"
    return f"the stage{'s' if len(places) > 1 else ''} at {named} px"
