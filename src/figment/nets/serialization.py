"""Nets as portable files: safetensors with the kind of net and its recipe in the header. Reading one never runs anything."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
from torch import nn

from figment import nets
from figment.common import tensorfiles
from figment.common.called import mistaken
from figment.common.tensorfiles import DAMAGED, TensorFile, Unsound, sound
from figment.errors import InputError
from figment.recipe import Recipe, from_json, to_json, without_paths

FLOAT_BYTES = 4
BUILDERS: dict[str, Callable[[Recipe], nn.Module]] = {"generator": nets.generator, "discriminator": nets.discriminator}


def packed(net: nn.Module, recipe: Recipe, kind: str, facts: Mapping[str, Any] | None = None) -> bytes:
    """A net as one portable safetensors file, float32, with kind ("generator" or "discriminator") and recipe in its header.

    facts: what else the header tells. The same net gives the same bytes; no path, no host name, no time.
    """
    weights = {k: v.detach().float() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    header = {"kind": kind, "recipe": json.loads(to_json(without_paths(recipe)))}
    return tensorfiles.packed(weights, header | dict(facts or {}))


def unpacked(file: Path, kind: str) -> tuple[nn.Module, Recipe]:
    """The net of a file, float32 on the CPU, and its recipe. Weights that were halved are taken, too.

    Raises InputError if the file is cut off, holds no figment net of this kind, its shapes don't fit its recipe or the memory,
    or its weights are no numbers that a net can have: shapes are checked before anything is allocated.
    """
    try:
        with tensorfiles.opened(file) as content:
            recipe = _recipe_of(content, file, kind)
            net = _built(recipe, file, kind)
            expected = net.state_dict()
            if {k: tuple(v.shape) for k, v in expected.items()} != content.shapes:
                raise InputError(f"{file} doesn't fit the recipe in its header: it is damaged or was changed by hand.")
            needed, free = FLOAT_BYTES * sum(v.numel() for v in expected.values()), psutil.virtual_memory().available
            if needed > free:
                raise InputError(
                    f"{file} needs {needed / 2**30:.1f} GiB of memory and {free / 2**30:.1f} are free: load it on a machine with "
                    "more."
                )
            weights = {k: sound(k, content.tensor(k), v.dtype) for k, v in expected.items()}
    except Unsound as error:
        raise InputError(f"{file} is damaged ({error}): copy or train it again.") from None
    except DAMAGED as error:
        reason = f"{file} is no whole safetensors file ({_reason(error)}): copy or train it again."
        other = (
            mistaken(file, kind, f"name a run folder or a {kind}.safetensors")
            if file.suffix != ".safetensors"
            else None
        )
        raise InputError(other or reason) from None
    net.load_state_dict(weights, assign=True)
    return net.eval().requires_grad_(False), recipe


def _recipe_of(content: TensorFile, file: Path, kind: str) -> Recipe:
    try:
        header = content.header
        found, recipe = header["kind"], header["recipe"]
    except (ValueError, KeyError, TypeError):
        found, recipe = None, None
    if found != kind:
        raise InputError(
            f"{file} is no figment {kind} (its header doesn't say so): name a {kind}.safetensors of a run."
        )
    return from_json(json.dumps(recipe), str(file))


def _built(recipe: Recipe, file: Path, kind: str) -> nn.Module:
    if recipe.channels == "auto":
        raise InputError(
            f"{file} doesn't tell in its header how many channels its pictures have: copy or train it again."
        )
    try:
        return BUILDERS[kind](recipe)
    except (InputError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{file} has a header that describes no net ({reason}): copy or train it again.") from None


def _reason(error: Exception) -> str:
    return str(error).removeprefix("Error while deserializing header: ").strip(" .") or type(error).__name__
