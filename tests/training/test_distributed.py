"""Two processes hold what one would: batch norm, gradients, agreement, order, and the loss of one of them.

This file is also what the processes run: it then takes the name of a scene, plays it, and saves what came out.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from figment import nets, presets
from figment.cli.app import loss_behind
from figment.errors import InputError, LostProcess
from figment.run import Run
from figment.training.distributed import World, join, joined
from figment.training.inputs import draw_inputs
from figment.training.loader import Feed
from figment.training.phases import EagerPhases
from figment.training.state import naming_what_is_kept, new_state
from figment.training.sync_batch_norm import SynchronisedBatchNorm2d, local_statistics, synchronised

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
BATCH = 12


# ---- scenes, played in each process --------------------------------------------------------------------------------------


def a_step(world: World, dtype: torch.dtype) -> dict[str, Any]:
    """Gradients and buffers of a small DCGAN after D's and G's phase, and D's gradient at its input."""
    recipe = presets.make("dcgan", size=16, width=4, channels=3)
    random = torch.Generator().manual_seed(1)
    generator = nets.initialised(nets.generator(recipe), 0, "generator").to(dtype)
    discriminator = nets.initialised(nets.discriminator(recipe), 0, "discriminator").to(dtype)
    synchronised(generator, world), synchronised(discriminator, world)
    z = world.share(torch.randn(BATCH, recipe.code_size, generator=random).to(dtype))
    real = world.share(torch.rand(BATCH, 3, 16, 16, generator=random).to(dtype) * 2 - 1).clone().requires_grad_()
    F.softplus(-discriminator(real)).mean().backward(retain_graph=True)
    fake = generator(z)
    F.softplus(discriminator(fake.detach())).mean().backward()
    world.average_gradients(discriminator)
    discriminator.requires_grad_(False)
    F.softplus(-discriminator(fake)).mean().backward()
    world.average_gradients(generator)
    weights = {f"{n}.{k}": p.grad for n, net in parts(generator, discriminator) for k, p in net.named_parameters()}
    buffers = {f"{n}.{k}": b for n, net in parts(generator, discriminator) for k, b in net.named_buffers()}
    return {"gradients": weights, "buffers": buffers, "input": real.grad, "fake": fake.detach()}


def one_pass(world: World) -> dict[str, Tensor]:
    """Gradients of both nets after a step of one pass for both, which R1 is a part of."""
    recipe = presets.make("dcgan-r1", size=16, width=4, channels=3, batch=BATCH, one_pass=True, augment="none")
    state = new_state(recipe, world)
    state.generator.double(), state.discriminator.double()
    pictures = np.random.default_rng(0).integers(0, 256, (24, 3, 16, 16), np.uint8)
    feed = Feed(pictures, np.arange(24), 0, True, world.device, (world.rank, world.size))
    inputs = draw_inputs(recipe, feed, world, 0)
    real = inputs.real._replace(pictures=inputs.real.pictures.double())
    inputs, phases = inputs._replace(real=real, codes=inputs.codes.double()), EagerPhases(state, recipe)
    phases.discriminator(state, inputs, 0.0, torch.tensor(2.0))
    world.average_gradients(state.discriminator)
    phases.generator(state, inputs, 0.0)
    world.average_gradients(state.generator)
    nets = parts(state.generator, state.discriminator)
    return {f"{n}.{k}": p.grad for n, net in nets for k, p in net.named_parameters()}


def parts(generator: nn.Module, discriminator: nn.Module) -> list[tuple[str, nn.Module]]:
    return [("generator", generator), ("discriminator", discriminator)]


def far_from_zero(dtype: torch.dtype) -> Tensor:
    """Twelve 5-channel pictures whose channel means are a thousand spreads away from 0."""
    x = torch.randn(BATCH, 5, 4, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return (x + 1000).to(dtype)


def uneven(world: World, dtype: torch.dtype) -> tuple[Tensor, SynchronisedBatchNorm2d]:
    """Normalised by two processes of which one has 3 of the 12."""
    mine = far_from_zero(dtype)[:3] if world.leads else far_from_zero(dtype)[3:]
    norm = synchronised(nn.Sequential(nn.BatchNorm2d(5)), world)
    return norm(mine).detach(), norm[0]


def a_net_with_missing_gradients(world: World) -> nn.Module:
    """A convolution, channels last, and two numbers: one without a gradient in one process, one without any."""
    net = nn.Conv2d(2, 3, 3, bias=False).to(memory_format=torch.channels_last)
    net.one, net.none = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
    net.weight.grad = torch.full_like(net.weight, float(world.rank))
    net.weight.grad[0, 0, 0, 1] = 10.0
    if world.leads:
        net.one.grad = torch.ones(2)
    world.average_gradients(net)
    return net


def alone_in_company(world: World) -> Tensor | None:
    """What one process sees of a net by itself, while the other does something else."""
    net = synchronised(nn.Sequential(nn.BatchNorm2d(5)), world)
    with local_statistics(net):
        seen = net(far_from_zero(torch.float32)) if world.leads else None
    assert net[0].together
    return seen


def first_then_rest(world: World) -> tuple[float, float]:
    """When this process was let in, and when it had done its work."""
    with world.local_main_process_first("work"):
        let_in = time.monotonic()
        time.sleep(0.3 if world.local_rank == 0 else 0)
        done = time.monotonic()
    return let_in, done


def given_by_the_first(world: World) -> list[Tensor]:
    tensors = [
        torch.full((2, 3, 4, 4), float(world.rank)).to(memory_format=torch.channels_last),
        torch.tensor(7 + world.rank),
        nn.Parameter(torch.arange(6.0).view(2, 3).t() * (1 - world.rank)),
    ]
    world.broadcast(tensors)
    return [t.detach() for t in tensors]


def everything(world: World) -> dict[str, Any]:
    with pytest.raises(InputError, match=r"batch of 13 .* 2 processes: give --set batch=1[24],"):
        world.check_batch(13)
    world.check_batch(12)
    net = a_net_with_missing_gradients(world)
    return {
        "float32": a_step(world, torch.float32),
        "float64": a_step(world, torch.float64),
        "one pass": one_pass(world),
        "uneven": uneven(world, torch.float32)[0],
        "uneven buffers": dict(uneven(world, torch.float32)[1].named_buffers()),
        "bfloat16": uneven(world, torch.bfloat16)[0],
        "missing": [p.grad for p in (net.weight, net.one, net.none)],
        "channels last": net.weight.grad.is_contiguous(memory_format=torch.channels_last),
        "alone": alone_in_company(world),
        "agreed": [world.any_process(wish) for wish in (False, world.leads, not world.leads, True, False)],
        "mean": world.mean(torch.tensor([1.0, 2.0]) * world.rank),
        "broadcast": given_by_the_first(world),
        "told": world.share_text("a name", lambda: "the first's"),
        "in turn": first_then_rest(world),
    }


def scene_everything(place: Path) -> None:
    """All of the above; then a second meeting, which the first leaves late."""
    with joined("cpu") as world:
        result = everything(world)
    with joined("cpu") as world:
        result["again"] = world.share_text("a name", lambda: "another")
        ready = place / "the other is ready"
        while world.leads and not ready.exists():
            time.sleep(0.01)
        if world.leads:
            time.sleep(0.5)
        result["ready to leave"] = time.monotonic()
        ready.touch()
    result["left"] = time.monotonic()
    torch.save(result, place / f"{world.rank}.pt")


def scene_until_somebody_dies(place: Path) -> None:
    torch.set_num_threads(1)
    with joined("cpu") as world:
        net = synchronised(nn.Sequential(nn.BatchNorm2d(5)), world)
        try:
            while True:
                net(far_from_zero(torch.float32)).square().mean().backward()
                world.average_gradients(net)
                (place / f"{world.rank}.alive").touch()
        except LostProcess as loss:
            print(loss)
            sys.exit(1)


# ---- how they are started ------------------------------------------------------------------------------------------------


@contextmanager
def started(scene: str, place: Path) -> Iterator[list[subprocess.Popen]]:
    """Two processes as torchrun starts them: what they tell one another goes through a store of the one that starts them."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, timeout=timedelta(seconds=30))
    common = {
        "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "OMP_NUM_THREADS": "1",
        "TORCHELASTIC_USE_AGENT_STORE": "True", "GROUP_RANK": "0",
    }  # fmt: skip
    pair = [
        subprocess.Popen(
            [sys.executable, "-W", "error", __file__, scene, str(place)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=os.environ | common | {"RANK": str(k), "LOCAL_RANK": str(k)},
        )
        for k in range(2)
    ]  # fmt: skip
    try:
        yield pair
    finally:
        for process in pair:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes made of everything."""
    place = tmp_path_factory.mktemp("pair")
    with started("everything", place) as processes:
        for process in processes:
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 0, said
    return [torch.load(place / f"{k}.pt") for k in range(2)]


# ---- what must come out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_two_processes_step_as_one(pair: list[dict[str, Any]], dtype: torch.dtype) -> None:
    """Against torch's own batch norm over the whole batch; the running averages too."""
    whole, kind, tolerance = a_step(World.alone(), dtype), str(dtype).removeprefix("torch."), TOLERANCE[dtype]
    for k in range(2):
        one = pair[k][kind]
        for what in ("gradients", "buffers"):
            assert one[what].keys() == whole[what].keys()
            for name, truth in whole[what].items():
                torch.testing.assert_close(
                    one[what][name], truth, rtol=tolerance, atol=tolerance, msg=lambda m, n=name: f"{n}: {m}"
                )
        torch.testing.assert_close(one["fake"], whole["fake"][k::2], rtol=tolerance, atol=tolerance)
        # Each process's loss is the mean over its half, so at its own pictures the gradient is twice the whole's.
        torch.testing.assert_close(one["input"] / 2, whole["input"][k::2], rtol=tolerance, atol=tolerance)


def test_one_pass_for_both_nets_steps_as_one(pair: list[dict[str, Any]]) -> None:
    """To float32's tolerance, in which logits are."""
    for name, truth in one_pass(World.alone()).items():
        for k in range(2):
            difference = (pair[k]["one pass"][name] - truth).abs().max()
            assert difference <= 1e-6 * truth.abs().max(), name


def test_both_hold_the_same_to_the_bit(pair: list[dict[str, Any]]) -> None:
    a, b = (one["float32"] for one in pair)
    for what in ("gradients", "buffers"):
        assert all(torch.equal(a[what][name], b[what][name]) for name in a[what])


def test_statistics_far_from_zero_and_of_uneven_shares(pair: list[dict[str, Any]]) -> None:
    exact = nn.BatchNorm2d(5, dtype=torch.float64)
    truth = exact(far_from_zero(torch.float32).double()).detach()
    got = torch.cat([one["uneven"] for one in pair])
    torch.testing.assert_close(got.double(), truth, rtol=1e-3, atol=1e-3)
    for name, buffer in exact.named_buffers():
        torch.testing.assert_close(pair[0]["uneven buffers"][name].double(), buffer.double(), rtol=1e-4, atol=1e-4)


def test_bfloat16_is_normalised_in_float32(pair: list[dict[str, Any]]) -> None:
    truth = nn.BatchNorm2d(5)(far_from_zero(torch.bfloat16).float()).detach()
    got = torch.cat([one["bfloat16"] for one in pair])
    assert got.dtype == torch.bfloat16
    torch.testing.assert_close(got.float(), truth, rtol=1e-2, atol=1e-2)


def test_missing_gradients_count_as_zero(pair: list[dict[str, Any]]) -> None:
    for one in pair:
        weight, some, none = one["missing"]
        assert weight[0, 0, 0, 1] == 10
        assert weight.sum() == 10 + 0.5 * (weight.numel() - 1)
        assert some.tolist() == [0.5, 0.5]
        assert none is None  # as in one process, whose optimiser makes no step of it
        assert one["channels last"]


def test_a_net_can_be_looked_at_by_one_process_alone(pair: list[dict[str, Any]]) -> None:
    x = far_from_zero(torch.float32)
    torch.testing.assert_close(pair[0]["alone"], nn.BatchNorm2d(5)(x).detach())


def test_what_one_wishes_all_do(pair: list[dict[str, Any]]) -> None:
    assert [one["agreed"] for one in pair] == [[False, True, True, True, False]] * 2


def test_means_and_broadcasts(pair: list[dict[str, Any]]) -> None:
    for one in pair:
        assert one["mean"].tolist() == [0.5, 1.0]
        picture, count, weights = one["broadcast"]
        assert picture.abs().max() == 0
        assert picture.is_contiguous(memory_format=torch.channels_last)
        assert count == 7
        assert weights.tolist() == torch.arange(6.0).view(2, 3).t().tolist()


def test_the_first_tells_and_goes_first(pair: list[dict[str, Any]]) -> None:
    assert [one["told"] for one in pair] == ["the first's"] * 2
    assert [one["again"] for one in pair] == ["another"] * 2  # a second meeting hears nothing of the first
    assert pair[1]["in turn"][0] >= pair[0]["in turn"][1]


def test_nobody_leaves_before_the_first(pair: list[dict[str, Any]]) -> None:
    assert pair[1]["left"] >= pair[0]["ready to leave"] >= pair[1]["ready to leave"]


@pytest.mark.parametrize("victim", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_killed_process_ends_the_other_with_a_sentence(tmp_path: Path, victim: int) -> None:
    with started("until_somebody_dies", tmp_path) as pair:
        while not all((tmp_path / f"{k}.alive").exists() for k in range(2)):
            assert all(p.poll() is None for p in pair)
            time.sleep(0.02)
        pair[victim].send_signal(signal.SIGKILL)
        said, _ = pair[1 - victim].communicate(timeout=60)
        assert pair[1 - victim].returncode == 1, said
    assert said.startswith("another process of this training is gone (")
    assert "Traceback" not in said


# ---- one process by itself -----------------------------------------------------------------------------------------------


def test_alone_nothing_is_done() -> None:
    world = World.alone()
    net = nn.Sequential(nn.BatchNorm2d(2))
    norm, x = net[0], torch.arange(4.0)
    assert synchronised(net, world)[0] is norm
    assert world.leads
    assert torch.equal(world.share(x), x)
    assert world.mean(x) is x
    assert [world.any_process(wish) for wish in (True, False)] == [True, False]
    assert world.share_text("a name", lambda: "mine") == "mine"
    world.average_gradients(net)
    world.broadcast([x])
    world.check_batch(7)
    with world.local_main_process_first("work"), local_statistics(net):
        assert norm.weight.grad is None


@pytest.mark.parametrize("size", [1, 2, 3])
def test_shares_are_the_whole_batch(size: int) -> None:
    whole = torch.arange(24.0).view(12, 2)
    shares = [World(torch.device("cpu"), rank=k, size=size).share(whole) for k in range(size)]
    assert torch.equal(torch.stack(shares, dim=1).flatten(0, 1), whole)


def test_one_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join("cpu") == World.alone()


def test_devices_that_cannot_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    for name, value in {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "3", **place}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(InputError, match="there are 2 GPUs here"):
        join("cuda")
    with pytest.raises(InputError, match="--device mps: several processes"):
        join("mps")


def test_a_loss_says_what_is_kept(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", presets.make("dcgan"), {})
    header = '{"kind": "state", "format": 1, "counters": {"images": 12800, "seconds": 1.0, "setbacks": 0}}'
    save_file({"losses": torch.zeros(2)}, run.state_file, {"figment": header})
    sentence = rf"gone \(Connection closed\); the state at 12,800 images is kept.*figment resume {run.folder}$"
    with pytest.raises(LostProcess, match=sentence), naming_what_is_kept(run, World.alone()):
        raise LostProcess("Connection closed")


def test_an_interruption_upon_a_loss_tells_of_the_loss() -> None:
    try:
        try:
            raise LostProcess("Connection closed")
        finally:
            raise KeyboardInterrupt
    except KeyboardInterrupt as interruption:
        loss = loss_behind(interruption)
    assert "gone (Connection closed); what was saved before is kept" in str(loss)
    assert loss_behind(KeyboardInterrupt()) is None


if __name__ == "__main__":
    globals()[f"scene_{sys.argv[1]}"](Path(sys.argv[2]))
