"""The time-lapse of a training: the same codes through every generator that the run kept, from noise to the last."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from figment import generator
from figment.common.progress import Progress, Say, Tally
from figment.errors import InputError
from figment.media.caption import band_height, with_caption
from figment.media.endings import check_video
from figment.media.signing import Signer
from figment.media.video import Frame, fewer_tiles, fitting_tiles, sheet, write_video
from figment.media.watermark import Mark
from figment.run import Run

LAST_HELD_SECONDS = 1.5
FADE_SHARE = 0.4  # of the time between two snapshots
STEADY_SHARE = 0.2  # of the time, shared alike between snapshots whether anything changes or not
View = tuple[Frame, str]  # a sheet and its caption
Item = TypeVar("Item")


def write_timelapse(
    run: Run,
    path: str | Path,
    tiles: int = 16,
    seed: int | None = None,
    seconds: float = 12.0,
    fps: int = 30,
    progress: Progress | None = None,
    label: str | None = None,
    say: Say | None = None,
    scale: int | None = None,
    is_marked: bool = True,
    signer: Signer | None = None,
) -> None:
    """Write a film of what samples 0 … tiles - 1 of a seed became while the run was trained, with the images seen.

    seed: the recipe's by default. label: the class to show, of a run that has classes; else each tile has its own. Each
    snapshot fades into the next, slowly where much changes and quickly where little does, and the last is held for a
    while. say: told of tiles that aren't shown, since players take no more, and where two snapshots are all there is. scale:
    times that pictures are enlarged, in place of as many as make 384 pixels. is_marked: whether frames bear the run's invisible
    mark. signer: signs the film. At most two snapshots are in memory. Raises
    InputError for fewer than two snapshots, an unknown label or a number out of range, or as write_video does.
    """
    check_video(Path(path))
    snapshots = _snapshots_to_show(run, say)
    if tiles < 1:
        raise InputError(f"--tiles {tiles}: nothing to show: give it 1 or more.")
    shortest = LAST_HELD_SECONDS + len(snapshots) / fps
    if not shortest <= seconds < float("inf"):
        raise InputError(
            f"--seconds {seconds:g}: too short for {len(snapshots)} snapshots: give it {shortest:.1f} or more."
        )
    seed = run.recipe.seed if seed is None else seed
    fitting = fitting_tiles(tiles, run.recipe.shape, fps, below=band_height, scale=scale)
    if fitting < tiles and say:
        say(fewer_tiles(tiles, fitting))
    tiles = fitting

    def views() -> Iterator[View]:
        for images, file in snapshots.items():
            yield sheet(generator.load(file).sample(tiles, seed, label=label), scale=scale), f"{images:,} images seen"

    total, held = round(seconds * fps), round(LAST_HELD_SECONDS * fps)
    done = Tally(progress, len(snapshots) + total)
    looked_at = itertools.pairwise(_counted(views(), done))
    shares = time_shares([float(np.abs(a.astype(np.int16) - b).mean()) for (a, _), (b, _) in looked_at])
    frames = _counted(_frames(views(), shares, total - held, held), done)
    mark = Mark(bytes.fromhex(run.mark_key or "")) if is_marked else None
    write_video(path, frames, fps, mark=mark, signer=signer)


def _snapshots_to_show(run: Run, say: Say | None) -> dict[int, Path]:
    """The run's snapshots by images seen. Raises InputError for fewer than two; say is told what two will show."""
    snapshots = run.snapshots()
    if len(snapshots) < 2:
        held = "one snapshot" if snapshots else "no snapshot"
        raise InputError(
            f"{run.folder} holds {held}, and a time-lapse needs two, to show a change: train it for longer."
        )
    if len(snapshots) == 2 and say:
        first, last = snapshots
        say(
            f"It holds two snapshots, at {first:,} and {last:,} images: the film is one fade from the first to the last. A"
            " longer training keeps more."
        )
    return snapshots


def time_shares(changes: list[float]) -> list[float]:
    """Shares of the time from how much changes in each step: in proportion to it, but for a part shared alike."""
    count, total = len(changes), sum(changes)
    return [STEADY_SHARE / count + (1 - STEADY_SHARE) * (change / total if total else 1 / count) for change in changes]


def cross_fade(before: Frame, after: Frame, share: float) -> Frame:
    """A mixture with a share of after, which comes in softly: 0 gives before, 1 gives after."""
    share = share * share * (3 - 2 * share)
    return (before + (after.astype(np.float32) - before) * share).round().astype(np.uint8) if share else before


def _frames(views: Iterator[View], shares: list[float], moving: int, held: int) -> Iterator[Frame]:
    """Each sheet held, then faded into the next, over its share of the moving frames; the last for the held ones."""
    ends = [round(moving * share) for share in itertools.accumulate(shares)]
    for start, end, (before, after) in zip([0, *ends], ends, itertools.pairwise(views), strict=False):
        for i in range(end - start):
            share = max(0.0, 1 - (1 - i / (end - start)) / FADE_SHARE)
            picture = cross_fade(before[0], after[0], share)
            yield with_caption(picture, before[1] if share < 0.5 else after[1])  # two captions at once can't be read
    for _ in range(held):
        yield with_caption(*after)


def _counted(items: Iterator[Item], done: Tally) -> Iterator[Item]:
    for item in items:
        yield item
        done(1)
