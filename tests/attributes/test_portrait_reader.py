"""Attributes read back from portraits: the reader's parts, and, slowly, the reader in full."""

import numpy as np
import pytest
import torch

from figment.attributes import portrait_reader
from figment.attributes.portrait_reader import CATEGORIES, CONTINUOUS, READ_ATTRIBUTES
from figment.common.pixels import to_grey
from figment.data.portraits.table import ATTRIBUTES, draw_attributes, portraits, render


def test_targets_are_what_to_table_undoes():
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
    from figment.data.portraits.shapes import scatter

    sides = scatter(np.array(portrait_reader.partings()), 0)
    assert sides[0] < 0.5 <= sides[1]


def test_every_attribute_with_a_meaning_is_read():
    assert {a.name for a in READ_ATTRIBUTES} == {a.name for a in ATTRIBUTES} - {"detail"}
    assert next(a.names for a in CATEGORIES if a.name == "glasses") == ("none", "round", "square")


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
def test_the_full_reader_is_the_same_every_time(monkeypatch, tmp_path):
    portrait_reader.portrait_reader(64)
    content = portrait_reader.training_plan(64).file.read_bytes()
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path))
    portrait_reader.portrait_reader(64)
    assert portrait_reader.training_plan(64).file.read_bytes() == content
