"""Groups of samples as they are named on the command line: by numbers, in a file, or by conditions that they meet."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from figment.cli_findings import Bench, numbers
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.attributes.predictor import Judge
    from figment.explore.groups import Group

GROUP_FILES = {".txt", ".csv", ".safetensors"}


def conditional(text: str) -> bool:
    """Whether a group is given by conditions rather than by numbers or a file."""
    return not re.fullmatch(r"[\d\s,-]*", text) and Path(text).suffix.lower() not in GROUP_FILES


def group(
    at: Bench, text: str, option: str, seed: int, label: str | None, exemplars: int, judge: "Judge | None"
) -> "Group":
    """Samples by their numbers, from a file of numbers or of codes, or by conditions. Raises InputError for neither."""
    from figment import codes
    from figment.explore.groups import Group, meeting, numbered

    if conditional(text):
        assert judge is not None
        return meeting(at.generator, judge, text, exemplars, seed, label, option, at.stage(f"looking for {text}"))
    file = Path(text)
    if file.suffix.lower() == ".safetensors":
        recipe = at.generator.recipe
        return Group(file.name, codes.read(file, recipe.code_size, len(recipe.classes))[0])
    if file.suffix.lower() in GROUP_FILES:
        try:
            text = ",".join(file.read_text("utf-8-sig").replace(",", " ").split())
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{option} {file} can't be read ({error}): name a file of sample numbers.") from None
    return numbered(at.generator, numbers(text, option), seed)


def one_class(at: Bench, text: str, option: str, seed: int, judge: "Judge | None") -> str | None:
    """The class of a group's first sample, which a generator with classes draws all others in; None without classes."""
    from figment import codes

    if not at.generator.classes:
        return None
    if Path(text).suffix.lower() == ".safetensors":
        kept = codes.read(Path(text), at.generator.recipe.code_size, len(at.generator.classes))[1]
        return None if kept is None else at.generator.classes[int(kept[0])]
    first = group(at, text, option, seed, None, 1, judge).numbers[0]
    return at.generator.classes[int(codes.numbered_classes(seed, first, 1, len(at.generator.classes))[0])]


def judge_if_any(at: Bench) -> "Judge | None":
    """What reads attributes, where that can be had without being told how."""
    try:
        return at.judge()
    except InputError:
        return None
