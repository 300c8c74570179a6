"""Which runs are named to be compared: told before anything is opened, so that a slip costs no wait."""

from collections.abc import Sequence
from pathlib import Path

from figment.errors import InputError

MIN_RUNS = 2


def check_named(folders: Sequence[Path]) -> None:
    """Raise InputError for fewer than two runs, or one that is named twice."""
    places = [folder.resolve() for folder in folders]
    twice = next((folder for folder, place in zip(folders, places, strict=True) if places.count(place) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is named twice: name every run once.")
    if len(folders) < MIN_RUNS:
        raise InputError(f"{len(folders)} run{'s' * (len(folders) != 1)}: name two or more to compare.")
