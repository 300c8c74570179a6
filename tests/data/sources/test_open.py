"""Every way in which pictures come, against computations that share no code with the package."""

import io
import os
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding.decode import Broken, decode
from figment.data.sources.archives import Zip
from figment.data.sources.arrays import Arrays
from figment.data.sources.open import Folder, Portraits, open_source
from figment.errors import InputError
from figtest.paths import DATA
from figtest.pictures import encoded, noise

# --- containers ----------------------------------------------------------------------------------------------------

NAMES = ["b/1.png", "a/2.png", "a/deep/3.png", "4.png"]


def pictures() -> dict[str, bytes]:
    return {name: encoded(Image.fromarray(noise(6, 6, seed=seed))) for seed, name in enumerate(NAMES)}


EXTRA = ["notes.txt", "list.csv", ".DS_Store", "a/._2.png", "__MACOSX/b/1.png", ".hidden/5.png"]


def fill_folder(root: Path) -> Path:
    for name, content in {**pictures(), **dict.fromkeys(EXTRA, b"x")}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def fill_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**pictures(), **dict.fromkeys(EXTRA, b"x")}.items():
            archive.writestr(name, content)
    return path


def fill_tar(path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in {**pictures(), **dict.fromkeys(EXTRA, b"x")}.items():
            member = tarfile.TarInfo("./" + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tgz"])
def test_containers_hold_the_same(kind, tmp_path):
    path = tmp_path / f"data.{kind}"
    if kind == "folder":
        fill_folder(path)
    elif kind == "zip":
        fill_zip(path)
    else:
        fill_tar(path, {"tar": "w", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}.get(kind, "w:gz"))
    source = open_source(path)
    assert source.listing.names == sorted(NAMES)
    assert source.listing.labels == [None, "a", "a", "b"]
    assert source.listing.ignored == len(EXTRA)
    found = {}
    for chunk in source.chunks():
        for slot, payload in zip(chunk.slots, chunk.payloads, strict=True):
            found[source.listing.names[slot]] = np.asarray(decode(payload))
    assert found.keys() == set(NAMES)
    for seed, name in enumerate(NAMES):
        assert np.array_equal(found[name], noise(6, 6, seed=seed))
    only = [slot for chunk in source.chunks(only={1, 3}) for slot in chunk.slots]
    assert sorted(only) == [1, 3]


def test_folder_that_wraps_an_archive_labels_nothing(tmp_path):
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for name in ("pets/cats/1.png", "pets/dogs/2.png"):
            archive.writestr(name, b"x")
    assert open_source(tmp_path / "pets.zip").listing.labels == ["cats", "dogs"]


def test_broken_members_of_a_zip_are_skipped_one_by_one(tmp_path):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("1.png", "2.png"):
            archive.writestr(name, encoded(Image.fromarray(noise(6, 6))))
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    (chunk,) = Zip(path).chunks()
    first, second = chunk.payloads
    assert isinstance(first, Broken)
    assert "broken in the archive" in first.reason
    assert np.array_equal(np.asarray(decode(second)), noise(6, 6))


def test_links_are_followed_and_loops_end(tmp_path):
    data = tmp_path / "data"
    (data / "real").mkdir(parents=True)
    (data / "real" / "1.png").write_bytes(b"x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2.png").write_bytes(b"x")
    (data / "linked").symlink_to(tmp_path / "elsewhere")
    (data / "real" / "up").symlink_to(data)
    (data / "self").symlink_to(data / "self")
    (data / "gone.png").symlink_to(data / "nothing.png")
    os.mkfifo(data / "pipe.png")
    listing = open_source(data).listing
    assert listing.names == ["linked/2.png", "real/1.png"]
    assert listing.labels == ["linked", "real"]
    assert [item.name for item in listing.skipped] == ["gone.png", "pipe.png"]


@pytest.mark.parametrize("layout", ["NHW", "NHWC", "NCHW", "NHW1", "N1HW"])
def test_arrays_in_every_layout(layout, tmp_path):
    colour = noise(5, 6 * 7).reshape(5, 6, 7, 3)
    grey = colour[..., 0]
    stored, expected = {
        "NHW": (grey, np.stack([grey] * 3, -1)),
        "NHWC": (colour, colour),
        "NCHW": (colour.transpose(0, 3, 1, 2), colour),
        "NHW1": (grey[..., None], np.stack([grey] * 3, -1)),
        "N1HW": (grey[:, None], np.stack([grey] * 3, -1)),
    }[layout]
    np.save(tmp_path / "a.npy", np.ascontiguousarray(stored))
    np.savez_compressed(tmp_path / "a.npz", x=stored)
    for name in ("a.npy", "a.npz"):
        source = open_source(tmp_path / name)
        (chunk,) = source.chunks()
        assert chunk.slots == list(range(5))
        assert all(np.array_equal(np.asarray(decode(row)), expected[i]) for i, row in enumerate(chunk.payloads))


def test_npz_joins_parts_and_finds_their_labels(tmp_path):
    train, test = noise(40, 8 * 8, 1).reshape(40, 8, 8), noise(9, 8 * 8, 1).reshape(9, 8, 8)
    np.savez(
        tmp_path / "a.npz",
        x_train=train, y_train=np.arange(40), x_test=test, y_test=np.arange(9), mean=np.zeros((8, 8, 8, 8)),
    )  # fmt: skip
    source = open_source(tmp_path / "a.npz")
    assert len(source.listing.names) == 49
    assert source.listing.names[40] == "x_test/000000"
    assert source.listing.labels == [str(i) for i in range(40)] + [str(i) for i in range(9)]
    rows = [row for chunk in source.chunks() for row in chunk.payloads]
    assert np.array_equal(np.stack(rows), np.concatenate([train, test]))


class Exploding:
    def __reduce__(self) -> tuple:
        return (os.mkdir, ("/nonexistent/exploded",))


def test_nothing_is_unpickled(tmp_path):
    bad = np.array([Exploding()], dtype=object)
    np.save(tmp_path / "a.npy", bad)
    np.savez(tmp_path / "b.npz", x=bad)
    for name in ("a.npy", "b.npz"):
        with pytest.raises(InputError, match="no array of pictures"):
            _ = open_source(tmp_path / name).listing


def test_arrays_that_hold_no_pictures_are_refused(tmp_path):
    for content in (
        np.zeros((40, 8, 8), np.complex64),
        np.zeros((40, 64), np.uint8),
        np.asfortranarray(noise(40, 8, 4)),
    ):
        np.save(tmp_path / "a.npy", content)
        with pytest.raises(InputError, match="holds no array of pictures"):
            _ = open_source(tmp_path / "a.npy").listing


def spoilt(whole: bytes, times: int) -> Iterator[bytes]:
    """The same content with a few bytes changed, most of them in the headers at both ends."""
    generator = np.random.default_rng(0)
    for _ in range(times):
        content = bytearray(whole)
        for place in generator.integers(-250, 150, 3):
            content[place] = int(generator.integers(0, 256))
        yield bytes(content)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_spoilt_arrays_are_read_or_refused(name, tmp_path):
    path = tmp_path / name
    np.save(path, noise(40, 64, 1).reshape(40, 8, 8)) if name == "a.npy" else np.savez_compressed(
        path, x=noise(40, 64, 1).reshape(40, 8, 8), y=np.arange(40)
    )
    told, read = 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that look like another version's
        for content in spoilt(path.read_bytes(), 300):
            path.write_bytes(content)
            try:
                source = open_source(path)
                read += sum(len(chunk.slots) for chunk in source.chunks()) == len(source.listing.names)
            except InputError as error:
                told += str(path) in str(error)
    assert told + read == 300
    assert told > 0


@pytest.mark.parametrize(
    "shape", ["()", "(40, -8, -8)", "(-40, 8, 8)", "(10**9, 9, 9)", "(1000000000, 8, 8)", "(40, 8,"]
)
def test_array_headers_that_lie_are_refused(shape, tmp_path):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".encode().ljust(117) + b"\n"
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(40 * 64))
    refused(tmp_path / "a.npy")


def test_labels_that_are_spoilt_far_behind_their_header(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=noise(40_000, 5 * 5, 1).reshape(40_000, 5, 5), y=np.arange(40_000))
    content = bytearray(path.read_bytes())
    content[-10_000] ^= 255
    path.write_bytes(content)
    assert "isn't a readable" in refused(path)


def test_fashion_mnist():
    path = DATA / "fashion_mnist_12k.npz"
    if not path.exists():
        pytest.skip("shared data are absent")
    source = open_source(path)
    with np.load(path) as arrays:
        assert source.listing.labels == [str(label) for label in arrays["y"]]
        first = next(iter(source.chunks())).payloads[0]
        assert np.array_equal(first, arrays["x"][0])


# --- sources that can't be used ------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        _ = open_source(path).listing
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert ":" in sentence  # the mend follows
    return sentence


def test_sources_that_cant_be_used_are_refused_in_a_sentence(tmp_path):
    assert "doesn't exist" in refused(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    assert "nothing in it" in refused(tmp_path / "empty")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("a")
    assert "no pictures among its 1 files" in refused(tmp_path / "texts")
    (tmp_path / "a.txt").write_text("a")
    assert "holds no set of pictures" in refused(tmp_path / "a.txt")
    (tmp_path / "a.png").write_bytes(b"x")
    assert "single picture" in refused(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", noise(40, 8, 4))
    for kind in ("npy", "npz", "zip", "tar", "tar.gz"):
        (tmp_path / f"rubbish.{kind}").write_bytes(b"rubbish" * 99)
        assert "isn't a readable" in refused(tmp_path / f"rubbish.{kind}")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "npy", "npz"])
@pytest.mark.parametrize("part", [0.5, 0.8, 0.99])
def test_archives_that_are_cut_short(kind, part, tmp_path):
    path = tmp_path / f"data.{kind}"
    if kind == "zip":
        fill_zip(path)
    elif kind == "npy":
        np.save(path, noise(40, 64, 1).reshape(40, 8, 8))
    elif kind == "npz":
        np.savez(path, x=noise(40, 64, 1).reshape(40, 8, 8))
    else:
        fill_tar(path, {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}[kind])
    content = path.read_bytes()
    if kind == "tar":
        content = content.rstrip(b"\0")  # the padding isn't content
    path.write_bytes(content[: int(len(content) * part)])
    assert "cut short" in refused(path)


def test_portraits_are_a_source():
    source = open_source(None)
    assert isinstance(source, Portraits)
    assert len(source.listing.names) == 10_000
    assert source.listing.names[123] == "portrait-000123"
    assert Portraits(100).fingerprint() != Portraits(100, seed=1).fingerprint() != Portraits(99, seed=1).fingerprint()


# --- fingerprints --------------------------------------------------------------------------------------------------


def test_fingerprint_notices_changes_and_nothing_else(tmp_path):
    data = fill_folder(tmp_path / "data")
    before = Folder(data).fingerprint()
    assert Folder(data).fingerprint() == before
    data = data.rename(tmp_path / "moved")
    (data / "readme.md").write_text("x")
    assert Folder(data).fingerprint() == before
    seen = {before}
    (data / "5.png").write_bytes(b"x")
    seen.add(Folder(data).fingerprint())
    (data / "5.png").write_bytes(b"xx")
    seen.add(Folder(data).fingerprint())
    os.utime(data / "5.png", ns=(1, 1))
    seen.add(Folder(data).fingerprint())
    (data / "5.png").rename(data / "6.png")
    seen.add(Folder(data).fingerprint())
    assert len(seen) == 5


def test_fingerprint_of_a_file(tmp_path):
    np.save(tmp_path / "a.npy", noise(40, 8, 3))
    before = Arrays(tmp_path / "a.npy").fingerprint()
    (tmp_path / "a.npy").rename(tmp_path / "b.npy")
    assert Arrays(tmp_path / "b.npy").fingerprint() == before
    status = (tmp_path / "b.npy").stat()
    np.save(tmp_path / "b.npy", noise(40, 8, 3, seed=1))
    os.utime(tmp_path / "b.npy", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Arrays(tmp_path / "b.npy").fingerprint() != before
