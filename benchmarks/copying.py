"""Are replayed training pictures found among a generator's samples, and are held-out pictures left in peace?

    python benchmarks/copying.py celeba/dev [portraits …] [--size 64] [--group '^(\\d+)_'] [--shares 0.01 0.1 1]
        [--kinds whole …] [--count 1000] [--seed 0] [--large] [--json FILE]

A set's held-out pictures are divided: one half are held out, the other half play a generator that is new (of the built-in
portraits, fresh ones do). Of COUNT samples a share is replaced by training pictures, drawn at random and changed as the kind
says: the replays. Where the half is smaller than COUNT, that many samples are made. `found` is the share of replays that
are verified copies of the very picture that they are of, `accused` the samples that are no replays and are called copies,
`held out` those among the held-out half, "new, blurred" new samples that are blurry. --large times 10,000 samples against
100,000 training pictures instead: built-in portraits, a hundredth of them replays.
"""

import argparse
import io
import json
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from figment.data.bank.prepare import prepare
from figment.data.portraits.table import portraits
from figment.metrics.copying import Copying, measure_copying
from figment.similarity.nearest import PictureSet, Subset

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # of uint8 (C, H, W)
TRAIN = 9000  # built-in portraits


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    image_of(picture).save(file, "JPEG", quality=quality)
    return pixels_of(Image.open(file))


def cropped(picture: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """Up to a share is cut off each side, and what is left enlarged to the old size."""
    _, height, width = picture.shape
    left, top, right, bottom = random.uniform(0, share, 4)
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return pixels_of(image_of(picture).resize((width, height), Image.Resampling.BICUBIC, box=box))


def noised(picture: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    return np.clip(np.rint(picture + random.normal(0, sigma, picture.shape)), 0, 255).astype(np.uint8)


def brightened(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip(np.rint(picture * random.uniform(0.8, 1.2)), 0, 255).astype(np.uint8)


def blurred(picture: np.ndarray) -> np.ndarray:
    """Halved and enlarged again."""
    _, height, width = picture.shape
    image = image_of(picture)
    half = image.resize((width // 2, height // 2), Image.Resampling.BOX)
    return pixels_of(half.resize((width, height), Image.Resampling.BICUBIC))


def image_of(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(picture[0] if len(picture) == 1 else np.ascontiguousarray(picture.transpose(1, 2, 0)))


def pixels_of(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


KINDS: dict[str, Change] = {
    "whole": lambda picture, random: picture,
    "flip": lambda picture, random: picture[:, :, ::-1],
    "noise 5": lambda picture, random: noised(picture, 5, random),
    "noise 10": lambda picture, random: noised(picture, 10, random),
    "noise 20": lambda picture, random: noised(picture, 20, random),
    "crop 4 %": lambda picture, random: cropped(picture, 0.04, random),
    "crop 8 %": lambda picture, random: cropped(picture, 0.08, random),
    "JPEG 50": lambda picture, random: jpeg(picture, 50),
    "JPEG 75": lambda picture, random: jpeg(picture, 75),
    "JPEG 90": lambda picture, random: jpeg(picture, 90),
    "brightness ±20 %": brightened,
    "blurred": lambda picture, random: blurred(picture),
    "flip, crop, noise": lambda picture, random: noised(cropped(picture[:, :, ::-1], 0.04, random), 5, random),
}


def mixed(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One of the kinds, drawn at random."""
    return list(KINDS.values())[random.integers(len(KINDS))](picture, random)


def sets(data: str, size: int, group: str | None, seed: int) -> tuple[PictureSet, np.ndarray, np.ndarray]:
    """Training pictures, held-out ones, and new ones that nobody should call copies."""
    if data == "portraits":
        pictures, _ = portraits(TRAIN + 2000, seed=seed, size=size)
        return pictures[:TRAIN], pictures[TRAIN : TRAIN + 1000], pictures[TRAIN + 1000 :]
    bank = prepare(data, size, group=group)
    # In halves by their order: of people's pictures, which lie side by side, hardly anybody is in both.
    half = len(bank.held_out) // 2
    held_out, new = bank.held_out[:half], bank.held_out[half:]
    return Subset(bank.pictures, bank.train), bank.pictures[held_out], bank.pictures[new]


def replay(
    train: PictureSet, new: np.ndarray, change: Change, share: float, count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Samples, and of each the training picture that it replays, −1: none."""
    replays = max(1, round(share * count))
    origin = np.full(count, -1)
    origin[:replays] = random.choice(len(train), replays, replace=replays > len(train))
    copies = [change(picture, random) for picture in train[origin[:replays]]]
    return np.concatenate([np.stack(copies), new[: count - replays]]), origin


def judged(found: Copying, origin: np.ndarray) -> dict[str, Any]:
    replays = int((origin >= 0).sum())
    right = sum(origin[pair.generated] == pair.train for pair in found.copies)
    wrong = sum(origin[pair.generated] < 0 for pair in found.copies)
    return {
        "replays": replays,
        "found": right / replays,
        "accused": wrong,
        "new": len(origin) - replays,
        "held_out_accused": round((found.copied_share_held_out or 0) * found.held_out),
        "held_out": found.held_out,
        "nearer_share": found.nearer_share,
        "z": found.test_z,
        "ct": found.ct,
        "lean": found.lean,
        "auth_pct": found.auth_pct,
        "auth_pct_held_out": found.auth_pct_held_out,
        "levels": found.levels,
    }


def shown(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def tried(data: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """A row a kind and share, printed as they come."""
    train, held_out, new = sets(data, options.size, options.group if "celeba" in data else None, options.seed)
    count = min(options.count, len(new))
    print(f"\n{data} at {options.size} px: {len(train):,} training, {len(held_out):,} held-out, {count:,} samples")
    columns = (
        "kind",
        "share",
        "found",
        "accused",
        "held out",
        "nearer 1 %",
        "z",
        "C_T",
        "AuthPct",
        "its floor",
        "seconds",
    )
    print(f"{columns[0]:<20}" + "".join(f"{column:>12}" for column in columns[1:]))
    rows = []
    chosen = {**KINDS, "mixed": mixed}
    for kind in ("none", "new, blurred", *(options.kinds or chosen)):
        for share in options.shares if kind in chosen else [0]:
            random = np.random.default_rng((options.seed, list(chosen).index(kind) if share else 99, int(1000 * share)))
            if share:
                samples, origin = replay(train, new, chosen[kind], share, count, random)
            else:
                blurry = kind != "none"
                samples = np.stack([blurred(picture) for picture in new[:count]]) if blurry else new[:count]
                origin = np.full(count, -1)
            began = time.perf_counter()
            found = measure_copying(samples, train, held_out)
            seconds = time.perf_counter() - began
            row = {"kind": kind, "share": share, **(judged(found, origin) if share else judged_none(found, count))}
            rows.append(row | {"seconds": seconds, "verdict": found.verdict()})
            cells = (
                f"{share:.0%}",
                shown(row["found"], ".1%"),
                f"{row['accused']}/{row['new']}",
                f"{row['held_out_accused']}/{row['held_out']}",
                shown(row["nearer_share"], ".1%"),
                shown(row["z"], ".1f"),
                shown(row["ct"], ".1f"),
                shown(row["lean"], ".1f"),
                shown(row["auth_pct"], ".0f"),
                shown(row["auth_pct_held_out"], ".0f"),
                f"{seconds:.1f}",
            )
            print(f"{kind:<20}" + "".join(f"{cell:>12}" for cell in cells), flush=True)
    print("levels " + ", ".join(f"{level:.3f}" for level in rows[0]["levels"]))
    return rows


def judged_none(found: Copying, count: int) -> dict[str, Any]:
    """Of samples without any replay."""
    origin = np.full(count + 1, -1)
    origin[-1] = 0
    return {**judged(found, origin), "replays": 0, "found": None}


def large(seed: int) -> dict[str, Any]:
    """10,000 samples against 100,000 training pictures at 64 px."""
    pictures = np.concatenate([portraits(10_000, seed=seed, start=start)[0] for start in range(0, 120_000, 10_000)])
    train, held_out, samples = pictures[:100_000], pictures[100_000:110_000], pictures[110_000:]
    random = np.random.default_rng(seed)
    origin = np.full(len(samples), -1)
    origin[:100] = random.choice(len(train), 100, replace=False)
    samples[:100] = [mixed(picture, random) for picture in train[origin[:100]]]
    before, began, cpu = peak(), time.perf_counter(), time.process_time()
    found = measure_copying(samples, train, held_out)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    row = judged(found, origin) | {"seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak(), "before_mb": before}
    print(json.dumps(row, indent=1))
    print(found.verdict())
    return row


def peak() -> int:
    """MB of memory at most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", help="folders or files of pictures, or portraits")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--group", default=r"^(\d+)_", help="of CelebA's files")
    parser.add_argument("--shares", type=float, nargs="*", default=[0.01, 0.1, 1])
    parser.add_argument("--kinds", nargs="*", choices=[*KINDS, "mixed"])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    results: dict[str, Any] = {Path(data).name: tried(data, options) for data in options.data}
    if options.large:
        results["large"] = large(options.seed)
    print(f"peak memory {peak():,} MB")
    if options.json:
        machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        options.json.write_text(json.dumps({"machine": machine, "seed": options.seed, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
