import numpy as np
import pytest
import torch

from figment.common.seeds import generator_at
from figment.data.bank.shards import Shards, ShardWriter, allocate
from figment.training.loader import Feed
from figment.training.order import Order

PICTURES = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 2), np.uint8)


class _Numbers:
    """All of [0, n) as an array would have them, without one."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, which: np.ndarray) -> np.ndarray:
        return which


class Pictures(Feed):
    """A feed of which only the pictures are looked at."""

    def batch(self, images: int, count: int) -> torch.Tensor:  # type: ignore[override]
        return super().batch(images, count)[0]


def feed(flips: bool = False, seed: int = 0, pictures: np.ndarray = PICTURES, by_formula: bool = False) -> Pictures:
    return Pictures(pictures, Order(np.array([0, 2, 4, 6, 8]), seed, by_formula), seed, flips, torch.device("cpu"))


def batch(batch: torch.Tensor) -> list[int]:
    return ((batch[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


@pytest.mark.parametrize("by_formula", [False, True])
def test_each_epoch_shows_each_training_picture_once_in_another_order(by_formula: bool) -> None:
    seen = batch(feed(by_formula=by_formula).batch(0, 25))
    epochs = [seen[i : i + 5] for i in range(0, 25, 5)]
    assert all(sorted(e) == [0, 2, 4, 6, 8] for e in epochs)
    assert len({tuple(e) for e in epochs}) > 1


@pytest.mark.parametrize("by_formula", [False, True])
def test_order_depends_on_images_seen_alone(by_formula: bool) -> None:
    whole = batch(feed(by_formula=by_formula).batch(0, 30))
    for cut in (1, 4, 7, 13):
        again = feed(by_formula=by_formula)
        assert batch(again.batch(cut, 30 - cut)) == whole[cut:]
        assert batch(again.batch(0, cut)) == whole[:cut]  # and back


def test_the_listed_order_stays_as_it_was() -> None:
    # What runs from before the formula go on with: torch's permutation by (seed, "order", epoch).
    expected = [torch.randperm(5, generator=generator_at(0, "order", epoch)) * 2 for epoch in range(3)]
    assert batch(feed().batch(0, 15)) == torch.cat(expected).tolist()


def test_an_order_by_formula_keeps_no_list() -> None:
    pictures, numbers = np.broadcast_to(PICTURES[:1], (10**8, 1, 2, 2)), _Numbers(10**8)
    many = Feed(pictures, Order(numbers, 0, by_formula=True), 0, False, torch.device("cpu"))  # type: ignore[arg-type]
    first, again = many._which(10**9, 64), many._which(10**9, 64)
    assert torch.equal(first, again)
    assert len(many._order.shuffled) == 0
    assert len(first.unique()) == 64


def test_seeds_differ() -> None:
    assert batch(feed(seed=0).batch(0, 50)) != batch(feed(seed=1).batch(0, 50))
    assert batch(feed(seed=0, by_formula=True).batch(0, 50)) != batch(feed(seed=1, by_formula=True).batch(0, 50))


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


def test_parts_together_are_the_whole_batch() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (10, 3, 4, 4), dtype=np.uint8)
    whole = feed(flips=True, pictures=pictures)
    for images, count in [(0, 6), (6, 6), (3, 25)]:
        batch = whole.batch(images, count)
        for n in (2, 3):
            for k in range(n):
                part = Pictures(pictures, np.array([0, 2, 4, 6, 8]), 0, True, torch.device("cpu"), part=(k, n))
                assert torch.equal(part.batch(images, count), batch[k::n])


def test_batches_gathered_ahead_are_the_ones_that_were_asked_for() -> None:
    # Jumps, changed sizes and repetitions, against feeds that are asked only once and so gather nothing ahead.
    busy = feed(flips=True)
    for images, count in [(0, 3), (3, 3), (6, 3), (6, 3), (0, 3), (3, 4), (7, 4), (11, 2), (100, 3), (103, 3)]:
        assert torch.equal(busy.batch(images, count), feed(flips=True).batch(images, count))


def test_a_bank_in_shards_feeds_like_an_array(tmp_path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (10, 3, 4, 4), dtype=np.uint8)
    allocate(tmp_path, 10, 48, 4)
    with ShardWriter(tmp_path, 48, 4) as writer:
        for place, picture in enumerate(pictures):
            writer.write(place, picture.tobytes())
    stored = feed(flips=True, pictures=Shards(tmp_path, 10, (3, 4, 4), 4))
    for images in range(0, 40, 8):
        assert torch.equal(stored.batch(images, 8), feed(flips=True, pictures=pictures).batch(images, 8))
    assert torch.equal(stored.pictures(torch.tensor([9, 0])), torch.from_numpy(pictures[[9, 0]]).float() / 127.5 - 1)


def test_classes_come_with_their_pictures_and_are_shared_alike() -> None:
    classes = np.arange(10) % 3
    make = lambda part: Feed(PICTURES, np.array([0, 2, 4, 6, 8]), 0, False, torch.device("cpu"), part, classes)  # noqa: E731
    pictures, labels = make((0, 1)).batch(3, 12)
    assert labels.tolist() == [classes[i] for i in batch(pictures)]
    assert torch.equal(make((1, 2)).batch(3, 12)[1], labels[1::2])
    assert Feed(PICTURES, np.arange(10), 0, False, torch.device("cpu")).batch(0, 2)[1] is None


def test_the_other_order_is_another_one_of_the_same_pictures() -> None:
    one = feed()
    seen, other = batch(one.batch(0, 25)), batch(one.other.batch(0, 25))
    assert seen != other
    assert sorted(seen) == sorted(other)
    assert batch(one.other.batch(5, 5)) == other[5:10]
    assert batch(one.batch(5, 5)) == seen[5:10]
