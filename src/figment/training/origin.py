"""Origin: the known nets that a new run starts from, wherever they lie, and how its state begins with them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import file_digest
from os.path import abspath, expanduser
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from figment import nets, starts
from figment import recipe as recipes
from figment.common import tensorfiles
from figment.common.tensorfiles import DAMAGED, Unsound, sound
from figment.data.sources.hub_nets import download_nets
from figment.data.sources.hub_parts import PREFIX
from figment.errors import InputError
from figment.nets.clips import DcganClips, R3ganClips
from figment.nets.serialization import unpacked
from figment.nets.start_file import KIND, unpacked_start
from figment.nets.transplant import Transplant, compared, transplant
from figment.recipe import Recipe
from figment.run import Run
from figment.starts.asked import SHIPPED, check_asked
from figment.training.distributed import World
from figment.training.state import TrainState, counters, refuse_other_nets, tensors

KINDS = {
    "generator": "generator",
    "average": "generator",
    "discriminator": "discriminator",
}  # parts of a state, of which kind
BUILDERS: dict[str, Callable[[Recipe], nn.Module]] = {"generator": nets.generator, "discriminator": nets.discriminator}
Weights = Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True)
class Origin:
    """Known nets. asked: as they were named, paths absolute; name: as they are spoken of, without a path.

    images: that they had seen, where that is known. files: sha256 of the files that they were read from, by name. parts:
    which of a state's nets there are; weights: state dicts of these, float32 on the CPU, in the process that leads.
    """

    asked: str
    name: str
    recipe: Recipe
    images: int | None
    files: Mapping[str, str]
    parts: tuple[str, ...]
    weights: Weights = field(default_factory=dict, repr=False, compare=False)

    def compared(self, recipe: Recipe) -> Transplant:
        """What of them fits a recipe's nets. Raises InputError where nothing does."""
        return compared(self.recipe, recipe, lacks_discriminator="discriminator" not in self.parts)

    def told(self, recipe: Recipe) -> str:
        """What a run of this recipe takes from them, in a line."""
        seen = "" if self.images is None else f" at {self.images:,} images"
        return f"from {self.name}{seen}: {self.compared(recipe)}"

    def facts(self, recipe: Recipe) -> dict[str, Any]:
        """What the run notes of them."""
        return {
            "asked": self.asked, "name": self.name, "images": self.images, "files": dict(self.files),
            "copied": str(self.compared(recipe)),
        }  # fmt: skip


def open_origin(asked: str | Path | Run) -> Origin:
    """The nets of a run (its last state's; else of its files), of a generator's file and the discriminator's beside it, of
    the hub, or those that figment brings along.

    Raises InputError where there are none that can be read.
    """
    text = str(asked.folder if isinstance(asked, Run) else asked)
    if text == SHIPPED:
        start = starts.shipped()
        return _of_start_file(SHIPPED, f"figment's own nets ({start.name})", start.file)
    if text.startswith(PREFIX):
        return _of_files(text, text.removeprefix(PREFIX), download_nets(text) / "generator.safetensors")
    check_asked(text)
    path = Path(abspath(expanduser(text)))
    if path.is_file():
        if _kind_of(path) == KIND:
            return _of_start_file(str(path), path.stem, path)
        return _of_files(str(path), path.parent.name if path.stem == "generator" else path.stem, path)
    run = Run(path)
    if run.state_file.is_file():
        return _of_state(run)
    if not run.generator_file.is_file():
        raise run.lacking("generator")
    return _of_files(str(path), run.name, run.generator_file)


def shared_origin(asked: str | Path | Run, world: World) -> Origin:
    """The same in every process: the first reads the nets, the others are told what they are."""
    origin = open_origin(asked) if world.leads else None
    told = world.share_text("the nets that it starts from", lambda: _as_text(origin) if origin else "")
    return origin or _from_text(told)


def begin_from(state: TrainState, recipe: Recipe, origin: Origin, world: World) -> None:
    """Put what fits of known nets into a state that is new: the training generator, the average and the discriminator.

    The optimisers stay new and the images 0. Every process gets the first one's numbers.
    """
    for part in origin.parts if world.leads else ():
        kind = KINDS[part]
        net = nets.initialised(BUILDERS[kind](recipe), recipe.seed, kind)
        transplant(origin.recipe, origin.weights[part], recipe, net, kind)
        if isinstance(net, DcganClips | R3ganClips) and not origin.recipe.frames:
            _begin_to_move(net, recipe)
        live = getattr(state, part).state_dict()
        for name, tensor in net.state_dict().items():
            live[name].copy_(tensor)
    world.broadcast(tensors(state).values())


@torch.no_grad()
def _begin_to_move(net: DcganClips | R3ganClips, recipe: Recipe) -> None:
    """Let a generator of clips, which was taken from one of pictures, begin as gently with motion as a new one does."""
    fresh = nets.initialised(BUILDERS["generator"](recipe), recipe.seed, "generator")
    assert isinstance(fresh, DcganClips | R3ganClips)
    fresh.begin_gently()
    for weight, first in zip(net.moving_weights(), fresh.moving_weights(), strict=True):
        weight.copy_(first)


# ---- reading them ----------------------------------------------------------------------------------------------------


def _of_state(run: Run) -> Origin:
    """All three nets of a run's last state."""
    path, recipe = run.state_file, run.recipe
    images = counters(path).images
    refuse_other_nets(recipe, path)
    weights: dict[str, dict[str, Tensor]] = {}
    try:
        with tensorfiles.opened(path) as content:
            for part, kind in KINDS.items():
                expected = BUILDERS[kind](recipe).state_dict()
                weights[part] = {k: sound(k, content.tensor(f"{part}.{k}"), v.dtype) for k, v in expected.items()}
    except (Unsound, *DAMAGED) as error:
        raise InputError(f"{path} is damaged ({str(error).splitlines()[0]}): restore it from a copy.") from None
    return Origin(str(Path(abspath(run.folder))), run.name, recipe, images, _digests(path), tuple(KINDS), weights)


def _of_files(asked: str, name: str, file: Path) -> Origin:
    """A generator's file, whose average serves as both generators, and the discriminator beside it, if there is one."""
    net, recipe = unpacked(file, "generator")
    weights = {"generator": net.state_dict(), "average": net.state_dict()}
    files = [file]
    beside = file.with_name("discriminator.safetensors")
    if beside.is_file():
        judge, its = unpacked(beside, "discriminator")
        if _shapes(its) != _shapes(recipe) or its.classes != recipe.classes:
            raise InputError(f"{beside} is of another run than {file.name} beside it: take it away, or restore it.")
        weights["discriminator"], files = judge.state_dict(), [file, beside]
    with tensorfiles.opened(file) as content:
        images = _count(content.header)
    return Origin(asked, name, recipe, images, _digests(*files), tuple(weights), weights)


def _shapes(recipe: Recipe) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in nets.discriminator(recipe).state_dict().items()}


def _count(header: Mapping[str, Any]) -> int | None:
    """Images seen, as a header tells them, where it does."""
    images = header.get("images")
    return images if isinstance(images, int) else None


def _of_start_file(asked: str, name: str, file: Path) -> Origin:
    weights, recipe, facts = unpacked_start(file)
    whole = {"generator": weights.get("generator", weights["average"])} | weights
    return Origin(asked, name, recipe, _count(facts), _digests(file), tuple(whole), whole)


def _kind_of(file: Path) -> str | None:
    try:
        with tensorfiles.opened(file) as content:
            return content.kind
    except (ValueError, *DAMAGED):  # told by who reads it
        return None


def _digests(*files: Path) -> dict[str, str]:
    found = {}
    for file in files:
        with file.open("rb") as content:
            found[file.name] = file_digest(content, "sha256").hexdigest()
    return found


def _as_text(origin: Origin) -> str:
    fields = ("asked", "name", "images", "files", "parts")
    return json.dumps({"recipe": recipes.to_json(origin.recipe)} | {name: getattr(origin, name) for name in fields})


def _from_text(text: str) -> Origin:
    fields = json.loads(text)
    recipe = recipes.from_json(fields.pop("recipe"), "the recipe of the nets that it starts from")
    return Origin(**fields | {"recipe": recipe, "parts": tuple(fields["parts"])})
