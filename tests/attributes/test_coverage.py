"""Scores made of attributes read back from portraits: by hand, of planted faults, and, slowly, in full."""

import json
import re
from itertools import product

import numpy as np
import pytest

from figment.attributes import coverage, portrait_reader
from figment.attributes.coverage import measure_attributes
from figment.attributes.portrait_reader import CATEGORIES, CONTINUOUS, READ_ATTRIBUTES, PortraitReader, PortraitReadings
from figment.common.pixels import to_grey
from figment.data.portraits.table import draw_attributes, portraits
from figment.errors import InputError


def readings_of(table, misfit=1.0):
    count = len(table["age"])
    return PortraitReadings({a.name: table[a.name] for a in READ_ATTRIBUTES}, np.full(count, misfit, np.float32))


def reader_with(table):
    """A reader that needs no net: its reference is a table that was read without a fault."""
    return PortraitReader(None, 64, {a.name: 1.0 for a in READ_ATTRIBUTES}, 10.0, readings_of(table))


@pytest.fixture(scope="module")
def truth():
    return draw_attributes(4000, 11)


@pytest.fixture(scope="module")
def other():
    return draw_attributes(2000, 12)


@pytest.fixture(scope="module")
def floor():
    return draw_attributes(2000, 13)


# Scores


def test_shares_and_total_variation_by_hand():
    assert coverage.shares(np.array([0, 2, 2, 3], np.uint8), 5).tolist() == [0.25, 0, 0.5, 0.25, 0]
    edges = np.linspace(-1, 1, 5)
    found = coverage.binned_shares(np.array([-1, -0.51, -0.5, 0.2, 0.5, 1.0]), edges)
    assert np.allclose(found * 6, [2, 1, 1, 2])
    assert coverage.total_variation(np.array([1.0, 0]), np.array([0, 1.0])) == 1
    assert coverage.total_variation(np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])) == pytest.approx(0.3)
    assert coverage.total_variation(found, found) == 0


def test_correlations_are_numpys_and_0_for_constant_columns(truth):
    columns, about = coverage.indicators(truth)
    assert columns.shape == (4000, len(CONTINUOUS) + sum(len(a.names) for a in CATEGORIES))
    assert about[-1] == ("beard", "full")
    assert np.array_equal(columns[:, -1], truth["beard"] == 3)
    assert np.allclose(coverage.correlations(columns), np.corrcoef(columns.T))
    columns[:, 3] = 7
    assert np.all(coverage.correlations(columns)[3] == 0)


def test_combinations_are_numbered_and_weighed_by_brute_force(truth):
    names = [range(len(a.names)) for a in CATEGORIES]
    number = {each: i for i, each in enumerate(product(*names))}
    rows = list(zip(*(truth[name] for name in coverage.COMBINED_ATTRIBUTES), strict=True))
    assert coverage.combination_numbers(truth).tolist() == [number[row] for row in rows]
    weights = coverage.combination_weights(truth)
    assert weights.sum() == pytest.approx(1)
    assert weights[number[rows[5]]] == pytest.approx(rows.count(rows[5]) / len(rows))
    some = coverage.combination_numbers(truth)[:50]
    assert coverage.covered_weight(weights, some) == pytest.approx(
        sum(rows.count(row) for row in set(rows[:50])) / len(rows)
    )


# What is told


def test_another_draw_of_the_truth_lies_at_the_floor(truth, other, floor):
    found = coverage.compare_readings(reader_with(truth), readings_of(other), readings_of(floor))
    assert [m.name for m in found.marginals] == [a.name for a in READ_ATTRIBUTES]
    for m in found.marginals:
        assert sum(m.truth) == pytest.approx(1)
        assert sum(m.found) == pytest.approx(1)
        assert len(m.labels) == len(m.truth) == len(m.found)
        assert m.distance.value < 0.06
        assert m.distance.value < m.distance.floor + 0.04
    assert found.correlation_max.value < 1.6 * found.correlation_max.floor
    assert found.covered.value == pytest.approx(found.covered.floor, abs=0.02)
    assert found.covered.floor > 0.9
    assert found.invalid == coverage.AttributeScore(0, 0)
    assert any("as in the truth" in sentence for sentence in found.sentences())
    record = found.as_record()
    assert json.loads(json.dumps(record)) == record
    assert record["marginals"][0]["edges"][:2] == [0, 0.1]


def test_a_missing_mode_is_told(truth, other, floor):
    bare = {name: column[other["glasses"] == 0] for name, column in other.items()}
    found = coverage.compare_readings(reader_with(truth), readings_of(bare), readings_of(floor))
    glasses = next(m for m in found.marginals if m.name == "glasses")
    worn = np.mean(truth["glasses"] > 0)
    assert glasses.found == (1, 0, 0)
    assert glasses.distance.value == pytest.approx(worn)
    assert found.covered.value < found.covered.floor - 0.2
    share = 100 * np.mean(truth["glasses"] == 2)
    assert f"square 0 % (truth {share:.0f} %)" in next(s for s in found.sentences() if s.startswith("glasses"))


def test_a_narrow_a_shifted_and_a_hollow_attribute_are_told(truth, other, floor):
    kept = (other["background"] < 0.4) | (other["background"] > 0.6)
    odd = {name: column[kept] for name, column in other.items()}
    odd |= {"turn": odd["turn"] / 2, "age": np.sqrt(odd["age"]), "light": np.sort(odd["light"])}
    odd["clothes"] = np.sort(odd["clothes"])
    found = coverage.compare_readings(reader_with(truth), readings_of(odd), readings_of(floor))
    told = {sentence.split(":")[0]: sentence for sentence in found.sentences()}
    assert told["turn"].startswith("turn: deviation 5.")
    assert told["age"].startswith("age: mean 0.5")
    assert re.fullmatch(r"background: 0.[45] to 0.[56] 0 % \(truth (9|10|11).* %\)", told["background"])
    assert found.apart == ("light", "clothes")
    assert found.correlation_max.value > 0.9


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(InputError, match="199 pictures are too few"):
        measure_attributes(np.zeros((199, 3, 64, 64), np.uint8))
    with pytest.raises(InputError, match="square"):
        measure_attributes(np.zeros((200, 3, 64, 96), np.uint8))
    with pytest.raises(InputError, match="8 pixels"):
        measure_attributes(np.zeros((200, 3, 8, 8), np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        measure_attributes(np.zeros((200, 3, 64, 64)))


# The reader


@pytest.mark.slow
def test_measuring_end_to_end_with_a_reader_that_learnt_little(monkeypatch, tmp_path):
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path))
    monkeypatch.setattr(portrait_reader.training_plan, "__defaults__", (128, 6, 128))
    told = []
    pictures, _ = portraits(200, 1, 16)
    found = measure_attributes(pictures, 0, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert found.count == 200
    assert found.references == 128
    assert found.as_record() == measure_attributes(pictures, 0).as_record()
    assert measure_attributes(to_grey(pictures)).count == 200


# In full


@pytest.mark.slow
def test_the_full_measure_tells_a_missing_mode_and_nothing_of_the_truth():
    pictures, truth = portraits(2000, 79)
    as_it_is = measure_attributes(pictures)
    for m in as_it_is.marginals:
        assert m.distance.value < m.distance.floor + 0.035
    assert as_it_is.invalid.value < 0.025
    assert as_it_is.covered.value == pytest.approx(as_it_is.covered.floor, abs=0.03)
    bare = measure_attributes(pictures[truth["glasses"] == 0])
    glasses = next(m for m in bare.marginals if m.name == "glasses")
    assert glasses.distance.value > 0.25
    assert glasses.distance.floor < 0.05
    assert "glasses" in bare.sentences()[1]
