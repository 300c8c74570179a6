from dataclasses import replace

import numpy as np
import pytest

from figment.common.cache import cache_folder
from figment.data.bank.prepare import prepare
from figment.data.bank.split import exact_duplicates
from figment.errors import InputError
from figment.inspection import scan
from figment.inspection.survey import survey
from figment.inspection.table import facts, lines


def named(survey, slots):
    return {survey.names[slot] for slot in slots}


def test_everything_planted_is_found(odd):
    assert len(odd.usable) == 130 + 7
    assert odd.left_out == 3
    assert odd.ignored == 1
    assert [item.name for item in odd.skipped][1] == "cut.png"
    assert {odd.names[a]: odd.names[b] for a, b in odd.copies.items()} == {"copy.png": "003.png"}
    assert [named(odd, group) for group in odd.near] == [{"004.png", "mirrored.jpg"}]
    assert odd.near_extra == 1
    assert named(odd, odd.found["small"]) == {"small.png"}
    assert named(odd, odd.found["dark"]) == {"dark.png"}
    assert named(odd, odd.found["light"]) == {"light.png"}
    assert named(odd, odd.found["flat"]) == {"flat.png"}
    assert named(odd, odd.found["blurred"]) == {"blurred.png"}
    assert "noise.png" in named(odd, odd.found["outliers"])
    assert named(odd, odd.found["outliers"]) <= {
        "noise.png",
        "flat.png",
        "dark.png",
        "light.png",
        "blurred.png",
        "small.png",
    }
    assert odd.formats == {"PNG": 136, "JPEG": 1}
    assert len(odd.sheet) == len(odd.usable)  # all, of a set as small as this
    assert set(odd.pictures) >= {*odd.sheet}
    assert not odd.is_drawn(0)


def test_the_small_copies_are_those_of_their_pictures(odd, odd_folder):
    from PIL import Image

    for slot in (0, 57):
        expected = Image.open(odd_folder / odd.names[slot]).resize((64, 64), Image.Resampling.LANCZOS)
        assert np.abs(odd.pictures[slot].astype(int) - np.asarray(expected)).max() <= 3


def test_usable_is_what_preparing_keeps(odd, odd_folder):
    bank = prepare(odd_folder, 16)
    assert [odd.names[slot] for slot in odd.usable] == bank.names
    assert lines(odd)[-1] == f"usable {len(bank.pictures)}, skipped {len(bank.skipped)}, exact duplicates 1"


def test_the_same_pictures_give_the_same_survey(odd, odd_folder):
    again = survey(odd_folder)
    assert np.array_equal(again.facts, odd.facts)
    assert np.array_equal(again.kind, odd.kind)
    assert (again.near, again.copies, again.kinds) == (odd.near, odd.copies, odd.kinds)
    for kind, slots in odd.found.items():
        assert np.array_equal(again.found[kind], slots)


def test_progress_goes_from_start_to_end_through_all_stages(odd_folder):
    told = []
    survey(odd_folder, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (140, 140)
    assert len({done for done, _ in told}) > 3
    assert told.count((140, 140)) == 1


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_in_the_cache(odd_folder, monkeypatch, fault):
    def fail(*_, **__):
        assert list((cache_folder() / "looks").iterdir())
        raise fault

    monkeypatch.setattr("figment.inspection.survey.near_duplicates", fail)
    with pytest.raises(fault):
        survey(odd_folder)
    assert not list((cache_folder() / "looks").iterdir())


def test_what_the_killed_leave_is_swept_up(odd_folder):
    left = cache_folder() / "looks" / "abcd"
    left.mkdir(parents=True)
    left.with_suffix(".lock").touch()
    survey(odd_folder)
    assert not left.exists()


def test_only_broken_pictures(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    found = survey(tmp_path)
    assert len(found.usable) == 0
    assert lines(found)[-1] == "usable 0, skipped 1"


def test_a_source_that_changes_meanwhile_is_noticed(faces, monkeypatch):
    scan_all = scan._scan_all

    def changing(*given):
        (faces / "000.png").unlink()
        return scan_all(*given)

    monkeypatch.setattr(scan, "_scan_all", changing)
    with pytest.raises(InputError, match="changed while"):
        survey(faces)


def test_size_decides_what_is_small(odd_folder):
    assert len(survey(odd_folder, size=97).found["small"]) == 137
    with pytest.raises(InputError, match="--size 0"):
        survey(odd_folder, size=0)


def test_an_unwritable_cache_is_named(odd_folder, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="FIGMENT_CACHE"):
        survey(odd_folder)


def test_first_of_equal_digests():
    digests = np.zeros((6, 16), np.uint8)
    digests[[1, 3, 5], 0] = 9
    digests[2, 5] = 1
    usable, copies = exact_duplicates(digests)
    assert usable.tolist() == [1, 2]
    assert copies == {3: 1, 5: 1}


def test_of_strips_only_the_first_frames_are_looked_at(tmp_path):
    from PIL import Image

    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (6, 5, 5, 3), dtype=np.uint8).repeat(13, axis=1).repeat(13, axis=2)
    for number in range(0, 6, 2):
        strip = np.concatenate([frames[number], *frames[:5]], axis=1)
        Image.fromarray(strip).save(tmp_path / f"{number}.png")
    found = survey(tmp_path, first=True)
    assert set(found.shorter.tolist()) == {65}
    assert found.rows["width"].tolist() == [65] * 3
    for slot in range(3):
        expected = Image.fromarray(frames[2 * slot]).resize((64, 64), Image.Resampling.LANCZOS)
        assert np.abs(found.pictures[slot].astype(int) - np.asarray(expected)).mean() < 0.5  # edges overshoot and clip


def test_films_beside_pictures_are_told_of_as_such(odd):
    assert ("told", "2 films are here, too.") in facts(replace(odd, notes=["2 films are here, too."]))
