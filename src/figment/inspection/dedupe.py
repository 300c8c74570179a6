"""Copies in a set, found in two ways that are compared: by perceptual hash, and as the DCGAN paper did."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from figment.common.progress import Stage
from figment.data.sources.open import Source
from figment.inspection.scan import looked_at
from figment.similarity import autoencoder_codes as denoising
from figment.similarity import near_duplicates as duplicates

NAMES = {"hash": "perceptual hash", "autoencoder": "the paper's autoencoder"}
MOST = 12  # groups that are listed on the terminal
MOST_IN_GROUP = 6

Groups = list[list[int]]


@dataclass(frozen=True)
class Copies:
    """Groups of pictures, by slot, that are one picture. exact: of equal pixels; found: by each method, among those
    that differ."""

    source: str
    names: list[str]
    distinct: int
    exact: Groups
    found: dict[str, Groups]

    def lines(self) -> list[str]:
        """What to tell on a terminal."""
        rows = [
            ("pictures", f"{self.distinct:,} that differ, from {self.source}"),
            ("exact copies", _counted(self.exact)),
            *((NAMES[method], _counted(groups)) for method, groups in self.found.items()),
        ]
        if len(self.found) == 2:
            pairs = duplicates.compare_groups(self.found["hash"], self.found["autoencoder"])
            rows.append(
                ("pairs", f"{pairs.both:,} by both, {pairs.only_first:,} by the hash alone, "
                          f"{pairs.only_second:,} by the autoencoder alone")
            )  # fmt: skip
        for method, groups in {"exact": self.exact, **self.found}.items():
            title = {"exact": "exact"} | NAMES
            for number, group in enumerate(groups[:MOST]):
                more = f" and {len(group) - MOST_IN_GROUP:,} more" if len(group) > MOST_IN_GROUP else ""
                named = "  ".join(self.names[slot] for slot in group[:MOST_IN_GROUP])
                rows.append((f"{title[method]}:" if not number else "", named + more))
            if len(groups) > MOST:
                rows.append(("", f"… {len(groups) - MOST:,} more groups, all with --out FILE.json"))
        wide = max(len(title) for title, _ in rows)
        return [f"{title:<{wide}}  {text}" for title, text in rows]

    def json(self) -> str:
        """All groups, by name."""
        groups = {"exact": self.exact, **self.found}
        named = {method: [[self.names[slot] for slot in group] for group in found] for method, found in groups.items()}
        return json.dumps({"format": 1, "source": self.source, "pictures": self.distinct, **named}, indent=1) + "\n"


def dedupe(source: Source, methods: tuple[str, ...], seed: int, stage: Stage) -> Copies:
    """Find copies by each of the methods, "hash" and "autoencoder". seed: of the autoencoder. stage: called with a title,
    gives what is called with (done, total) meanwhile. Raises InputError as looked_at does."""
    with looked_at(source, stage("looking at pictures")) as looked:
        found: dict[str, Groups] = {}
        if "hash" in methods:
            groups = duplicates.near_duplicates(looked.thumbnails, stage("comparing hashes"), parts=looked.parts)
            found["hash"] = [looked.usable[group].tolist() for group in groups]
        if "autoencoder" in methods:
            sides = looked.facts[looked.usable]
            squares = _squares(looked.pictures, sides["width"], sides["height"], looked.folder / "squares")
            codes = denoising.autoencoder_codes(squares, seed, stage("training the autoencoder"))
            groups = denoising.equal_codes(codes)
            found["autoencoder"] = [looked.usable[group].tolist() for group in groups]
        exact = defaultdict(list)
        for copy, first in looked.copies.items():
            exact[first].append(copy)
        return Copies(
            source.display,
            source.listing.names,
            len(looked.usable),
            sorted(sorted([first, *copies]) for first, copies in exact.items()),
            found,
        )


def _squares(pictures: np.ndarray, widths: np.ndarray, heights: np.ndarray, file: Path) -> np.ndarray:
    """The centre square of each picture as the paper took it, uint8 (N, 3, 32, 32), mapped from a file.

    pictures: small copies, uint8 (N, S, S, 3), squashed from the widths and heights.
    """
    shape = (len(pictures), 3, denoising.SQUARE_SIDE, denoising.SQUARE_SIDE)
    if not len(pictures):
        return np.zeros(shape, np.uint8)
    squares = np.memmap(file, np.uint8, "w+", shape=shape)
    for place, (picture, width, height) in enumerate(zip(pictures, widths.tolist(), heights.tolist(), strict=True)):
        squares[place] = denoising.centre_square(picture, width, height)
    return squares


def _counted(groups: Groups) -> str:
    extra = sum(len(group) - 1 for group in groups)
    if not extra:
        return "none"
    many = f"{extra:,} are copies of others" if extra > 1 else "1 is a copy of another"
    return f"{many}, in {len(groups):,} group{'s' if len(groups) > 1 else ''}"
