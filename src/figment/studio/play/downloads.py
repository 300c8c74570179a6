"""What is taken home: pictures, sheets and films, each with the mark that says it is synthetic."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from figment.common.text import plain_name
from figment.errors import InputError
from figment.studio.play.asked import Film, Print

if TYPE_CHECKING:
    from figment.run import Run

MAX_PRINT_PIXELS = 64_000_000
MEDIA = {"mp4": "video/mp4", "gif": "image/gif", "webp": "image/webp", "png": "image/png"}
_one_film = threading.Lock()  # at a time: each takes all processors
LOOK_SECONDS = 0.1  # between two looks of one that waits at whether it is still wanted


def printed(run: Run, asked: Print) -> Response:
    """Pictures as one marked PNG. Raises InputError for a sheet that is too large, and as drawing.look does."""
    from figment.media.images import encode, enlarged, grid, grid_size
    from figment.sharing.samples import remark
    from figment.studio.play.drawing import THREAD, look
    from figment.studio.play.players import generator_of

    height, width = (side * asked.scale for side in run.recipe.shape)
    down, across = grid_size(len(asked.codes), height, width)
    if down * across > MAX_PRINT_PIXELS:
        raise InputError(f"A sheet of {across:,}×{down:,} pixels is too large to download: choose a smaller scale.")
    pictures, _, _ = THREAD.submit(look, run, asked).result()
    mark = generator_of(run, asked.net).mark
    sheet = grid(enlarged(pictures, asked.scale, asked.resampling))
    return _file(encode(sheet, remark=remark(asked.scale, asked.resampling), mark=mark), run, "png")


def filmed(run: Run, asked: Film, is_closing: Callable[[], bool] = lambda: False) -> Response:
    """A walk past keyframes as a marked film. Raises InputError for one that is too short for them, or can't be drawn, and where
    the studio ends before it is done: nobody waits for it then."""
    from figment.common.cache import cache_folder
    from figment.common.refusals import naming_refusals
    from figment.common.rehearsal import FILM_SECONDS, at_most
    from figment.explore.walk import write_loop
    from figment.media.endings import USUAL_FPS
    from figment.studio.play.looks import codes_of, labels_of
    from figment.studio.play.players import generator_of

    generator = generator_of(run, asked.net)
    keyframes = codes_of(generator, asked.keyframes)
    labels = labels_of(generator, asked.keyframes[:1], asked.label)
    ending, cache = f".{asked.ending}", cache_folder()

    def check(done: int = 0, total: int = 0) -> None:
        if is_closing():
            raise InputError("The studio has ended: start it again to make this film.")

    with held(_one_film, check), naming_refusals(cache):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="film-", dir=cache) as folder:
            path = Path(folder) / f"walk{ending}"
            seconds = at_most(asked.seconds, FILM_SECONDS)
            write_loop(
                generator, path, keyframes, seconds, USUAL_FPS[ending], None if labels is None else int(labels[0]),
                progress=check,
            )  # fmt: skip
            return _file(path.read_bytes(), run, asked.ending)


@contextmanager
def held(lock: threading.Lock, check: Callable[[], None]) -> Iterator[None]:
    """A lock, held. check: is called while it is waited for, and may raise."""
    while not lock.acquire(timeout=LOOK_SECONDS):
        check()
    try:
        yield
    finally:
        lock.release()


def _file(content: bytes, run: Run, ending: str) -> Response:
    name = plain_name(run.name).encode("ascii", "ignore").decode() or "figment"
    headers = {"content-disposition": f'attachment; filename="{name}.{ending}"', "cache-control": "no-store"}
    return Response(content, media_type=MEDIA[ending], headers=headers)
