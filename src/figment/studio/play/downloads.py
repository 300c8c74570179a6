"""What is taken home: pictures, sheets and films, each with the mark that says it is synthetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from figment.common.text import plain_name
from figment.errors import InputError
from figment.studio.play.asked import Print
from figment.studio.play.films import Export

if TYPE_CHECKING:
    from figment.run import Run

MAX_PRINT_PIXELS = 64_000_000
MEDIA = {"mp4": "video/mp4", "gif": "image/gif", "webp": "image/webp", "png": "image/png"}


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


def film(export: Export) -> Response:
    """A film that is done. Raises InputError of one that isn't."""
    if export.state != "done":
        raise InputError(export.told or "This film isn't done yet: wait for it.")
    return _file(export.content, export.run, export.asked.ending)


def _file(content: bytes, run: Run, ending: str) -> Response:
    name = plain_name(run.name).encode("ascii", "ignore").decode() or "figment"
    headers = {"content-disposition": f'attachment; filename="{name}.{ending}"', "cache-control": "no-store"}
    return Response(content, media_type=MEDIA[ending], headers=headers)
