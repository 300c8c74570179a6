"""Many files by one pattern: shards-{000000..000009}.tar names each, shards-*.tar takes what is there."""

import glob
import re
from collections.abc import Iterator
from pathlib import Path

from figment.errors import InputError

MAX_FILES = 100_000  # that one pattern may stand for
BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)")


def is_pattern(text: str) -> bool:
    """Whether a text that isn't a path stands for several."""
    return BRACES.search(text) is not None or glob.has_magic(text)


def expand(pattern: str) -> list[Path]:
    """The files and folders meant by a pattern: those of a brace in its order, those of a * sorted by name.

    Raises InputError where one that is named by braces is missing, or nothing matches.
    """
    paths: list[Path] = []
    for name in _spelt_out(pattern, pattern):
        if len(paths) == MAX_FILES:
            raise InputError(f"{pattern} stands for more than {MAX_FILES:,} files: give a narrower pattern")
        if glob.has_magic(name):
            found = sorted(glob.glob(name, recursive=True))
            if not found:
                raise InputError(f"{name} matches no file: check the pattern, and put it in quotes")
            paths += map(Path, found)
        elif not Path(name).exists():
            of = "" if name == pattern else f", named by {pattern},"
            raise InputError(f"{name}{of} doesn't exist: download it, or give a pattern without it")
        else:
            paths.append(Path(name))
    return paths


def _spelt_out(text: str, pattern: str) -> Iterator[str]:
    """Every text that the braces stand for, the first brace changing slowest."""
    brace = BRACES.search(text)
    if brace is None:
        yield text
        return
    for choice in _choices(brace[1], pattern):
        yield from _spelt_out(text[: brace.start()] + choice + text[brace.end() :], pattern)


def _choices(inside: str, pattern: str) -> Iterator[str]:
    numbers = RANGE.fullmatch(inside)
    if numbers is None:
        yield from inside.split(",")
        return
    first, last = int(numbers[1]), int(numbers[2])
    if last < first:
        raise InputError(f"{pattern}: {{{inside}}} counts downwards: give the lower number first")
    padded = len(numbers[1]) if numbers[1].startswith("0") else 0
    for number in range(first, last + 1):
        yield f"{number:0{padded}d}"
