"""Small nets: trained once, kept, and gone on with where they were interrupted."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from figment.attributes import portrait_reader, small_nets
from figment.attributes.portrait_reader import READ_ATTRIBUTES
from figment.attributes.small_nets import load_or_train
from figment.common.pixels import to_grey
from figment.common.progress import Tally
from figment.data.portraits.table import portraits
from figment.errors import InputError, Interrupted


def nobody(*_):
    """Tells nobody."""


def small_plan(steps=6, drawn=128, examined=32):
    narrow = partial(small_nets.SmallNet, portrait_reader.ANSWERS, (4, 6, 8, 8))
    return replace(portrait_reader.training_plan(16, drawn, steps, examined), net=narrow)


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


def test_blurred_is_a_mean_of_nine_and_degraded_keeps_to_its_generator():
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


def test_a_damaged_checkpoint_is_begun_anew(monkeypatch, tmp_path):
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
