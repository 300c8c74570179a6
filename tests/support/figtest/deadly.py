"""Work that ends the process it is done in: where other processes can import it."""

import os
import signal
from typing import Any

from figment.data.decoding import film_chunks
from figment.data.decoding.film_chunks import FilmPiece
from figment.forensics.check import Checked
from figment.forensics.many import FileChunk, check_chunk


def deadly_check(trust: str | None, chunk: FileChunk) -> tuple[int, list[Checked]]:
    """As check_chunk, but files whose names end in 7.png kill the process."""
    if chunk.lost is None and any(file.endswith("7.png") for file in chunk.files):
        os.kill(os.getpid(), signal.SIGKILL)
    return check_chunk(trust, chunk)


look_through = film_chunks.look_through  # as it is, where a test has put another in its place


def deadly_look(piece: FilmPiece) -> Any:
    """As look_through, but a film called deadly.mp4 ends the process."""
    if piece.path.endswith("deadly.mp4") and piece.reason is None:
        os._exit(9)
    return look_through(piece)
