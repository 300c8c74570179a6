"""The binary files of MNIST and CIFAR, written here byte by byte."""

import gzip
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from figment.data.decoding.chunks import StoredChunk
from figment.data.sources.open import Source, open_source
from figment.errors import InputError


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def pictures(source: Source, only: set[int] | None = None) -> dict[int, np.ndarray]:
    found = {}
    for chunk in source.chunks(only):
        assert isinstance(chunk, StoredChunk)
        found |= dict(zip(chunk.slots, chunk.payloads, strict=True))
    return found


def refused(path: Path, expected: str) -> None:
    with pytest.raises(InputError, match=expected) as caught:
        _ = open_source(path).listing
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["train-{}-idx{}-ubyte", "t10k-{}.idx{}-ubyte", "emnist-digits-{}-idx{}-ubyte"])
@pytest.mark.parametrize("packed", [False, True])
def test_idx_with_labels_beside(packed, form, tmp_path):
    pack, suffix = (gzip.compress, ".gz") if packed else (bytes, "")
    path = tmp_path / (form.format("images", 3) + suffix)
    path.write_bytes(pack(idx(noise(150, 8, 7))))
    assert open_source(path).listing.labels == [None] * 150
    before = open_source(path).fingerprint()
    (tmp_path / form.format("labels", 1)).write_bytes(idx(np.arange(150)))
    source = open_source(path)
    assert source.fingerprint() != before
    assert source.listing.names[149] == "000149"
    assert source.listing.labels == [str(i) for i in range(150)]
    assert np.array_equal(np.stack(list(pictures(source).values())), noise(150, 8, 7))
    assert {slot: row.tolist() for slot, row in pictures(source, {99}).items()} == {99: noise(150, 8, 7)[99].tolist()}


def test_idx_in_colour(tmp_path):
    (tmp_path / "images-idx4-ubyte").write_bytes(idx(noise(5, 8, 7, 3)))
    assert np.array_equal(np.stack(list(pictures(open_source(tmp_path)).values())), noise(5, 8, 7, 3))
    (tmp_path / "unnamed").write_bytes(idx(noise(5, 8, 7, 3)))
    assert len(open_source(tmp_path / "unnamed").listing.names) == 5


def test_folder_of_mnist(tmp_path):
    for part, count in (("train", 4), ("t10k", 3)):
        files = {
            f"{part}-images-idx3-ubyte": idx(noise(count, 6, 6)),
            f"{part}-labels-idx1-ubyte": idx(np.arange(count)),
        }
        for name, content in files.items():
            (tmp_path / "raw").mkdir(exist_ok=True)
            (tmp_path / "raw" / name).write_bytes(content)
            (tmp_path / "raw" / f"{name}.gz").write_bytes(gzip.compress(content))
    listing = open_source(tmp_path).listing
    assert listing.labels == ["0", "1", "2", "0", "1", "2", "3"]
    assert listing.names[3] == "raw/train-images-idx3-ubyte/000000"


def test_idx_that_cant_be_read(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    whole = idx(noise(5, 8, 7))
    for content in (b"", whole[:3], whole[:9], whole[:-1], idx(noise(5, 8)), idx(noise(0, 8, 8)), b"rubbish" * 9):
        path.write_bytes(content)
        refused(path, "isn't a readable idx file")
    (tmp_path / "a-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole)[:-12])
    refused(tmp_path / "a-images-idx3-ubyte.gz", "isn't a readable idx file")
    huge = struct.pack(">BBBBIII", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1)
    path.write_bytes(huge)
    refused(path, "isn't a readable idx file")
    path.write_bytes(whole)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.arange(4)))
    refused(path, "4 labels for the 5 pictures")
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"rubbish")
    refused(path, "train-labels-idx1-ubyte isn't a readable")


def cifar(count: int, numbers: int, seed: int) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Content of a file, its pictures (N, 32, 32, 3) and its labels."""
    planes, labels = noise(count, 3, 32, 32, seed=seed), noise(count, numbers, seed=seed) % 10
    content = b"".join(label.tobytes() + picture.tobytes() for label, picture in zip(labels, planes, strict=True))
    return content, np.moveaxis(planes, 1, 3), labels[:, -1]


WORDS = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@pytest.mark.parametrize("form", ["folder", "tar.gz", "file"])
@pytest.mark.parametrize("kind", [10, 100])
def test_cifar(kind, form, tmp_path):
    names = ["data_batch_1.bin", "test_batch.bin"] if kind == 10 else ["test.bin", "train.bin"]
    meta = "batches.meta.txt" if kind == 10 else "fine_label_names.txt"
    parts = [cifar(70, 1 + (kind == 100), seed) for seed in (0, 1)]
    files = {meta: "\n".join([*WORDS, ""]).encode()} | {n: part[0] for n, part in zip(names, parts, strict=True)}
    folder = tmp_path / "cifar-batches-bin"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    path = folder
    if form == "tar.gz":
        path = tmp_path / "cifar-binary.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name in [names[0], meta, names[1]]:
                archive.add(folder / name, f"cifar-batches-bin/{name}")
    if form == "file":
        path, parts, names = folder / names[1], parts[1:], [names[1]]
    source = open_source(path)
    assert source.listing.labels == [WORDS[label] for part in parts for label in part[2]]
    prefixes = [""] if form == "file" else [f"{name}/" for name in names]
    assert source.listing.names == [f"{prefix}{index:05d}" for prefix in prefixes for index in range(70)]
    assert np.array_equal(np.stack(list(pictures(source).values())), np.concatenate([part[1] for part in parts]))
    assert list(pictures(source, {3, 69})) == [3, 69]


def test_cifar_without_names_of_classes_and_of_another_size(tmp_path):
    content, _, labels = cifar(3, 1, 0)
    (tmp_path / "test_batch.bin").write_bytes(content)
    assert open_source(tmp_path / "test_batch.bin").listing.labels == [str(label) for label in labels]
    (tmp_path / "test_batch.bin").write_bytes(content[:-1])
    refused(tmp_path / "test_batch.bin", "isn't a readable binary file of CIFAR")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "test_batch.bin", "test_batch.bin")
    refused(tmp_path / "a.tar", "isn't a readable binary file of CIFAR")


def test_pickles_are_never_opened(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": noise(2, 3072)}))
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(folder, folder.name)
    (tmp_path / "set.pkl").write_bytes(pickle.dumps(3))
    for path in (folder, folder / "data_batch_1", tmp_path / "cifar-10-python.tar.gz", tmp_path / "set.pkl"):
        with pytest.raises(InputError, match="is a pickle, which may run any code and is never opened"):
            open_source(path)
