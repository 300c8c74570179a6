"""Attributes read back from portraits, and the scores made of them; the reader in the small and, slowly, in full."""

import json
import re
from itertools import product

import numpy as np
import pytest
import torch

from figment.attributes import coverage, portrait_reader, small_nets
from figment.attributes.coverage import measure_attributes
from figment.attributes.portrait_reader import CATEGORIES, CONTINUOUS, READ_ATTRIBUTES, PortraitReader, PortraitReadings
from figment.attributes.small_nets import load_or_train
from figment.common.pixels import to_grey
from figment.common.progress import Tally
from figment.data.portraits.table import ATTRIBUTES, draw_attributes, portraits, render
from figment.errors import InputError, Interrupted

GLASSES = next(a for a in CATEGORIES if a.name == "glasses")


def nobody(*_):
    """Tells nobody."""


def small_plan(steps=6, drawn=128, examined=32):
    return portrait_reader.training_plan(16, drawn, steps, examined)


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


def test_targets_are_what_told_undoes():
    table = draw_attributes(50, 2)
    wanted = portrait_reader.targets(table)
    answers = torch.zeros(50, portrait_reader.ANSWERS)
    answers[:, : len(CONTINUOUS)] = wanted[:, : len(CONTINUOUS)]
    at = len(CONTINUOUS)
    for number, a in enumerate(CATEGORIES):
        answers[torch.arange(50), at + wanted[:, len(CONTINUOUS) + number].long()] = 1
        at += len(a.names)
    told = portrait_reader.to_table(answers)
    for a in READ_ATTRIBUTES:
        assert told[a.name].dtype == a.dtype
        assert np.allclose(told[a.name], table[a.name], atol=1e-5)
    assert portrait_reader.accuracies(told, table) == pytest.approx(
        dict.fromkeys((a.name for a in READ_ATTRIBUTES), 1.0)
    )
    beyond = portrait_reader.to_table(100 * torch.ones(1, portrait_reader.ANSWERS))
    assert beyond["turn"] == 25


def test_the_loss_of_certain_right_answers_is_0_and_of_ignorance_by_hand():
    table = draw_attributes(64, 2)
    wanted = portrait_reader.targets(table)
    ignorant = float(portrait_reader.loss(torch.zeros(64, portrait_reader.ANSWERS), wanted))
    by_hand = float(wanted[:, : len(CONTINUOUS)].square().mean(0).sum()) + sum(np.log(len(a.names)) for a in CATEGORIES)
    assert ignorant == pytest.approx(by_hand, rel=1e-5)


def test_attributes_explain_their_own_portrait_and_no_other():
    table = draw_attributes(40, 5)
    pictures = render({**table}, 64)
    own = portrait_reader.misfit(pictures, table)
    others = portrait_reader.misfit(pictures, {name: np.roll(column, 1) for name, column in table.items()})
    assert np.median(own) < 6
    assert own.max() < others.min()
    assert np.median(portrait_reader.misfit(to_grey(pictures), table)) < 6
    assert np.median(portrait_reader.misfit(render({**table}, 32), table)) < 6


def test_the_two_details_part_the_hair_on_either_side():
    from figment.data.portraits.renderer import scatter

    sides = scatter(np.array(portrait_reader.partings()), 0)
    assert sides[0] < 0.5 <= sides[1]


@pytest.mark.parametrize("side", [16, 64, 96])
def test_pictures_of_any_size_grey_or_not_are_brought_to_the_nets(side):
    net = small_nets.SmallNet(5, (4, 6, 8, 8))
    pictures, _ = portraits(3, 0, side)
    assert net.to_input(pictures).shape == (3, 3, 64, 64)
    assert net.predict(to_grey(pictures)).shape == (3, 5)
    if side == 64:
        assert np.allclose(net.to_input(pictures).numpy(), pictures / 127.5 - 1, atol=1e-6)
    bright = net.to_input(np.full((1, 3, side, side), 255, np.uint8))
    assert torch.allclose(bright, torch.ones(()), atol=1e-5)


def test_softened_is_a_mean_of_nine_and_roughened_keeps_to_its_generator():
    x = torch.rand(2, 3, 16, 16)
    inside = torch.nn.functional.avg_pool2d(x, 3, 1)
    assert torch.allclose(small_nets.blurred(x)[..., 1:-1, 1:-1], inside, atol=1e-6)
    assert torch.allclose(small_nets.blurred(torch.ones(1, 3, 8, 8)), torch.ones(()))
    first, again = (small_nets.degraded(x, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert 0.005 < (first - x).abs().mean() < 0.5


def test_every_picture_teaches_once_a_pass():
    order = small_nets.batches(128, 5, 0)
    assert order.shape == (5, small_nets.BATCH_PICTURES)
    assert order[:2].flatten().sort().values.tolist() == list(range(128))
    assert order[2:4].flatten().sort().values.tolist() == list(range(128))
    assert not torch.equal(order[:2], order[2:4])


def test_a_reader_is_taught_once_the_same_every_time_and_damage_is_mended(monkeypatch, tmp_path):
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path))
    plan, told = small_plan(), []
    tally = Tally(lambda done, total: told.append((done, total)), plan.work)
    first = load_or_train(plan, tally)
    assert told[-1] == (plan.work, plan.work)
    assert [d for d, _ in told] == sorted(d for d, _ in told)
    content = plan.file.read_bytes()
    monkeypatch.setattr(small_nets, "_fit", nobody)  # isn't taught again
    again = load_or_train(plan, Tally(None, 0))
    assert again.facts == first.facts
    assert again.facts["accuracy"].keys() == {a.name for a in READ_ATTRIBUTES}
    monkeypatch.undo()
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path))
    plan.file.write_bytes(content[:-100])
    load_or_train(plan, Tally(None, 0))
    assert plan.file.read_bytes() == content
    assert {f.suffix for f in plan.file.parent.iterdir()} <= {".safetensors", ".lock"}


@pytest.mark.parametrize("steps", [3, 6])  # in the midst of learning, and in the examination
def test_an_interrupted_training_goes_on_and_ends_as_if_it_hadnt_been(steps, monkeypatch, tmp_path):
    plan = small_plan()
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "whole"))
    load_or_train(plan, Tally(None, 0))
    whole = plan.file.read_bytes()

    class Impatient(Tally):
        def __call__(self, more):
            super().__call__(more)
            if self.done >= 128 + steps * small_nets.BATCH_PICTURES + (steps == 6):
                raise KeyboardInterrupt

    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cut"))
    with pytest.raises(Interrupted, match="kept"):
        load_or_train(plan, Impatient(None, 1))
    assert not plan.file.exists()
    learnt, learn = [], small_nets._train_step
    monkeypatch.setattr(small_nets, "_train_step", lambda *a: (learnt.append(a[-1]), learn(*a)))
    load_or_train(plan, Tally(None, 0))
    assert learnt == list(range(steps, 6))
    assert plan.file.read_bytes() == whole


def test_what_was_put_down_and_damaged_is_begun_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path))
    plan = small_plan(2)
    load_or_train(plan, Tally(None, 0))
    whole = plan.file.read_bytes()
    part = plan.file.with_suffix(".part")
    plan.file.rename(part)  # a whole net, but no state of a training
    load_or_train(plan, Tally(None, 0))
    assert plan.file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="FIGMENT_CACHE"):
        load_or_train(small_plan(), Tally(None, 0))


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


def corrupted(pictures, random):
    """By name, pictures that are no portraits."""
    others = pictures[random.permutation(len(pictures))]
    side = pictures.shape[2] // 4
    half = pictures.copy()
    half[..., 2 * side :] = others[..., 2 * side :]
    squares = pictures.reshape(-1, 3, 4, side, 4, side).transpose(0, 2, 4, 1, 3, 5).reshape(-1, 16, 3, side, side)
    shuffled = np.stack([squares[i, random.permutation(16)] for i in range(len(squares))])
    shuffled = shuffled.reshape(-1, 4, 4, 3, side, side).transpose(0, 3, 1, 4, 2, 5).reshape(pictures.shape)
    return {
        "noise": random.integers(0, 256, pictures.shape, dtype=np.uint8),
        "blends": ((pictures.astype(np.uint16) + others) // 2).astype(np.uint8),
        "halves": half,
        "shuffled": shuffled,
        "flat": np.repeat(np.repeat(pictures[:, :, :1, :1], 4 * side, 2), 4 * side, 3),
        "upside down": pictures[:, :, ::-1],
    }


@pytest.mark.slow
@pytest.mark.parametrize("size", [32, 64])
def test_the_full_reader_reads_reals_and_knows_what_is_no_portrait(size):
    pictures, truth = portraits(1000, 77, size)
    reader = portrait_reader.portrait_reader(size)
    found = reader.predict(pictures)
    accuracy = portrait_reader.accuracies(found.table, truth)
    assert min(accuracy[a.name] for a in CONTINUOUS) > (0.9 if size == 64 else 0.6)
    assert min(accuracy[a.name] for a in CATEGORIES) > (0.98 if size == 64 else 0.95)
    assert reader.accuracy == pytest.approx(accuracy, abs=0.03)
    assert reader.invalid(found).mean() < 0.025
    for name, wrong in corrupted(pictures, np.random.default_rng(0)).items():
        caught = reader.invalid(reader.predict(np.ascontiguousarray(wrong))).mean()
        assert caught > (0.65 if name == "blends" else 0.9), (name, caught)


@pytest.mark.slow
def test_larger_portraits_are_read_as_well():
    pictures, truth = portraits(300, 78, 128)
    reader = portrait_reader.portrait_reader(128)
    found = reader.predict(pictures)
    accuracy = portrait_reader.accuracies(found.table, truth)
    assert min(accuracy[a.name] for a in READ_ATTRIBUTES) > 0.85
    assert reader.invalid(found).mean() < 0.04


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


@pytest.mark.slow
def test_the_full_reader_is_the_same_every_time(monkeypatch, tmp_path):
    portrait_reader.portrait_reader(64)
    content = portrait_reader.training_plan(64).file.read_bytes()
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path))
    portrait_reader.portrait_reader(64)
    assert portrait_reader.training_plan(64).file.read_bytes() == content


def test_every_attribute_with_a_meaning_is_read():
    assert {a.name for a in READ_ATTRIBUTES} == {a.name for a in ATTRIBUTES} - {"detail"}
    assert GLASSES.names == ("none", "round", "square")
