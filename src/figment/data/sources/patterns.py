"""Many files by one pattern: shards-{000000..000009}.tar names each, shards-*.tar takes what is there."""

import glob
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from figment.common.folders import EndlessWalk, Walk
from figment.errors import InputError, MissingData

MAX_FILES = 100_000  # that one pattern may stand for
MAX_ENTRIES = 5_000_000  # files and folders that are looked at for it: some seconds
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
    walk = Walk(MAX_ENTRIES)
    for name in _spelt_out(pattern, pattern):
        if len(paths) == MAX_FILES:
            raise InputError(f"{pattern} stands for more than {MAX_FILES:,} files: give a narrower pattern")
        if not name.strip("/. "):
            raise InputError(f"{pattern} names no file, but a whole folder: write between the braces what to take")
        if glob.has_magic(name):
            try:
                found = _matches(name, walk)
            except EndlessWalk:
                most = f"{MAX_ENTRIES:,} files and folders"
                raise InputError(f"{pattern} leads through more than {most}: give a narrower pattern") from None
            if not found:
                raise MissingData(f"{name} matches no file: check the pattern, and put it in quotes", name)
            paths += map(Path, found)
        elif not Path(name).exists():
            of = "" if name == pattern else f", named by {pattern},"
            raise MissingData(f"{name}{of} doesn't exist: download it, or give a pattern without it", name)
        else:
            paths.append(Path(name))
    return paths


def _matches(pattern: str, walk: Walk) -> list[str]:
    """What glob.glob finds, sorted; but in bounded time, for that follows links in circles and walks through /proc."""
    anchor = Path(pattern).anchor
    return sorted(set(_found(anchor, list(Path(pattern).parts[bool(anchor) :]), walk)))


def _found(folder: str, parts: list[str], walk: Walk) -> Iterator[str]:
    """Paths below a folder that match the parts of a pattern. As in a shell, * doesn't stand for hidden names."""
    part, *rest = parts
    if part == "**":
        for below in walk.folders(folder):
            yield from _found(below, rest or ["*"], walk)
    elif not glob.has_magic(part):
        path = os.path.join(folder, part)
        if rest or os.path.lexists(path):
            yield from _found(path, rest, walk) if rest else [path]
    else:
        for entry in walk.entries(folder):
            if fnmatch(entry.name, part) and (part.startswith(".") or not entry.name.startswith(".")):
                path = os.path.join(folder, entry.name)
                if not rest:
                    yield path
                elif os.path.isdir(path):
                    yield from _found(path, rest, walk)


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
    if not inside.strip(", "):
        raise InputError(f"{pattern}: there is nothing between the braces: write {{000..009}} or {{a,b}}")
    if numbers is None:
        yield from inside.split(",")
        return
    first, last = int(numbers[1]), int(numbers[2])
    if last < first:
        raise InputError(f"{pattern}: {{{inside}}} counts downwards: give the lower number first")
    padded = len(numbers[1]) if numbers[1].startswith("0") else 0
    for number in range(first, last + 1):
        yield f"{number:0{padded}d}"
