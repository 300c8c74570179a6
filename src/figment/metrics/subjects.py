"""What is measured, and the real pictures that it is measured against, opened and brought to one size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from figment.data.decoding.fit import STRIP
from figment.data.sources.films import Films
from figment.data.sources.frame_folders import FrameFolders
from figment.data.sources.open import Drawn, Source, open_source
from figment.errors import InputError, Unreadable
from figment.features.extract import LazyPictures, bank_rows, sampled
from figment.generator import Generator, load
from figment.metrics.clip_scores import held_out_first, real_windows
from figment.reals import Data, bank_of
from figment.run import Run

MIN_SIDE = 16  # pixels, below which pictures show too little to be told apart
CLIPS_AT_ONCE = 16  # that are drawn between two steps of progress
MAX_SIDE = 512  # pixels, to which a folder's pictures are reduced where no size is asked for


@dataclass(frozen=True, eq=False)
class Subject:
    """What is measured: pictures of a size, with a name. run: where they are a run's. names: of their files, if any.

    pick: of how many candidates a generator's samples are each the most real; None for a folder's pictures. clips: of a
    generator of clips, or of films, gives so many as uint8 (N, T, C, H, W), or all that there are; frames, fps: of these.
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
    video: VideoShape | None = None,
) -> tuple[Subject, Bank]:  # fmt: skip
    """What is measured, and the bank of the reals. Raises InputError for what isn't there or doesn't fit.

    keep_marked: pictures that figment made count as real where they lie in `against`. video: films are measured, as clips of
    this shape; a run's have its own.
    """
    if keep_marked and against is None:
        raise InputError(
            "--keep-marked goes with --against: a run's own pictures are those that it was trained on: leave it out."
        )
    path = None if isinstance(what, Run) else Path(what)
    if path is None or (path / "run.json").is_file() or (path.is_file() and path.suffix == ".safetensors"):
        if video is not None:
            raise InputError("--video is for films that are measured: a run's clips have its own shape: leave it out.")
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
    source = open_source(str(path), None, None, display.say, video)
    size = size or _own_size(source)
    if min(sizes.shape(size)) < MIN_SIDE:
        raise InputError(f"--size: pictures of less than {MIN_SIDE} pixels a side can't be measured: give more.")
    ours = prepare(
        source,
        size,
        3,
        None,
        display.stage(f"preparing {source.display}"),
        min_pictures=2,
        keep_marked=True,
        video=video,
    )
    reals = _real_bank(against, size, 3, group, "crop", agree, display, keep_marked, video)
    rows = np.random.default_rng([seed, 6]).permutation(_rows_with_copies(ours))[:n]
    subject = Subject(str(what), bank_rows(ours, rows), names=[ours.names[row] for row in rows])
    if video is None:
        return subject, reals
    order = held_out_first(ours, seed)[0]
    clips = partial(real_windows, ours, order, video.frames)
    return replace(subject, clips=clips, frames=video.frames, fps=video.fps), reals


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
    clips = _drawn(generator, seed, display) if generator.recipe.frames else None
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
    return subject, _real_bank(
        against, recipe.size, int(recipe.channels), group, recipe.fit, agree, display, keep_marked, recipe.video
    )


def _drawn(generator: Generator, seed: int, display: Preparing) -> Callable[[int], NDArray[np.uint8]]:
    """What gives the first so many clips of a seed; none is drawn twice."""
    kept = [generator.clips(0, seed).numpy()]

    def clips(count: int) -> NDArray[np.uint8]:
        drawn = sum(map(len, kept))
        progress = display.stage("drawing clips") if count > drawn else None
        for start in range(drawn, count, CLIPS_AT_ONCE):
            kept.append(generator.clips(min(CLIPS_AT_ONCE, count - start), seed, start=start).numpy())
            if progress:
                progress(start - drawn + len(kept[-1]), count - drawn)
        kept[:] = [np.concatenate(kept)] if len(kept) > 1 else kept
        return kept[0][:count]

    return clips


def _real_bank(
    data: Data, size: int | tuple[int, int], channels: int, group: str | None, fit: str, agree: Agree | None,
    display: Preparing, keep_marked: bool, video: VideoShape | None = None,
) -> Bank:  # fmt: skip
    """Of real pictures; of real clips where video says their shape and there are any."""
    source = _real_source(data, agree, display, video, fit == STRIP)
    return prepare(
        source, size, channels, group, display.stage("preparing real pictures"),
        "first" if fit == STRIP and source.video is None else fit, keep_marked=keep_marked, video=source.video,
    )  # fmt: skip


def _real_source(data: Data, agree: Agree | None, display: Preparing, video: VideoShape | None, strips: bool) -> Source:
    """Clips where they are wanted and data hold some; pictures that lie in one folder are no frames of a clip."""
    downloading = display.stage("downloading", "MB")
    source = open_source(data, agree, downloading, display.say, video, strips and video is not None)
    if isinstance(source, FrameFolders) and len(source.folders) < 2:
        source = source.held
    return source


def _own_size(source: Source) -> tuple[int, int]:
    """Height and width of the first picture, or film, that can be read, at most MAX_SIDE; the usual size for drawn ones."""
    if isinstance(source, Drawn):
        return 64, 64
    if isinstance(source, Films):
        sides = [(one.height, one.width) for one in source.seen.values() if one.reason is None]
        if sides:
            return _bounded(*sides[0])
    for chunk in source.chunks():
        for _, found in chunk.each(decode) if isinstance(chunk, StoredChunk) else ():
            if not isinstance(found, Unreadable):
                return _bounded(found.size[1], found.size[0])
    count = len(source.listing.names)
    raise InputError(f"{source.where}: none of its {count:,} pictures can be read: name a folder of pictures that can.")


def _bounded(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, MAX_SIDE / max(height, width))
    return round(height * scale), round(width * scale)


def _rows_with_copies(bank: Bank) -> NDArray[np.int64]:
    """Rows of all pictures of a source, exact copies too: a generator that repeats itself is to be seen to do so."""
    places = {name: row for row, name in enumerate(bank.names)}
    copies = [places.get(item.reason.removeprefix("exact copy of "), -1) for item in bank.copies]
    return np.array([*range(len(bank.names)), *(row for row in copies if row >= 0)], np.int64)
