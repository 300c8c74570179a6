"""Latent codes: drawn from the prior, one by one from a seed, and drawn in towards the mean."""

import math
from pathlib import Path

import torch
from torch import Tensor

from figment.common import tensorfiles
from figment.common.seeds import generator_at
from figment.errors import InputError


def draw(count: int, code_size: int, prior: str, generator: torch.Generator) -> Tensor:
    """Codes from the prior: "uniform" on (-1, 1), as in arXiv 1511.06434, or "normal". Returns float32 (count, code_size)."""
    if prior == "uniform":
        return torch.rand(count, code_size, generator=generator) * 2 - 1
    return torch.randn(count, code_size, generator=generator)


def numbered(seed: int, start: int, count: int, code_size: int, prior: str, candidate: int = 0) -> Tensor:
    """Codes number start … start + count - 1 of a seed, float32 (count, code_size).

    Code i depends on (seed, i) alone, so that a sample can be named by its number and had again. candidate: above 0,
    another code for the same number, for a sample that is chosen among several.
    """
    place = (candidate,) if candidate else ()
    rows = [draw(1, code_size, prior, generator_at(seed, "sample", i, *place)) for i in range(start, start + count)]
    return torch.cat(rows) if rows else torch.empty(0, code_size)


def numbered_classes(seed: int, start: int, count: int, classes: int) -> Tensor:
    """Classes of samples number start … start + count - 1 of a seed, int64 (count,), each as likely as the others.

    Class i depends on (seed, i) alone, and is drawn apart from code i.
    """
    rows = [torch.randint(classes, (1,), generator=generator_at(seed, "class", i)) for i in range(start, start + count)]
    return torch.cat(rows) if rows else torch.empty(0, dtype=torch.int64)


def truncated(codes: Tensor, truncation: float) -> Tensor:
    """Scale codes towards the prior's mean, which is 0 for both priors: 1 leaves them, 0 gives the mean picture."""
    return codes * truncation


def from_gaussian(codes: Tensor, prior: str) -> Tensor:
    """Carry standard-normal codes onto the prior: through the normal CDF for "uniform", unchanged for "normal".

    A path that is standard normal at every moment thereby stays on the prior.
    """
    return torch.erf(codes / math.sqrt(2)) if prior == "uniform" else codes


def to_gaussian(codes: Tensor, prior: str) -> Tensor:
    """The inverse of from_gaussian: codes of the prior → standard-normal codes, of the same shape and dtype."""
    largest = 1 - torch.finfo(torch.float32).eps / 2  # the uniform prior can draw -1 itself, whose place is infinite
    return torch.erfinv(codes.clamp(-largest, largest)) * math.sqrt(2) if prior == "uniform" else codes


def shifted(codes: Tensor, shift: Tensor, prior: str) -> Tensor:
    """Codes (N, d) moved by shift, (d,) or (N, d), in Gaussian space, where every direction has the same unit: a deviation.

    Raises InputError for a shift of codes of another size.
    """
    if shift.shape[-1] != codes.shape[-1]:
        raise InputError(
            f"a direction of {shift.shape[-1]} numbers moves no codes of {codes.shape[-1]}: find directions in this generator."
        )
    return from_gaussian(to_gaussian(codes.double(), prior) + shift, prior).to(codes.dtype)


def packed(codes: Tensor, labels: Tensor | None = None) -> bytes:
    """Codes (N, code_size), and classes (N,) where there are some, as a safetensors file; the same give the same bytes."""
    tensors = {"codes": codes.float()} | ({} if labels is None else {"labels": labels})
    return tensorfiles.packed(tensors, {"kind": "codes"})


def read(file: str | Path, code_size: int, classes: int = 0) -> tuple[Tensor, Tensor | None]:
    """Codes of a file, float32 (N, code_size), and their classes, int64 (N,), for a generator that has some.

    Raises InputError where there is no such file, it is none of codes, or they are another generator's.
    """
    file = Path(file)
    if not file.is_file():
        raise InputError(f"{file} doesn't exist: name a file of codes, such as those in a run's findings.")
    try:
        with tensorfiles.opened(file) as content:
            if content.kind != "codes":
                raise InputError(f"{file} holds no codes: name a .safetensors file from a run's findings.")
            codes = tensorfiles.sound("codes", content.tensor("codes"))
            labels = content.tensor("labels") if "labels" in content.shapes else None
            labels = None if labels is None else tensorfiles.sound("labels", labels, torch.int64)
    except tensorfiles.Unsound as error:
        raise InputError(f"{file} is damaged, or holds another generator's codes ({error}): make it again.") from None
    except (*tensorfiles.DAMAGED, ValueError, AttributeError) as error:
        raise InputError(f"{file} is no whole file of codes ({error}): make it again.") from None
    fits = codes.ndim == 2 and codes.shape[1] == code_size and bool(codes.isfinite().all())
    known = labels is None or (labels.shape == codes.shape[:1] and bool(((labels >= 0) & (labels < classes)).all()))
    if not fits or not known or (labels is None) != (classes == 0):
        wanted = f"{code_size} numbers each" + (f" and one of {classes} classes" if classes else " and no classes")
        raise InputError(f"{file} holds another generator's codes: this one takes {wanted}.")
    return codes, labels
