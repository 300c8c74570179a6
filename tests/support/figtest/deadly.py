"""Work that ends the process it is done in: where other processes can import it."""

import os
import signal

from figment.forensics.check import Checked
from figment.forensics.many import FileChunk, check_chunk


def deadly_check(trust: str | None, chunk: FileChunk) -> tuple[int, list[Checked]]:
    """As check_chunk, but files whose names end in 7.png kill the process."""
    if chunk.lost is None and any(file.endswith("7.png") for file in chunk.files):
        os.kill(os.getpid(), signal.SIGKILL)
    return check_chunk(trust, chunk)
