"""Sets of pictures shown to a network, block by block: what of them is kept is what scores are made of."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from figment.common.cache import cache_folder
from figment.common.files import write_atomically
from figment.common.parts import sweep_parts
from figment.common.pixels import to_rgb
from figment.common.progress import Progress
from figment.data.bank.bank import Bank
from figment.features.base import Extractor
from figment.features.codec import through_codec
from figment.generator import Generator
from figment.version import __version__

BATCH_PICTURES = 256  # in memory at a time
MAX_KEPT_PICTURES, MAX_KEPT_BYTES = 5000, 2**28  # of the pictures that are kept beside features, for scores of patches


@dataclass(frozen=True)
class LazyPictures:
    """A set of `count` pictures, made when a range is asked for: uint8 (stop - start, C, H, W). key: tells it apart."""

    count: int
    between: Callable[[int, int], NDArray[np.uint8]]
    key: str = ""

    def first(self, count: int) -> "LazyPictures":
        """The first so many of them, or all where there are no more."""
        return LazyPictures(min(count, self.count), self.between, f"{self.key} {count}" if self.key else "")


def sampled(generator: Generator, count: int, seed: int, pick: int = 1) -> LazyPictures:
    """The first samples of a seed; pick: see Generator.sample."""
    return LazyPictures(count, lambda start, stop: generator.sample(stop - start, seed, start=start, pick=pick).numpy())


def bank_rows(bank: Bank, rows: NDArray[np.int64]) -> LazyPictures:
    """Pictures of a bank, in the order of rows."""
    key = f"{bank.fingerprint} {sha256(rows.astype(np.int64).tobytes()).hexdigest()}"
    return LazyPictures(len(rows), lambda start, stop: np.asarray(bank.pictures[rows[start:stop]]), key)


@dataclass(frozen=True, eq=False)
class SetFeatures:
    """What scores are made of: each network's features (N, d) and logits (N, K) or None, and the first pictures, uint8."""

    features: dict[str, NDArray[np.float32]]
    logits: dict[str, NDArray[np.float32] | None]
    pictures: NDArray[np.uint8]


def extract_features(
    pictures: LazyPictures, networks: Sequence[Extractor], codec: str = "none", progress: Progress | None = None
) -> SetFeatures:
    """What networks see in a set, and the first pictures of it, all after the codec. Memory grows with features alone.

    Features of a set that has a key are kept in the cache folder and taken from there the next time.
    """
    known = {network.name: _load(pictures, network, codec) for network in networks}
    unknown = [network for network in networks if known[network.name] is None]
    features = {network.name: np.empty((pictures.count, network.dimension), np.float32) for network in unknown}
    kept = min(MAX_KEPT_PICTURES, pictures.count, max(1, MAX_KEPT_BYTES // max(1, pictures.between(0, 1).nbytes)))
    needed = pictures.count if unknown else kept
    first: list[NDArray[np.uint8]] = []
    for start in range(0, needed, BATCH_PICTURES):
        stop = min(start + BATCH_PICTURES, needed)
        block = through_codec(codec, to_rgb(pictures.between(start, stop)))
        for network in unknown:
            features[network.name][start:stop] = network(block)
        if start < kept:
            first.append(block[: kept - start])
        if progress:
            progress(stop, needed)
    for network in unknown:
        _save(pictures, network, codec, features[network.name])
    features |= {name: found for name, found in known.items() if found is not None}
    logits = {n.name: None if n.head is None else n.head(features[n.name]) for n in networks}
    return SetFeatures(features, logits, np.concatenate(first))


def _file(pictures: LazyPictures, network: Extractor, codec: str) -> Path | None:
    """The file of a set's features; None for a set that isn't the same the next time."""
    if not pictures.key or (network.digest is None and network.name != "gradients"):
        return None
    facts = [__version__, pictures.key, network.name, network.digest, network.resize, codec]
    return cache_folder() / "features" / f"{sha256(json.dumps(facts).encode()).hexdigest()[:32]}.npy"


def is_known(pictures: LazyPictures, network: Extractor, codec: str = "none") -> bool:
    """Whether a set's features lie in the cache folder."""
    file = _file(pictures, network, codec)
    return file is not None and file.is_file()


def _load(pictures: LazyPictures, network: Extractor, codec: str) -> NDArray[np.float32] | None:
    file = _file(pictures, network, codec)
    if file is None or not file.is_file():
        return None
    try:
        features = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None  # damaged: they are made anew
    wanted = (pictures.count, network.dimension)
    return features if features.shape == wanted and features.dtype == np.float32 else None


def _save(pictures: LazyPictures, network: Extractor, codec: str, features: NDArray[np.float32]) -> None:
    file = _file(pictures, network, codec)
    if file is None:
        return
    content = BytesIO()
    np.save(content, features)
    with suppress(OSError):  # a full disk costs time the next time, and nothing else
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep_parts(file.parent)
        write_atomically(file, content.getvalue())
