"""Samples as people name them: by their numbers, by a file of numbers or of codes, or by conditions that they have to meet."""

import re
from collections.abc import Mapping
from pathlib import Path

from figment import codes
from figment.attributes.predictor import AttributePredictor
from figment.common.progress import Stage
from figment.errors import InputError
from figment.explore.groups import Group, group_meeting, numbered_group
from figment.generator import Generator

MAX_DIGITS = 15  # of a sample's number
MAX_RANGE = 10_000  # samples
CODES_SUFFIX = ".safetensors"
FILE_SUFFIXES = {".txt", ".csv", CODES_SUFFIX}


def sample_numbers(text: str, option: str) -> list[int]:
    """Sample numbers: 3,17,40-43. Raises InputError for anything else."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not _is_number(first) or (dash and (not _is_number(last) or int(last) < int(first))):
            raise InputError(f"{option} {text}: give numbers of samples such as 3,17,40-43.")
        if dash and int(last) - int(first) > MAX_RANGE:
            raise InputError(f"{option} {text}: at most {MAX_RANGE:,} samples.")
        found += range(int(first), int(last or first) + 1)
    return found


def sample_pairs(text: str, option: str) -> list[tuple[int, int]]:
    """Pairs of sample numbers: 3-17,8-40. Raises InputError for anything else."""
    pairs = []
    for part in text.split(","):
        ends = part.split("-")
        if len(ends) != 2:
            raise InputError(f"{option} {part}: give pairs of sample numbers such as 3-17,8-40.")
        (first,), (second,) = (sample_numbers(end, option) for end in ends)
        pairs.append((first, second))
    return pairs


def is_conditions(text: str) -> bool:
    """Whether a group is given by conditions rather than by numbers or a file."""
    return not re.fullmatch(r"[\d\s,-]*", text) and Path(text).suffix.lower() not in FILE_SUFFIXES


def choose_groups(
    generator: Generator, predictor: AttributePredictor | None, texts: Mapping[str, str], leader: str, seed: int,
    label: str | None, exemplars: int, stage: Stage,
) -> tuple[list[Group], str | None]:  # fmt: skip
    """Groups as texts, by the options that they were given for, and the class that all are drawn in.

    That is the class that label names, else the one of the leader's first sample, leader being one of the options; None
    without classes. exemplars: of a group given by conditions. Raises InputError as group_of does.
    """
    label = label or class_of_group(generator, predictor, texts[leader], leader, seed, stage)
    groups = [
        group_of(generator, predictor, text, option, seed, label, exemplars, stage) for option, text in texts.items()
    ]
    return groups, label


def group_of(
    generator: Generator, predictor: AttributePredictor | None, text: str, option: str, seed: int, label: str | None,
    exemplars: int, stage: Stage,
) -> Group:  # fmt: skip
    """Samples by their numbers, from a file of numbers or of codes, or by conditions.

    option: that the text was given for, for messages. Raises InputError for none of these, and for conditions without a
    predictor.
    """
    if is_conditions(text):
        if predictor is None:
            raise InputError(f"{option} {text}: nothing reads attributes from these pictures: give --labels.")
        return group_meeting(generator, predictor, text, exemplars, seed, label, option, stage(f"looking for {text}"))
    file = Path(text)
    if file.suffix.lower() == CODES_SUFFIX:
        recipe = generator.recipe
        return Group(file.name, codes.read(file, recipe.code_size, len(recipe.classes))[0])
    if file.suffix.lower() in FILE_SUFFIXES:
        try:
            text = ",".join(file.read_text("utf-8-sig").replace(",", " ").split())
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{option} {file} can't be read ({error}): name a file of sample numbers.") from None
    return numbered_group(generator, sample_numbers(text, option), seed)


def class_of_group(
    generator: Generator, predictor: AttributePredictor | None, text: str, option: str, seed: int, stage: Stage
) -> str | None:
    """The class of a group's first sample, which a generator with classes draws all others in; None without classes."""
    names = generator.classes
    if not names:
        return None
    if Path(text).suffix.lower() == CODES_SUFFIX:
        kept = codes.read(Path(text), generator.recipe.code_size, len(names))[1]
        return None if kept is None else names[int(kept[0])]
    first = group_of(generator, predictor, text, option, seed, None, 1, stage).numbers[0]
    return names[int(codes.numbered_classes(seed, first, 1, len(names))[0])]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
