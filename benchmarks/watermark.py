"""The invisible mark: how rarely it is found where it isn't, what it outlives, what it changes, and whether generators
inherit it.

    python benchmarks/watermark.py alarms FOLDER … [--pictures 100000] [--sizes 64 128 256]
    python benchmarks/watermark.py outlives FOLDER [--pictures 500] [--sizes 64 128 256]
    python benchmarks/watermark.py changes FOLDER [--pictures 2000] [--size 64]
    python benchmarks/watermark.py inherits RUN [--pictures 200]
    python benchmarks/watermark.py seconds FOLDER

alarms: real pictures, cut and mirrored at random (seed 0) until there are so many, in turn of each size; the share in which as
much is found as a false-alarm rate allows, with its 95 % interval (Clopper and Pearson 1934), beside the bound that is said.
outlives: the share found after each change, at the default rate of 1e-6 and at 1e-4, and the mark's PSNR. changes: KID ×1000 in
lite0 of marked against unmarked pictures, beside that of two halves of the unmarked. inherits: of the samples of a generator
that was trained on marked pictures (figment sample --files, then figment train), the share in which its teacher's mark is found.
seconds: of one look, quick and thorough.
"""

import argparse
import io
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter
from scipy.stats import beta

import figment
from figment.common.machine import this_machine
from figment.features.registry import extractor
from figment.media.watermark import Mark, marked
from figment.media.watermark_search import find
from figment.metrics.kid import kid

MARK = Mark(b"a benchmark's run")
RATES = (1e-2, 1e-3, 1e-4, 1e-6)
Pixels = np.ndarray


def files(folders: list[Path]) -> list[Path]:
    endings = {".jpg", ".jpeg", ".png", ".webp"}
    found = [file for folder in folders for file in sorted(folder.rglob("*")) if file.suffix.lower() in endings]
    if not found:
        raise SystemExit("no picture lies there")
    return found


def cut(image: Image.Image, side: int, rng: np.random.Generator) -> Pixels:
    """A square of half the shorter side at least, anywhere, mirrored or not, of side pixels."""
    short = min(image.size)
    length = rng.integers((short + 1) // 2, short + 1)
    left, top = (rng.integers(0, whole - length + 1) for whole in image.size)
    image = image.crop((left, top, left + length, top + length)).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image)


def pictures(folders: list[Path], count: int, sizes: list[int]) -> Iterator[Pixels]:
    """So many, of each size in turn, all files as often."""
    rng, there = np.random.default_rng(0), files(folders)
    for number in range(count):
        with Image.open(there[number % len(there)]) as image:
            yield cut(image.convert("RGB"), sizes[number // len(there) % len(sizes)], rng)


def jpeg(picture: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def resized(picture: Pixels, share: float) -> Pixels:
    height, width = (round(share * side) for side in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


def changes_of(rng: np.random.Generator) -> dict[str, Callable[[Pixels], Pixels]]:
    def cropped(picture: Pixels, share: float) -> Pixels:
        height, width = (round((1 - share) * side) for side in picture.shape[:2])
        top, left = (rng.integers(0, a - b + 1) for a, b in zip(picture.shape, (height, width), strict=False))
        return picture[top : top + height, left : left + width]

    def jittered(picture: Pixels) -> Pixels:
        image = Image.fromarray(picture)
        for kind in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            image = kind(image).enhance(rng.uniform(0.8, 1.2))
        return np.asarray(image)

    def noisy(picture: Pixels) -> Pixels:
        return np.clip(picture + rng.normal(0, 5, picture.shape), 0, 255).round().astype(np.uint8)

    return {
        "PNG": lambda it: it,
        "JPEG 90": lambda it: jpeg(it, 90),
        "JPEG 75": lambda it: jpeg(it, 75),
        "JPEG 60": lambda it: jpeg(it, 60),
        "JPEG 40": lambda it: jpeg(it, 40),
        "×.75 and back": lambda it: resized(resized(it, 0.75), 1 / 0.75),
        "×.5 and back": lambda it: resized(resized(it, 0.5), 2),
        "×.5": lambda it: resized(it, 0.5),
        "×2": lambda it: resized(it, 2),
        "×3, JPEG 75": lambda it: jpeg(resized(it, 3), 75),
        "10 % cut off each way": lambda it: cropped(it, 0.1),
        "25 % cut off": lambda it: cropped(it, 0.25),
        "10 % cut off, JPEG 75": lambda it: jpeg(cropped(it, 0.1), 75),
        "light, contrast, colour ±20 %": jittered,
        "noise of 5 levels": noisy,
        "blur of 1 pixel": lambda it: np.asarray(Image.fromarray(it).filter(ImageFilter.GaussianBlur(1))),
        "mirrored": lambda it: it[:, ::-1].copy(),
        "turned by 2°": lambda it: np.asarray(Image.fromarray(it).rotate(2, Image.Resampling.BICUBIC)),
        "10 % cut off, then ×2": lambda it: resized(cropped(it, 0.1), 2),
    }


def alarms(options: argparse.Namespace) -> None:
    found = np.array([find(it).false_alarm for it in pictures(options.folders, options.pictures, options.sizes)])
    print(f"{len(found):,} pictures of {', '.join(map(str, options.sizes))} px; the least bound {found.min():.2g}")
    for rate in RATES:
        alarmed, n = int((found <= rate).sum()), len(found)
        low = beta.ppf(0.025, alarmed, n - alarmed + 1) if alarmed else 0.0
        high = beta.ppf(0.975, alarmed + 1, n - alarmed)
        print(f"said at most {rate:g}: {alarmed} found, {alarmed / n:.2g} ({low:.2g} to {high:.2g})", flush=True)


def outlives(options: argparse.Namespace) -> None:
    for size in options.sizes:
        clean = list(pictures([options.folder], options.pictures, [size]))
        ours = [marked(it, MARK) for it in clean]
        noise = [10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)) for a, b in zip(clean, ours, strict=True)]
        print(f"\n{len(ours)} pictures of {size} px; PSNR {np.mean(noise):.1f} dB, least {min(noise):.1f}")
        for what, change in changes_of(np.random.default_rng(1)).items():
            found = [find(change(it)) for it in ours]
            rates = np.array([it.false_alarm for it in found])
            read = np.mean([it.is_there and it.number == MARK.number for it in found])
            shares = f"{np.mean(rates <= 1e-6):.3f} at 1e-6, {np.mean(rates <= 1e-4):.3f} at 1e-4"
            print(f"{what:32}{shares}; number read {read:.3f}", flush=True)


def changes(options: argparse.Namespace) -> None:
    network = extractor("lite0")
    clean = np.stack(list(pictures([options.folder], options.pictures, [options.size]))).transpose(0, 3, 1, 2)
    ours = np.stack([marked(it.transpose(1, 2, 0), MARK).transpose(2, 0, 1) for it in clean])
    half = len(clean) // 2
    real, other, same = network(clean[:half]), network(clean[half:]), network(ours[half:])
    for what, found in ("unmarked", other), ("marked", same):
        estimate = kid(found, real)
        print(f"{what} against other unmarked: KID ×1000 {estimate.value:.1f} ± {estimate.error:.1f}", flush=True)


def inherits(options: argparse.Namespace) -> None:
    samples = figment.load(options.run).sample(options.pictures).permute(0, 2, 3, 1).numpy()
    rates = np.array([find(it).false_alarm for it in samples])
    for rate in RATES:
        print(f"found in {np.mean(rates <= rate):.3f} of {len(rates)} samples at {rate:g}", flush=True)


def seconds(options: argparse.Namespace) -> None:
    for size in (64, 128, 256, 1024):
        some = list(islice(pictures([options.folder], 50, [size]), 50))
        for thorough in (False, True):
            since = time.perf_counter()
            for it in some:
                find(it, thorough)
            spent = 1000 * (time.perf_counter() - since) / len(some)
            print(f"{size} px, {'thorough' if thorough else 'quick'}: {spent:.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    for do, folders, count in (
        (alarms, True, 100_000), (outlives, False, 500), (changes, False, 2000), (seconds, False, 0), (inherits, None, 200),
    ):  # fmt: skip
        part = parts.add_parser(do.__name__)
        if folders is None:
            part.add_argument("run", type=Path)
        elif folders:
            part.add_argument("folders", type=Path, nargs="+")
        else:
            part.add_argument("folder", type=Path)
        part.add_argument("--pictures", type=int, default=count)
        part.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256])
        part.add_argument("--size", type=int, default=64)
        part.set_defaults(do=do)
    options = parser.parse_args()
    print(this_machine("cpu"))
    options.do(options)


if __name__ == "__main__":
    main()
