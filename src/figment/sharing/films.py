"""Clips as files: one film of several side by side, a film a clip, or a folder of its frames."""

import filecmp
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from figment.common.places import check_folder
from figment.common.progress import Progress, Say, Tally
from figment.errors import InputError
from figment.generator import Generator
from figment.media.endings import USUAL_FPS
from figment.media.provenance import is_own
from figment.media.video import Frame, fewer_tiles, fitting_tiles, sheet, write_video
from figment.sharing.samples import SheetStyle, file_endings, write_one

USUAL_TILES = 16  # of a film, where nobody says: 4×4
FRAME_DIGITS = 3  # of a frame's number, at least


@dataclass(frozen=True)
class FilmStyle:
    """How clips are filmed. frames, fps, loop: as of Generator.clips. sheet: what sheets of pictures have, too: scale (None: a
    film until it has 384 pixels, files not), resampling, is_marked, signer."""

    frames: int | None = None
    fps: float | None = None
    loop: bool = False
    sheet: SheetStyle = field(default_factory=SheetStyle)

    def length(self, generator: Generator) -> tuple[int, float]:
        """Frames, and how many of them a second. Raises InputError for a generator of pictures, or what can't be."""
        return generator.film_length(self.frames, self.fps, self.loop), self.fps or generator.recipe.fps


def tiles_shown(
    generator: Generator, count: int | None, labels: Sequence[str], style: FilmStyle, say: Say | None = None
) -> int:
    """How many clips a film shows side by side, of each label: count, or 16 in all, and no more than players take.

    say: told of those that aren't shown.
    """
    rows, (_, fps) = max(1, len(labels)), style.length(generator)
    wanted = count or max(1, USUAL_TILES // rows)
    for n in range(wanted, 0, -1):
        across = n if rows > 1 else None
        if fitting_tiles(n * rows, generator.recipe.shape, fps, across, scale=style.sheet.scale) == n * rows:
            break
    if n < wanted and say:
        say(fewer_tiles(wanted, n, "-n"))
    return n


def write_film(
    generator: Generator, path: Path, count: int | None, seed: int, truncation: float, labels: Sequence[str] = (),
    shift: Tensor | None = None, style: FilmStyle | None = None, progress: Progress | None = None, say: Say | None = None,
) -> int:  # fmt: skip
    """Clips 0 … count - 1 of a seed side by side as one film; of several labels a row each. Gives how many are shown.

    What isn't given, and say, are tiles_shown's. Memory doesn't grow with the length of an mp4. Raises InputError as
    Generator.clips and write_video do.
    """
    style = style or FilmStyle()
    frames, fps = style.length(generator)
    n, done = tiles_shown(generator, count, labels, style, say), Tally(progress, frames)
    asked: Sequence[str | None] = labels or [None]
    films = [
        generator.films(n, seed, frames, fps, 0, truncation, label, style.loop, shift) for label in asked
    ]  # each moves by itself, so that a row is the same whatever lies above it
    write_video(
        path, _side_by_side(films, n if len(films) > 1 else None, style.sheet, done), fps,
        mark=style.sheet.mark(generator), signer=style.sheet.signer,
    )  # fmt: skip
    return n * len(films)


def _side_by_side(
    films: Sequence[Iterator[Tensor]], columns: int | None, style: SheetStyle, done: Tally
) -> Iterator[Frame]:
    for pictures in zip(*films, strict=True):
        yield sheet(torch.cat(pictures), columns, style.scale, style.resampling)
        done(1)


def write_films(
    generator: Generator, folder: Path, count: int, seed: int, truncation: float, suffix: str,
    labels: Sequence[str] = (), shift: Tensor | None = None, style: FilmStyle | None = None, progress: Progress | None = None,
) -> None:  # fmt: skip
    """Clips 0 … count - 1 of a seed, of each label, as a film each: folder/<seed>-<number>[-<class>].<suffix>, mp4, webp or gif.

    With png or jpg each is a folder of its frames, 000.png and so on. Files that hold the same already stay. Raises InputError
    where one holds something else, and as Generator.clips does.
    """
    check_folder(folder)
    style = style or FilmStyle()
    frames, fps = style.length(generator)
    endings, done = file_endings(generator.classes), Tally(progress, count * max(len(labels), 1) * frames)
    asked: Sequence[str | None] = labels or [None]
    for label in asked:
        for number in range(count):
            of_class = generator.labels(1, seed, number, label)
            ending = "" if of_class is None else endings[int(of_class[0])]
            film = generator.films(1, seed, frames, fps, number, truncation, label, style.loop, shift)
            pictures = _counted(film, done)
            path = folder / f"{seed}-{number:06d}{ending}"
            if f".{suffix}" in USUAL_FPS:
                _write_clip(generator, path.with_name(f"{path.name}.{suffix}"), pictures, fps, style.sheet)
            else:
                digits = max(FRAME_DIGITS, len(str(frames - 1)))
                for moment, picture in enumerate(pictures):
                    write_one(path / f"{moment:0{digits}d}.{suffix}", picture, style.sheet, style.sheet.mark(generator))


def _counted(film: Iterator[Tensor], done: Tally) -> Iterator[Tensor]:
    """The pictures of a film of one clip, (C, H, W) each."""
    for picture in film:
        yield picture[0]
        done(1)


def _write_clip(generator: Generator, path: Path, pictures: Iterator[Tensor], fps: float, style: SheetStyle) -> None:
    frames = (sheet(picture[None], 1, style.scale or 1, style.resampling) for picture in pictures)
    mark = style.mark(generator)
    if not path.exists():
        write_video(path, frames, fps, mark=mark, signer=style.signer)
        return
    with tempfile.TemporaryDirectory() as aside:
        again = Path(aside, path.name)
        write_video(again, frames, fps, mark=mark, signer=style.signer)
        is_same = path.is_file() and (filecmp.cmp(again, path, shallow=False) or (style.signer and is_own(path)))
    if not is_same:
        raise InputError(f"{path} exists and holds another film: name another folder with --out.")
