"""Frames of a film in chunks: looked through for its scenes, and decoded at the times that are wanted; in the workers."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from figment.common.marks import HEAD_BYTES, TAIL_BYTES, has_own_mark
from figment.data.decoding.decode import MARKED
from figment.data.decoding.depth import Scales
from figment.data.decoding.film_frames import Frame, shown_at
from figment.data.decoding.fit import Target
from figment.data.decoding.prepared import PreparedPicture
from figment.data.decoding.scenes import jump, ranked
from figment.errors import Unreadable

# That are decoded in one go: some seconds of work, whatever the size of the frames.
CHUNK_PIXELS, CHUNK_FRAMES = 2**32, 2**14
MISSING = "the film has no frame at this time any more"


@dataclass(frozen=True)
class FilmChunk:
    """Frames of one film by their numbers, fps of them a second, ascending, and their places in the source.

    start: the time of the film's first frame, as its container counts. marked: whether it says that figment made it.
    reason: why they can't be read, where that is known.
    """

    slots: list[int]
    frames: list[int]
    path: str
    fps: float
    start: float
    marked: bool = False
    reason: str | None = None

    def pictures(self) -> Iterator[np.ndarray]:
        """The frames, uint8 (H, W, 3), those that there are. Raises Unreadable."""
        for _, frame in self._shown():
            if frame is not None:
                yield frame.pixels()

    def prepare(
        self, target: Target, scales: Scales | None = None, keep_marked: bool = True
    ) -> Iterator[PreparedPicture]:
        """Decode the film from the first frame to the last, and bring those that are wanted to the target."""
        from figment.data.decoding.films import naming_film_damage  # which brings FFmpeg in

        done: set[int] = set()
        reason = MISSING
        ready: PreparedPicture | None = None
        shown: Frame | None = None
        try:
            if self.marked and not keep_marked:
                raise Unreadable(MARKED)
            for slot, frame in self._shown():
                if frame is None:
                    continue
                if ready is None or frame is not shown:
                    with naming_film_damage(self.path):
                        shown, ready = frame, _fitted(frame, target)
                done.add(slot)
                yield replace(ready, slot=slot)
        except Unreadable as error:
            reason = str(error)
        for slot in self.slots:
            if slot not in done:
                yield PreparedPicture(slot, None, reason)

    def given_up(self, reason: str) -> "FilmChunk":
        """What to try in its place where its worker was lost: telling why."""
        if self.reason is not None:
            raise RuntimeError(f"a worker can't even be told of a broken film: it {reason}")
        return replace(self, reason=reason)

    def _shown(self) -> Iterator[tuple[int, Frame | None]]:
        if self.reason is not None:
            raise Unreadable(self.reason)
        from figment.data.decoding.films import naming_film_damage, open_film

        times = [self.start + frame / self.fps for frame in self.frames]
        with naming_film_damage(self.path), open_film(self.path) as film:
            since = times[0] if self.frames[0] else None
            yield from zip(self.slots, shown_at(film.frames(since), times), strict=True)


def _fitted(frame: Frame, target: Target) -> PreparedPicture:
    pixels = frame.pixels()
    height, width = pixels.shape[:2]
    return PreparedPicture(0, frame.digest(), None, target.apply(Image.fromarray(pixels)), width, height)


@dataclass(frozen=True)
class FilmPiece:
    """A film to be looked through, from a frame on that has been looked at: its time and its ranked colours."""

    number: int
    path: str
    since: float | None = None
    before: np.ndarray | None = None
    reason: str | None = None


@dataclass(frozen=True)
class LookedThrough:
    """What was seen of a piece: when its frames are shown, as the container counts, and how far each is from the one before.

    end: of its last frame. rest: the piece that is left, or None. size: height and width, upright. declared: how long the
    film says that it lasts. reason: why it can't be used. lasts: whether that is so as long as the film is the same.
    """

    number: int
    times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    jumps: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    end: float = 0.0
    rest: FilmPiece | None = None
    size: tuple[int, int] = (0, 0)
    declared: float | None = None
    marked: bool = False
    reason: str | None = None
    lasts: bool = True


def look_through(piece: FilmPiece) -> LookedThrough:
    """Decode a piece of a film and compare neighbouring frames; runs in a worker."""
    from figment.data.decoding.films import MOMENTARY, naming_film_damage, open_film

    try:
        if piece.reason is not None:
            raise Unreadable(piece.reason)
        with naming_film_damage(piece.path), open_film(piece.path) as film:
            most = max(16, min(CHUNK_FRAMES, CHUNK_PIXELS // (film.height * film.width)))
            times: list[float] = []
            jumps: list[float] = []
            before, end, rest, size = piece.before, 0.0, None, (film.height, film.width)
            for frame in film.frames(piece.since):
                if piece.since is not None and frame.seconds <= piece.since:
                    continue
                if len(times) == most:
                    rest = FilmPiece(piece.number, piece.path, times[-1], before)
                    break
                colours = ranked(frame.small())
                if piece.before is None and not times:
                    size = frame.pixels().shape[:2]
                times.append(frame.seconds)
                jumps.append(0.0 if before is None else jump(before, colours))
                before, end = colours, frame.seconds + frame.duration
            return LookedThrough(
                piece.number, np.array(times), np.array(jumps, np.float32), end, rest, size, film.declared,
                _is_marked(piece.path),
            )  # fmt: skip
    except Unreadable as error:
        lasts = piece.reason is None and str(error) not in MOMENTARY
        return LookedThrough(piece.number, reason=str(error), lasts=lasts)


def give_up(piece: FilmPiece, reason: str) -> list[FilmPiece]:
    """What to try in place of a piece whose worker was lost: telling why."""
    if piece.reason is not None:
        raise RuntimeError(f"a worker can't even be told of a broken film: it {reason}")
    return [replace(piece, reason=reason)]


def _is_marked(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
        return has_own_mark(head) or has_own_mark(file.read())
