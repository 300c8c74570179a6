"""What a run keeps as it trains: its state, snapshots and scores, and that it stood still."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from figment.common import run_time
from figment.common.files import write_atomically
from figment.common.progress import Training
from figment.common.units import as_time
from figment.discriminator import CALIBRATION
from figment.generator import Generator
from figment.media.video import sheet as film_sheet
from figment.media.video import write_video
from figment.nets.serialization import packed
from figment.recipe import Recipe
from figment.run import Run
from figment.training.best import comparison, rise_warning
from figment.training.calibration import Calibrator
from figment.training.pace import Clock
from figment.training.scoring import Scorer
from figment.training.state import TrainState, save_state

FILM_PIXELS = 4 * 64 * 64  # of a frame of a film of samples: as many of them, up to 4, and 1 at least
FILM_STEP = 1.5  # times the images of the last film: so that all of them cost less than a hundredth of ten minutes
FILM_CRF = 24  # plainly softer than what is sampled, and less than half the size: reports hold such films


def keep_state(run: Run, state: TrainState, clock: Clock, calibrator: Calibrator) -> None:
    """Save all that resume needs, and the two nets as files of their own. The state comes first: it is the one to lose.

    With the discriminator goes how its logits are read as P(fake).

    Events up to then are on the disk before it, and all is when this is done. Who keeps the run elsewhere is told then.
    """
    state.seconds = clock.seconds()
    run.flush()
    save_state(state, run.state_file)
    facts = header_facts(run, state)
    write_atomically(run.generator_file, packed(state.average, run.recipe, "generator", facts))
    fitted = calibrator.fitted(state)
    calibration = {CALIBRATION: asdict(fitted)} if fitted else {}
    write_atomically(
        run.discriminator_file, packed(state.discriminator, run.recipe, "discriminator", facts | calibration)
    )
    run.flush()
    if run.elsewhere is not None:
        run.elsewhere.saved(state.images, state.seconds)


def save_seconds(run: Run, recipe: Recipe) -> float:
    """Seconds between saved states: fewer than the recipe's where each has to be elsewhere, too, before these are over."""
    return recipe.save_seconds - (run.elsewhere.lead(recipe.save_seconds) if run.elsewhere is not None else 0.0)


def header_facts(run: Run, state: TrainState) -> dict[str, Any]:
    """What the header of a net tells beside its recipe: images seen, the key of the invisible mark in its pictures, and which
    nets it began as, without their place."""
    origin = run.facts.get("from")
    named = {k: v for k, v in origin.items() if k != "asked"} if origin else None
    return (
        {"images": state.images} | ({"mark": run.mark_key} if run.mark_key else {}) | ({"from": named} if named else {})
    )


def keep_good(run: Run, state: TrainState, clock: Clock) -> None:
    """Save what training goes back to when it diverges."""
    state.seconds = clock.seconds()
    save_state(state, run.good_file)


def keep_beginning(
    run: Run,
    state: TrainState,
    clock: Clock,
    calibrator: Calibrator,
    events: Sequence[dict[str, Any]],
    display: Training,
) -> None:
    """Keep what there is before the first step. A run that begins there once more has its snapshot by its events."""
    if not any(event["event"] == "snapshot" and event["images"] == state.images for event in events):
        keep_snapshot(run, state, clock, display)
    keep_good(run, state, clock)
    keep_state(run, state, clock, calibrator)


def keep_end(
    run: Run, state: TrainState, scorer: Scorer | None, clock: Clock, calibrator: Calibrator, display: Training
) -> None:
    """Keep what there is after the last step; with a scorer, where the budget is spent, also the last snapshot and score.

    Then it is told which of the generators that are kept is which. Of a run that was stopped the sheet stands apart: it isn't
    one of those that an undisturbed training has.
    """
    keep_state(run, state, clock, calibrator)
    if scorer is None:
        if state.images not in run.pictures():
            keep_sheet(run, state, run.stopped_file, display)
        return
    if state.images not in run.pictures():
        keep_snapshot(run, state, clock, display)
        if scorer.closing:
            keep_score(run, scorer, state, clock, display)
    if run.recipe.frames and state.images not in run.films():
        keep_film(run, state)
    if (sentence := comparison(scorer.scores)) is not None:
        display.say(sentence)


def keep_snapshot(run: Run, state: TrainState, clock: Clock, display: Training) -> None:
    """Keep and show the averaged generator and a sheet of what it makes of the run's codes: the first samples of its seed."""
    recipe = run.recipe
    file = run.snapshot_file(state.images)
    file.parent.mkdir(exist_ok=True)  # somebody may have removed it; the run's own folder isn't made again
    write_atomically(file, packed(state.average, recipe, "generator", header_facts(run, state)))
    keep_sheet(run, state, run.picture_file(state.images), display)
    if recipe.frames and state.images >= FILM_STEP * max(run.films(), default=0):
        keep_film(run, state)
    run.log({"event": "snapshot", "images": state.images, "seconds": round(clock.seconds(), 2)})


def keep_sheet(run: Run, state: TrainState, file: Path, display: Training) -> None:
    """Keep and show a sheet of what the averaged generator makes of the run's codes."""
    sheet = Generator(state.average, run.recipe, mark_key=run.mark_key).sheet(seed=run.recipe.seed)
    sheet.save(file)
    display.snapshot(state.images, sheet.pixels, run.recipe.shape)


def keep_film(run: Run, state: TrainState) -> None:
    """Keep a film of what the averaged generator makes of the first of the run's codes: a loop, at the clips' own rate."""
    recipe = run.recipe
    generator = Generator(state.average, recipe, mark_key=run.mark_key)
    tiles = max(1, min(4, FILM_PIXELS // math.prod(recipe.shape)))
    frames = (film_sheet(pictures, scale=1) for pictures in generator.films(tiles, recipe.seed, loop=True))
    write_video(run.film_file(state.images), frames, recipe.fps, mark=generator.mark, crf=FILM_CRF)


def keep_score(run: Run, scorer: Scorer, state: TrainState, clock: Clock, display: Training) -> None:
    """Score the snapshot that was just kept; warn, once, where the score has left its best behind."""
    display.score(scorer.score(state.images, clock.seconds()))
    warning = rise_warning(scorer.scores)
    if warning and not scorer.warned:
        scorer.warned = True
        run.log({"event": "risen", "images": state.images, "seconds": round(clock.seconds(), 2), "text": warning})
        display.say(warning)


def keep_tick(run: Run, event: dict[str, Any], display: Training) -> None:
    """Note and tell what was read of the run at a tick."""
    run.log(event)
    display.tick(event)


def keep_standstill(run: Run, state: TrainState, clock: Clock, display: Training) -> None:
    """Note and tell of time in which the process stood still, if there was any: it doesn't count as training."""
    stood_still = run_time.standstill()
    if stood_still:
        text = f"the process stood still for {as_time(stood_still)}; that isn't counted"
        event = {"event": "standstill", "images": state.images, "seconds": round(clock.seconds(), 2)}
        run.log(event | {"stood_still": round(stood_still, 1), "text": text})
        display.say(text)
