"""How long does a folder of a million pictures take to list, and how much memory?

    python benchmarks/listing.py [--count 1000000] [--folder PLACE] [--json FILE]

Makes a thousand sub-folders of hard links to a few small PNGs (removed again) and, in a process of its own each time, lists
them as `figment train` does first: names, labels, the fingerprint, and the first chunk of pictures. "again" is what every
later start pays, when the system has the folder's entries in its cache.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

LINKS = 50_000  # to one file; file systems bound them
LIST = """
import re, sys, time
from pathlib import Path
def memory(): return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
from figment.data.sources.open import open_source
before, start = memory(), time.perf_counter()
source = open_source(sys.argv[1])
fingerprint = source.fingerprint()
count = len(source.listing.names)
listed = time.perf_counter() - start
next(source.chunks())
print(count, listed, memory() - before)
"""


def links(folder: Path, count: int) -> None:
    """So many hard links, a thousand a sub-folder, to pictures that differ."""
    for number in range(count):
        if number % LINKS == 0:
            picture = folder / f"{number}.png"
            Image.fromarray(np.full((8, 8), number // LINKS % 256, np.uint8)).save(picture)
        if number % 1000 == 0:
            part = folder / f"{number // 1000:04d}"
            part.mkdir()
        os.link(picture, part / f"picture-{number:07d}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the links are made; by default among temporary files")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        start = time.perf_counter()
        links(scratch, options.count)
        machine = f"{os.cpu_count()} cores, {platform.machine()}"
        print(f"made {options.count:,} links in {time.perf_counter() - start:.0f} s; {machine}")
        results = []
        for what in ("first", "again", "again"):
            out = subprocess.run(
                [sys.executable, "-c", LIST, scratch], capture_output=True, text=True, check=True
            ).stdout
            count, seconds, megabytes = (float(word) for word in out.split())
            print(f"{what:6} {count:,.0f} pictures listed in {seconds:.1f} s with {megabytes:.0f} MB")
            results.append({"what": what, "pictures": count, "seconds": seconds, "megabytes": megabytes})
    finally:
        shutil.rmtree(scratch)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
