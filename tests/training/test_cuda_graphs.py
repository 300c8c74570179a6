"""On a GPU: phases that are recorded and replayed play as those that aren't; and a run on one goes as it should."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import figment
from figment.common.machine import configure_torch
from figment.presets import make
from figment.recipe import Recipe
from figment.run import Run
from figment.training import loop
from figment.training.cuda_graphs import CudaGraphPhases
from figment.training.distributed import World
from figment.training.inputs import Phases
from figment.training.loader import Feed
from figment.training.phases import EagerPhases, phases_of
from figment.training.state import TrainState, clone_tensors, new_state

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
ALONE = World.alone("cuda")


@pytest.fixture(autouse=True)
def prepared() -> Iterator[None]:
    """Each test with torch set up as for training, and as it was afterwards."""
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.deterministic
    configure_torch(ALONE.device)
    yield
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.deterministic = before[1]


GAMES = {
    "batch norm": dict(),
    "batch norm, bf16": dict(precision="bf16"),
    "a penalty now and then": dict(recipe="dcgan-r1", width=8, batch=16, penalty_every=2),
    "one pass for both nets": dict(recipe="dcgan-r1", width=8, batch=16, penalty_every=2, one_pass=True),
    "both penalties, fresh fakes": dict(recipe="r3gan", width=32, code_size=8, batch=16, gamma=1.0),
    "finite differences": dict(recipe="r3gan", width=32, code_size=8, batch=16, gamma=1.0, penalty="finite"),
    "rising augmentation": dict(augment="full", augment_p=0.5, augment_mode="ramp", lr_decay_start=0.0),
    "adaptive augmentation": dict(augment="full", augment_p=0.2, augment_mode="adaptive"),
    "swapped labels": dict(label_flips=0.2, objective="bce"),
}


def setup(recipe: Recipe, how: Callable[[TrainState, Recipe], Phases]) -> tuple[TrainState, Phases, Feed]:
    pictures = np.random.default_rng(0).integers(0, 256, (64, 3, 16, 16), np.uint8)
    state = new_state(recipe, ALONE)
    return state, how(state, recipe), Feed(pictures, np.arange(64), 0, True, ALONE.device)


def played(recipe: Recipe, how: Callable[[TrainState, Recipe], Phases]) -> dict[str, Tensor]:
    state, phases, feed = setup(recipe, how)
    for _ in range(6):
        loop.train_step(state, phases, recipe, feed, ALONE)
    if how is phases_of:
        assert isinstance(phases, CudaGraphPhases)
        assert phases.recorded
        assert not phases.fails
    return clone_tensors(state)


@pytest.mark.parametrize("choices", GAMES.values(), ids=GAMES)
def test_replayed_equals_played(choices: dict) -> None:
    plain = dict(
        size=16, width=8, batch=16, channels=3, planned_images=400, precision="fp32", compile="off", augment="none"
    )
    choices = plain | choices
    recipe = make(choices.pop("recipe", "dcgan"), **choices)
    recorded, eager = played(recipe, phases_of), played(recipe, EagerPhases)
    for name in eager:
        # What augmentation fetches from other places is added up in any order on the way back.
        scale = 2e-2 * float(eager[name].abs().max()) if recipe.augment != "none" else 0.0
        assert float((eager[name] - recorded[name]).abs().max()) <= scale, name


@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
def test_nobody_waits_between_ticks() -> None:
    """PyTorch raises wherever the host would wait for the GPU."""
    recipe = make("r3gan", size=16, width=32, code_size=8, batch=16, gamma=1.0, channels=3, planned_images=400,
                  precision="bf16", compile="off", augment="full", augment_p=0.2, augment_mode="fixed")  # fmt: skip
    state, phases, feed = setup(recipe, phases_of)
    for _ in range(4):
        loop.train_step(state, phases, recipe, feed, ALONE)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            loop.train_step(state, phases, recipe, feed, ALONE)
        with pytest.raises(RuntimeError, match="synchroniz"):
            state.losses.tolist()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_resumed_equals_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "data.npy", np.random.default_rng(0).integers(0, 256, (200, 16, 16, 3), np.uint8))
    play, played = loop.train_step, [0]

    def trained(name: str) -> Run:
        choices = dict(recipe="dcgan", size=16, width=8, batch=16, images=960, compile="off", device="cuda")
        return figment.train(tmp_path / "data.npy", out=tmp_path / name, **choices)

    def counted(*args) -> None:
        play(*args)
        played[0] += 1
        if played[0] == 30:
            signal.raise_signal(signal.SIGINT)

    whole = trained("whole")
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_step", counted)
        cut = trained("cut")
    assert cut.facts["state"] == "interrupted"
    assert figment.resume(cut.folder).generator_file.read_bytes() == whole.generator_file.read_bytes()
