"""The discriminator of a run as a detector: the number that the game itself gives, calibrated, for pictures like the run's own.

It has learnt the faults of one generator. Of other pictures it knows nothing, and calls most of them fake: so it answers only for
what is like the run's pictures in two other eyes.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common.pixels import to_grey, to_rgb
from figment.common.progress import Preparing
from figment.common.rehearsal import SAMPLES, at_most
from figment.data.decoding.fit import Target
from figment.discriminator import Discriminator, load_discriminator
from figment.errors import InputError
from figment.features.resize import resized_array
from figment.forensics import curves, novelty
from figment.forensics.detector import Detector
from figment.forensics.eyes import DISCRIMINATOR, LITE0, Eye, View, lite0_eye, seen, spectrum_eye
from figment.forensics.gathering import Set, gathered
from figment.forensics.probe import Probe
from figment.forensics.scoring import ENLARGED
from figment.forensics.teaching import KNOWN_SHARE, default_eyes
from figment.forensics.views import boxes
from figment.game.calibration import MIN_PICTURES
from figment.run import Run

PICTURES = 512  # of each kind: as many as the curve of a run is fitted to
SEED = 2**39  # of fresh samples, which nothing else has
SHARE = 15 / 16  # of a picture's side that its crops have: it has learnt from whole pictures


def of_run(run: Run, device: str, display: Preparing, sets: Sequence[Set] = ()) -> Detector:
    """The detector, calibrated on held-out pictures and fresh samples; sets: other ones than those that it takes itself.

    Raises InputError where the run's pictures are gone, or too few of them are held out.
    """
    discriminator, recipe = load_discriminator(run.folder, device), run.recipe
    count = at_most(PICTURES, SAMPLES)
    sets = sets or gathered((), [str(run.folder)], count, SEED, None, None, device, None, display)
    fakes, reals = (next(one for one in sets if one.is_fake == kind) for kind in (True, False))
    if len(reals.pictures) < MIN_PICTURES:
        raise InputError(
            f"{run.folder} held out {len(reals.pictures)} pictures, and it takes {MIN_PICTURES} to calibrate by."
        )
    eyes = {
        DISCRIMINATOR: Eye(DISCRIMINATOR, 1, lambda views: _logits(discriminator, views)),
        "spectrum": spectrum_eye(),
    }
    if LITE0 in default_eyes():
        eyes[LITE0] = lite0_eye(device)
    pictures = np.concatenate([reals.pictures, fakes.pictures])
    is_fake = np.repeat([False, True], [len(reals.pictures), len(fakes.pictures)])
    stage, parts = display.stage("looking at pictures"), []
    for chunk in seen(eyes, iter(pictures), lambda height, width: boxes(height, width, SHARE, square=False)):
        parts.append(chunk)
        stage(min(sum(len(part[DISCRIMINATOR]) for part in parts), len(pictures)), len(pictures))
    features = {name: np.concatenate([part[name] for part in parts]) for name in eyes}
    scores = features[DISCRIMINATOR][:, :, 0].mean(1).astype(np.float64)
    one = np.ones(1, np.float32)
    return Detector(
        eyes,
        {DISCRIMINATOR: Probe(0 * one, one, one, 0.0)},
        {DISCRIMINATOR: curves.fitted(scores, is_fake, [*reals.groups, *fakes.groups], 0)},
        DISCRIMINATOR,
        {name: _novelty(features[name][:, 0]) for name in eyes if name != DISCRIMINATOR},
        {DISCRIMINATOR: np.sort(scores[~is_fake])},
        (int(np.ceil(ENLARGED * min(recipe.shape))), 2**31),
        share=SHARE,
        target=Target(*recipe.shape, int(recipe.channels), recipe.fit),
        card={"run": run.folder.name, "pictures": {"real": len(reals.pictures), "fake": len(fakes.pictures)}},
    )


def _novelty(features: NDArray[np.float32]) -> novelty.Novelty:
    """Fitted to every second picture; the limit is by the others."""
    return novelty.fitted(features[::2], features[1::2], KNOWN_SHARE)


def _logits(discriminator: Discriminator, views: Sequence[View]) -> NDArray[np.float32]:
    """Logits of fake of views of any sizes, (N, 1)."""
    shape, grey = discriminator.recipe.shape, discriminator.recipe.channels == 1
    pictures = np.concatenate([resized_array(np.ascontiguousarray(view)[None], shape) for view in views])
    logits = discriminator.logits(torch.from_numpy(to_grey(pictures) if grey else to_rgb(pictures)))
    return -logits.numpy()[:, None]
