"""The real pictures: those of a run, where they lie, some of them for an experiment, or files that a user names."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from figment.common import sizes
from figment.common.extras import require
from figment.common.progress import Preparing, Say, Silent
from figment.common.text import printable, typed
from figment.common.video_shape import VideoShape
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.data.decoding.decode import read
from figment.data.decoding.depth import Ranges, Scale, Unscaled
from figment.data.decoding.fit import Target
from figment.data.sources.drawn import MovingPortraits
from figment.data.sources.groups import grouping
from figment.data.sources.names import MOVING, MOVING_SHAPE, drawn_request
from figment.data.sources.open import Portraits, Source
from figment.data.sources.part_of import Part
from figment.data.sources.patterns import is_pattern
from figment.errors import InputError, MissingData, Unreadable
from figment.recipe import Recipe
from figment.run import Run

if TYPE_CHECKING:
    from figment.inspection.drop import Drop

Data = str | Path | Source | Sequence[str | Path | Source] | None  # what training takes; None is the built-in portraits


def are_portraits(data: Data) -> bool:
    """Whether the data are the built-in portraits, whose attributes are known."""
    asked = drawn_request(data) if isinstance(data, str) else None
    return data is None or isinstance(data, Portraits) or (asked is not None and asked.name == Portraits.drawn_set)


def are_moving_portraits(data: Data) -> bool:
    """Whether the data are the built-in moving portraits, of which the truth of every frame is known."""
    asked = drawn_request(data) if isinstance(data, str) else None
    return isinstance(data, MovingPortraits) or (asked is not None and asked.name == MOVING)


def clip_choices(data: Data, video: "VideoShape | str | None", choices: dict[str, Any]) -> dict[str, Any]:
    """The fields of a recipe that say what clips are learnt from data, where any are: those of --video, or the moving
    portraits' own, which nobody need ask for. Raises InputError for text that is no shape, and for what is said twice."""
    if video is None:
        asked = drawn_request(data) if isinstance(data, str) else None
        if asked is None or asked.name != MOVING or "frames" in choices:
            return {}
        video = MOVING_SHAPE
    shape = shape_of(video)
    for field in {"frames", "fps"} & choices.keys():
        raise InputError(f"--set {field} and --video say it twice: give one of them.")
    return {"frames": shape.frames, "fps": shape.fps}


@overload
def shape_of(video: None) -> None: ...
@overload
def shape_of(video: VideoShape | str) -> VideoShape: ...
def shape_of(video: VideoShape | str | None) -> VideoShape | None:
    """What --video asks for. Raises InputError for text that is no shape."""
    try:
        return VideoShape.parse(video) if isinstance(video, str) else video
    except ValueError as error:
        raise InputError(f"--video {printable(str(video))}: {error}") from None


def sample_rows(rows: NDArray[np.int64], count: int, seed: int, place: int) -> NDArray[np.int64]:
    """At most so many rows of a bank, drawn by the seed and a place that tells this draw from others, in order."""
    drawn = np.random.default_rng([seed, place]).choice(rows, min(count, len(rows)), replace=False)
    return np.sort(drawn)


def read_files(files: Sequence[Path], target: Target, say: Say, known: Ranges | None = None) -> NDArray[np.uint8]:
    """Pictures of files of any kind that train reads, brought to the target: (N, C, H, W).

    say: told of each that had another size. known: how far the values of a run's deep pictures ran, by which those of its
    kinds are scaled here too; those of others by what they have in common. Raises InputError for a file that is no
    picture.
    """
    scales = _common_scales(files) | (known.scales() if known else {})
    found = []
    for file in files:
        if file.is_dir():
            raise InputError(f"{file} is a folder: name the pictures in it, such as {file}/*.png.")
        try:
            picture = read(str(file), target.min_decoded, scales)
            found.append(target.apply(picture.pixels))
        except Unreadable as error:
            raise InputError(f"{printable(str(file))} can't be used ({error}): name a picture.") from None
        if (picture.height, picture.width) != (target.height, target.width):
            theirs, ours = (sizes.as_text((its.height, its.width)) for its in (picture, target))
            say(f"{printable(file.name)} is {theirs}: brought to {ours} (fit: {target.fit})")
    return np.stack(found)


def _common_scales(files: Sequence[Path]) -> dict[str, Scale]:
    """Scales for the deep pictures among files, one for each kind of them."""
    ranges = Ranges()
    for file in files:
        try:
            read(str(file), (1, 1), {})
        except Unscaled as deep:
            ranges.add(deep.range)
        except Unreadable:  # which is told when it is its turn
            pass
    return ranges.scales()


def prepared(
    data: Source | str | list[str] | None, recipe: Recipe, group: str | None, drop: str | None, display: Preparing,
    keep_marked: bool = False, parts: Sequence[int] = (0,),
) -> Bank:  # fmt: skip
    """DATA as a recipe wants them, ready in the cache; group, drop and keep_marked as train() takes them.

    parts: of a recipe whose pictures are dealt into parts, which of them: a bank of the first, with the others beside it.
    """
    leave_out = drop_filter(drop, recipe, display, keep_marked)
    advance = display.stage("preparing pictures")
    if leave_out is None:  # which tells of its own work first
        advance(0, 0)  # listing them takes its time, whether or not they are prepared already
    bank, *beside = [
        prepare(
            data, recipe.size, None if recipe.channels == "auto" else recipe.channels, group, advance, recipe.fit, leave_out,
            keep_marked=keep_marked, video=recipe.video, part=Part(number, recipe.parts) if recipe.parts > 1 else None,
        )
        for number in (parts if recipe.parts > 1 else (0,))
    ]  # fmt: skip
    advance(len(bank.pictures), len(bank.pictures))
    return replace(bank, beside=tuple(beside)).thinned(recipe.pictures)


def check_wanted(recipe: Recipe, group: str | None, drop: str | None) -> None:
    """Raise InputError for what can't be used, or needs what isn't installed, before a set is downloaded or prepared."""
    if group is not None:
        grouping(group)
    if recipe.fit == "face":
        require("face", "--fit face")
    if leave_out := drop_filter(drop, recipe, Silent()):
        leave_out.check()
    if recipe.scores not in ("auto", "none"):
        from figment.features.registry import check_network

        try:
            check_network(recipe.scores)
        except InputError as error:
            raise InputError(str(error).replace("--features ", "--set scores=")) from None


def bank_of(run: Run, display: Preparing, source: Source | None = None, parts: Sequence[int] = (0,)) -> Bank:
    """The bank of a run's data. Says so where the source has changed since the run began.

    parts: as prepared() has them; by default a run on parts is looked at by its first, which is a fair sample of all.
    """
    facts = run.facts
    try:
        bank = prepared(
            source or run.data,
            run.recipe,
            facts.get("group"),
            facts.get("drop"),
            display,
            bool(facts.get("keep_marked")),
            parts,
        )
    except MissingData as error:
        if source is not None:
            raise
        mend = f"if they were moved, tell where they are: figment resume {typed(run.folder)} --data DATA"
        raise InputError(f"the pictures of {run.folder} aren't at {error.text} any more: {mend}") from None
    if parts[0] == 0 and facts.get("fingerprint", bank.fingerprint) != bank.fingerprint:
        display.say(f"{bank.source} has changed since this run began: the pictures that are there now are taken")
    return bank


def absolute_data(data: Data) -> str | list[str] | None:
    """DATA as it is noted in a run: what lies on this machine by absolute paths, since resume may start elsewhere."""
    if data is None:
        return None
    if isinstance(data, str | Path):
        path = os.path.abspath(os.path.expanduser(data))
        return path if os.path.lexists(path) or is_pattern(str(data)) else str(data)
    if isinstance(data, Source):
        return absolute_data(data.where)
    return [str(absolute_data(one)) for one in data]


def drop_filter(drop: str | None, recipe: Recipe, display: Preparing, keep_marked: bool = False) -> "Drop | None":
    """What chooses the pictures that are dropped. Raises InputError for kinds that there aren't."""
    if drop is None:
        return None
    from figment.inspection.drop import Drop  # brings in what only looking at pictures needs

    return Drop.parse(drop, *recipe.shape, display.stage("looking at pictures"), keep_marked)
