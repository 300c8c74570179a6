"""Scores while a run trains: the Fréchet distance of some samples every so often, the best generator so far, and a warning.

That of as many samples of the averaged generator each time, so that its bias stays the same, in the features that
recipe.scores names. (KID, which has no bias, scatters four times as much in the features of `random`: LOG 50.) It costs at most
SHARE of the time: under a time budget by the clock; under one of images, where no clock may decide, by the number of
samples, of which one costs about as much as an image of training in small nets on a CPU, and less elsewhere.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from figment.common import run_time
from figment.common.files import write_atomically
from figment.common.jsontext import are_missing
from figment.common.pixels import to_rgb
from figment.common.seeds import seed_at
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.features.base import Extractor
from figment.features.extract import bank_rows, extract_features, sampled
from figment.features.registry import extractor
from figment.generator import Generator
from figment.metrics.frechet import Gaussian, frechet, gaussian, with_limit
from figment.recipe import Recipe
from figment.run import Run
from figment.run_files import NEEDED
from figment.training import schedule

MAX_TIME_SHARE = 0.05  # of the time, at most
SAMPLE_COUNTS = (2000, 1000, 500)  # of a look: the most that allow for LOOKS of them
SCORES_A_RUN = 8
LIKELY_SAMPLE_SECONDS = 1.5e-3  # seconds a sample, by which the number of samples is chosen under a time budget
PROBE_PICTURES = 64  # pictures by which the first look's cost is foreseen
MAX_REALS = 3000  # that they are compared with, at most
MIN_REALS = 100  # reals, without which there are no scores
# Looks in a row that are worse than the best, by more than chance and by a quarter at least, before a word is said. Scores
# rise and fall with the game: with three, runs were warned of that went on to their best (LOG 56).
RISE_SCORES, RISE_FACTOR = 5, 1.25


class Scorer:
    """Looks at the averaged generator of a run. What it has found is in the run's events; scores is a copy of these.

    warned: whether it was said already that the score has left its best behind.
    """

    def __init__(
        self, run: Run, bank: Bank, recipe: Recipe, device: torch.device, events: Sequence[dict[str, Any]] | None = None
    ) -> None:
        self.run = run
        self.bank = bank
        enough = len(bank.train) >= MIN_REALS and recipe.scores != "none"
        self.samples = samples_for(recipe) if enough else 0
        self.network = _network(recipe.scores, device) if self.samples else None
        self._reference: Gaussian | None = None
        self._floor = 0.0
        self._foreseen = self._probed() if self.network and recipe.seconds is not None else 0.0
        self.scores: list[dict[str, Any]] = []
        self.reload(run.events() if events is None else events)

    def is_due(self, recipe: Recipe, images: int, seconds: float) -> bool:
        """Whether to look now, when a snapshot has just been kept."""
        if not self.samples or images == 0:
            return False
        if recipe.seconds is None:
            return is_scored_at(recipe, self.samples, images)
        return self._spent() + self.cost <= MAX_TIME_SHARE * seconds

    @property
    def cost(self) -> float:
        """Seconds of a look, by the last one; before one was made, as foreseen: with it come the reals."""
        return float(self.scores[-1]["took"]) if self.scores else self._foreseen

    @property
    def closing(self) -> float:
        """Seconds of a time budget that the look at its end will take."""
        return self.cost if self.samples and self.scores else 0.0

    def score(self, average: torch.nn.Module, recipe: Recipe, images: int, seconds: float) -> dict[str, Any]:
        """Score the averaged generator, note it, and keep the generator if none was better. Returns the event."""
        began = run_time.now()
        assert self.network is not None
        reals = self._reals()
        samples = sampled(Generator(average, recipe), self.samples, seed_at(recipe.seed, "scored"))
        found, _ = with_limit(extract_features(samples, [self.network]).features[self.network.name], reals)
        event = {
            "event": "score", "images": images, "seconds": round(seconds, 2), "features": self.network.name,
            "title": self.network.label, "fd": round(found.value, 4), "error": round(found.error, 4),
            "floor": round(self._floor, 4), "samples": self.samples, "took": round(run_time.now() - began, 3),
        }  # fmt: skip
        self.run.log(event)
        self.scores.append(event)
        self._keep_best()
        return event

    def reload(self, events: Sequence[dict[str, Any]]) -> None:
        """Take up what the run's events hold, at the beginning and after training has gone back to an earlier state."""
        self.scores = [e for e in events if e["event"] == "score" and not are_missing(NEEDED["score"], e)]
        self.warned = any(event["event"] == "risen" for event in events)
        self._keep_best()

    def _keep_best(self) -> None:
        """Make generator-best.safetensors the snapshot with the best score. Without a score there is none."""
        best = best_score(self.scores)
        if best is None:
            self.run.best_file.unlink(missing_ok=True)
            return
        snapshot = self.run.snapshots().get(best["images"])
        if snapshot is None:  # removed by hand: what is there is better than nothing
            return
        write_atomically(self.run.best_file, snapshot.read_bytes())

    def _reals(self) -> Gaussian:
        """Made at the first look: the training reals' side, and the floor, for which other reals stand in for samples."""
        if self._reference is None:
            assert self.network is not None
            random = np.random.default_rng(seed_at(0, "scored reals"))
            order = np.concatenate([random.permutation(self.bank.held_out), random.permutation(self.bank.train)])
            others = min(self.samples, len(order) // 2)
            compared, spare = (
                extract_features(bank_rows(self.bank, np.sort(rows)), [self.network]).features[self.network.name]
                for rows in (order[others : others + MAX_REALS], order[:others])
            )
            self._reference = gaussian(compared)
            self._floor = frechet(spare, self._reference)
        return self._reference

    def _probed(self) -> float:
        """Seconds that the first look will take, by what the network takes for a few pictures."""
        assert self.network is not None
        few = to_rgb(np.asarray(self.bank.pictures[self.bank.train[:PROBE_PICTURES]]))
        self.network(few)  # the first time takes longer
        began = run_time.now()
        self.network(few)
        # A sample is drawn, too, for which the same again is allowed.
        return (run_time.now() - began) / len(few) * (3 * self.samples + min(MAX_REALS, len(self.bank.train)))

    def _spent(self) -> float:
        return sum(float(event["took"]) for event in self.scores)


def _network(name: str, device: torch.device) -> Extractor:
    try:
        return extractor(name, str(device))
    except InputError as error:
        raise InputError(str(error).replace("--features ", "--set scores=")) from None


def samples_for(recipe: Recipe) -> int:
    """Samples of a look: the most of SAMPLES of which LOOKS are no more than SHARE of the run; 0 where even fewer are."""
    for samples in SAMPLE_COUNTS:
        cost, whole = (
            (samples, recipe.planned_images)
            if recipe.seconds is None
            else (LIKELY_SAMPLE_SECONDS * samples, recipe.seconds)
        )
        if SCORES_A_RUN * cost <= MAX_TIME_SHARE * whole:
            return samples
    return 0


def is_scored_at(recipe: Recipe, samples: int, images: int) -> bool:
    """Whether a run with an image budget is looked at after so many images: at its last snapshots, as many as SHARE allows.

    Snapshots lie ever farther apart, so these reach from early on to the end.
    """
    times = schedule.snapshot_times(recipe)[1:]
    looks = math.floor(MAX_TIME_SHARE * recipe.planned_images / samples)
    return looks > 0 and images >= times[-min(looks, len(times))]


def best_score(scores: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first event with the lowest distance; None of none."""
    return min(scores, key=lambda event: event["fd"], default=None)


def rise_warning(scores: list[dict[str, Any]]) -> str | None:
    """A warning where each of the last looks was worse than the best by more than chance and by RISE; else None."""
    best, last = best_score(scores), scores[-RISE_SCORES:]
    if best is None or len(scores) <= RISE_SCORES or best in last:
        return None
    if any(
        event["fd"] <= max(RISE_FACTOR * best["fd"], best["fd"] + 2 * math.hypot(event["error"], best["error"]))
        for event in last
    ):
        return None
    return (
        f"{best['title']} has risen from {best['fd']:.3g}, its best, at {best['images']:,} images to {last[-1]['fd']:.3g}:"
        f" generator-best.safetensors is the generator of then"
    )
