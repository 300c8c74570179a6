"""What is done to every picture before the discriminator sees it, reals and fakes alike, so that few pictures last longer.

Each change happens with probability p, by random numbers drawn for each picture. As long as many pictures are left alone,
the generator is held to what those look like, and changes hardly get into what it makes. Beyond that they leak (section 2.2
of arXiv 2006.06676): at p = 1 a picture that stands on its head in strange colours is as good to the discriminator as an
upright one. With kind "full" that begins at 0.8 in long runs, by the paper, and where p has risen; at once it began between
0.55 and 0.6 in a small short run, all samples or hardly any (LOG 81).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from figment.augment.affine import Affine, product, resampled, rotation, shifted
from figment.augment.colour import colour_matrix, recoloured

# Random numbers that each change takes, beside the one that decides whether it happens.
CHANGES = {
    "flip": 1, "turn": 1, "shift": 2, "scale": 1, "rotation": 1, "stretch": 1, "second rotation": 1, "slide": 2,
    "brightness": 1, "contrast": 1, "luma": 1, "hue": 1, "saturation": 1, "cutout": 2,
}  # fmt: skip
NUMBERS_A_PICTURE = sum(1 + amounts for amounts in CHANGES.values())
# Those whose probability is p times the share "colours".
COLOUR_CHANGES = ("brightness", "contrast", "luma", "hue", "saturation")
# The moves that don't keep to whole pixels.
BLENDING_MOVES = ("scale", "rotation", "stretch", "second rotation", "slide")

FULL_BELOW_PICTURES = 30_000  # training pictures; arXiv 2006.06676, 2006.10738: in long runs augmentation helps below …
NONE_FROM_PICTURES = 100_000  # … and does harm from here on
# The same in minutes, which see each picture some dozens of times where there are thousands of them (LOG 112).
FEW_FULL_BELOW_PICTURES, FEW_NONE_FROM_PICTURES = 1_000, 3_000
ADAPTION_IMAGES = 500_000  # images in which p can go from 0 to 1: section 3.1 of arXiv 2006.06676
# Probability up to which the changes of "full" don't leak: where it has risen (section 2.2 there), and from the start.
MAX_RISEN_P, MAX_FIXED_P = 0.8, 0.55  # (LOG 81)


class Change(NamedTuple):
    """One change to a batch: happens, bool (N,); and how much, uniform in (0, 1), (N, k). 0 always means no change."""

    happens: Tensor
    much: Tensor

    def even(self, reach: float) -> Tensor:
        """Uniform in (-reach, reach), (N, k)."""
        return self._gated((2 * self.much - 1) * reach)

    def normal(self, deviation: float) -> Tensor:
        """Normal with a standard deviation, (N, k)."""
        return self._gated((2 * self.much - 1).erfinv() * (deviation * math.sqrt(2)))

    def one_of(self, count: int) -> Tensor:
        """A whole number from 0 to count - 1, (N, k)."""
        return self._gated((self.much * count).floor())

    def _gated(self, amount: Tensor) -> Tensor:
        return torch.where(self.happens.unsqueeze(1), amount, 0)


Changes = dict[str, Change]


def draw_numbers(count: int, generator: torch.Generator) -> Tensor:
    """The random numbers of count pictures, whatever p and kind: float32 (count, NUMBERS) in (0, 1), on the CPU."""
    # The ends are left out: as quantiles of a normal they are infinite.
    return torch.rand(count, NUMBERS_A_PICTURE, generator=generator).clamp(1e-6, 1 - 1e-6)


def augmented(pictures: Tensor, numbers: Tensor, p: Tensor | float, kind: str, colours: float = 1.0) -> Tensor:
    """Pictures as the discriminator is to see them: each change made with probability p, by its picture's numbers.

    pictures: (N, C, h, w) in [-1, 1], C 1 or 3; numbers: (N, NUMBERS) from draw, on the pictures' device; p: a float or
    a 0-d tensor on that device; kind: "full" (appendix B of arXiv 2006.06676, its blits, geometry, colours and cutout)
    or "diffaugment" (arXiv 2006.10738); colours: probability of each colour change, as a share of p, 0 to 1. Returns at
    least float32, not clamped. With p 0.0 the very pictures; with a tensor of 0 equal ones, but for rounding where height
    or width is no power of two. May be differentiated twice.
    """
    if isinstance(p, int | float) and p == 0:
        return pictures
    order = (
        torch.channels_last if pictures.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    )
    # In bf16 a coordinate near 64 is rounded to half a pixel.
    with torch.autocast(pictures.device.type, enabled=False):
        plain = pictures.to(torch.promote_types(pictures.dtype, torch.float32)).contiguous()
        changed = KINDS[kind](plain, decided(numbers.to(plain.dtype), p, colours))
    # By way of a shape that no channels-last tensor has a view of, so that gradients are brought back to planes, too.
    return changed.flatten(0, 1).unflatten(0, changed.shape[:2]).contiguous(memory_format=order)


def decided(numbers: Tensor, p: Tensor | float, colours: float = 1.0) -> Changes:
    """Numbers (N, NUMBERS) by the names of CHANGES, and which of them happen.

    Each with probability p, but a colour change with colours·p, and one rotation or the other with p.
    """
    pieces = numbers.split([1 + amounts for amounts in CHANGES.values()], dim=1)
    rates = dict.fromkeys(COLOUR_CHANGES, colours * p)
    rates |= dict.fromkeys(("rotation", "second rotation"), 1 - (1 - p) ** 0.5)
    return {
        name: Change(piece[:, 0] < rates.get(name, p), piece[:, 1:])
        for name, piece in zip(CHANGES, pieces, strict=True)
    }


def augmentation_share(count: int, few: bool = False) -> float:
    """How much augmentation so many training pictures want: 1 below 30,000, 0 from 100,000 on, in between ever less; few: in a
    training of minutes, where that begins with fewer."""
    full, none = (FEW_FULL_BELOW_PICTURES, FEW_NONE_FROM_PICTURES) if few else (FULL_BELOW_PICTURES, NONE_FROM_PICTURES)
    return min(max((none - count) / (none - full), 0.0), 1.0)


def adapted_probability(p: Tensor, signs_mean: Tensor, target: float, images: int) -> Tensor:
    """The probability of augmentation after so many more images: section 3.1 of arXiv 2006.06676.

    signs_mean: r_t = E[sign(D(x))] over the reals of those images, as D saw them. Above target D knows them by heart, so
    p rises by images / 500,000; below, it falls as much. p, signs_mean: 0-d tensors on one device. Returns p in [0, 0.8]:
    beyond that the changes leak.
    """
    return (p + (signs_mean - target).sign() * (images / ADAPTION_IMAGES)).clamp(0, MAX_RISEN_P)


# ---- the two kinds -------------------------------------------------------------------------------------------------


def _full(pictures: Tensor, changes: Changes) -> Tensor:
    moved = resampled(pictures, placing(changes, *pictures.shape[2:]))
    gain = 2 ** changes["contrast"].normal(0.5)[:, 0]
    luma = gain * (1 - 2 * changes["luma"].one_of(2)[:, 0])
    chroma = gain * 2 ** changes["saturation"].normal(1)[:, 0]
    matrix = colour_matrix(pictures.shape[1], luma, chroma, changes["hue"].even(math.pi)[:, 0])
    # What brightness adds is grey, so of all that follows only contrast and luma flip change it.
    offset = luma * changes["brightness"].normal(0.2)[:, 0]
    return cut_out(recoloured(moved, matrix, offset), changes["cutout"])


def _diffaugment(pictures: Tensor, changes: Changes) -> Tensor:
    brightness = changes["brightness"].even(0.5)[:, 0]
    saturation = 1 + changes["saturation"].even(1)[:, 0]
    contrast = 1 + changes["contrast"].even(0.5)[:, 0]
    # Contrast is about each picture's mean, which brightness moves and saturation doesn't.
    offset = (1 - contrast) * pictures.mean(dim=(1, 2, 3)) + brightness
    coloured = recoloured(pictures, colour_matrix(pictures.shape[1], contrast, contrast * saturation), offset)
    return cut_out(shifted(coloured, whole_pixels(changes["shift"], *pictures.shape[2:])), changes["cutout"])


KINDS: dict[str, Callable[[Tensor, Changes], Tensor]] = {"full": _full, "diffaugment": _diffaugment}


def placing(changes: Changes, height: int, width: int) -> Affine:
    """All moves in one, for pictures of this height and width, from the output pixel back to the input.

    Appendix B lets flip X, quarter turns Q, shift t, scale s, rotation R, stretch diag(a, 1/a), rotation R′ and slide f
    follow each other; undone in turn, in = X Qᵀ (Rᵀ diag(1/(s·a), a/s) R′ᵀ (out - f) - t).
    """
    flip = 1 - 2 * changes["flip"].one_of(2)
    mirror = torch.diag_embed(torch.cat([flip, torch.ones_like(flip)], dim=1))
    # Rounded, since the cosine of what floats make of π/2 isn't 0.
    blit = product(mirror, rotation(changes["turn"].one_of(4)[:, 0] * (-math.pi / 2)).round())
    axes = product(blit, rotation(-changes["rotation"].even(math.pi)[:, 0]))
    turn = rotation(-changes["second rotation"].even(math.pi)[:, 0])
    scale, stretch = changes["scale"].normal(0.2), changes["stretch"].normal(0.2)
    steps = 2 ** torch.cat([-scale - stretch, stretch - scale], dim=1)
    slide = _pixels(changes["slide"].normal(0.125), height, width)
    shift = whole_pixels(changes["shift"], height, width)
    offset = -product(axes * steps.unsqueeze(1), product(turn, slide.unsqueeze(2))) - product(blit, shift.unsqueeze(2))
    return Affine(
        axes, steps, turn, offset.squeeze(2), torch.stack([changes[name].happens for name in BLENDING_MOVES]).any(0)
    )


def whole_pixels(shift: Change, height: int, width: int) -> Tensor:
    """How far to shift, (N, 2), (right, down): at most an eighth of the width and height."""
    return _pixels(shift.even(1 / 8), height, width).round()


def cut_out(pictures: Tensor, cutout: Change) -> Tensor:
    """Pictures with a box of half their height and width made mid-grey, 0, wherever it is centred."""
    from_centre = [
        # A pixel's middle is half a pixel from its edge.
        ((torch.arange(n, device=pictures.device) + 0.5) / n - centre.unsqueeze(1)).abs()
        for n, centre in zip(pictures.shape[2:], cutout.much.unbind(1), strict=True)
    ]
    down, across = (distance < 1 / 4 for distance in from_centre)
    hidden = (down & cutout.happens.unsqueeze(1)).unsqueeze(2) & across.unsqueeze(1)
    return pictures * hidden.logical_not().to(pictures.dtype).unsqueeze(1)


def _pixels(shares: Tensor, height: int, width: int) -> Tensor:
    """(x, y), (N, 2), in pixels from shares of width and height."""
    return torch.stack([shares[:, 0] * width, shares[:, 1] * height], dim=1)
