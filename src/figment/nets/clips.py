"""Nets of clips: an image generator that draws several frames of a clip at once, and a discriminator that sees three.

The generator is the image generator of its family, whose last numbers of the code move (motion.py). In nets that the code
modulates they act on the first stages alone: what lies where moves, light and colours stay. The discriminator has two
parts, as in arXiv 2112.14683 and 2202.10571: one for single frames, the image discriminator of its family, and one for
three frames side by side, with the time between them.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from figment.nets import dcgan, r3gan
from figment.recipe import Recipe

SEEN_FRAMES = 3  # of a clip, that the discriminator sees at once
# Of weights at first, those that take in the motion's numbers as a share of the others': so that nets that know pictures begin to
# move by as much as the moving portraits do. From 0 motion is found late, from 1 all flickers (LOG 124).
FIRST_MOTION = 0.5
MOTION_STAGES = 2  # of the generator, from the start grid up, that the motion acts on where the code modulates stages
CLASS, TIMES = (
    0,
    slice(1, 1 + SEEN_FRAMES),
)  # columns of a clip's conditions: its class, and when its frames are, in frames


class _OfClips(nn.Module):
    """Codes of clips, (N, T, code_size), with their conditions → frames stacked by channels, (N, T·C, H, W).

    Codes (N, code_size), with classes, give pictures as the image generator does.
    """

    has_classes: bool
    moving: slice  # of a code, the numbers that move

    @torch.no_grad()
    def begin_gently(self) -> None:
        """Make the weights that take in the motion's numbers FIRST_MOTION of what they are, in place."""
        for weight in self.moving_weights():
            weight *= FIRST_MOTION

    def moving_weights(self) -> list[Tensor]:
        """Those that take in the motion's numbers: views."""
        return [weight[self.moving] for weight in self.code_weights()]

    def code_weights(self) -> Iterator[Tensor]:
        """The weights that take in the code, with a row for each of its numbers."""
        raise NotImplementedError

    def forward(self, z: Tensor, conditions: Tensor | None = None) -> Tensor:
        if z.dim() == 2:
            return self.pictures(z, conditions)
        count, frames = z.shape[:2]
        classes = None
        if self.has_classes:
            assert conditions is not None
            classes = conditions[:, CLASS].long().repeat_interleave(frames)
        made = self.pictures(z.flatten(0, 1), classes)
        return made.unflatten(0, (count, frames)).flatten(1, 2).contiguous(memory_format=torch.channels_last)

    def pictures(self, z: Tensor, labels: Tensor | None) -> Tensor:
        raise NotImplementedError


class DcganClips(_OfClips, dcgan.Generator):
    """The DCGAN's generator, of clips."""

    def __init__(self, *given: Any, moving: slice, has_classes: bool) -> None:
        super().__init__(*given)
        self.moving, self.has_classes = moving, has_classes

    def code_weights(self) -> Iterator[Tensor]:
        start = self[1]
        assert isinstance(start, dcgan.Start)
        yield start.weight
        yield from (layer.hidden.weight.T for layer in self if isinstance(layer, dcgan.Modulation))

    def pictures(self, z: Tensor, labels: Tensor | None) -> Tensor:
        if not self.modulations:
            return dcgan.Generator.forward(self, z, labels)
        return dcgan.Generator.mixed(self, z, self.at_rest(z), MOTION_STAGES, labels)

    def mixed(self, z: Tensor, late: Tensor, first: int, labels: Tensor | None = None) -> Tensor:
        """As the DCGAN's; of either code the motion acts on the first stages alone."""
        enter, *layers = self
        x, stage = enter(z) if labels is None else enter(z, labels), 0
        for layer in layers:
            if isinstance(layer, dcgan.Modulation):
                code = z if stage < first else late
                code = code if stage < MOTION_STAGES else self.at_rest(code)
                x = layer(x, enter(code) if labels is None else enter(code, labels))
                stage += 1
            else:
                x = layer(x)
        return x

    def at_rest(self, z: Tensor) -> Tensor:
        """Codes with their motion at its mean."""
        return at_rest(z, self.moving.stop - self.moving.start)


class R3ganClips(_OfClips, r3gan.Generator):
    """R3GAN's generator, of clips: the code enters at its start alone."""

    def __init__(self, *given: Any, moving: slice, has_classes: bool) -> None:
        super().__init__(*given)
        self.moving, self.has_classes = moving, has_classes

    def code_weights(self) -> Iterator[Tensor]:
        yield self.start.linear.weight.T

    def pictures(self, z: Tensor, labels: Tensor | None) -> Tensor:
        return r3gan.Generator.forward(self, z, labels)


class ClipDiscriminator(nn.Module):
    """Three frames of a clip → two logits: of one of them as a picture, and of how all three belong together.

    Input: frames stacked by channels, float (N, 3·C, H, W) in [-1, 1], and conditions, float (N, 4): class and the frames'
    times, in frames. Output: logits (2·N,), first those of one frame of each clip, number Σ times mod 3, then those of the
    clips. Pictures (N, C, H, W), with classes, give the image part's logits (N,).
    length: frames of a training clip, the unit of time that the second part is told gaps in.
    """

    def __init__(self, image: nn.Module, motion: nn.Module, channels: int, length: int, has_classes: bool) -> None:
        super().__init__()
        self.image, self.motion = image, motion
        self.channels, self.length, self.has_classes = channels, length, has_classes

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        if x.shape[1] == self.channels:
            return self.image(x, conditions)
        assert conditions is not None
        count, _, height, width = x.shape
        # Told by its times alone, and so by no place in a batch, which processes share out.
        which = conditions[:, TIMES].sum(1).long() % SEEN_FRAMES
        one = x.unflatten(1, (SEEN_FRAMES, self.channels))[torch.arange(count, device=x.device), which]
        classes = conditions[:, CLASS].long() if self.has_classes else None
        gaps = conditions[:, TIMES].diff(dim=1) / self.length
        planes = gaps[:, :, None, None].expand(-1, -1, height, width).to(x.dtype)
        together = torch.cat([x, planes], 1).contiguous(memory_format=torch.channels_last)
        return torch.cat([self.image(one, classes), self.motion(together)])


def at_rest(z: Tensor, motion_size: int) -> Tensor:
    """Codes (N, code_size) with their motion at its mean."""
    still = z[:, : z.shape[1] - motion_size]
    return torch.cat([still, torch.zeros_like(z[:, still.shape[1] :])], 1)


def generator(recipe: Recipe) -> DcganClips | R3ganClips:
    """The generator of a recipe with frames. Raises InputError for widths that don't fit its size."""
    how: dict[str, Any] = dict(
        moving=slice(recipe.code_size - recipe.motion_size, recipe.code_size), has_classes=bool(recipe.classes)
    )
    if recipe.nets == "dcgan":
        return DcganClips(*dcgan.generator_arguments(recipe), **how)
    return R3ganClips(*r3gan.generator_arguments(recipe), **how)


def discriminator(recipe: Recipe) -> ClipDiscriminator:
    """The discriminator of a recipe with frames. Raises InputError for widths that don't fit its size."""
    family = {"dcgan": dcgan, "r3gan": r3gan}[recipe.nets]
    parts = family.discriminator(recipe), family.discriminator(of_motion(recipe))
    return ClipDiscriminator(*parts, int(recipe.channels), recipe.frames, bool(recipe.classes))


def of_motion(recipe: Recipe) -> Recipe:
    """The recipe of the discriminator's part that sees frames together: all their channels, and a plane for each gap."""
    together = SEEN_FRAMES * int(recipe.channels) + SEEN_FRAMES - 1
    return recipe.model_copy(update={"channels": together, "classes": ()})
