"""The split: a tenth held out, by the pictures alone or by groups."""

import re

import numpy as np
import pytest
from PIL import Image

from figment.data.bank.prepare import prepare
from figment.data.bank.split import split
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
