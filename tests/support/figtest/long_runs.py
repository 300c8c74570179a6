"""Runs that were trained for long, made in a moment: many readings, and many sheets."""

import json
import math
import shutil

from figment.media.images import grid, write
from figtest.runs import build, tick

SHEETS_APART = 7  # different sheets that are made; the others are copies of them


def long_run(folder, ticks=100_000, sheets=1_000, size=None):
    """A Run like build()'s, of so many readings and sheets. size: pixels of a side of the pictures on these; few by default."""
    run = build(folder, ticks=0, snapshots=(0,), choices={} if size is None else {"size": size})
    every = max(1, ticks // sheets)
    first = run.picture_file(0)
    drawn = [first, *(_drawn(run, i) for i in range(1, min(SHEETS_APART, sheets)))]
    with run.events_file.open("a") as log:
        for i in range(1, ticks + 1):
            share = i / ticks
            log.write(json.dumps(tick(100 * i, share, seconds=i, spread=0.5 + 0.4 * math.sin(i / 500))) + "\n")
            if i % every == 0:
                log.write(json.dumps({"event": "snapshot", "images": 100 * i, "seconds": i}) + "\n")
                shutil.copyfile(drawn[i // every % len(drawn)], run.picture_file(100 * i))
    run.note(images=100 * ticks, seconds=float(ticks))
    return run


def _drawn(run, place):
    from figment.generator import load

    file = run.folder / f"sheet-{place}.png"
    write(file, grid(load(run.snapshot_file(0)).sample(64, seed=place)))
    return file
