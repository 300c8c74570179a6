"""How many planted near-duplicates are found, and how many pictures are wrongly accused? By the hash and by the DCGAN way.

    python benchmarks/duplicates.py shared/data/celeba/dev [--each 500] [--seed 0] [--sample N] [--wrong A/B …] [--json FILE]

Into the pictures of a folder, copies of each kind below are planted, each of another picture drawn at random. Recall is the
share of a kind's copies that come into one group with their original. A pair within a group is right if both come from one
original; pairs of two originals are to be judged by eye, since a set may hold duplicates of its own: the JSON lists them,
and those that a person found wrong are named by `--wrong`. Compared with the denoising
autoencoder of the DCGAN paper (arXiv 1511.06434, section 4.1.1). Seconds are those of the CPU, without decoding.
"""

import argparse
import io
import json
import os
import platform
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from figment.data.decoding.decode import decode
from figment.data.decoding.resample import resize
from figment.errors import Unreadable
from figment.similarity.autoencoder_codes import autoencoder_codes, centre_square, equal_codes
from figment.similarity.near_duplicates import compare_groups, near_duplicates
from figment.similarity.thumbnails import COPY_SIDE, thumbnail

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def encoded(picture: Image.Image, kind: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return Image.open(file).convert("RGB")


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def cropped(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    left, top, right, bottom = random.uniform(0, 0.08, 4)
    width, height = picture.size
    return picture.crop(
        (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    )


def with_gamma(picture: Image.Image, gamma: float) -> Image.Image:
    return picture.point([round(255 * (level / 255) ** gamma) for level in range(256)] * 3)


SINGLE: dict[str, Change] = {
    "JPEG 30–90": lambda picture, random: encoded(picture, "JPEG", int(random.integers(30, 91))),
    "WebP 30–90": lambda picture, random: encoded(picture, "WEBP", int(random.integers(30, 91))),
    "smaller, to 1/2": lambda picture, random: scaled(picture, random.uniform(0.5, 1)),
    "larger, to ×2": lambda picture, random: scaled(picture, random.uniform(1, 2)),
    "halved and back": lambda picture, random: scaled(scaled(picture, 0.5), random.uniform(1, 4)),
    "mirrored": lambda picture, random: ImageOps.mirror(picture),
    "crop, 0–8 % a side": cropped,
    "brightness ±30 %": lambda picture, random: ImageEnhance.Brightness(picture).enhance(random.uniform(0.7, 1.3)),
    "contrast ±30 %": lambda picture, random: ImageEnhance.Contrast(picture).enhance(random.uniform(0.7, 1.3)),
    "gamma 0.7–1.3": lambda picture, random: with_gamma(picture, random.uniform(0.7, 1.3)),
}


def combined(name: str) -> Change:
    """The named change, followed by another drawn at random."""
    others = [change for other, change in SINGLE.items() if other != name]
    return lambda picture, random: others[random.integers(len(others))](SINGLE[name](picture, random), random)


KINDS = SINGLE | {f"{name}, then another": combined(name) for name in SINGLE}


def plant(
    folder: Path, each: int, seed: int, sample: int | None
) -> tuple[list[str], np.ndarray, list[str], dict[str, np.ndarray]]:
    """Names of the originals, and of all pictures the original's number, the kind ("" for itself) and both descriptions."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    random = np.random.default_rng(seed)
    if sample and sample < len(paths):
        paths = [paths[i] for i in sorted(random.choice(len(paths), sample, replace=False))]
    chosen = {kind: set(random.choice(len(paths), min(each, len(paths)), replace=False)) for kind in KINDS}
    names, origins, kinds, thumbnails, centres = [], [], [], [], []
    for number, path in enumerate(paths):
        try:
            picture = decode(str(path))
        except Unreadable:
            continue
        versions = {"": picture}
        for place, (kind, change) in enumerate(KINDS.items()):
            if number in chosen[kind]:
                versions[kind] = change(picture, np.random.default_rng((seed, number, place)))
        for kind, version in versions.items():
            origins.append(len(names))
            kinds.append(kind)
            thumbnails.append(thumbnail(version))
            small = resize(version, COPY_SIDE, COPY_SIDE)
            centres.append(centre_square(small, *version.size))
        names.append(path.name)
    return names, np.array(origins), kinds, {"thumbnails": np.stack(thumbnails), "centres": np.stack(centres)}


def judge(
    groups: list[list[int]], origins: np.ndarray, kinds: list[str], wrong: set[frozenset[str]], names: list[str]
) -> dict:
    """Recall by kind, and pairs that are right and wrong; pairs of two originals are wrong only where a person said so."""
    place = np.full(len(origins), -1)
    for number, group in enumerate(groups):
        place[group] = number
    itself = {origins[i]: place[i] for i, kind in enumerate(kinds) if not kind}
    recall = {}
    for kind in KINDS:
        found = [place[i] >= 0 and place[i] == itself[origins[i]] for i, its in enumerate(kinds) if its == kind]
        recall[kind] = round(float(np.mean(found)), 4)
    pairs = [(origins[a], origins[b]) for group in groups for a, b in combinations(group, 2)]
    planted = int(sum(a == b for a, b in pairs))
    among = sorted({(names[a], names[b]) for a, b in (sorted(pair) for pair in pairs if pair[0] != pair[1])})
    refused = sum({names[a], names[b]} in wrong for a, b in pairs)
    return {"recall": recall, "pairs": len(pairs), "planted_pairs": planted, "wrong_pairs": refused, "others": among}


def cpu_seconds() -> float:
    """Seconds of CPU so far, of this process and of the workers that it has ended."""
    return sum(os.times()[:4])


def main() -> None:
    """Plant, find both ways, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a folder of pictures")
    parser.add_argument("--each", type=int, default=500, help="copies of each kind")
    parser.add_argument("--sample", type=int, help="take so many pictures of the folder at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--wrong", nargs="*", default=[], metavar="A/B", help="pairs of files that aren't duplicates, by eye"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    names, origins, kinds, described = plant(options.data, options.each, options.seed, options.sample)
    wrong = {frozenset(pair.split("/")) for pair in options.wrong}
    originals = np.flatnonzero([not kind for kind in kinds])
    began = cpu_seconds()
    alone = near_duplicates(described["thumbnails"][originals])
    seconds_alone = cpu_seconds() - began
    ways = {
        "hash": lambda: near_duplicates(described["thumbnails"]),
        "autoencoder": lambda: equal_codes(autoencoder_codes(described["centres"], options.seed)),
    }
    results, groups = {}, {}
    for way, find in ways.items():
        began = cpu_seconds()
        groups[way] = find()
        results[way] = {"seconds": round(cpu_seconds() - began, 1), "groups": len(groups[way])}
        results[way] |= judge(groups[way], origins, kinds, wrong, names)
    agreement = compare_groups(groups["hash"], groups["autoencoder"])

    print(f"{len(names):,} pictures, {len(origins) - len(names):,} planted; seed {options.seed}")
    print(f"untouched pictures alone, hash: {len(alone)} groups, {seconds_alone:.1f} s\n")
    print(f"{'recall':<32}{'hash':>10}{'autoencoder':>14}")
    for kind in KINDS:
        print(
            f"{kind:<32}"
            + "".join(f"{results[way]['recall'][kind]:>{width}.1%}" for way, width in zip(ways, (10, 14), strict=True))
        )
    for row in ("seconds", "groups", "pairs", "planted_pairs", "wrong_pairs"):
        print(f"{row.replace('_', ' '):<32}{results['hash'][row]:>10,}{results['autoencoder'][row]:>14,}")
    for way in ways:
        print(f"pairs of two originals, {way}: {len(results[way]['others'])} to be judged by eye")
    counts = f"{agreement.both:,}, by the hash only {agreement.only_first:,}, by the autoencoder only {agreement.only_second:,}"
    print(f"pairs found by both {counts}")
    if options.json:
        machine = {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "numpy": np.__version__,
        }
        table = {"machine": machine, "seed": options.seed, "pictures": len(names), "copies": len(origins) - len(names)}
        table |= {
            "seconds_untouched": round(seconds_alone, 1),
            "groups_untouched": [[names[i] for i in group] for group in alone],
        }
        options.json.write_text(json.dumps(table | results, indent=2) + "\n")


if __name__ == "__main__":
    main()
