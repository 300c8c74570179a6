"""How many files a second does `figment check` look at, by kind?

    python benchmarks/checking.py [--count 2000] [--look quick] [--json FILE]

Writes PNGs of 64, 128 and 256 pixels (with figment's mark; with Stable Diffusion's settings; with a camera's EXIF; bare), JPEGs,
films and signed pictures (where c2pa-python is installed), links each so many times into a folder, and checks the folder: in
this process, by the seconds of the processor, and as the command does, in several, by the clock. The first pass reads the
files into the system's cache and isn't counted. At the pixels it looks as the command does by itself of so many files;
--look none is the metadata alone. What the command does on several cores wants all of them quiet: --one-core leaves that
out.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image, PngImagePlugin

from figment.data.bank.workers import usable_cores
from figment.forensics.check import Look, Wanted, check
from figment.forensics.many import check_files
from figment.media.images import write
from figment.media.video import write_video

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
SETTINGS = "a cat\nNegative prompt: dogs\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"


def picture(chance: np.random.Generator, side: int) -> np.ndarray:
    """Smooth, with a little noise over it, as photographs are: what is all noise doesn't pack, and takes longer."""
    coarse = Image.fromarray(chance.integers(20, 236, (side // 8, side // 8, 3), np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), float)
    return (smooth + chance.normal(0, 2, smooth.shape)).round().clip(0, 255).astype(np.uint8)


def originals(folder: Path) -> dict[str, Path]:
    """A file of every kind, by what it is."""
    chance = np.random.default_rng(0)
    made = {}
    for side in (64, 128, 256):
        pixels = picture(chance, side)
        write(folder / f"marked-{side}.png", pixels)
        write(folder / f"bare-{side}.png", pixels, None)
        told = PngImagePlugin.PngInfo()
        told.add_text("parameters", SETTINGS)
        Image.fromarray(pixels).save(folder / f"settings-{side}.png", pnginfo=told)
        exif = Image.Exif()
        exif.update({271: "Maker", 272: "M 1", 305: "1.0"})
        Image.fromarray(pixels).save(folder / f"camera-{side}.jpg", exif=exif)
        made |= {f"PNG of {side}, marked": f"marked-{side}.png", f"PNG of {side}, bare": f"bare-{side}.png"}
        made |= {f"PNG of {side}, settings": f"settings-{side}.png", f"JPEG of {side}, EXIF": f"camera-{side}.jpg"}
    write_video(folder / "film.mp4", [pixels] * 30, 10)
    made["mp4, marked"] = "film.mp4"
    try:
        from figtest.credentials import signed
    except ImportError:
        pass
    else:
        signed(folder / "bare-256.png", folder / "signed.png")
        made["PNG of 256, signed"] = "signed.png"
    return {what: folder / name for what, name in made.items()}


def links(original: Path, folder: Path, count: int) -> list[Path]:
    """So many hard links to a file."""
    folder.mkdir()
    files = [folder / f"{number:05d}{original.suffix}" for number in range(count)]
    for file in files:
        os.link(original, file)
    return files


def _one_by_one(files: list[Path], wanted: Wanted) -> None:
    for file in files:
        check(file, wanted)


def rate(count: int, work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Files a second."""
    work()
    begin = clock()
    work()
    return count / (clock() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--look", choices=get_args(Look), default="quick")
    parser.add_argument("--one-core", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    wanted = Wanted(options.look)
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        (folder := Path(place, "originals")).mkdir()
        for what, original in originals(folder).items():
            count = options.count // 10 if "signed" in what else options.count
            files = links(original, Path(place, original.stem), count)
            found[what] = {"one core": rate(count, partial(_one_by_one, files, wanted), time.process_time)}
            print(f"{what:<22} {found[what]['one core']:>8,.0f} files a second of one core", end="", flush=True)
            if not options.one_core:
                all_of_them = rate(count, partial(check_files, files, wanted), time.perf_counter)
                found[what]["as the command"] = all_of_them
                print(f", {all_of_them:>8,.0f} a second on {usable_cores()}", end="")
            print()
    if options.json:
        machine = {"machine": platform.processor(), "cores": usable_cores()}
        machine |= {"count": options.count, "look": options.look}
        options.json.write_text(json.dumps(machine | {"files a second": found}, indent=1))


if __name__ == "__main__":
    main()
