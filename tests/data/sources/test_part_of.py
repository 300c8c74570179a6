"""Parts of a source: together the whole, apart from one another, and dealt alike wherever they are dealt."""

import shutil
import zipfile

import numpy as np
import pytest

from figment.data.bank.prepare import prepare
from figment.data.decoding.fit import Target
from figment.data.sources.groups import grouping
from figment.data.sources.open import Portraits, open_source
from figment.data.sources.part_of import Part, PartOf
from figment.errors import InputError
from figtest.banks import held_out_names
from figtest.pictures import noise_folder
from figtest.sources import contents


def parts(source, of, groups=None):
    return [PartOf(source, Part(number, of), groups) for number in range(of)]


@pytest.fixture
def data(tmp_path):
    folder = noise_folder(tmp_path / "data", 60)
    for number in range(60, 120):
        (folder / f"{'ab'[number % 2]}").mkdir(exist_ok=True)
        shutil.copy(folder / f"{number - 60:04d}.png", folder / "ab"[number % 2] / f"{number}.png")
    return folder


def test_parts_are_the_whole_and_share_nothing(data, tmp_path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for file in sorted(data.rglob("*.png")):
            archive.write(file, file.relative_to(data))
    for source in (open_source(data), open_source(tmp_path / "data.zip"), open_source([data, tmp_path / "data.zip"])):
        whole, found = contents(source), [contents(part) for part in parts(source, 3)]
        assert sum(map(len, found)) == len(whole)
        assert {name: picture for part in found for name, picture in part.items()} == whole
        assert all(len(whole) / 6 < len(part) < len(whole) / 2 for part in found)
    again = contents(PartOf(open_source(tmp_path / "data.zip"), Part(1, 3)))
    assert again == contents(PartOf(open_source(data), Part(1, 3)))  # by names alone, however they are packed


def test_some_of_a_part_and_what_is_told_of_it(data):
    whole = open_source(data)
    one, other = parts(whole, 2)
    some = contents(one, [0, 3])
    assert some == {name: contents(one)[name] for name in (one.listing.names[0], one.listing.names[3])}
    assert contents(one, []) == {}
    labels = dict(zip(whole.listing.names, whole.listing.labels, strict=True))
    assert one.listing.labels == [labels[name] for name in one.listing.names]
    assert (
        len({whole.fingerprint(), one.fingerprint(), other.fingerprint(), *(p.fingerprint() for p in parts(whole, 3))})
        == 6
    )
    assert (one.display, other.display) == ("data, part 1/2", "data, part 2/2")


def test_groups_stay_whole(data):
    whole = open_source(data)
    groups = [None if "/" in name else name[2].encode() * 16 for name in whole.listing.names]  # of tens
    found = [{name[2] for name in part.listing.names if "/" not in name} for part in parts(whole, 2, lambda: groups)]
    assert found[0] | found[1] == set("012345")
    assert not found[0] & found[1]


def test_banks_of_parts_hold_what_the_whole_would(data):
    whole = prepare(data, 8, min_pictures=10)
    banks = [prepare(data, 8, min_pictures=10, part=Part(number, 2)) for number in range(2)]
    by_name = dict(zip(whole.names, whole.pictures, strict=True))
    for bank in banks:
        for name, picture in zip(bank.names, bank.pictures, strict=True):
            assert np.array_equal(picture, by_name.get(name, picture))
    # Of 120 files 60 are copies, which only those in one part know of each other; the same picture is on one side in both.
    digests = [{picture.tobytes() for picture in bank.pictures} for bank in banks]
    assert digests[0] | digests[1] == {picture.tobytes() for picture in whole.pictures}
    trained, held_out = (
        {bank.pictures[int(row)].tobytes() for bank in banks for row in getattr(bank, side)}
        for side in ("train", "held_out")
    )
    assert not trained & held_out
    assert [(bank.part.number, bank.part.of, bank.part.listed, bank.trained_on) for bank in banks] == [
        (number, 2, 120, 108) for number in range(2)
    ]
    assert len({bank.part.whole for bank in banks}) == 1
    assert banks[0].part.whole == whole.fingerprint


def test_groups_are_held_out_whole_over_all_parts(data):
    banks = [prepare(data, 8, 3, r"(\d\d)\.png", min_pictures=5, part=Part(number, 2)) for number in range(2)]
    group = grouping(r"(\d\d)\.png").pattern
    sides = [
        [{group.search(name)[1] for name in names} for names in (held_out_names(bank), bank.names)] for bank in banks
    ]
    assert not sides[0][1] & sides[1][1]  # no group in both
    for bank, (held_out, _) in zip(banks, sides, strict=True):
        trained = {group.search(bank.names[row])[1] for row in bank.train.tolist()}
        assert not trained & held_out


def test_pictures_that_figment_draws_are_dealt_too():
    whole, found = Portraits(60, 3), {}
    for part in parts(Portraits(60, 3), 2):
        pictures = [picture for chunk in part.chunks() for picture in chunk.prepare(Target(16, 16, 3))]
        assert [picture.slot for picture in pictures] == list(range(len(part.listing.names)))
        found |= {part.listing.names[picture.slot]: picture.pixels.tobytes() for picture in pictures}
    pictures = [picture for chunk in whole.chunks() for picture in chunk.prepare(Target(16, 16, 3))]
    assert found == {whole.listing.names[picture.slot]: picture.pixels.tobytes() for picture in pictures}


def test_parts_are_counted_from_one():
    assert (Part.parse("1/8"), Part.parse(" 8/8 "), str(Part(0, 8))) == (Part(0, 8), Part(7, 8), "1/8")
    for wrong in ("0/8", "9/8", "1/1", "1", "a/b", "-1/2", "1/99999", ""):
        with pytest.raises(InputError, match=r"--part .*: give a part and of how many, 1/8 to 8/8 say"):
            Part.parse(wrong)
