"""FreezeD: the discriminator's first stages keep the weights they begin with, and all else learns as it would."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import figment
from figment import nets
from figment.common.machine import this_machine
from figment.errors import InputError
from figment.nets.serialization import packed
from figment.planning.choose import choose
from figment.planning.dry_run import describe
from figment.presets import make
from figment.training.distributed import World
from figment.training.inputs import draw_inputs
from figment.training.loader import Feed
from figment.training.origin import open_origin
from figment.training.phases import CompiledPhases, EagerPhases
from figment.training.state import new_state
from figtest.resumed import same, stopping_after

ALONE = World.alone()
PLAIN = dict(
    size=16, width=4, batch=8, channels=3, planned_images=1600, precision="fp32", compile="off", augment="none"
)
R3GAN = dict(recipe="r3gan", code_size=8, width=16, blocks=1)


def gradients(how: Any, **choices: Any) -> tuple[nn.Module, dict[str, Tensor | None]]:
    """D, and what a step leaves in its weights."""
    choices = PLAIN | choices
    recipe = make(choices.pop("recipe", "dcgan-r1"), **choices)
    state = new_state(recipe, ALONE)
    phases = how(state, recipe)
    feed = Feed(
        np.random.default_rng(0).integers(0, 256, (64, 3, 16, 16), np.uint8), np.arange(64), 0, True, ALONE.device
    )
    inputs = draw_inputs(recipe, feed, ALONE, 0)
    phases.discriminator(state, inputs, 0.0, torch.tensor(2.0) if recipe.gamma else None)
    found = {name: p.grad for name, p in state.discriminator.named_parameters()}
    phases.generator(state, inputs, 0.0)
    assert len(state.discriminator_optimiser.state) == sum(p.requires_grad for p in state.discriminator.parameters())
    return state.discriminator, found


@pytest.mark.parametrize(
    ("how", "choices"),
    [
        (EagerPhases, dict()),
        (EagerPhases, dict(one_pass=True)),
        (EagerPhases, dict(recipe="dcgan")),
        (EagerPhases, R3GAN),
        (CompiledPhases, R3GAN),
        (CompiledPhases, R3GAN | dict(fresh=False, one_pass=True)),
    ],
)
def test_frozen_weights_have_no_gradient_and_the_others_their_own(how, choices, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, fullgraph: function)  # as in tests/training/test_one_pass.py
    _, whole = gradients(how, **choices)
    net, frozen = gradients(how, frozen_stages=1, **choices)
    kept = {id(p) for p in nets.first_stages(net, 1)}
    assert 0 < len(kept) < len(whole)
    for name, p in net.named_parameters():
        assert p.requires_grad == (id(p) not in kept)
        if id(p) in kept:
            assert frozen[name] is None
        else:
            torch.testing.assert_close(frozen[name], whole[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("classes", [(), ("a", "b")])
@pytest.mark.parametrize(("name", "stages", "size"), [("dcgan", 4, 64), ("dcgan-r1", 2, 24), ("r3gan", 3, 16)])
def test_what_a_stage_is(name, stages, size, classes):
    recipe = make(name, size=size, channels=3, width=8, classes=classes, labels=bool(classes))
    net = nets.discriminator(recipe)
    sets = [{id(p) for p in nets.first_stages(net, count)} for count in range(stages + 1)]
    assert sets[0] == set()
    assert all(a < b for a, b in itertools.pairwise(sets))
    last = [n for n, p in net.named_parameters() if id(p) not in sets[-1]]
    top = {n.rsplit(".", 1)[0].split(".")[0] for n in last}
    assert len(top) == 1, last  # the last layer, with what classes add to it
    assert make(name, size=size, width=8, frozen_stages=stages).frozen_stages == stages
    with pytest.raises(InputError, match=f"freezes all of the discriminator: .* give 0 to {stages}"):
        make(name, size=size, width=8, frozen_stages=stages + 1)


def test_the_plan_says_so():
    recipe = make("dcgan-r1", channels=3, frozen_stages=2, images=1000, planned_images=1000, augment="none")
    assert "of its stages the first 2 stay as they begin" in describe(recipe, this_machine("cpu"))
    assert "stay as" not in describe(
        make("dcgan-r1", channels=3, images=1000, planned_images=1000, augment="none"), this_machine("cpu")
    )


@pytest.mark.usefixtures("without_report")
def test_a_run_keeps_them_and_resumes_bit_for_bit(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = dict(recipe="dcgan-r1", size=16, width=4, batch=16, frozen_stages=1, scores="none")
    whole = figment.train(faces, images=96, out=tmp_path / "whole", **choices)
    with monkeypatch.context() as patch:
        stopping_after(3, patch)
        cut = figment.train(faces, images=96, out=tmp_path / "cut", **choices)
    same(whole, figment.resume(cut))
    begun = nets.initialised(nets.discriminator(whole.recipe), 0, "discriminator").state_dict()
    ended = load_file(whole.discriminator_file)
    assert torch.equal(ended["0.weight"], begun["0.weight"])
    assert torch.equal(ended["0.bias"], begun["0.bias"])
    assert not torch.equal(ended["2.weight"], begun["2.weight"])


def test_frozen_stages_are_those_of_known_nets(tmp_path: Path):
    recipe = make("dcgan-r1", size=32, channels=3, width=4, code_size=4)
    for role in ("generator", "discriminator"):
        net = nets.initialised(getattr(nets, role)(recipe), 1, role)
        (tmp_path / f"{role}.safetensors").write_bytes(packed(net, recipe, role))
    origin, machine = open_origin(tmp_path / "generator.safetensors"), this_machine("cpu")
    asked = dict(frozen_stages=2)
    assert any("have learnt nothing" in note for note in choose("dcgan-r1", machine, None, 100, asked)[1])
    assert not any("have learnt nothing" in note for note in choose("auto", machine, None, 100, asked, origin)[1])
    with pytest.raises(InputError, match="these stages would be new, not those of"):
        choose("auto", machine, None, 100, asked | dict(size=64), origin)
    (tmp_path / "discriminator.safetensors").unlink()
    with pytest.raises(InputError, match="these stages would be new"):
        choose("auto", machine, None, 100, asked, open_origin(tmp_path / "generator.safetensors"))
