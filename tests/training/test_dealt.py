"""Sets in parts: who holds some of them takes the same pictures in the same order as who holds all."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from figment.data.bank.prepare import prepare
from figment.data.bank.shards import Shards, ShardWriter, allocate
from figment.data.bank.stacked import Stacked
from figment.data.sources.part_of import Part
from figment.errors import InputError
from figment.planning.resolve import loader_for, settled_by_data
from figment.presets import make
from figment.training.dealt import DealtOrder, check_dealing
from figment.training.distributed import World
from figment.training.loader import Feed
from figtest.pictures import noise_folder

CPU = torch.device("cpu")
SIZES = {0: 5, 1: 7, 2: 6, 3: 4}  # pictures of each part, which needn't be alike
PICTURES = np.arange(22, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 2), np.uint8)
FIRSTS = {0: 0, 1: 5, 2: 12, 3: 18}


def order(parts: list[int], by_formula: bool = True, seed: int = 3) -> DealtOrder:
    """Of whoever holds these parts, with pictures numbered over all parts."""
    return DealtOrder({part: (FIRSTS[part], np.arange(SIZES[part])) for part in parts}, 4, seed, by_formula)


@pytest.mark.parametrize("by_formula", [False, True])
def test_a_batch_has_as_many_of_each_part_and_each_part_epochs_of_its_own(by_formula: bool) -> None:
    taken = order([0, 1, 2, 3], by_formula).at(np.arange(4 * 4 * 5 * 7 * 6))
    for part, size in SIZES.items():
        own = taken[part::4] - FIRSTS[part]
        epochs = own.reshape(-1, size)
        assert (np.sort(epochs) == np.arange(size)).all()
        assert len({tuple(epoch) for epoch in epochs.tolist()}) > 5
    one, other = order([0]), order([0]).another(99)
    assert one.at(np.arange(0, 80, 4)).tolist() != other.at(np.arange(0, 80, 4)).tolist()
    assert one.at(np.arange(0, 80, 4)).tolist() == order([0]).at(np.arange(0, 80, 4)).tolist()
    with pytest.raises(KeyError):
        one.at(np.array([1]))


@pytest.mark.parametrize(("machines", "processes"), [(1, 1), (1, 4), (2, 1), (2, 2), (4, 1), (4, 3), (2, 6)])
def test_machines_with_parts_take_what_one_with_all_would(machines: int, processes: int) -> None:
    size, count = machines * processes, 24
    whole = Feed(PICTURES, order([0, 1, 2, 3]), 3, True, CPU)
    for images in (0, 24, 24 * 50):
        expected, _ = whole.batch(images, count)
        rows = torch.arange(count)
        seen = []
        for rank in range(size):
            world = World(CPU, rank, rank % processes, size, rank // processes, None, machines)
            feed = Feed(PICTURES, order(world.parts(4)), 3, True, CPU, (world.row, size))
            assert torch.equal(feed.batch(images, count)[0], expected[world.row :: size])
            assert torch.equal(
                feed.other.batch(images, count)[0], whole.other.batch(images, count)[0][world.row :: size]
            )
            seen += world.share(rows).tolist()
        assert sorted(seen) == rows.tolist()


def test_machines_that_have_other_numbers_of_processes_share_rows_by_rank() -> None:
    for rank in range(3):
        world = World(CPU, rank, 0, 3, rank)
        assert (world.row, world.parts(4)) == (rank, [0, 1, 2, 3])


def test_stacked_banks_are_read_as_one(tmp_path) -> None:
    banks, whole = [], np.random.default_rng(0).integers(0, 256, (33, 3, 4, 4), np.uint8)
    for k, rows in enumerate((whole[:10], whole[10:11], whole[11:])):
        (tmp_path / f"{k}").mkdir()
        allocate(tmp_path / f"{k}", len(rows), 48, 8)
        with ShardWriter(tmp_path / f"{k}", 48, 8) as writer:
            for place, picture in enumerate(rows):
                writer.write(place, picture.tobytes())
        banks.append(Shards(tmp_path / f"{k}", len(rows), (3, 4, 4), 8))
    stacked = Stacked(banks)
    assert (stacked.shape, stacked.nbytes, len(stacked)) == (whole.shape, whole.nbytes, len(whole))
    places = np.random.default_rng(0).integers(0, len(whole), 200)
    assert np.array_equal(stacked[places], whole[places])
    assert np.array_equal(stacked[8:30], whole[8:30])
    stacked.prefetch(places)


def test_what_is_trained_on_is_what_the_banks_hold(tmp_path) -> None:
    data = noise_folder(tmp_path / "data", 90)
    banks = [prepare(data, 16, part=Part(number, 2)) for number in range(2)]
    recipe = make("dcgan", size=16, parts=2, batch=10, flips=False, order="formula")
    bank = replace(banks[0], beside=(banks[1],))
    assert settled_by_data(recipe, bank).order == "formula"
    feed = loader_for(bank, recipe, World.alone())
    seen = [feed.batch(images, 10)[0] for images in range(0, 800, 10)]
    for part, own in enumerate(banks):
        levels = [(batch[part::2] + 1).mul(127.5).round().to(torch.uint8) for batch in seen]
        of_part = {picture.numpy().tobytes() for batch in levels for picture in batch}
        assert of_part == {own.pictures[int(row)].tobytes() for row in own.train}


def test_what_cannot_be_dealt_is_refused() -> None:
    recipe = make("dcgan", parts=4, batch=128)
    check_dealing(recipe, World(CPU, nodes=2))
    with pytest.raises(InputError, match=r"--set parts=4: 3 machines can't hold as many parts each"):
        check_dealing(recipe, World(CPU, nodes=3))
    with pytest.raises(InputError, match=r"a batch of 130 can't be of 4 parts evenly: give --set batch=128"):
        check_dealing(make("dcgan", parts=4, batch=130), World(CPU))
    for choices in (dict(labels=True), dict(pictures=100)):
        with pytest.raises(InputError, match=rf"without labels: leave {next(iter(choices))} out"):
            make("dcgan", parts=2, **choices)
