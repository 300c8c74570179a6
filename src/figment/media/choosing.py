"""Which samples are shown where nobody says, and which class a name means: the same of every form that a generator has."""

import math
from collections.abc import Sequence

from figment.common.text import shown, suggestion
from figment.errors import InputError
from figment.recipe import Recipe

SHEET_SAMPLES, LARGE_SHEET_SAMPLES = 64, 16  # samples on a sheet, and of pictures that are …
LARGE_PIXELS = 256 * 256  # … larger than this
MAX_CLASS_ROWS = 16  # classes that a sheet gives a row each
MAX_NAMED_CLASSES = 20  # classes told to somebody who named another one


def sheet_samples(shape: tuple[int, int]) -> int:
    """How many pictures of a height and width a sheet has, unless somebody says."""
    return SHEET_SAMPLES if math.prod(shape) <= LARGE_PIXELS else LARGE_SHEET_SAMPLES


def samples_shown(recipe: Recipe, n: int | None, labels: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """How many pictures a sheet of a generator shows, of each of which labels, where these aren't given.

    That is 8 of each class where there are 2 to 16, else 64, labels or not; fewer where the pictures are large.
    """
    if n is None and not labels and 2 <= len(recipe.classes) <= MAX_CLASS_ROWS:
        labels = recipe.classes
    many = sheet_samples(recipe.shape)
    return n or (many if len(labels) < 2 else math.isqrt(many)), tuple(labels)


def class_number(classes: Sequence[str], label: str) -> int:
    """The number that nets know a class by. Raises InputError, with the nearest one, for a name that isn't among them."""
    if not classes:
        raise InputError(f"--label {shown(label)}: this generator was trained without labels: train one with --labels.")
    if label not in classes:
        raise InputError(
            f"--label {shown(label)}: no class of this generator{suggestion(label, classes, MAX_NAMED_CLASSES)}"
        )
    return classes.index(label)


def choice(pick: int) -> str:
    """How samples were chosen, for people and for the mark in their files; empty where they weren't."""
    return f"each the one of {pick} that the discriminator finds most real" if pick > 1 else ""
