"""What a run keeps as it trains: its state, snapshots and scores."""

from figment.common.files import write_atomically
from figment.common.progress import Training
from figment.generator import Generator
from figment.media.images import write
from figment.nets.serialization import packed
from figment.run import Run
from figment.training.pace import Clock
from figment.training.scoring import Scorer, rise_warning
from figment.training.state import TrainState, save_state


def keep_state(run: Run, state: TrainState, clock: Clock) -> None:
    """Save all that resume needs, and the two nets as files of their own. The state comes first: it is the one to lose.

    Events up to then are on the disk before it, and all is when this is done.
    """
    state.seconds = clock.seconds()
    run.flush()
    save_state(state, run.state_file)
    write_atomically(run.generator_file, packed(state.average, run.recipe, "generator"))
    write_atomically(run.discriminator_file, packed(state.discriminator, run.recipe, "discriminator"))
    run.flush()


def keep_snapshot(run: Run, state: TrainState, clock: Clock) -> None:
    """Keep the averaged generator and a sheet of what it makes of the run's codes: the first samples of its seed."""
    recipe = run.recipe
    file = run.snapshot_file(state.images)
    file.parent.mkdir(exist_ok=True)  # somebody may have removed it; the run's own folder isn't made again
    write_atomically(file, packed(state.average, recipe, "generator"))
    write(run.picture_file(state.images), Generator(state.average, recipe).sheet(seed=recipe.seed))
    run.log({"event": "snapshot", "images": state.images, "seconds": round(clock.seconds(), 2)})


def keep_score(run: Run, scorer: Scorer, state: TrainState, clock: Clock, display: Training) -> None:
    """Score the averaged generator, whose snapshot was just kept; warn, once, where the score has left its best behind."""
    display.score(scorer.score(state.average, run.recipe, state.images, clock.seconds()))
    warning = rise_warning(scorer.scores)
    if warning and not scorer.warned:
        scorer.warned = True
        run.log({"event": "risen", "images": state.images, "seconds": round(clock.seconds(), 2), "text": warning})
        display.say(warning)
