"""One pass through D for both nets: the gradients are those of two passes in which G's finds D before its step."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import figment
from figment.presets import make
from figment.training.distributed import World
from figment.training.inputs import draw_inputs
from figment.training.loader import Feed
from figment.training.phases import CompiledPhases, EagerPhases, Setup
from figment.training.state import new_state
from figtest.resumed import same, stopping_after

ALONE = World.alone()
PLAIN = dict(
    size=16, width=4, batch=8, channels=3, planned_images=1600, precision="fp32", compile="off", augment="none"
)
GAMES = {
    "bce": dict(),
    "ml": dict(objective="ml"),
    "mse": dict(objective="mse"),
    "hinge": dict(objective="hinge"),
    "wgan": dict(objective="wgan", discriminator_steps=1),
    "relativistic": dict(objective="relativistic"),
    "augmented": dict(augment="full", augment_p=0.5),
    "swapped labels, smoothed": dict(label_flips=0.3, real_target=0.9),
    "classes": dict(labels=True, classes=("a", "b")),
    "R1 and R2": dict(penalised="both"),
    "finite differences at reals": dict(penalty="finite"),
    "r3gan": dict(recipe="r3gan", fresh=False, code_size=8, width=16),
}


def played(how: Any, dtype: torch.dtype, **choices: Any) -> dict[str, Tensor]:
    """Losses and gradients of a step in which D stays as it is."""
    choices = PLAIN | choices
    recipe = make(choices.pop("recipe", "dcgan-r1"), **choices)
    setup = Setup(recipe, state := new_state(recipe, ALONE), how(state, recipe))
    state.generator.to(dtype), state.discriminator.to(dtype)
    pictures = np.random.default_rng(0).integers(0, 256, (64, 3, 16, 16), np.uint8)
    feed = Feed(pictures, np.arange(64), 0, True, ALONE.device, classes=np.arange(64) % 2 if recipe.classes else None)
    inputs = draw_inputs(recipe, feed, ALONE, 0)
    real = inputs.real._replace(pictures=inputs.real.pictures.to(dtype))
    inputs = inputs._replace(real=real, codes=inputs.codes.to(dtype))
    terms = setup.phases.discriminator(state, inputs, recipe.augment_p, torch.tensor(2.0) if recipe.gamma else None)
    found = {f"discriminator.{name}": p.grad for name, p in state.discriminator.named_parameters()}
    loss = setup.phases.generator(state, inputs, recipe.augment_p)
    found |= {f"generator.{name}": p.grad for name, p in state.generator.named_parameters()}
    assert all(p.requires_grad for p in state.discriminator.parameters())
    return found | {"losses": torch.stack([terms.loss, terms.norms, terms.signs, loss])}


def alike(two: dict[str, Tensor], one: dict[str, Tensor], tolerance: float) -> None:
    assert two.keys() == one.keys()
    for name, truth in two.items():
        difference = float((one[name] - truth).abs().max())
        assert difference <= tolerance * float(truth.abs().max()), (name, difference)


@pytest.mark.parametrize("choices", GAMES.values(), ids=GAMES)
def test_gradients_are_those_of_two_passes(choices: dict[str, Any]) -> None:
    one, two = (played(EagerPhases, torch.float64, one_pass=o, **choices) for o in (True, False))
    alike(two, one, 1e-6)


def test_in_bf16_they_are_near_those_of_two_passes() -> None:
    one, two = (played(EagerPhases, torch.float32, one_pass=o, precision="bf16") for o in (True, False))
    alike(two, one, 0.1)


def test_as_one_graph_they_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled where it can be (tests/planning/test_trials.py), here as it is."""
    monkeypatch.setattr(torch, "compile", lambda function, fullgraph: function)
    choices = GAMES["r3gan"] | dict(one_pass=True, blocks=1)
    alike(played(EagerPhases, torch.float32, **choices), played(CompiledPhases, torch.float32, **choices), 1e-4)


@pytest.mark.usefixtures("without_report")
def test_a_run_resumes_bit_for_bit(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = dict(recipe="dcgan-r1", size=16, width=4, batch=16, one_pass=True, augment="full", augment_p=0.3)
    whole = figment.train(faces, images=160, out=tmp_path / "whole", **choices)
    with monkeypatch.context() as patch:
        stopping_after(6, patch)
        cut = figment.train(faces, images=160, out=tmp_path / "cut", **choices)
    assert cut.facts["images"] == 6 * 16
    same(whole, figment.resume(cut))
