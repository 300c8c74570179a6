"""P(fake) of a run: fitted to what D didn't learn from, in the way it is used, the same whenever it is fitted."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from figment import nets
from figment.discriminator import Discriminator
from figment.game.calibration import fit
from figment.game.objectives import OBJECTIVES
from figment.generator import Generator
from figment.presets import make
from figment.training.calibration import Calibrator

FAMILIES = {
    "dcgan": dict(recipe="dcgan", dropout=0.5),
    "r3gan": dict(recipe="r3gan", width=8),
    "classes": dict(recipe="dcgan-r1", labels=True, classes=("a", "b")),
}


def setup(family: str = "dcgan", held_out: int = 60, **choices):
    choices = dict(size=16, width=4, channels=3) | FAMILIES[family] | choices
    recipe = make(choices.pop("recipe"), **choices)
    random = np.random.default_rng(0)
    dark = random.integers(0, 200, (200, 3, 16, 16), dtype=np.uint8)
    rows = random.permutation(200)
    bank = SimpleNamespace(
        pictures=dark, held_out=rows[:held_out], train=rows[held_out:],
        classes=SimpleNamespace(numbers=random.integers(0, 2, 200)),
    )  # fmt: skip
    built = [nets.initialised(getattr(nets, kind)(recipe), 0, kind) for kind in ("generator", "discriminator")]
    state = SimpleNamespace(average=built[0].eval(), discriminator=built[1].train())
    return Calibrator(bank, recipe, torch.device("cpu")), state, bank, recipe


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_fitted_as_the_saved_nets_are_used(family: str) -> None:
    calibrator, state, bank, recipe = setup(family)
    before = {k: v.clone() for k, v in state.discriminator.state_dict().items()}
    found = calibrator.fitted(state)
    assert found is not None
    assert found.reals == 60
    assert state.discriminator.training
    assert all(torch.equal(v, before[k]) for k, v in state.discriminator.state_dict().items())
    assert all(p.requires_grad for p in state.discriminator.parameters())
    used = Discriminator(copy.deepcopy(state.discriminator), recipe, found)
    rows = calibrator.held_out
    classes = torch.from_numpy(bank.classes.numbers[rows]) if recipe.classes else None
    of_fakes = None if classes is None else classes.repeat(10)[:512]
    z = Generator(copy.deepcopy(state.average), recipe).codes(512, calibrator.seed)
    fakes = Generator(copy.deepcopy(state.average), recipe).decode(z, of_fakes)
    again = fit(used.logits(torch.from_numpy(bank.pictures[rows]), classes), used.logits(fakes, of_fakes))
    assert again == found
    assert calibrator.fitted(state) == found


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_has_it(objective: str) -> None:
    calibrator, state, _, _ = setup("r3gan", objective=objective)
    reading = calibrator.reading(state)
    assert reading["calibration_pictures"] == 60
    assert all(0 < reading[f"p_fake_{kind}"] < 1 for kind in ("real", "held_out", "fake"))
    assert reading == calibrator.reading(state)


def test_no_training_picture_and_no_reading_enters_the_fit() -> None:
    calibrator, state, bank, _ = setup()
    assert set(calibrator.held_out) == set(bank.held_out)
    assert set(calibrator.trained) <= set(bank.train)
    before = calibrator.fitted(state)
    bank.pictures[bank.train] = 0
    assert calibrator.fitted(state) == before


def test_too_few_held_out_pictures_are_told() -> None:
    calibrator, state, _, _ = setup(held_out=29)
    assert "and there are 29" in (calibrator.lack or "")
    assert calibrator.fitted(state) is None
    assert set(calibrator.reading(state).values()) == {None}
    assert setup(held_out=30)[0].lack is None
