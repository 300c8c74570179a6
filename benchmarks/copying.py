"""Are copies of training pictures found, of fourteen kinds, and are new pictures left in peace?

    python benchmarks/copying.py DATA [DATA …] [--size 64] [--group '^(\\d+)_'] [--rows 0.5 1] [--replays 60] [--seed 0]
        [--large] [--json FILE]

DATA is a folder or file of pictures, an .npz or .npy file of arrays, or portraits. A set's held-out pictures are divided: one
half are held out, the other half play a generator that is new (of the built-in portraits and of arrays, a tenth each).
REPLAYS training pictures are changed in each of fourteen ways and stand among the samples. `found` is the share of them
that is verified as a copy of the very picture that they are of (of a blend, of one of its two); `accused` are new
pictures that are called copies, `held out` held-out ones. --rows takes a part of the pictures, in the order of their
names, in shares: so that levels may be chosen on one half and tried on the other. --large times 10,000 samples against
100,000 training pictures instead: built-in portraits, a hundredth of them replays.
"""

import argparse
import io
import json
import os
import platform
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from figment.data.bank.prepare import prepare
from figment.data.portraits.table import portraits
from figment.metrics.copying import measure_copying
from figment.similarity.nearest import PictureSet, Subset

# Of a training picture, another training picture and a new one, uint8 (C, H, W) each.
Change = Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
PORTRAITS = 7000


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    image_of(picture).save(file, "JPEG", quality=quality)
    return pixels_of(Image.open(file))


def window(picture: np.ndarray, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """What is left, enlarged to the old size, when these shares are cut off its sides."""
    _, height, width = picture.shape
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return pixels_of(image_of(picture).resize((width, height), Image.Resampling.BICUBIC, box=box))


def rounded(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def pasted(picture: np.ndarray, new: np.ndarray, rows: tuple[float, float], columns: tuple[float, float]) -> np.ndarray:
    """A part of the picture over a new one."""
    _, height, width = picture.shape
    part = slice(int(rows[0] * height), int(rows[1] * height)), slice(int(columns[0] * width), int(columns[1] * width))
    result = new.copy()
    result[:, part[0], part[1]] = picture[:, part[0], part[1]]
    return result


def half(picture: np.ndarray, new: np.ndarray, random: np.random.Generator) -> np.ndarray:
    sides = [((0, 1), (0, 0.5)), ((0, 1), (0.5, 1)), ((0, 0.5), (0, 1)), ((0.5, 1), (0, 1))]
    return pasted(picture, new, *sides[random.integers(4)])


def quarter(picture: np.ndarray, new: np.ndarray, random: np.random.Generator) -> np.ndarray:
    top, left = random.integers(0, 2, 2) / 2
    return pasted(picture, new, (top, top + 0.5), (left, left + 0.5))


def turned(picture: np.ndarray, degrees: float) -> np.ndarray:
    """Turned about its middle; the corners show its mean colour."""
    fill = tuple(int(level) for level in picture.mean((1, 2)))
    image = image_of(picture)
    fill = fill if image.mode == "RGB" else fill[0]
    return pixels_of(image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=fill))


def hue(picture: np.ndarray, degrees: float) -> np.ndarray:
    """By Rodrigues' formula about the grey axis: another hue than that of HSV."""
    angle = np.radians(degrees)
    axis = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turn = np.cos(angle) * np.eye(3) + np.sin(angle) * axis + (1 - np.cos(angle)) / 3
    return rounded(np.einsum("cd,dhw->chw", turn, picture)) if len(picture) == 3 else picture


def grey(picture: np.ndarray) -> np.ndarray:
    return np.broadcast_to(rounded(picture.mean(0)), picture.shape)


def image_of(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(picture[0] if len(picture) == 1 else np.ascontiguousarray(picture.transpose(1, 2, 0)))


def pixels_of(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


KINDS: dict[str, Change] = {
    "whole": lambda picture, other, new, random: picture,
    "mirrored": lambda picture, other, new, random: picture[:, :, ::-1],
    "noise 10": lambda picture, other, new, random: rounded(picture + random.normal(0, 10, picture.shape)),
    "JPEG 50": lambda picture, other, new, random: jpeg(picture, 50),
    "crop 5 %": lambda picture, other, new, random: window(picture, *random.uniform(0.03, 0.05, 4)),
    "brightness ±20 %": lambda picture, other, new, random: rounded(picture * random.uniform(0.8, 1.2)),
    "half": lambda picture, other, new, random: half(picture, new, random),
    "quarter": lambda picture, other, new, random: quarter(picture, new, random),
    "centre": lambda picture, other, new, random: pasted(picture, new, (0.25, 0.75), (0.25, 0.75)),
    "middle ¾": lambda picture, other, new, random: window(picture, *[0.125] * 4),
    "turned 5°": lambda picture, other, new, random: turned(picture, 5 * random.choice([-1, 1])),
    "hue ±28°": lambda picture, other, new, random: hue(picture, 28 * random.choice([-1, 1])),
    "grey": lambda picture, other, new, random: grey(picture),
    "mean of two": lambda picture, other, new, random: rounded((picture.astype(float) + other) / 2),
}


def sets(
    data: str, size: int, group: str | None, rows: list[float], seed: int
) -> tuple[PictureSet, np.ndarray, np.ndarray]:
    """Training pictures, held-out ones, and new ones that nobody should call copies."""
    if data == "portraits" or data.endswith((".npz", ".npy")):
        if data == "portraits":
            pictures, _ = portraits(PORTRAITS, seed=seed, size=size)
        else:
            loaded = np.load(data)
            pictures = loaded if data.endswith(".npy") else next(v for v in loaded.values() if v.ndim >= 3)
            pictures = pictures[:, None] if pictures.ndim == 3 else pictures
        pictures = pictures[int(rows[0] * len(pictures)) : int(rows[1] * len(pictures))]
        tenth = len(pictures) // 10
        return pictures[2 * tenth :], pictures[:tenth], pictures[tenth : 2 * tenth]
    bank = prepare(data, size, group=group)
    rank = np.empty(len(bank.names))
    rank[np.argsort(np.array(bank.names), kind="stable")] = np.arange(len(bank.names)) / len(bank.names)
    taken = (rank >= rows[0]) & (rank < rows[1])
    train, spare = (its[taken[its]] for its in (bank.train, bank.held_out))
    # In halves by their names: of people's pictures, which lie side by side, hardly anybody is in both.
    spare = spare[np.argsort(rank[spare])]
    middle = len(spare) // 2
    held_out, new = bank.pictures[np.sort(spare[:middle])], bank.pictures[np.sort(spare[middle:])]
    return Subset(bank.pictures, train), held_out, new


def replays(
    train: PictureSet, new: np.ndarray, count: int, random: np.random.Generator
) -> tuple[np.ndarray, list[set[int]], list[str]]:
    """Samples, the training pictures that each may be called a copy of, and the kind of each."""
    samples, origins, kinds = [], [], []
    for kind, change in KINDS.items():
        for place in random.choice(len(train), min(count, len(train)), replace=False).tolist():
            second = int((place + random.integers(1, len(train))) % len(train))
            picture, other = train[np.array([place, second])]
            samples.append(change(picture, other, new[random.integers(len(new))], random))
            origins.append({place, second} if kind == "mean of two" else {place})
            kinds.append(kind)
    return np.stack(samples), origins, kinds


def tried(data: str, options: argparse.Namespace) -> dict[str, Any]:
    """One set, its figures printed."""
    train, held_out, new = sets(
        data, options.size, options.group if "celeba" in data else None, options.rows, options.seed
    )
    random = np.random.default_rng([options.seed, 7])
    copies, origins, kinds = replays(train, new, options.replays, random)
    began = time.process_time()
    found = measure_copying(np.concatenate([copies, new]), train, held_out)
    seconds = time.process_time() - began
    right = {
        pair.generated
        for pair in found.copies
        if pair.generated < len(copies) and pair.train in origins[pair.generated]
    }
    of = Counter(kinds)
    shares = {kind: sum(kinds[i] == kind for i in right) / of[kind] for kind in KINDS}
    wrong = {pair.generated for pair in found.copies} - right
    accused = sum(i >= len(copies) for i in wrong)
    floor = round((found.copied_share_held_out or 0) * len(held_out))
    print(
        f"\n{data}: {len(train):,} training, {len(held_out):,} held-out, {len(new):,} new pictures of {train.shape[2:]}"
    )
    for kind, share in shares.items():
        print(f"  {kind:<20}{share:>8.1%}")
    mistaken = len(wrong) - accused
    print(f"  accused {accused}/{len(new)}, held out {floor}/{len(held_out)}, mistaken copies {mistaken}/{len(copies)}")
    print(f"  {seconds:.1f} s of CPU; {found.verdict()}", flush=True)
    return {
        "train": len(train), "found": shares, "accused": accused, "new": len(new), "held_out_accused": floor,
        "held_out": len(held_out), "mistaken": mistaken, "cpu_seconds": seconds,
        "record": found.as_record(),
    }  # fmt: skip


def large(seed: int) -> dict[str, Any]:
    """10,000 samples against 100,000 training pictures at 64 px."""
    pictures = np.concatenate([portraits(10_000, seed=seed, start=start)[0] for start in range(0, 120_000, 10_000)])
    train, held_out, samples = pictures[:100_000], pictures[100_000:110_000], pictures[110_000:]
    random = np.random.default_rng(seed)
    copies, _, _ = replays(train, samples, 7, random)
    samples[: len(copies)] = copies
    before, began, cpu = peak(), time.perf_counter(), time.process_time()
    found = measure_copying(samples, train, held_out)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    row = {"copies": len(found.copies), "seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak(), "before_mb": before}
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
    parser.add_argument("--rows", type=float, nargs=2, default=[0, 1], help="which of the pictures, in shares")
    parser.add_argument("--replays", type=int, default=60, help="of each kind")
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
