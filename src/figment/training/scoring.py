"""Scores while a run trains: how far some samples lie from reals, every so often, and the best generator so far.

That is the Fréchet distance, in the features that recipe.scores names, of always as many samples of always the same codes
from always the same reals: its bias stays the same, and two looks differ by what the generator has learned and by little
else (best.py). It costs at most a twentieth of the time (look_sizes.py).
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from figment.common import run_time
from figment.common.files import write_atomically
from figment.common.pixels import to_rgb
from figment.common.progress import Say
from figment.common.seeds import seed_at
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.features.base import Extractor
from figment.features.extract import LazyPictures, bank_rows, extract_features, sampled
from figment.features.registry import extractor
from figment.generator import load
from figment.metrics.frechet import frechet
from figment.metrics.influence import FrechetInfluence, Influences
from figment.recipe import Recipe
from figment.run import Run
from figment.training.best import best, looks, lowest
from figment.training.few import few
from figment.training.look_sizes import SAMPLE_COST, allowance, is_scored_at, is_too_early, samples_for

REALS = 1000  # that samples are compared with, at most
EARLIER_REALS = 3000  # … in runs of earlier versions, whose score events don't say
MIN_REALS = 100  # reals, without which there are no scores
PROBE_PICTURES = 64  # pictures by which the cost of looks is foreseen under a time budget
FAST_PICTURE_SECONDS = 5e-4  # a picture, seen by a fast network: what is too short for that needs no network at all


class Scorer:
    """Looks at the snapshots of a run. What it has found is in the run's events; scores is a copy of these.

    samples: of a look; 0 where there are none. reals: that they are compared with, at most. cost: seconds of the next look,
    as the last one took, before the first as foreseen. once: seconds that the reals take at the first look. warned: whether
    it was said already that the score has left its best behind.
    """

    def __init__(
        self,
        run: Run,
        bank: Bank,
        recipe: Recipe,
        device: torch.device,
        events: Sequence[dict[str, Any]] | None = None,
        say: Say | None = None,
    ) -> None:
        self.run, self.bank, self.device = run, bank, device
        self._kept: tuple[int, Influences] | None = None  # the lowest look and the images seen until then
        events = run.events() if events is None else events
        self.reload(events)
        self.reals = int(self.scores[-1].get("reals", EARLIER_REALS)) if self.scores else REALS
        self.samples, self.cost, self.once, each = 0, 0.0, 0.0, None
        self.network: Extractor | None = None
        if recipe.scores == "none" or len(bank.train) < MIN_REALS:
            return
        if samples_for(recipe, self.reals, recipe.seconds and FAST_PICTURE_SECONDS) or self.scores:
            self.network = self._network(recipe, goes_on=bool(events), say=say)
        if self.network is None:
            return
        if recipe.seconds is not None:
            each = self._probed(self.network)
        before = self.scores[-1].get("samples") if self.scores else None
        self.samples = before or samples_for(recipe, self.reals, each)
        self.cost = (each or 0.0) * SAMPLE_COST * self.samples
        if len(self.scores) > 1:
            self.cost = float(self.scores[-1]["took"])
        if not self.scores:
            self.once = (each or 0.0) * (self.reals + self.samples)

    def is_due(self, recipe: Recipe, images: int, seconds: float) -> bool:
        """Whether to look now, when a snapshot has just been kept."""
        if not self.samples or is_too_early(recipe, images):
            return False
        if recipe.seconds is None:
            return is_scored_at(recipe, self.samples, self.reals, images)
        spent = sum(float(event["took"]) for event in self.scores) if self.scores else self.once
        return spent + 2 * self.cost <= allowance(
            recipe.seconds, seconds, self.once + self.cost
        )  # this look and the last

    @property
    def closing(self) -> float:
        """Seconds of a time budget that the look at its end will take."""
        return self.cost if self.samples and self.scores else 0.0

    def score(self, images: int, seconds: float) -> dict[str, Any]:
        """Score the snapshot after so many images, note it, and keep the best generator. Returns the event.

        The snapshot's file is what is looked at, so that a resumed run, which knows no more than the files, goes on alike.
        """
        began = run_time.now()
        assert self.network is not None
        floor, came = self._floor, run_time.now()  # with the first look come the reals
        found, against = self._look(images), self._lowest_look()
        event = {
            "event": "score", "images": images, "seconds": round(seconds, 2), "features": self.network.name,
            "title": self.network.label, "fd": round(found.value, 4), "error": round(found.estimate.error, 4),
            "floor": round(floor, 4), "samples": self.samples, "reals": len(found.reals),
        }  # fmt: skip
        if against is not None:
            other, its = against
            difference = found.minus(its)
            event |= {
                "lowest": other, "difference": round(difference.value, 4), "difference_error": round(difference.error, 4)
            }  # fmt: skip
        ended = run_time.now()
        self.cost = ended - came
        if not self.scores:
            self.once = came - began
        event["took"] = round(ended - began, 3)
        self.run.log(event)
        self.scores.append(event)
        if lowest(self.scores) is event:
            self._kept = (images, found)
        self._keep_best()
        return event

    def reload(self, events: Sequence[dict[str, Any]]) -> None:
        """Take up what the run's events hold, at the beginning and after training has gone back to an earlier state."""
        self.scores = looks(events)
        self.warned = any(event["event"] == "risen" for event in events)
        self._kept = None
        self._keep_best()

    def _keep_best(self) -> None:
        """Make generator-best.safetensors what best() says. Without a score there is none."""
        found = best(self.scores)
        if found is None:
            self.run.best_file.unlink(missing_ok=True)
            return
        snapshot = self.run.snapshots().get(found["images"])
        if snapshot is None:  # removed by hand: what is there is better than nothing
            return
        write_atomically(self.run.best_file, snapshot.read_bytes())

    def _lowest_look(self) -> tuple[int, Influences] | None:
        """Images and look with the lowest distance so far; after a pause made once more from its snapshot, if it is there."""
        event = lowest(self.scores)
        if event is None:
            return None
        if self._kept is None or self._kept[0] != event["images"]:
            if event["images"] not in self.run.snapshots():
                return None
            self._kept = (event["images"], self._look(event["images"]))
        return self._kept

    def _look(self, images: int) -> Influences:
        return self._distance(self._features(self._samples(images)))

    def _samples(self, images: int) -> LazyPictures:
        generator = load(self.run.snapshot_file(images), self.device)
        return sampled(generator, self.samples, seed_at(generator.recipe.seed, "scored"))

    def _features(self, pictures: LazyPictures) -> NDArray[np.float32]:
        assert self.network is not None
        return extract_features(pictures, [self.network]).features[self.network.name]

    @cached_property
    def _sides(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the network sees in the reals that samples are compared with, and in others that stand in for samples.

        Both are kept in the cache, so that the next run on these pictures finds them there.
        """
        random = np.random.default_rng(seed_at(0, "scored reals"))
        sides = self.bank.held_out, self.bank.train
        others = min(self.samples, sum(map(len, sides)) // 2)
        order = np.concatenate([few(random, side, others + self.reals) for side in sides])
        rows = np.sort(order[others : others + self.reals]), order[:others]
        compared, spare = (self._features(bank_rows(self.bank, part)) for part in rows)
        return compared, spare

    @cached_property
    def _distance(self) -> FrechetInfluence:
        return FrechetInfluence(self._sides[0])

    @cached_property
    def _floor(self) -> float:
        compared, spare = self._sides
        return frechet(spare, compared)

    def _network(self, recipe: Recipe, goes_on: bool, say: Say | None) -> Extractor | None:
        """The network that scores. A run that goes on does so without one that can't be had any more, which is said.

        Raises InputError where a new run's can't be had.
        """
        try:
            return extractor(recipe.scores, str(self.device))
        except InputError as error:
            reason = str(error).replace("--features ", "--set scores=")
            if not goes_on:
                raise InputError(reason) from None
            if say:
                say(f"no scores from here on: {reason}")
            return None

    def _probed(self, network: Extractor) -> float:
        """Seconds that the network takes for a picture."""
        few = to_rgb(np.asarray(self.bank.pictures[self.bank.train[:PROBE_PICTURES]]))
        network(few)  # the first time takes longer
        began = run_time.now()
        network(few)
        return (run_time.now() - began) / len(few)
