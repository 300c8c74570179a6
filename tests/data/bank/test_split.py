"""The split: a tenth held out, by the pictures alone or by groups."""

import re

import numpy as np
import pytest
from PIL import Image

from figment.data.bank.prepare import prepare
from figment.data.bank.split import split, split_classes, split_groups
from figment.errors import InputError
from figtest.banks import held_out_names
from figtest.pictures import noise, noise_folder


def test_a_tenth_is_held_out():
    held_out = split([str(i).encode() for i in range(20_000)])
    assert abs(held_out.mean() - 0.1) < 0.01


def test_small_sets_have_both_sides():
    for start in range(200):
        held_out = split([f"{start} {i}".encode() for i in range(4)])
        assert held_out.any()
        assert not held_out.all()


def test_split_is_the_same_at_any_size_and_under_any_name(tmp_path):
    data = noise_folder(tmp_path / "data", 200)
    first = prepare(data, 8)
    expected = {int(name[:4]) for name in held_out_names(first)}
    assert 5 < len(expected) < 40
    assert np.array_equal(prepare(data, 12).held_out, first.held_out)
    assert np.array_equal(prepare(data, 8, channels=1).held_out, first.held_out)
    renamed = tmp_path / "other"
    renamed.mkdir()
    for seed in range(200):
        Image.fromarray(noise(10, 12, seed=seed)).save(renamed / f"{999 - seed}-{seed}.bmp")
    assert {int(re.split(r"[-.]", name)[1]) for name in held_out_names(prepare(renamed, 8))} == expected
    # and of what else is there
    for seed in range(0, 200, 2):
        (data / f"{seed:04d}.png").unlink()
    assert {int(name[:4]) for name in held_out_names(prepare(data, 8))} == {seed for seed in expected if seed % 2}


def test_groups_stay_together(tmp_path):
    data = noise_folder(tmp_path / "data", 300)
    for seed in range(300):
        (data / f"{seed:04d}.png").rename(data / f"{seed // 5}_{seed}.png")
    Image.fromarray(noise(10, 12, seed=0)).save(data / "99_copy.png")
    bank = prepare(data, 8, group=r"^(\d+)_")
    sides = [{bank.names[i].split("_")[0] for i in part} for part in (bank.train, bank.held_out)]
    assert not sides[0] & sides[1]
    assert sides[1]
    assert len(bank.copies) == 1
    assert np.array_equal(prepare(data, 12, group=r"^(\d+)_").held_out, bank.held_out)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "isn't a regular expression"),
        (r"^\d+", "has no bracket"),
        ("(nobody)", "matches no"),
        ("^(.)", "one group"),
    ],
)
def test_group_patterns_that_dont_work(tmp_path, pattern, reason):
    data = noise_folder(tmp_path / "data", 32)
    with pytest.raises(InputError, match=reason):
        prepare(data, 8, group=pattern)


def keys_of(count: int) -> list[bytes]:
    return [str(place).encode() for place in range(count)]


def test_without_labels_and_groups_the_split_is_the_one_by_hashes():
    keys = keys_of(500)
    assert np.array_equal(split_classes([None] * 500, keys), split(keys))


def test_large_classes_are_split_by_hashes_alone():
    keys = keys_of(3000)
    assert np.array_equal(split_classes([str(place % 3) for place in range(3000)], keys), split(keys))


@pytest.mark.parametrize(
    "sizes", [[30] * 3 + [1] * 37, [16] * 2 + [1] * 100, [12] + [1] * 30, [2] * 40, [10] * 20, [3, 3]]
)
@pytest.mark.parametrize("start", range(5))
def test_no_class_is_held_out_wholly(sizes, start):
    labels = [f"{place}" for place, size in enumerate(sizes) for _ in range(size)]
    held_out = split_classes(labels, [f"{start} {place}".encode() for place in range(len(labels))])
    counts = {
        label: [held for held, own in zip(held_out, labels, strict=True) if own == label] for label in set(labels)
    }
    assert all(sum(held) <= len(held) // 2 for held in counts.values())
    assert all(any(held) for held in counts.values() if len(held) >= 10)
    assert 0.04 <= held_out.mean() <= 0.25


def test_labels_that_are_all_different_part_nothing():
    keys = keys_of(200)
    assert np.array_equal(split_classes([str(place) for place in range(200)], keys), split(keys))


def test_classes_of_one_picture_can_be_trained_on(tmp_path):
    data = noise_folder(tmp_path / "data", 60)
    for seed in range(60):
        kind = data / (f"few{seed}" if seed < 20 else f"many{seed % 2}")
        kind.mkdir(exist_ok=True)
        (data / f"{seed:04d}.png").rename(kind / f"{seed:04d}.png")
    bank = prepare(data, 8)
    assert len(bank.classes.names) == 22
    assert 3 <= len(bank.held_out) <= 12


def groups_of(*sizes: int) -> tuple[list[bytes | None], list[bytes]]:
    groups: list[bytes | None] = [f"group {place}".encode() for place, size in enumerate(sizes) for _ in range(size)]
    return groups, keys_of(len(groups))


def test_groups_as_large_as_most_of_a_set_stay_on_its_side():
    held_out, told = split_groups(*groups_of(380, *[2] * 10))
    assert held_out.sum() == 20
    assert told is not None
    assert "20 of 400 pictures in groups are held out (5.0%)" in told
    assert "of 11 the largest has 380" in told


@pytest.mark.parametrize("sizes", [[20] * 20, [4] * 100, [1] * 300, [200, *[1] * 200], list(range(1, 40))])
def test_a_tenth_of_the_pictures_is_held_out_where_groups_allow_it(sizes):
    groups, keys = groups_of(*sizes)
    held_out, told = split_groups(groups, keys)
    assert told is None
    assert 0.05 <= held_out.mean() <= 0.15
    sides = {(group, held) for group, held in zip(groups, held_out, strict=True)}
    assert len(sides) == len(sizes)
    assert np.array_equal(split_groups(groups, keys)[0], held_out)


def test_of_two_groups_the_smaller_is_held_out_and_it_is_said():
    held_out, told = split_groups(*groups_of(60, 40))
    assert held_out.tolist() == [False] * 60 + [True] * 40
    assert told is not None
    assert "(40.0%)" in told


def test_pictures_in_no_group_are_split_by_themselves():
    groups, keys = groups_of(380, *[2] * 10)
    free = [f"free {place}".encode() for place in range(200)]
    held_out, _ = split_groups(groups + [None] * 200, keys + free)
    assert np.array_equal(held_out[400:], split(free))
    held_out, _ = split_groups([b"one"] * 50 + [None] * 3, keys_of(53))
    assert held_out.any()
    assert not held_out[:50].any()


def test_a_group_that_is_most_of_a_set_is_trained_on_and_it_is_said(tmp_path):
    data = noise_folder(tmp_path / "data", 50)
    for seed in range(50):
        (data / f"{seed:04d}.png").rename(data / f"artist{0 if seed < 44 else seed}_{seed}.png")
    bank = prepare(data, 8, group=r"^(\w+)_")
    assert 3 <= len(bank.held_out) <= 7
    assert not any(name.startswith("artist0_") for name in held_out_names(bank))


def test_fewer_training_pictures_are_always_the_same_and_among_those_of_more(tmp_path):
    bank = prepare(str(noise_folder(tmp_path / "noise", 100)), 16, 3)
    few, more = bank.thinned(20), bank.thinned(50)
    assert (len(few.train), few.unused, len(more.train)) == (20, len(bank.train) - 20, 50)
    assert set(few.train) < set(more.train) < set(bank.train)
    assert (np.diff(few.train) > 0).all()
    assert few.held_out.tolist() == bank.held_out.tolist()
    assert few.fingerprint == bank.fingerprint
    assert bank.thinned(20).train.tolist() == few.train.tolist()
    assert f"20 of {len(bank.train)} to train on, {len(bank.held_out)} held out" in few.summary()
    assert bank.thinned(None) is bank
    with pytest.raises(InputError, match=f"--set pictures=101: .* has {len(bank.train)} pictures to train on"):
        bank.thinned(101)
