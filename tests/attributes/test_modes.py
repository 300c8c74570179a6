"""Stacked portraits and their thousand modes: pure functions by hand, counting in the small and, slowly, in full."""

import json
import math

import numpy as np
import pytest

from figment.attributes import modes
from figment.attributes.modes import KINDS, MODES, count_modes, stacked
from figment.attributes.small_nets import load_or_train
from figment.common.pixels import to_grey
from figment.common.progress import Tally
from figment.data.portraits.table import render
from figment.errors import InputError


def test_divergence_of_equal_of_single_and_of_halved_modes():
    assert modes.divergence(np.arange(MODES)) == pytest.approx(0)
    assert modes.divergence(np.full(50, 7)) == pytest.approx(math.log(MODES))
    assert modes.divergence(np.arange(MODES) // 2) == pytest.approx(math.log(2))


def test_divergence_by_brute_force():
    drawn = np.random.default_rng(0).integers(0, MODES, 3000) ** 2 // MODES
    shares = [np.mean(drawn == mode) for mode in range(MODES)]
    assert modes.divergence(drawn) == pytest.approx(sum(p * math.log(p / (1 / MODES)) for p in shares if p))


def test_divergence_of_the_truth_is_what_chance_makes_it():
    # To first order (MODES − 1) / 2N, half of a χ² with as many degrees of freedom over N.
    drawn = np.random.default_rng(1).integers(0, MODES, 26_000)
    assert modes.divergence(drawn) == pytest.approx((MODES - 1) / 2 / 26_000, rel=0.15)


def test_counts_beside_the_floor():
    found = modes.compare_modes(np.array([3, 3, 3, 999]), np.array([1, 2, 3, 4]), 0.998)
    assert (found.count, found.found, found.floor_found) == (4, 2, 4)
    assert found.floor_divergence == pytest.approx(math.log(MODES / 4))
    assert json.loads(json.dumps(found.as_record()))["found"] == 2
    assert found.sentences()[0] == "2 of 1000 modes among 4 pictures (reals: 4)"


def test_a_mode_is_its_kinds_as_digits():
    assert KINDS == 10
    assert modes.mode_of_kinds(np.array([[0, 0, 0], [1, 2, 3], [9, 9, 9]])).tolist() == [0, 123, 999]


def test_kinds_are_as_likely_and_are_what_they_say():
    table, kinds = modes.kinds_table(20_000, 4)
    assert np.bincount(kinds, minlength=KINDS).min() > 1800
    assert np.array_equal(table["turn"] > 0, kinds % 2 == 1)
    assert np.abs(table["turn"]).min() >= 12
    styles = [modes.HAIR_STYLES[style] for style in table["hair_style"]]
    assert all(style == modes.HAIR_KINDS[kind // 2] for style, kind in zip(styles, kinds, strict=True))
    assert set(np.unique(table["hair_colour"])) == {0, 1}


def test_stacked_pictures_are_grey_portraits_in_the_order_of_their_digits():
    pictures, truth = stacked(12, 3)
    assert (pictures.shape, pictures.dtype) == ((12, 3, 32, 32), np.uint8)
    table, kinds, where = modes.portraits_used(12, 3)
    assert np.array_equal(truth, kinds[where] @ [100, 10, 1])
    rows = {name: column[where[5]] for name, column in table.items()}
    assert np.array_equal(pictures[5], to_grey(render(rows, 32))[:, 0])


def test_a_stacked_picture_depends_on_seed_and_number_alone():
    many, few = stacked(20, 3), stacked(7, 3)
    assert np.array_equal(many[0][:7], few[0])
    assert np.array_equal(many[1][:7], few[1])
    assert not np.array_equal(stacked(7, 4)[1], few[1])
    assert stacked(0)[0].shape == (0, 3, 32, 32)


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(InputError, match="give at least 1,000"):
        count_modes(np.zeros((999, 3, 32, 32), np.uint8))
    with pytest.raises(InputError, match="grey"):
        count_modes(np.zeros((1000, 1, 32, 32), np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        count_modes(np.zeros((1000, 3, 32, 32)))
    with pytest.raises(InputError, match="0 or more"):
        stacked(-1)


def test_counting_end_to_end_with_a_net_that_learnt_little(monkeypatch, tmp_path):
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path))
    monkeypatch.setattr(modes.training_plan, "__defaults__", (512, 40, 128))
    monkeypatch.setattr(modes, "POOL_PORTRAITS", 200)
    told = []
    pictures, _ = stacked(400, 9)
    pictures = np.concatenate([pictures] * 3)[:1000]
    found = count_modes(pictures, 0, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert found.accuracy > 0.3  # one in ten by chance
    assert found.found < found.floor_found
    assert found.divergence > found.floor_divergence
    assert found == count_modes(pictures)


@pytest.mark.slow
def test_the_full_net_counts_all_modes_and_sees_missing_ones():
    classifier = load_or_train(modes.training_plan(), Tally(None, 0))
    assert classifier.facts["accuracy"] > 0.995
    pictures, truth = stacked(8000, 21)
    told = modes.predict_modes(classifier, pictures)
    assert np.mean(told == truth) > 0.985
    found = count_modes(pictures)
    assert found.found == pytest.approx(found.floor_found, abs=3)
    assert found.divergence == pytest.approx(found.floor_divergence, abs=0.02)
    lost = count_modes(pictures[truth // 100 != 4])
    # Every portrait mistaken for one of the lost kind makes a mode of its own.
    assert lost.found < 900 + 60
    assert lost.divergence > found.divergence + 0.07
