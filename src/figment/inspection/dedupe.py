"""Copies in a set, found in two ways that are compared: by perceptual hash, and as the DCGAN paper did."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from figment.common.mapping import mapped_array
from figment.common.progress import Stage
from figment.data.sources.open import Source
from figment.inspection.scan import scan
from figment.similarity.autoencoder_codes import SQUARE_SIDE, autoencoder_codes, centre_square, equal_codes
from figment.similarity.near_duplicates import compare_groups, near_duplicates

METHOD_NAMES = {"hash": "perceptual hash", "autoencoder": "the paper's autoencoder"}
MAX_LISTED_GROUPS, MAX_LISTED_NAMES = 12, 6  # on the terminal: groups of each method, names of each group

Groups = list[list[int]]


@dataclass(frozen=True)
class Copies:
    """Groups of pictures, by slot, that are one picture.

    distinct: how many pictures differ. exact: groups of equal pixels; found: by each method, among those that differ.
    """

    source: str
    names: list[str]
    distinct: int
    exact: Groups
    found: dict[str, Groups]

    def lines(self) -> list[str]:
        """What to tell on a terminal."""
        rows = [
            ("pictures", f"{self.distinct:,} that differ, from {self.source}"),
            ("exact duplicates", _counted(self.exact)),
            *((METHOD_NAMES[method], _counted(groups)) for method, groups in self.found.items()),
        ]
        if len(self.found) == 2:
            pairs = compare_groups(self.found["hash"], self.found["autoencoder"])
            rows.append(
                ("pairs", f"{pairs.both:,} by both, {pairs.only_first:,} by the hash alone, "
                          f"{pairs.only_second:,} by the autoencoder alone")
            )  # fmt: skip
        for method, groups in {"exact": self.exact, **self.found}.items():
            title = {"exact": "exact"} | METHOD_NAMES
            for number, group in enumerate(groups[:MAX_LISTED_GROUPS]):
                more = f" and {len(group) - MAX_LISTED_NAMES:,} more" if len(group) > MAX_LISTED_NAMES else ""
                named = "  ".join(self.names[slot] for slot in group[:MAX_LISTED_NAMES])
                rows.append((f"{title[method]}:" if not number else "", named + more))
            if len(groups) > MAX_LISTED_GROUPS:
                rows.append(("", f"… {len(groups) - MAX_LISTED_GROUPS:,} more groups, all with --out FILE.json"))
        wide = max(len(title) for title, _ in rows)
        return [f"{title:<{wide}}  {text}" for title, text in rows]

    def json(self) -> str:
        """All groups, by name."""
        groups = {"exact": self.exact, **self.found}
        named = {method: [[self.names[slot] for slot in group] for group in found] for method, found in groups.items()}
        return json.dumps({"format": 1, "source": self.source, "pictures": self.distinct, **named}, indent=1) + "\n"


def dedupe(source: Source, methods: tuple[str, ...], seed: int, stage: Stage) -> Copies:
    """Find copies by each of the methods, "hash" and "autoencoder".

    seed: of the autoencoder. stage: called with a title, gives what is called with (done, total) meanwhile. Raises
    InputError as `scan` does.
    """
    with scan(source, stage("looking at pictures")) as scanned:
        found: dict[str, Groups] = {}
        if "hash" in methods:
            groups = near_duplicates(scanned.thumbnails, stage("comparing hashes"), parts=scanned.parts)
            found["hash"] = [scanned.usable[group].tolist() for group in groups]
        if "autoencoder" in methods:
            sides = scanned.facts[scanned.usable]
            squares = _squares(scanned.pictures, sides["width"], sides["height"], scanned.folder / "squares")
            codes = autoencoder_codes(squares, seed, stage("training the autoencoder"))
            groups = equal_codes(codes)
            found["autoencoder"] = [scanned.usable[group].tolist() for group in groups]
        exact = defaultdict(list)
        for copy, first in scanned.copies.items():
            exact[first].append(copy)
        return Copies(
            source.display,
            source.listing.names,
            len(scanned.usable),
            sorted(sorted([first, *copies]) for first, copies in exact.items()),
            found,
        )


def _squares(pictures: np.ndarray, widths: np.ndarray, heights: np.ndarray, file: Path) -> np.ndarray:
    """The centre square of each picture as the paper took it, uint8 (N, 3, 32, 32), mapped from a file.

    pictures: small copies, uint8 (N, S, S, 3), squashed from the widths and heights.
    """
    with file.open("wb") as opened:  # by plain writes: on a full disk, writing to a map would end the process
        for picture, width, height in zip(pictures, widths.tolist(), heights.tolist(), strict=True):
            opened.write(np.ascontiguousarray(centre_square(picture, width, height), np.uint8).tobytes())
    return mapped_array(file, (len(pictures), 3, SQUARE_SIDE, SQUARE_SIDE))


def _counted(groups: Groups) -> str:
    extra = sum(len(group) - 1 for group in groups)
    if not extra:
        return "none"
    many = f"{extra:,} are copies of others" if extra > 1 else "1 is a copy of another"
    return f"{many}, in {len(groups):,} group{'s' if len(groups) > 1 else ''}"
