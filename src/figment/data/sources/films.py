"""Films in a folder, or one: looked through once for their scenes, and then decoded at the frames that are wanted.

What was seen of each film is noted in the cache folder, so that only new and changed films are looked through again.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from figment.common.cache import cache_folder
from figment.common.files import write_atomically
from figment.common.progress import Progress
from figment.common.text import shown
from figment.common.video_shape import VideoShape
from figment.data.bank.workers import map_unordered
from figment.data.decoding import film_chunks
from figment.data.decoding.animations import is_animated
from figment.data.decoding.film_chunks import FilmChunk, FilmPiece, LookedThrough, give_up
from figment.data.decoding.film_frames import NO_FRAMES, TOLERANCE
from figment.data.decoding.scenes import scenes
from figment.data.sources.aside import Aside
from figment.data.sources.base import Chunks, ColumnReader, Skipped, hash_texts, is_film
from figment.data.sources.folder import find_content
from figment.data.sources.group_tables import table_columns
from figment.data.sources.labels import find_labels
from figment.data.sources.reels import Reel, Reels, ReelSource

LOOKING = 1  # how films are looked through; notes of another number are made anew
NOTED_SECONDS = 20.0  # between two notes
BATCH_FILMS = 32  # looked through at a time: the times of all their frames are in memory
MAX_FILM_SECONDS = 86_400.0  # more is a mistake in the times, or a bomb
EARLY_SHARE, EARLY_SECONDS = 0.05, 0.5  # of the declared length, that a film may end before it without a word
ANIMATIONS = ("gif", "apng")  # may be pictures that move: each file is looked at
MAY_MOVE = ("webp", "png")  # of these one of each folder, since frames may be stored so


@dataclass(frozen=True)
class FilmFiles:
    """Films by their names, sorted, with sizes and times of change; and what lies beside them."""

    root: Path
    films: Sequence[tuple[str, int, int]]
    pictures: int = 0
    ignored: int = 0
    skipped: Sequence[Skipped] = ()
    aside: Sequence[Aside] = ()
    tables: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What was seen of a film. scenes: start and stop in seconds since its first frame.

    start: of the first frame, as its container counts. frames: how many there are. rate: so many a second, on average.
    declared: how long it says that it lasts. marked: whether figment made it. reason: why it can't be used. lasts: False for
    a reason that may be another next time: no permission, or a worker that was lost.
    """

    scenes: list[tuple[float, float]] = field(default_factory=list)
    start: float = 0.0
    frames: int = 0
    rate: float = 0.0
    height: int = 0
    width: int = 0
    declared: float | None = None
    marked: bool = False
    reason: str | None = None
    lasts: bool = True

    @property
    def seconds(self) -> float:
        """When the last scene ends."""
        return self.scenes[-1][1] if self.scenes else 0.0

    @property
    def ends_early(self) -> bool:
        missing = (self.declared or 0) - self.seconds
        return not self.reason and missing > max(EARLY_SECONDS, EARLY_SHARE * self.seconds)


class Films(ReelSource):
    """Films, each cut at its changes of scene."""

    watched: Progress | None = None  # told (done, total) while films are looked through

    def __init__(self, path: Path, video: VideoShape, files: FilmFiles | None = None) -> None:
        self.path, self.video = path, video
        self.where = str(path)
        self.display = path.resolve().name or "films"
        self._began = files

    def fingerprint(self) -> str:
        found = find_films(self.path) or FilmFiles(self.path, ())
        self._began = self._began or found
        tables = (f"{name}\0{sha256(table).hexdigest()}" for name, table in found.tables.items())
        films = (f"{name}\0{size}\0{time}" for name, size, time in found.films)
        return hash_texts(chain(["films", str(LOOKING), str(self.video)], tables, films))

    @cached_property
    def seen(self) -> dict[str, Seen]:
        """What was seen of each film, by its name, in order."""
        return looked_through(self._files(), self.watched)

    @cached_property
    def reels(self) -> Reels:
        found, seen = self._files(), self.seen
        usable = {name: one for name, one in seen.items() if one.reason is None}
        labels = find_labels(list(usable), found.tables, {}, self.where)
        reels = [
            Reel(name, tuple(on_grid(start, stop, self.video.fps) for start, stop in one.scenes), label)
            for (name, one), label in zip(usable.items(), labels.labels, strict=True)
        ]
        skipped = [*found.skipped, *(Skipped(name, one.reason) for name, one in seen.items() if one.reason)]
        notes = [*labels.notes, *told_of(usable), *beside(found.pictures)]
        return Reels(reels, skipped, found.ignored, found.aside, notes, found.tables)

    def chunks_of(self, wanted: Mapping[int, tuple[list[int], list[int]]]) -> Chunks:
        reels, root = self.reels.reels, self._files().root
        for place, (slots, frames) in wanted.items():
            name = reels[place].name
            one = self.seen[name]
            for part in _parts(frames, one, self.video.fps):
                yield FilmChunk(slots[part], frames[part], f"{root}/{name}", self.video.fps, one.start, one.marked)

    def columns(self) -> Mapping[str, ColumnReader]:
        columns = table_columns([reel.name for reel in self.reels.reels], self._files().tables)
        return {name: self.per_frame(column) for name, column in columns.items()}

    def _files(self) -> FilmFiles:
        self._began = self._began or find_films(self.path) or FilmFiles(self.path, ())
        return self._began


def find_films(path: Path) -> FilmFiles | None:
    """The films in a folder, or the one that a file is; None where there are none."""
    if not path.is_dir():
        if not path.is_file() or not (is_film(path.name) or _moves(path)):
            return None
        status = path.stat()
        return FilmFiles(path.parent, [(path.name, status.st_size, status.st_mtime_ns)])
    found = find_content(path)
    moving = _moving(path, found.names)
    rows = zip(found.names, found.sizes, found.times, strict=True)
    films = found.films + [row for row in rows if row[0] in moving]
    if not films:
        return None
    pictures = len(found.names) - len(moving)
    return FilmFiles(path, sorted(films), pictures, found.ignored, found.skipped, found.aside, found.tables)


def _moving(root: Path, names: Sequence[str]) -> set[str]:
    """Pictures that move, by name."""
    found = {name for name in names if _suffix(name) in ANIMATIONS and _moves(root / name)}
    alike: dict[tuple[str, str], list[str]] = {}
    for name in names:
        if _suffix(name) in MAY_MOVE:
            alike.setdefault((name.rpartition("/")[0], _suffix(name)), []).append(name)
    for members in alike.values():
        if _moves(root / members[0]):
            found |= {name for name in members if _moves(root / name)}
    return found


def _moves(path: Path) -> bool:
    return _suffix(path.name) in ANIMATIONS + MAY_MOVE and is_animated(str(path))


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def on_grid(start: float, stop: float, fps: float) -> range:
    """Numbers of the frames k/fps that are shown from start on, and before stop."""
    first, end = (max(0, math.ceil(round((time - TOLERANCE) * fps, 6))) for time in (start, stop))
    return range(first, end)


def told_of(seen: Mapping[str, Seen]) -> list[str]:
    """Sentences about where films are cut, and which end early."""
    cut = [one for one in seen.values() if len(one.scenes) > 1]
    early = [(name, one) for name, one in seen.items() if one.ends_early]
    notes = []
    if cut:
        changes = sum(len(one.scenes) - 1 for one in cut)
        films = "1 film is" if len(cut) == 1 else f"{len(cut):,} films are"
        notes.append(f"{films} cut at {changes:,} change{'s' * (changes != 1)} of scene.")
    if early:
        name, one = early[0]
        example = f"{shown(name)} (after {one.seconds:.1f} of {one.declared:.1f} s)"
        ends = "1 film ends before its declared length:" if len(early) == 1 else (
            f"{len(early):,} films end before their declared length, such as"
        )  # fmt: skip
        notes.append(f"{ends} {example}.")
    return notes


def beside(pictures: int) -> list[str]:
    """What is to be said of pictures among films."""
    lie = "picture lies" if pictures == 1 else "pictures lie"
    return [f"{pictures:,} {lie} beside the films, and no frames of clips."] if pictures else []


def looked_through(files: FilmFiles, progress: Progress | None = None) -> dict[str, Seen]:
    """What there is to be seen of each film, by name; what was noted before isn't looked at again."""
    note = _note_of(files.root)
    noted = _read_note(note)
    known = {
        name: Seen(**facts)
        for name, size, time in files.films
        if (told := noted.get(name)) and told[:2] == [size, time] and (facts := told[2])
    }
    marks = {name: [size, time] for name, size, time in files.films}
    missing = [name for name, _, _ in files.films if name not in known]
    written = monotonic()
    try:
        for name, seen in _look(files.root, missing):
            known[name] = seen
            if progress:
                progress(len(known) - len(files.films) + len(missing), len(missing))
            if monotonic() - written > NOTED_SECONDS:
                _write_note(note, noted, known, marks)
                written = monotonic()
    finally:
        if missing:
            _write_note(note, noted, known, marks)
    return {name: known[name] for name, _, _ in files.films}


def _look(root: Path, names: Sequence[str]) -> Iterator[tuple[str, Seen]]:
    """Look through films in the workers, piece by piece."""
    for first in range(0, len(names), BATCH_FILMS):
        batch = names[first : first + BATCH_FILMS]
        pieces = [FilmPiece(number, f"{root}/{name}") for number, name in enumerate(batch)]
        parts: dict[int, list[LookedThrough]] = {number: [] for number in range(len(batch))}
        while pieces:
            with closing(map_unordered(film_chunks.look_through, pieces, rescue=give_up)) as results:
                pieces = []
                for result in results:
                    parts[result.number].append(result)
                    if result.rest is not None and result.reason is None:
                        pieces.append(result.rest)
                    else:
                        yield batch[result.number], seen_of(parts.pop(result.number))


def seen_of(parts: Sequence[LookedThrough]) -> Seen:
    """What was seen of a film, given its pieces."""
    first, last = parts[0], parts[-1]
    if last.reason is not None and len(parts) == 1:
        return Seen(reason=last.reason, lasts=last.lasts)
    times, jumps = np.concatenate([part.times for part in parts]), np.concatenate([part.jumps for part in parts])
    if not len(times):
        return Seen(reason=NO_FRAMES)
    start, end = float(times[0]), max(float(times[-1]), *(part.end for part in parts))
    if end - start > MAX_FILM_SECONDS:
        return Seen(reason=f"lasts {(end - start) / 3600:,.0f} hours by its times, more than a day")
    found = [(round(a, 6), round(b, 6)) for a, b in scenes(times - start, jumps, end - start)]
    lasts = (end - start) / len(times)
    height, width = first.size
    return Seen(
        found, start, len(times), 1 / lasts if lasts > 0 else 0.0, height, width, first.declared, first.marked,
        lasts=last.lasts,
    )  # fmt: skip


def _parts(frames: Sequence[int], seen: Seen, fps: float) -> Iterator[slice]:
    """Frames in parts that are decoded in one go: bounded in what has to be decoded from the first to the last."""
    decoded = max(1.0, seen.rate / fps) * max(1, seen.height * seen.width)  # pixels for each wanted frame
    most = max(1, min(film_chunks.CHUNK_FRAMES, int(film_chunks.CHUNK_PIXELS / decoded)))
    begin = 0
    for place, frame in enumerate(frames):
        if frame - frames[begin] >= most:
            yield slice(begin, place)
            begin = place
    if frames:
        yield slice(begin, len(frames))


def _note_of(root: Path) -> Path:
    place = sha256(str(root.resolve()).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return cache_folder() / "banks" / f"{place}.{LOOKING}.films"


def _read_note(note: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(note.read_text("utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _write_note(note: Path, noted: dict[str, Any], known: dict[str, Seen], marks: dict[str, list[int]]) -> None:
    content = noted | {name: [*marks[name], asdict(seen)] for name, seen in known.items() if seen.lasts}
    with suppress(OSError, UnicodeEncodeError):  # not being able to take notes costs time and nothing else
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(note, json.dumps(content))
