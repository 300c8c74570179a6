"""Runs with all that looking closely takes: a discriminator that is calibrated, and the real pictures at their place."""

import numpy as np

from figment import nets
from figment.media.images import write
from figment.nets.serialization import packed
from figtest.runs import build

PICTURES = 60


def whole_run(folder, calibrated=True, ticks=40, **changes):
    """build()'s run with a discriminator, and a folder of real pictures that it names as its data."""
    data, random = folder / "faces", np.random.default_rng(0)
    for i in range(PICTURES):
        tone = random.integers(0, 255, (1, 1, 3))
        noise = random.integers(-30, 30, (16, 16, 3))
        write(data / f"{i:03d}.png", (tone + noise).clip(0, 255).astype(np.uint8), None)
    run = build(folder, ticks=ticks, data=str(data), **changes)
    run.note(fingerprint=None)
    net = nets.initialised(nets.discriminator(run.recipe), 0, "discriminator")
    fitted = {"calibration": {"slope": 1.0, "offset": 0.0, "reals": 40, "fakes": 40}} if calibrated else {}
    run.discriminator_file.write_bytes(packed(net, run.recipe, "discriminator", fitted))
    return run
