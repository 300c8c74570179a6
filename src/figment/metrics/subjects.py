"""What is measured, and the real pictures that it is measured against, opened and brought to one size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from figment.common import sizes
from figment.common.addresses import absent
from figment.common.called import mistaken
from figment.common.progress import Agree, Preparing
from figment.common.video_shape import VideoShape
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.decode import decode
from figment.data.sources.open import Drawn, Source, open_source
from figment.errors import InputError, Unreadable
from figment.features.extract import LazyPictures, bank_rows, sampled
from figment.generator import load
from figment.reals import Data, are_moving_portraits, bank_of
from figment.run import Run

MIN_SIDE = 16  # pixels, below which pictures show too little to be told apart
MAX_SIDE = 512  # pixels, to which a folder's pictures are reduced where no size is asked for


@dataclass(frozen=True, eq=False)
class Subject:
    """What is measured: pictures of a size, with a name. run: where they are a run's. names: of their files, if any.

    pick: of how many candidates a generator's samples are each the most real; None for a folder's pictures. clips: of a
    generator of clips, gives so many as uint8 (N, T, C, H, W); frames, fps: of these.
    """

    name: str
    pictures: LazyPictures
    run: Run | None = None
    names: Sequence[str] = ()
    pick: int | None = None
    clips: Callable[[int], NDArray[np.uint8]] | None = None
    frames: int = 0
    fps: float = 0.0


def open_subject(
    what: Run | str | Path, against: Data, n: int, seed: int, size: int | tuple[int, int] | None, group: str | None,
    device: str, agree: Agree | None, display: Preparing, pick: int = 1, keep_marked: bool = False,
) -> tuple[Subject, Bank]:  # fmt: skip
    """What is measured, and the bank of the reals. Raises InputError for what isn't there or doesn't fit.

    keep_marked: pictures that figment made count as real where they lie in `against`.
    """
    if keep_marked and against is None:
        raise InputError(
            "--keep-marked goes with --against: a run's own pictures are those that it was trained on: leave it out."
        )
    path = None if isinstance(what, Run) else Path(what)
    if path is None or (path / "run.json").is_file() or (path.is_file() and path.suffix == ".safetensors"):
        return _of_generator(what, against, n, seed, size, group, device, agree, display, pick, keep_marked)
    if not path.exists() and against is None:
        raise InputError(absent(what, "name a run, a generator.safetensors, or a folder of pictures"))
    if path.is_dir() and any(path.glob("*/run.json")):
        raise InputError(f"{what} holds runs: name one of them, such as {next(path.glob('*/run.json')).parent}.")
    if against is None:
        mend = "name a run, or the real pictures to measure it against with --against DATA"
        raise InputError(mistaken(path, "run", mend) or f"{what} is no run: {mend}.")
    if pick > 1:
        raise InputError(f"--pick is for a run, whose samples can be chosen: {what} holds pictures: leave it out.")
    source = open_source(str(path), None, None, display.say)
    size = size or _own_size(source)
    if min(sizes.shape(size)) < MIN_SIDE:
        raise InputError(f"--size: pictures of less than {MIN_SIDE} pixels a side can't be measured: give more.")
    ours = prepare(
        source, size, 3, None, display.stage(f"preparing {source.display}"), min_pictures=2, keep_marked=True
    )
    reals = _real_bank(against, size, 3, group, "crop", agree, display, keep_marked)
    rows = np.random.default_rng([seed, 6]).permutation(_rows_with_copies(ours))[:n]
    return Subject(str(what), bank_rows(ours, rows), names=[ours.names[row] for row in rows]), reals


def _of_generator(
    what: Run | str | Path, against: Data, n: int, seed: int, size: int | tuple[int, int] | None, group: str | None,
    device: str, agree: Agree | None, display: Preparing, pick: int, keep_marked: bool,
) -> tuple[Subject, Bank]:  # fmt: skip
    if size is not None:
        raise InputError("--size is for folders of pictures: a generator's pictures have their own size.")
    run = what if isinstance(what, Run) else Run(what) if Path(what).is_dir() else None
    if run is None and against is None:
        raise InputError(
            f"{what} is a generator alone: name the real pictures with --against DATA, or give its run folder."
        )
    if group is not None and against is None:
        raise InputError("--group goes with --against: a run's own pictures are parted as they were in training.")
    generator = load(run.folder if run else str(what)).to(device)
    generator.check_pick(pick)
    clips = (lambda count: generator.clips(count, seed).numpy()) if generator.recipe.frames else None
    name, frames, fps = str(run.folder if run else what), generator.recipe.frames, generator.recipe.fps
    subject = Subject(name, sampled(generator, n, seed, pick), run, pick=pick, clips=clips, frames=frames, fps=fps)
    if against is None:
        assert run is not None
        try:
            return subject, bank_of(run, display)
        except InputError as error:
            reason = str(error).rstrip(".")
            mend = "put them back, or name them with --against DATA"
            raise InputError(
                f"the pictures that {run.folder} was trained on can't be had ({reason}): {mend}."
            ) from None
    recipe = generator.recipe
    video = recipe.video if are_moving_portraits(against) else None  # which there are as clips alone
    return subject, _real_bank(
        against, recipe.size, int(recipe.channels), group, recipe.fit, agree, display, keep_marked, video
    )


def _real_bank(
    data: Data, size: int | tuple[int, int], channels: int, group: str | None, fit: str, agree: Agree | None,
    display: Preparing, keep_marked: bool, video: VideoShape | None = None,
) -> Bank:  # fmt: skip
    source = open_source(data, agree, display.stage("downloading", "MB"), display.say, video)
    return prepare(
        source,
        size,
        channels,
        group,
        display.stage("preparing real pictures"),
        fit,
        keep_marked=keep_marked,
        video=video,
    )


def _own_size(source: Source) -> tuple[int, int]:
    """Height and width of the first picture that can be read, at most MAX_SIDE; the usual size for drawn ones."""
    if isinstance(source, Drawn):
        return 64, 64
    for chunk in source.chunks():
        for _, found in chunk.each(decode) if isinstance(chunk, StoredChunk) else ():
            if isinstance(found, Unreadable):
                continue
            width, height = found.size
            scale = min(1.0, MAX_SIDE / max(height, width))
            return round(height * scale), round(width * scale)
    count = len(source.listing.names)
    raise InputError(f"{source.where}: none of its {count:,} pictures can be read: name a folder of pictures that can.")


def _rows_with_copies(bank: Bank) -> NDArray[np.int64]:
    """Rows of all pictures of a source, exact copies too: a generator that repeats itself is to be seen to do so."""
    places = {name: row for row, name in enumerate(bank.names)}
    copies = [places.get(item.reason.removeprefix("exact copy of "), -1) for item in bank.copies]
    return np.array([*range(len(bank.names)), *(row for row in copies if row >= 0)], np.int64)
