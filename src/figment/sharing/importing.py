"""Nets that other programs trained, as figment's: known layouts of weights, read without running anything that is in a file."""

import re
import warnings
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from figment import nets, presets
from figment.common import tensorfiles
from figment.common.addresses import absent
from figment.common.called import mistaken
from figment.common.files import write_outputs
from figment.common.pointers import refuse_pointer
from figment.common.tensorfiles import Unsound, sound
from figment.common.text import shown
from figment.errors import InputError
from figment.nets.serialization import packed
from figment.recipe import MAX_CODE_SIZE, SIZES, Recipe, to_json

MAX_BYTES = 4 * 2**30  # of a file of weights: no net of ours comes near it
FILES = ("generator.safetensors", "recipe.json")
HELD_UNDER = ("state_dict", "netG")  # keys under which programs keep a generator's weights beside other things
TORCH_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
WANTED = "give the generator's state dict, as a .safetensors file or as torch.save(netG.state_dict(), FILE) writes it"
NO_R3GAN = (
    "--as r3gan: R3GAN's published nets are pickles that only their authors' own code opens, and their weights' names are told "
    "nowhere else, so figment doesn't read them: train such nets with --recipe r3gan."
)


def import_nets(file: Path, layout: str, out: Path) -> tuple[list[Path], Recipe]:
    """Write the generator that a file holds into a folder, as generator.safetensors and recipe.json; gives both, and the recipe.

    layout: "dcgan-tutorial", the generator of PyTorch's DCGAN tutorial; see dcgan_tutorial. Raises InputError where the file is
    something else, for "r3gan", and where the folder can't be written to or holds such files already.
    """
    if layout == "r3gan":
        raise InputError(NO_R3GAN)
    for name in FILES:
        if (out / name).exists():
            raise InputError(f"--out {out} holds a {name} already: name another folder.")
    net, recipe = dcgan_tutorial(read_weights(file), file)
    write_outputs(out, dict(zip(FILES, (packed(net, recipe, "generator"), to_json(recipe)), strict=True)))
    return [out / name for name in FILES], recipe


def dcgan_tutorial(weights: Mapping[str, Tensor], file: Path) -> tuple[nn.Module, Recipe]:
    """The generator of PyTorch's DCGAN tutorial as figment's DCGAN net, and its recipe: any code size, widths and doublings.

    Its `main` counts transposed convolutions of 4×4 without bias, batch norms and ReLUs from 0; in figment's a layer that shapes
    the code comes before them. Codes are N(0, 1). Raises InputError where names, shapes or numbers are others.
    """
    found = {re.sub(r"^(module\.)?main\.", "", name): tensor for name, tensor in weights.items()}
    shapes: list[tuple[int, ...]] = []
    while (conv := found.get(f"{3 * len(shapes)}.weight")) is not None and conv.ndim == 4:
        shapes.append(tuple(conv.shape))
    chained = all(a[1] == b[0] for a, b in pairwise(shapes))
    if len(shapes) < 3 or not chained or any(shape[2:] != (4, 4) or 0 in shape for shape in shapes):
        raise _other(file, "main.0, main.3, … aren't convolutions of 4×4, each as wide as the one before gives")
    size, code_size, channels = 2 ** (len(shapes) + 1), shapes[0][0], shapes[-1][1]
    if channels not in (1, 3) or size not in SIZES or code_size > MAX_CODE_SIZE:
        raise _other(file, f"it takes {code_size} numbers and draws {size}×{size} pixels in {channels} channels")
    widths = tuple(shape[1] for shape in shapes[:-1])
    recipe = presets.make(
        "dcgan-plain",
        size=size,
        channels=channels,
        code_size=code_size,
        prior="normal",
        width=widths[-1],
        widths=widths,
    )
    net = nets.generator(recipe)
    net.load_state_dict(_renamed(found, net.state_dict(), file), assign=True)
    return net.eval(), recipe


def _renamed(found: dict[str, Tensor], expected: Mapping[str, Tensor], file: Path) -> dict[str, Tensor]:
    """Weights by figment's names, checked against the shapes that are expected."""
    theirs = {ours: f"{int(ours.partition('.')[0]) - 1}.{ours.partition('.')[2]}" for ours in expected}
    if more := sorted(set(found) - set(theirs.values())):
        raise _other(file, f"it holds {shown(more[0])} besides")
    taken = {}
    for ours, name in theirs.items():
        tensor = found.get(name)
        if tensor is None and name.endswith("num_batches_tracked"):  # which older files lack, and nothing here reads
            tensor = torch.zeros((), dtype=torch.int64)
        if tensor is None:
            raise _other(file, f"main.{name} is missing")
        if tensor.shape != expected[ours].shape:
            raise _other(file, f"main.{name} has the shape {tuple(tensor.shape)}")
        try:
            taken[ours] = sound(f"main.{name}", tensor, expected[ours].dtype)
        except Unsound as error:
            raise InputError(f"{file} can't be used ({error}): save its weights anew.") from None
    return taken


def read_weights(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, or of one by torch.save that holds nothing but weights, by name.

    Raises InputError for other files; nothing that is in one is run.
    """
    if not file.exists():
        raise InputError(absent(file, "name a file of weights"))
    if file.is_dir():
        raise InputError(f"{file} is a folder: name a file of weights.")
    refuse_pointer(file)
    if _unpacked_bytes(file) > MAX_BYTES:
        raise InputError(f"{file} unpacks to more than {MAX_BYTES >> 30} GiB: {WANTED}.")
    if file.suffix == ".safetensors":
        try:
            with tensorfiles.opened(file) as content:
                return content.tensors()
        except tensorfiles.DAMAGED as error:
            raise InputError(f"{file} is no whole safetensors file ({error}): copy it again.") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of how old a form of a file is
            held: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception:  # a hostile file may raise whatever it likes
        other = mistaken(file, "file of weights", WANTED) if file.suffix not in TORCH_SUFFIXES else None
        raise InputError(
            other or f"{file} is cut short, or holds more than weights, which might run code and isn't read: {WANTED}."
        ) from None
    for key in HELD_UNDER:
        if isinstance(held, dict) and isinstance(held.get(key), dict):
            held = held[key]
    if not isinstance(held, dict) or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in held.items()):
        raise InputError(f"{file} holds other things than tensors by name: {WANTED}.")
    if others := [name for name, tensor in held.items() if not _is_plain(tensor)]:
        raise InputError(f"{file} holds {shown(others[0])} without all its numbers, one by one: {WANTED}.")
    return held


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor has a number in the file for each of its places: neither sparse, nor empty of them, nor one repeated."""
    if tensor.is_nested or tensor.layout is not torch.strided or tensor.device.type != "cpu":
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _unpacked_bytes(file: Path) -> int:
    """What a file takes, unpacked: torch.save's are ZIP archives."""
    if not zipfile.is_zipfile(file):
        return file.stat().st_size
    try:
        with zipfile.ZipFile(file) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return file.stat().st_size


def _other(file: Path, reason: str) -> InputError:
    return InputError(f"{file} isn't a generator of PyTorch's DCGAN tutorial ({reason}): {WANTED}.")
