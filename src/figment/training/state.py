"""The state of training: everything that changes while a run trains, and how it is kept and had back exactly."""

import copy
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from figment import nets
from figment.common import tensorfiles
from figment.common.files import write_atomically
from figment.common.jsontext import fault
from figment.common.tensorfiles import DAMAGED, MAX_WEIGHT, TensorFile, Unsound, sound
from figment.common.text import typed
from figment.common.units import as_bytes
from figment.errors import InputError, LostProcess
from figment.nets.clips import DcganClips, R3ganClips
from figment.recipe import Recipe
from figment.run import Run
from figment.run_files import Counters
from figment.training.distributed import World
from figment.training.sync_batch_norm import synchronised

FLOAT_MAX = torch.finfo(torch.float32).max
PARTS = ("generator.", "discriminator.", "average.")  # what the names of the nets' tensors begin with


@dataclass
class TrainState:
    """Both nets, the averaged generator, both optimisers, and the counters of a run."""

    generator: nn.Module
    discriminator: nn.Module
    average: nn.Module
    generator_optimiser: torch.optim.Adam
    discriminator_optimiser: torch.optim.Adam
    losses: Tensor  # D's, G's, D's mean squared gradient, and 1, summed over the steps since the last tick
    augment_p: (
        Tensor  # probability of augmentation where D's signs steer it; on the device, so that nobody waits for it
    )
    signs: Tensor  # sum of D's mean signs on reals since augment_p was last moved
    images: int = 0
    seconds: float = 0.0
    setbacks: int = 0

    @property
    def learning_rate(self) -> float:
        """The generator's rate in the last step."""
        return float(self.generator_optimiser.param_groups[0]["lr"])

    def set_rates(self, lr: float, lr_discriminator: float, beta2: float) -> None:
        """Of both optimisers, for the next step."""
        for optimiser, rate in ((self.generator_optimiser, lr), (self.discriminator_optimiser, lr_discriminator)):
            for group in optimiser.param_groups:
                group["lr"], group["betas"] = rate, (group["betas"][0], beta2)


def new_state(recipe: Recipe, world: World) -> TrainState:
    """Nets with their initial weights from the recipe's seed, laid out channels-last on the device.

    Of several processes each has the same; batch norm takes its statistics over all of them.
    """
    device = world.device
    generator = nets.initialised(nets.generator(recipe), recipe.seed, "generator")
    if isinstance(generator, DcganClips | R3ganClips):
        generator.begin_gently()
    discriminator = nets.initialised(nets.discriminator(recipe), recipe.seed, "discriminator")
    for net in (generator, discriminator):
        net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(generator).eval().requires_grad_(False)
    generator, discriminator = synchronised(generator, world), synchronised(discriminator, world)
    nets.let_learn(discriminator, recipe.frozen_stages)
    return TrainState(
        generator, discriminator, average, _adam(generator, recipe), _adam(discriminator, recipe),
        losses=torch.zeros(4, device=device), augment_p=torch.tensor(recipe.augment_p, device=device),
        signs=torch.zeros((), device=device),
    )  # fmt: skip


def _adam(net: nn.Module, recipe: Recipe) -> torch.optim.Adam:
    learning = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(learning, recipe.lr, (recipe.beta1, recipe.beta2), fused=True)
    for p in learning:
        # Made now rather than at the first step, so that a state can be kept before it; laid out as the weights are.
        zeros = torch.zeros_like
        optimiser.state[p] = {
            "step": torch.zeros((), dtype=torch.float32, device=p.device),
            "exp_avg": zeros(p, memory_format=torch.preserve_format),
            "exp_avg_sq": zeros(p, memory_format=torch.preserve_format),
        }
    return optimiser


def tensors(state: TrainState) -> dict[str, Tensor]:
    """Every tensor that a run's future depends on, by name: views of the live ones."""
    named = {"losses": state.losses, "augment_p": state.augment_p, "signs": state.signs}
    for part in ("generator", "discriminator", "average"):
        named |= {f"{part}.{k}": v for k, v in getattr(state, part).state_dict().items()}
    for part in ("generator_optimiser", "discriminator_optimiser"):
        states = getattr(state, part).state.values()
        named |= {f"{part}.{i}.{k}": v for i, state in enumerate(states) for k, v in state.items()}
    return named


def clone_tensors(state: TrainState) -> dict[str, Tensor]:
    """A copy of the state, to be had back with restore()."""
    return {k: v.clone() for k, v in tensors(state).items()}


@torch.no_grad()
def restore(state: TrainState, kept: Mapping[str, Tensor]) -> None:
    """Put kept tensors into a state in place, so that compiled nets and the layout of their weights stay."""
    for name, tensor in tensors(state).items():
        tensor.copy_(kept[name])


def packed_state(state: TrainState) -> bytes:
    """The state as safetensors, with the counters in the header."""
    counters = {"images": state.images, "seconds": state.seconds, "setbacks": state.setbacks}
    return tensorfiles.packed(tensors(state), {"kind": "state", "format": 1, "counters": counters})


def save_state(state: TrainState, path: Path) -> None:
    """Keep the state: whole, or as the file was before. Its folder is made again if somebody removed it."""
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, packed_state(state))


def load_state(state: TrainState, path: Path) -> None:
    """Put a kept state back into one of the same recipe, in place.

    Raises InputError if the file is damaged or is of other nets.
    """
    try:
        with tensorfiles.opened(path) as content:
            seen = _counters(content, path)
            live = tensors(state)
            _refuse_others(live, content, path)
            restore(state, {k: sound(k, content.tensor(k), v.dtype, _limit(k)) for k, v in live.items()})
    except (*DAMAGED, Unsound, RuntimeError) as error:
        raise InputError(_damaged(path, error)) from None
    state.images, state.seconds, state.setbacks = seen.images, seen.seconds, seen.setbacks


def refuse_other_nets(recipe: Recipe, path: Path) -> None:
    """Raise InputError where a kept state isn't of a recipe's nets: before memory is taken for these."""
    made = nets.generator(recipe), nets.discriminator(recipe), nets.generator(recipe)
    parts = zip(("generator", "discriminator", "average"), made, strict=True)
    expected = {f"{part}.{name}": value for part, net in parts for name, value in net.state_dict().items()}
    try:
        with tensorfiles.opened(path) as content:
            _counters(content, path)
            _refuse_others(expected, content, path, PARTS)
    except DAMAGED as error:
        raise InputError(_damaged(path, error)) from None


def _refuse_others(
    expected: Mapping[str, Tensor], content: TensorFile, path: Path, parts: tuple[str, ...] = ("",)
) -> None:
    """parts: what the names of the tensors begin with that are looked at."""
    found = {name: shape for name, shape in content.shapes.items() if name.startswith(parts)}
    mend = "restore recipe.json as it was when the run began"
    if found.keys() != expected.keys():
        raise InputError(f"{path} is of another recipe: {mend}.")
    for name, value in expected.items():
        if tuple(value.shape) != found[name]:
            raise InputError(f"{path} is of another recipe ({name} has another shape): {mend}.")


def load_and_broadcast(state: TrainState, path: Path, world: World) -> None:
    """Put a kept state into that of every process: the first reads it and gives it to the others."""
    if world.leads:
        load_state(state, path)
    counts = torch.tensor([state.images, state.seconds, state.setbacks], dtype=torch.float64)
    world.broadcast([counts, *tensors(state).values()])
    images, seconds, setbacks = counts.tolist()
    state.images, state.seconds, state.setbacks = int(images), seconds, int(setbacks)


def refuse_full_disk(run: Run) -> None:
    """Raise InputError where the next state wouldn't fit beside the last one: it is told before anything is changed."""
    if not run.state_file.exists():  # in a process that keeps nothing
        return
    disk, needed = shutil.disk_usage(run.folder), run.state_file.stat().st_size
    if disk.total and disk.free < needed:
        raise InputError(
            f"The disk is full: {run.folder} has room for {as_bytes(disk.free)}, and a state takes "
            f"{as_bytes(needed)}. The run is as it was: free some space and try again."
        )


def resumed_event(state: TrainState, recipe: Recipe) -> dict[str, Any]:
    """What a run notes where it goes on."""
    text = f"resumed at {state.images:,} images"
    if state.images >= recipe.planned_images > 0:
        text += ", beyond the planned end: the final rates are held"
    return {"event": "resume", "images": state.images, "seconds": round(state.seconds, 2), "text": text}


def _limit(name: str) -> float:
    """How large a kept number may be: a weight as in any net, what else there is as large as its type allows."""
    return MAX_WEIGHT if name.startswith(PARTS) else FLOAT_MAX


def counters(path: Path) -> Counters:
    """How far a kept state has come. Raises InputError if the file is damaged."""
    try:
        with tensorfiles.opened(path) as content:
            return _counters(content, path)
    except DAMAGED as error:
        raise InputError(_damaged(path, error)) from None


def _damaged(path: Path, error: Exception | str) -> str:
    return f"{path} is damaged ({str(error).splitlines()[0]}): restore it from a copy, or train anew."


def _counters(content: TensorFile, path: Path) -> Counters:
    try:
        header = content.header
        known = header["kind"] == "state" and header["format"] == 1
    except ValueError as error:
        raise InputError(_damaged(path, error)) from None
    except (KeyError, TypeError):
        known = False
    if not known:
        raise InputError(
            f"{path} is no state that this figment can read: update it with pip install --upgrade figment-gan."
        )
    try:
        return Counters.model_validate(header.get("counters"))
    except ValidationError as error:
        raise InputError(_damaged(path, f"its counters: {fault(error)}")) from None


@contextmanager
def naming_what_is_kept(run: Run, world: World) -> Iterator[None]:
    """Let the first process's LostProcess say what exactly is kept of the run; the others may not see the run folder."""
    try:
        yield
    except LostProcess as loss:
        if not (world.leads and run.state_file.exists()):
            raise
        images = counters(run.state_file).images
        kept = f"the state at {images:,} images is kept. Go on with: figment resume {typed(run.folder)}"
        raise LostProcess(loss.reason, kept) from loss
