"""When training diverges: NaN or infinity is noticed, and training goes back to its last good state at half the rate.

Good states are kept whenever so many images were seen, apart from the one that resume goes on from, which is kept by the
clock and at every stop: so it hangs on neither where training goes back to.
"""

from pathlib import Path

import torch

from figment.common.progress import Training
from figment.errors import InputError
from figment.run import Run
from figment.training.calibration import Calibrator
from figment.training.distributed import World
from figment.training.keep import keep_state
from figment.training.pace import Clock
from figment.training.state import TrainState, counters, load_and_broadcast, tensors

MAX_SETBACKS = 3  # times that training goes back to its last good state before it is given up


def roll_back(
    run: Run, state: TrainState, world: World, clock: Clock, calibrator: Calibrator, display: Training
) -> None:
    """Go back to the last good state with half the learning rate. Raises InputError the fourth time."""
    at, setbacks = state.images, state.setbacks + 1
    load_and_broadcast(state, _last_good(run, at), world)
    if setbacks > MAX_SETBACKS:
        raise InputError(
            f"{run.folder}: training diverged (NaN or infinity) {MAX_SETBACKS + 1} times and was stopped; the state at "
            f"{state.images:,} images is kept. Train anew with a smaller rate: --set lr={run.recipe.lr / 10:g}"
        )
    state.setbacks = setbacks
    if not world.leads:
        return
    run.forget_after(state.images)
    text = (
        f"diverged (NaN or infinity) before {at:,} images: back to {state.images:,} with the learning rate "
        f"halved to {run.recipe.lr * 0.5**setbacks:g} (setback {setbacks} of {MAX_SETBACKS})"
    )
    run.log({"event": "setback", "images": state.images, "seconds": round(clock.seconds(), 2), "text": text})
    keep_state(run, state, clock, calibrator)
    display.say(text)


def _last_good(run: Run, images: int) -> Path:
    """The last good state's file; the last saved state's in runs from before there were such, or from another's past."""
    good = run.good_file
    return good if good.exists() and counters(good).images <= images else run.state_file


def all_finite(state: TrainState) -> bool:
    """Whether no NaN or infinity is anywhere in the state."""
    return all(bool(torch.isfinite(v).all()) for v in tensors(state).values() if v.is_floating_point())
