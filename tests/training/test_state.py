"""The kept state: taken as it is, and told in a sentence where it can't be."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from figment import nets
from figment.errors import InputError
from figment.nets.clips import DcganClips, R3ganClips
from figment.presets import make
from figment.training.distributed import World
from figment.training.state import (
    TrainState,
    clone_tensors,
    counters,
    load_state,
    new_state,
    refuse_other_nets,
    save_state,
    tensors,
)

TINY = dict(size=16, width=2, channels=3, code_size=4)


@pytest.fixture
def state() -> TrainState:
    return new_state(make("dcgan", **TINY), World.alone(torch.device("cpu")))


@pytest.mark.parametrize("family", ["dcgan", "r3gan"])
def test_clips_begin_gently(family: str) -> None:
    """What takes in the motion's numbers is half of what it would be, and nothing else is changed."""
    fields = TINY | dict(code_size=6, motion_size=2, nets=family, frames=8, fps=8)
    fields |= dict(width=4, group_channels=2, blocks=1) if family == "r3gan" else {}
    recipe = make("video-small" if family == "dcgan" else "r3gan", **fields)
    state = new_state(recipe, World.alone(torch.device("cpu")))
    usual = nets.initialised(nets.generator(recipe), recipe.seed, "generator")
    for net in (state.generator, state.average):
        assert isinstance(net, DcganClips | R3ganClips)
        assert isinstance(usual, DcganClips | R3ganClips)
        for gentle, whole in zip(net.code_weights(), usual.code_weights(), strict=True):
            assert torch.equal(gentle[:4], whole[:4])
            assert torch.equal(gentle[4:6], whole[4:6] / 2)


@pytest.fixture
def file(state: TrainState, tmp_path: Path) -> Path:
    state.images, state.seconds = 640, 3.5
    save_state(state, tmp_path / "state.safetensors")
    return tmp_path / "state.safetensors"


def change(file: Path, header: dict[str, Any] | None = None, **values: Any) -> None:
    """Write a state anew: with another header, or every float in another type, or one number of a tensor changed."""
    with safe_open(file, "pt") as content:
        before = json.loads(content.metadata()["figment"])
    found = load_file(file)
    if "dtype" in values:
        found = {k: v.to(values["dtype"]) if v.is_floating_point() else v for k, v in found.items()}
    if "number" in values:
        found[values["of"]].view(-1)[0] = values["number"]
    if "cut" in values:
        found[values["cut"]] = found[values["cut"]][:1].clone()
    save_file(found, file, {"figment": json.dumps(before | (header or {}))})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_halves_and_doubles_are_taken(state: TrainState, file: Path, dtype: torch.dtype) -> None:
    before = clone_tensors(state)
    change(file, dtype=dtype)
    load_state(state, file)
    assert all(v.dtype == before[k].dtype for k, v in tensors(state).items())
    assert all(torch.allclose(v.float(), before[k].float(), rtol=1e-2) for k, v in tensors(state).items())


@pytest.mark.parametrize(
    "part", ["generator", "discriminator", "average", "generator_optimiser", "discriminator_optimiser"]
)
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_spoilt_number_is_a_damaged_state_and_no_divergence(
    state: TrainState, file: Path, part: str, number: float
) -> None:
    name = next(k for k, v in tensors(state).items() if k.startswith(f"{part}.") and v.ndim)
    change(file, number=number, of=name)
    with pytest.raises(InputError, match=rf"is damaged \({name} holds NaN.*\): restore it"):
        load_state(state, file)


def test_other_types_sizes_and_weights_no_net_can_have_are_refused_by_name(state: TrainState, file: Path) -> None:
    name = next(k for k, v in tensors(state).items() if k.startswith("generator.") and v.ndim == 4)
    kept = file.read_bytes()
    for values, said in (
        (dict(dtype=torch.int32), r"is damaged \(.* is int32 where float32 is wanted\)"),
        (dict(number=3e38, of=name), rf"is damaged \({name} holds NaN, infinity or numbers beyond"),
        (dict(cut=name), rf"is of another recipe \({name} has another shape\)"),
    ):
        file.write_bytes(kept)
        change(file, **values)
        with pytest.raises(InputError, match=said):
            load_state(state, file)


@pytest.mark.parametrize(
    "counted",
    [None, {}, {"images": 1}, {"images": "1", "seconds": 1.0}, {"images": -1, "seconds": 1.0}, {"images": 10**30, "seconds": 1.0},
     {"images": 1, "seconds": -1.0}, {"images": 1, "seconds": 1.0, "setbacks": 1.5}],
)  # fmt: skip
def test_counters_that_are_none_are_told(file: Path, counted: Any) -> None:
    change(file, {"counters": counted})
    with pytest.raises(InputError, match=r"is damaged \(its counters: .*\): restore it"):
        counters(file)


def test_a_header_without_end_is_told(file: Path) -> None:
    save_file(load_file(file), file, {"figment": "[" * 200_000})
    with pytest.raises(InputError, match=r"is damaged \(it is nested too deep\): restore it"):
        counters(file)


@pytest.mark.parametrize("choices", [dict(width=4096), dict(code_size=5), dict(nets="r3gan"), dict(channels=1)])
def test_a_state_of_other_nets_is_told_before_these_are_built(
    file: Path, choices: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nets, "initialised", None)
    refuse_other_nets(make("dcgan", **TINY), file)
    with pytest.raises(InputError, match=r"is of another recipe.*: restore recipe.json"):
        refuse_other_nets(make("dcgan", **TINY | choices), file)
