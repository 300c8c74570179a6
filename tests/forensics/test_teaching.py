from collections import Counter

import numpy as np
import pytest

from figment.common.progress import Silent
from figment.errors import InputError
from figment.forensics.detector import load_detector
from figment.forensics.eyes import spectrum_eye
from figment.forensics.gathering import SHARES, Set, role
from figment.forensics.scoring import answers
from figment.forensics.teaching import DRAWS, meet, taught
from figment.media.images import write
from figtest.detectors import doubled, small_detector, textures, two_sets


def saved(folder, pictures):
    files = [folder / f"{i:03d}.png" for i in range(len(pictures))]
    for file, picture in zip(files, pictures, strict=True):
        write(file, picture.transpose(1, 2, 0), None)
    return files


def test_groups_are_on_one_side_and_about_as_many_as_asked():
    groups = [f"person {i}" for i in range(4000)]
    found = Counter(map(role, groups))
    assert {name: found[name] / 4000 for name in SHARES} == pytest.approx(SHARES, abs=0.03)
    assert role("person 7") == role("person 7")


def test_no_group_is_met_in_two_roles_and_no_picture_twice_alike():
    sets = two_sets(100)
    met = {name: meet(sets, name, 0) for name in SHARES}
    groups = [set(its.groups) for its in met.values()]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]
    assert sum(len(its.where) for its in met.values()) == 200 * DRAWS
    assert {sets[place].groups[row] for its in met.values() for place, row, _ in its.where} == set().union(*groups)


def test_both_kinds_go_through_the_same_conditions():
    met = meet(two_sets(200), "train", 5)
    kinds = [
        [one[2] for one, fake in zip(met.where, met.is_fake, strict=True) if fake == kind] for kind in (True, False)
    ]
    shared = min(map(len, kinds))
    assert kinds[0][:shared] == kinds[1][:shared]
    assert len({one.codec for one in kinds[0]}) == 3


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file_and_another_another(detector):
    assert small_detector().packed() == detector.packed()
    assert small_detector(1).packed() != detector.packed()


def test_it_tells_doubled_pixels_from_others_that_it_never_saw(detector, tmp_path):
    real, made = textures(40, 90), doubled(textures(40, 91))
    told = [[one.p_fake for one in answers(detector, saved(tmp_path / name, its)) if one.p_fake is not None]
            for name, its in (("real", real), ("made", made))]  # fmt: skip
    assert min(map(len, told)) > 30
    assert np.mean(np.array(told[0]) < 0.5) > 0.9
    assert np.mean(np.array(told[1]) > 0.5) > 0.9


def test_its_card_tells_what_it_was_made_of_and_is_worth(detector):
    card = detector.card
    assert [(one["kind"], one["pictures"], one["made_by"]) for one in card["sets"]] == [
        ("real", 240, ""), ("fake", 240, "doubling"),
    ]  # fmt: skip
    worth = card["worth"]["spectrum"]
    assert worth["auroc"]["value"] > 0.8
    assert worth["auroc"]["low"] < worth["auroc"]["value"] < worth["auroc"]["high"]
    assert worth["found_at_01"]["value"] is None
    assert sum(count for _, _, count in worth["reliability"]) == worth["reals"] + worth["fakes"]


def test_what_nothing_tells_apart_is_called_neither(tmp_path):
    sets = [
        Set(str(kind), kind, textures(200, kind), [f"{kind} {i}" for i in range(200)], "") for kind in (False, True)
    ]
    found = taught(sets, {"spectrum": spectrum_eye()}, 0, Silent())
    assert found.card["worth"]["spectrum"]["auroc"]["low"] < 0.5 < found.card["worth"]["spectrum"]["auroc"]["high"]
    verdicts = Counter(one.verdict for one in answers(found, saved(tmp_path, textures(30, 8))))
    assert verdicts["don't know"] > 20


def test_several_eyes_are_averaged():
    eye = spectrum_eye()
    found = taught(two_sets(160), {"spectrum": eye, "lite0": eye}, 0, Silent())  # the same under another name
    assert list(found.curves) == ["spectrum", "lite0", "average"]
    assert found.default == "average"
    readings = found.read(textures(3, 5))
    mean = np.mean([found.curves[name].logits(readings.views[name]) for name in ("spectrum", "lite0")], 0)
    assert readings.views["average"] == pytest.approx(mean)
    assert readings.views["average"].shape == (3, 5)


def test_too_few_pictures_are_refused_in_a_sentence():
    with pytest.raises(InputError, match=r"too few pictures: .* real ones in .* groups"):
        taught(two_sets(60), {"spectrum": spectrum_eye()}, 0, Silent())


@pytest.mark.slow
def test_a_generator_that_is_left_out_widens_the_interval(tmp_path):
    """One leaves a trace of every second pixel, the other is smooth: what is learnt of one says nothing of the other."""
    real, made = two_sets(200)
    smooth = textures(200, 33).astype(int)
    smooth = (sum(np.roll(smooth, by, 3) for by in (-1, 0, 1)) // 3).astype(np.uint8)
    other = Set("smooth", True, smooth, [f"smooth {i}" for i in range(200)], "s", "smoothing")
    eye = {"spectrum": spectrum_eye()}
    alone, both = taught([real, made], eye, 0, Silent()), taught([real, made, other], eye, 0, Silent())
    assert alone.curves["spectrum"].unseen is None
    slope, _ = both.curves["spectrum"].unseen
    assert slope < 0.5 * both.curves["spectrum"].numbers[0][0]
    views = np.full(5, -2.0)
    assert both.curves["spectrum"].interval(views)[1] > alone.curves["spectrum"].interval(views)[1]
    file = tmp_path / "detector.safetensors"
    file.write_bytes(both.packed())
    assert load_detector(file).curves["spectrum"].interval(views) == both.curves["spectrum"].interval(views)
