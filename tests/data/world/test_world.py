"""The drawn world: reproducible, of all kinds, never empty."""

from pathlib import Path

import numpy as np
import pytest

from figment.data.decoding.fit import Target
from figment.data.portraits.table import portraits
from figment.data.sources.open import Folder, Portraits, World, holds_drawn, open_source
from figment.data.world.world import DRAWING, KINDS, kind_of, world
from figment.errors import InputError


@pytest.fixture(scope="module")
def pictures():
    return world(120, seed=3, size=32)


def test_a_picture_depends_on_seed_number_and_size_alone(pictures):
    np.testing.assert_array_equal(world(40, seed=3, size=32), pictures[:40])
    for i in range(0, 110, 23):
        np.testing.assert_array_equal(world(3, seed=3, size=32, start=i)[0], pictures[i])
    assert all((a != b).any() for a, b in zip(world(20, seed=4, size=32), pictures[:20], strict=True))


def test_all_kinds_occur_by_their_shares():
    names = [kind_of(i, seed=5) for i in range(3000)]
    total = sum(kind.share for kind in KINDS)
    for kind in KINDS:
        expected = kind.share / total
        assert abs(names.count(kind.name) / 3000 - expected) < 4 * np.sqrt(expected * (1 - expected) / 3000)
    assert names.count("leaves") > 1400


def test_no_picture_is_constant_and_none_is_another(pictures):
    assert pictures.reshape(120, -1).std(1).min() > 1
    flat = pictures.reshape(120, -1).astype(np.float32)
    apart = np.abs(flat[:, None, ::7] - flat[None, :, ::7]).mean(-1) + 255 * np.eye(120)
    assert apart.min() > 3


def test_the_world_is_varied_in_colour_and_light(pictures):
    spread = pictures.max(1).astype(int) - pictures.min(1)
    coloured = spread.mean((1, 2))
    assert 0.05 < (coloured < 2).mean() < 0.4  # grey
    assert (coloured > 60).mean() > 0.2
    light = pictures.mean((1, 2, 3))
    assert np.quantile(light, 0.1) < 80
    assert np.quantile(light, 0.9) > 170


@pytest.mark.parametrize("size", [16, 17, 33, 130, 512])
def test_any_size_from_16_to_512(size):
    found = world(2, seed=2, size=size)
    assert found.shape == (2, 3, size, size)
    assert found.dtype == np.uint8


def test_sizes_show_the_same_scene():
    large = world(30, seed=8, size=64).reshape(30, 3, 32, 2, 32, 2).mean((3, 5))
    small = world(30, seed=8, size=32).astype(float)
    own = np.abs(large - small).mean((1, 2, 3))
    other = np.abs(large - np.roll(small, 1, 0)).mean((1, 2, 3))
    assert np.median(own) < 0.1 * np.median(other)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="from 16 to 512"):
        world(1, size=8)
    with pytest.raises(InputError, match="0 or more"):
        world(1, start=-1)


# Of the first picture of each kind of seed 0 at 16 px: its number, mean and deviation.
DRAWN = {
    "leaves": (0, 149.6, 44.7),
    "objects": (7, 86.8, 31.7),
    "textures": (1, 97.7, 70.8),
    "writing": (19, 180.7, 59.8),
    "animals": (5, 64.7, 13.3),
    "plants": (28, 154.0, 34.5),
    "landscapes": (53, 165.3, 41.5),
    "rooms": (2, 71.0, 29.1),
}


def test_pictures_are_those_that_the_mark_stands_for():
    """Where this fails, put another mark into DRAWING and these numbers beside it: nets and banks know sets by it."""
    assert DRAWING == "world-3"
    pictures = world(64, size=16)
    for name, (index, mean, deviation) in DRAWN.items():
        assert kind_of(index) == name
        assert abs(pictures[index].mean() - mean) < 0.3
        assert abs(pictures[index].std() - deviation) < 0.3


def test_it_is_a_source_by_its_name():
    source = open_source("world")
    assert isinstance(source, World)
    assert len(source.listing.names) == 10_000
    assert World(100).fingerprint() != World(100, seed=1).fingerprint() != World(99, seed=1).fingerprint()
    with pytest.raises(InputError, match="count of world is -1: give 0 to"):
        World(-1)


def test_it_joins_the_portraits():
    both = open_source(["portraits", "world"])
    assert both.listing.names[::10_000] == ["portraits/portrait-000000", "world/picture-000000"]
    assert holds_drawn(both)
    assert not holds_drawn(Folder(Path(__file__).parent))
    chunks = open_source([Portraits(30), World(40, seed=2)]).chunks({9, 37})
    drawn = {one.slot: one.pixels for chunk in chunks for one in chunk.prepare(Target(16, 16))}
    np.testing.assert_array_equal(drawn[9], portraits(1, size=16, start=9)[0][0])
    np.testing.assert_array_equal(drawn[37], world(1, seed=2, size=16, start=7)[0])
