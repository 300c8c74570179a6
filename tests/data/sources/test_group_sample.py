"""A smaller set of some people, copied out of a large one."""

import re
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from figment.data.sources.group_sample import choose_groups, sample_groups
from figment.data.sources.groups import grouping
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.pictures import noise_folder

SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]  # pictures of each person
GROUPS = [str(person) for person, size in enumerate(SIZES) for _ in range(size)]


def test_those_with_enough_pictures_are_drawn():
    chosen = choose_groups([*GROUPS, None, None], 4, 5, seed=0)
    assert len(chosen) == 4
    for person, slots in chosen.items():
        assert SIZES[int(person)] >= 5
        assert len(set(slots)) == 5
        assert {GROUPS[slot] for slot in slots} == {person}
    assert choose_groups([*GROUPS, None, None], 4, 5, seed=0) == chosen
    assert any(choose_groups(GROUPS, 4, 5, seed).keys() != chosen.keys() for seed in range(1, 6))
    assert choose_groups(GROUPS, 6, 5, 0).keys() == set("456789")


def test_each_group_is_drawn_as_often_as_any_other():
    counts = Counter(person for seed in range(400) for person in choose_groups(GROUPS, 3, 5, seed))
    assert set(counts) == set("456789")
    assert all(abs(count - 200) < 50 for count in counts.values())  # 200 ± 10


@pytest.mark.parametrize(
    ("people", "each", "mend"),
    [
        (7, 5, "6 have 5 pictures or more: take --people 6 or --each 4"),
        (2, 11, "0 have 11 pictures or more: take --each 9"),
        (11, 1, "10 have 1 pictures or more: take --people 10"),
        (12, 11, "0 have 11 pictures or more: take another set"),
    ],
)
def test_more_than_there_are(people: int, each: int, mend: str):
    with pytest.raises(InputError, match=f"of the 10 of faces, {mend}"):
        choose_groups(GROUPS, people, each, 0, "faces")


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_files_are_copied_as_they_are(tmp_path: Path, kind: str):
    data = noise_folder(tmp_path / "data" / "a", 40)
    (data / "people.txt").write_text("".join(f"a/{n:04d}.png {n // 4}\n" for n in range(40)))
    grouped = grouping(str(data / "people.txt"))
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
            for file in data.glob("*.png"):
                archive.write(file, f"a/{file.name}")
    source = open_source(tmp_path / ("data" if kind == "folder" else "data.zip"))
    seen: list[tuple[int, int]] = []
    written = sample_groups(source, grouped, 5, 3, 0, tmp_path / "out", lambda *now: seen.append(now))
    assert (written.groups, written.pictures, written.unread) == (5, 15, 0)
    assert seen[-1] == (15, 15)
    copies = sorted((tmp_path / "out").iterdir())
    for copy in copies:
        person, number = re.fullmatch(r"(\d+)_(\d{4})\.png", copy.name).groups()
        assert int(number) // 4 == int(person)
        assert copy.read_bytes() == (data / f"{number}.png").read_bytes()
    found = grouping(written.pattern).of(open_source(tmp_path / "out"))
    assert Counter(Counter(found).values()) == {3: 5}
    assert not list(tmp_path.glob(".*"))


def test_names_stay_apart(tmp_path: Path):
    """People whose names are alike in a file's name, and pictures of one name in several folders."""
    for person in ("Jo_Ann", "Jo-Ann", "Ann/Lee"):
        for folder in ("x", "y"):
            noise_folder(tmp_path / "data" / person / folder, 16, side=9 + len(person))
    source = open_source(tmp_path / "data")
    written = sample_groups(source, grouping("^(.*)/[xy]/"), 3, 32, 0, tmp_path / "out")
    names = [file.name for file in (tmp_path / "out").iterdir()]
    assert len(names) == written.pictures == 96
    assert Counter(re.match(written.pattern, name)[1] for name in names) == {
        "Jo-Ann": 32,
        "Jo-Ann-2": 32,
        "Ann-Lee": 32,
    }


def test_pixels_become_png(tmp_path: Path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "set.npz", pictures=pixels, labels=np.arange(40) // 8)
    written = sample_groups(open_source(tmp_path / "set.npz"), grouping("label"), 3, 4, 0, tmp_path / "out")
    assert written.pictures == 12
    assert all(file.suffix == ".png" for file in (tmp_path / "out").iterdir())
    assert len(open_source(tmp_path / "out").listing.names) == 12


def test_nothing_is_left_of_what_fails(tmp_path: Path):
    data = noise_folder(tmp_path / "data", 40)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample_groups(open_source(data), grouping(r"^\d\d(\d)"), 2, 5, 0, tmp_path / "out", interrupt)
    assert [file.name for file in tmp_path.iterdir()] == ["data"]
    with pytest.raises(InputError, match="drawn by figment"):
        sample_groups(open_source(None), grouping(r"(\d)$"), 2, 5, 0, tmp_path / "out")


def test_names_that_say_whose_they_are_stay(tmp_path: Path):
    data = noise_folder(tmp_path / "data", 40)
    for file in list(data.iterdir()):
        file.rename(data / f"{int(file.stem) // 4}_{file.name}")
    sample_groups(open_source(data), grouping(r"^(\d+)_"), 5, 4, 0, tmp_path / "out")
    sampled = {file.name for file in (tmp_path / "out").iterdir()}
    assert len(sampled) == 20
    assert sampled <= {file.name for file in data.iterdir()}
