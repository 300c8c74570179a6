"""Tensors in files: safetensors, with facts about them as JSON in the header. Reading one never runs anything.

Nets, codes, directions, the state of a run and the small readers are all kept so.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from figment.common.jsontext import parsed
from figment.common.pointers import refuse_pointer

KEY = "figment"  # the header's one entry: of several, safetensors writes the order at random
DAMAGED = (SafetensorError, OSError)  # what reading raises where a file is cut off, of another form, or gone
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)  # what weights are taken in
VARIANCE = "running_var"  # what names end in of what is never below 0
MAX_WEIGHT = 1e15  # of a net: sums of products of larger ones leave float32


class Unsound(ValueError):
    """A tensor that can't be used: the message names it, and says why."""


def sound(name: str, tensor: Tensor, wanted: torch.dtype = torch.float32, limit: float = MAX_WEIGHT) -> Tensor:
    """A tensor in the type that is wanted: halves and doubles are taken for floats, other integers for integers.

    Raises Unsound for one of another kind, and for floats that are NaN, infinite or larger than limit.
    """
    if not wanted.is_floating_point:
        if tensor.dtype == torch.bool or tensor.is_floating_point() or tensor.is_complex():
            raise Unsound(f"{name} is {_type(tensor.dtype)} where {_type(wanted)} is wanted")
        return tensor.to(wanted)
    if tensor.dtype not in FLOATS:
        raise Unsound(f"{name} is {_type(tensor.dtype)} where {_type(wanted)} is wanted")
    tensor = tensor.to(wanted)
    if tensor.numel():
        floor, least, greatest = 0.0 if name.endswith(VARIANCE) else -limit, *map(float, tensor.aminmax())
        if not floor <= least <= greatest <= limit:  # NaN is nowhere between
            raise Unsound(f"{name} holds NaN, infinity or numbers beyond {floor:.0e} to {limit:.0e}")
    return tensor


def _type(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def packed(tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> bytes:
    """Tensors by name, and a header that JSON can hold, as the bytes of a file; the same give the same bytes."""
    whole = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    return save(whole, {KEY: json.dumps(header)})


class TensorFile:
    """An open file: its header and shapes are read from its first bytes, a tensor when it is asked for."""

    def __init__(self, content: "safe_open | _ReadFile") -> None:
        self._content = content
        self._entries = content.metadata() or {}

    @property
    def header(self) -> Any:
        """What was packed with the tensors. Raises KeyError where there is nothing, ValueError where it is no JSON."""
        return parsed(self._entries[KEY])

    @property
    def kind(self) -> str | None:
        """What the header says that the file holds; None where it doesn't say."""
        return self.header.get("kind") if KEY in self._entries else None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all tensors by name; nothing is allocated for them."""
        return {name: tuple(self._content.get_slice(name).get_shape()) for name in self._content.keys()}  # noqa: SIM118

    def tensor(self, name: str) -> Tensor:
        """A tensor on the CPU. Raises SafetensorError where there is none of this name."""
        return self._content.get_tensor(name)

    def tensors(self) -> dict[str, Tensor]:
        """All tensors by name, on the CPU."""
        return {name: self.tensor(name) for name in self._content.keys()}  # noqa: SIM118 - not a dict


@contextmanager
def opened(file: Path) -> Iterator[TensorFile]:
    """Read a file; it, and what is asked of it, raises what DAMAGED names where the file isn't whole.

    Raises InputError for a git-LFS pointer in its place.
    """
    with _name_in_utf8(file) as name:
        try:
            content: safe_open | _ReadFile = safe_open(name, framework="pt")
        except SafetensorError:
            refuse_pointer(file)
            raise
        except OSError as error:
            if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
                raise
            content = _ReadFile(Path(name).read_bytes())  # safetensors maps files, which not every disk can
        with content:
            yield TensorFile(content)


class _ReadFile:
    """A file's bytes, and of what safetensors' open files offer, that which is used here."""

    def __init__(self, content: bytes) -> None:
        self._tensors = load(content)
        header = parsed(content[8 : 8 + int.from_bytes(content[:8], "little")].decode())
        self._entries = header.get("__metadata__")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def metadata(self) -> dict[str, str] | None:
        return self._entries

    def keys(self) -> list[str]:
        return list(self._tensors)

    def get_tensor(self, name: str) -> Tensor:
        if name not in self._tensors:
            raise SafetensorError(f"File does not contain tensor {name}")
        return self._tensors[name]

    def get_slice(self, name: str) -> SimpleNamespace:
        shape = list(self.get_tensor(name).shape)
        return SimpleNamespace(get_shape=lambda: shape)


@contextmanager
def _name_in_utf8(file: Path) -> Iterator[str]:
    """A name for a file whose own may hold bytes that aren't text, which safetensors refuses."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        with file.open("rb") as opened:
            yield f"/dev/fd/{opened.fileno()}"
    else:
        yield str(file)
