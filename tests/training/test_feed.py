import numpy as np
import pytest
import torch

from figment.training.feed import Feed

PICTURES = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 2), np.uint8)


def feed(flips: bool = False, seed: int = 0, pictures: np.ndarray = PICTURES) -> Feed:
    return Feed(pictures, np.array([0, 2, 4, 6, 8]), seed, flips, torch.device("cpu"))


def shown(batch: torch.Tensor) -> list[int]:
    return ((batch[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_each_epoch_shows_each_training_picture_once_in_another_order() -> None:
    seen = shown(feed().batch(0, 25))
    epochs = [seen[i : i + 5] for i in range(0, 25, 5)]
    assert all(sorted(e) == [0, 2, 4, 6, 8] for e in epochs)
    assert len({tuple(e) for e in epochs}) > 1


def test_order_depends_on_images_seen_alone() -> None:
    whole = shown(feed().batch(0, 30))
    for cut in (1, 4, 7, 13):
        again = feed()
        assert shown(again.batch(cut, 30 - cut)) == whole[cut:]
        assert shown(again.batch(0, cut)) == whole[:cut]  # and back


def test_seeds_differ() -> None:
    assert shown(feed(seed=0).batch(0, 50)) != shown(feed(seed=1).batch(0, 50))


def test_range_and_layout() -> None:
    pictures = np.zeros((10, 3, 4, 4), np.uint8)
    pictures[:, 1] = 255
    batch = feed(pictures=pictures).batch(0, 4)
    assert batch[:, 0].unique().tolist() == [-1]
    assert batch[:, 1].unique().tolist() == [1]
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_half_of_the_pictures_are_mirrored() -> None:
    pictures = np.zeros((10, 1, 2, 2), np.uint8)
    pictures[..., 0] = 255  # bright on the left
    batch = feed(flips=True, pictures=pictures).batch(0, 2000)
    mirrored = batch[:, 0, 0, 1] > 0
    assert mirrored.float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert ((batch[:, 0, 0, 0] > 0) != mirrored).all()
    assert torch.equal(batch, feed(flips=True, pictures=pictures).batch(0, 2000))
