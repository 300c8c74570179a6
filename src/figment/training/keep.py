"""TODO"""

from figment.common.files import write_atomically
from figment.common.progress import Training
from figment.errors import InputError
from figment.generator import Generator
from figment.media.images import write
from figment.nets.serialization import packed
from figment.run import Run
from figment.training.distributed import World
from figment.training.pace import Clock
from figment.training.scoring import Scorer, risen
from figment.training.state import Players, load_for_all, save_state

SETBACKS = 3  # times that training goes back to its last good state before it is given up


def keep_state(run: Run, players: Players, clock: "Clock") -> None:
    """Save all that resume needs, and the two nets as files of their own. The state comes first: it is the one to lose."""
    players.seconds = clock.seconds()
    save_state(players, run.state_file)
    write_atomically(run.generator_file, packed(players.average, run.recipe, "generator"))
    write_atomically(run.discriminator_file, packed(players.discriminator, run.recipe, "discriminator"))


def keep_snapshot(run: Run, players: Players, clock: "Clock") -> None:
    """Keep the averaged generator and a sheet of what it makes of the run's codes: the first samples of its seed."""
    recipe = run.recipe
    file = run.snapshot_file(players.images)
    write_atomically(file, packed(players.average, recipe, "generator"))
    write(run.picture_file(players.images), Generator(players.average, recipe).sheet(seed=recipe.seed))
    run.log({"event": "snapshot", "images": players.images, "seconds": round(clock.seconds(), 2)})


def keep_score(run: Run, scorer: Scorer, players: Players, clock: "Clock", display: Training) -> None:
    """Score the averaged generator, whose snapshot was just kept; warn, once, where the score has left its best behind."""
    display.score(scorer.look(players.average, run.recipe, players.images, clock.seconds()))
    warning = risen(scorer.looks)
    if warning and not run.events("risen"):
        run.log({"event": "risen", "images": players.images, "seconds": round(clock.seconds(), 2), "text": warning})
        display.say(warning)


def take_back(run: Run, players: Players, world: World, clock: "Clock", display: Training) -> None:
    """Go back to the last good state with half the learning rate. Raises InputError the fourth time."""
    at, setbacks = players.images, players.setbacks + 1
    load_for_all(players, run, world)
    if setbacks > SETBACKS:
        raise InputError(
            f"{run.folder}: training diverged (NaN or infinity) {SETBACKS + 1} times and was stopped; the state at "
            f"{players.images:,} images is kept. Train anew with a smaller rate: --set lr={run.recipe.lr / 10:g}"
        )
    players.setbacks = setbacks
    if not world.leads:
        return
    run.forget_after(players.images)
    text = (
        f"diverged (NaN or infinity) before {at:,} images: back to {players.images:,} with the learning rate "
        f"halved to {run.recipe.lr * 0.5**setbacks:g} (setback {setbacks} of {SETBACKS})"
    )
    run.log({"event": "setback", "images": players.images, "seconds": round(clock.seconds(), 2), "text": text})
    keep_state(run, players, clock)
    display.say(text)
