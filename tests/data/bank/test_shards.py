"""Pictures in several files read like one array."""

import errno
import os

import numpy as np
import pytest

from figment.data.bank import shards
from figment.data.bank.shards import Shards, ShardWriter, allocate, compact

SHAPE = (3, 4, 5)
ROW = 60


def stored(folder, count: int, each: int) -> np.ndarray:
    pictures = np.random.default_rng(count).integers(0, 256, (count, *SHAPE), dtype=np.uint8)
    allocate(folder, count, ROW, each)
    with ShardWriter(folder, ROW, each) as writer:
        for place in np.random.default_rng(0).permutation(count).tolist():
            writer.write(place, pictures[place].tobytes())
    return pictures


@pytest.mark.parametrize("each", [1, 3, 7, 10, 100])
def test_shards_read_like_an_array(tmp_path, each):
    pictures = stored(tmp_path, 10, each)
    assert len(list(tmp_path.iterdir())) == -(-10 // each)
    read = Shards(tmp_path, 10, SHAPE, each)
    assert read.shape == pictures.shape
    assert read.nbytes == pictures.nbytes
    assert len(read) == 10
    assert np.array_equal(np.stack(list(read)), pictures)
    for which in (4, -1, slice(None), slice(2, 9, 3), slice(-3, None), np.array([9, 0, 0, 5]), np.array([], int)):
        assert np.array_equal(read[which], pictures[which])
    read.prefetch(np.arange(10))  # promises nothing that could be seen
    with pytest.raises(IndexError):
        read[np.array([10])]


def test_what_is_read_is_a_copy(tmp_path):
    stored(tmp_path, 4, 2)
    read = Shards(tmp_path, 4, SHAPE, 2)
    before = read[0].copy()
    read[0][:] = 0
    assert np.array_equal(read[0], before)


@pytest.mark.parametrize("each", [1, 4, 100])
@pytest.mark.parametrize("kept", [[0, 1, 2], [9], [1, 3, 4, 8, 9], list(range(10)), [5, 6]])
def test_gaps_are_closed_over_all_shards(tmp_path, each, kept):
    pictures = stored(tmp_path, 10, each)
    compact(tmp_path, np.array(kept), ROW, each, 10)
    assert np.array_equal(Shards(tmp_path, len(kept), SHAPE, each)[:], pictures[kept])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == len(kept) * ROW


def test_files_of_the_wrong_size_are_refused(tmp_path):
    stored(tmp_path, 10, 4)
    (tmp_path / shards.shard_name(1)).write_bytes(b"short")
    with pytest.raises(ValueError, match="pictures-00001"):
        Shards(tmp_path, 10, SHAPE, 4)


def test_shards_hold_about_a_gigabyte():
    assert shards.pictures_per_shard((3, 64, 64)) == 2**30 // 12288
    assert shards.pictures_per_shard((3, 40_000, 40_000)) == 1


@pytest.mark.parametrize("answer", [errno.ENODEV, errno.EINVAL])
def test_where_nothing_can_be_mapped_it_is_read(tmp_path, monkeypatch, answer):
    def refuse(*_, **__):
        raise OSError(answer, os.strerror(answer))

    pictures = stored(tmp_path, 10, 3)
    monkeypatch.setattr("figment.common.mapping.mmap.mmap", type("mmap", (), {"__new__": refuse}))
    read = Shards(tmp_path, 10, SHAPE, 3)
    assert not read.mapped
    assert np.array_equal(np.stack(list(read)), pictures)
    for which in (4, -1, slice(2, 9, 3), np.array([9, 0, 0, 5]), np.array([], int)):
        assert np.array_equal(read[which], pictures[which])
    read.prefetch(np.arange(10))


@pytest.mark.parametrize("answer", [errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENODEV, errno.EPERM])
def test_where_nothing_can_be_reserved_it_is_written_as_it_comes(tmp_path, monkeypatch, answer):
    def refuse(*_):
        raise OSError(answer, os.strerror(answer))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    pictures = stored(tmp_path, 10, 3)
    assert np.array_equal(Shards(tmp_path, 10, SHAPE, 3)[:], pictures)
