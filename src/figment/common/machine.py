"""What this machine has that a training run can use."""

import importlib.util
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import psutil
import torch
from torch import Tensor

from figment.errors import InputError


@dataclass(frozen=True)
class Machine:
    """device: "cuda", "mps" or "cpu"; memory in GiB (the card's, where there is one).

    bf16: "fast", "slow", or "perhaps", where only measuring tells.
    """

    device: str
    name: str
    cores: int
    memory: float
    bf16: Literal["fast", "perhaps", "slow"]
    compiler: bool

    @property
    def kind(self) -> str:
        """The device without its number."""
        return self.device.split(":")[0]

    def facts(self) -> dict[str, Any]:
        """As kept in run.json: nothing that tells whose machine it is."""
        return asdict(self) | {"threads": torch.get_num_threads(), "system": platform.system()}

    def __str__(self) -> str:
        cores = f"{self.cores} cores, " if self.device == "cpu" else ""
        return f"{self.name} ({self.device}, {cores}{self.memory:.0f} GiB)"


def this_machine(device: str = "auto") -> Machine:
    """The machine as seen through a device: "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises InputError for a device that isn't there.
    """
    kind = _best_device() if device == "auto" else device.split(":")[0]
    if kind not in {"cuda", "mps", "cpu"}:
        raise InputError(f"--device {device}: must be auto, cuda, mps or cpu.")
    if (kind == "cuda" and not torch.cuda.is_available()) or (kind == "mps" and not torch.backends.mps.is_available()):
        raise InputError(f"--device {device}: PyTorch finds no such device here; --device auto takes what there is.")
    name, memory = _processor_name(), psutil.virtual_memory().total / 2**30
    if kind == "cuda":
        name, memory = torch.cuda.get_device_name(), torch.cuda.get_device_properties(0).total_memory / 2**30
    return Machine(
        device=kind if device == "auto" else device,
        name=name,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=round(memory, 1),
        bf16=_bf16(kind),
        compiler=_has_compiler(kind),
    )


def configure_torch(device: torch.device) -> None:
    """Set torch's arithmetic up for training on a device; to be called once, before it."""
    for kind in (
        np.float32,
        np.float64,
    ):  # looked up once and kept; afterwards numpy would warn that 0 is its smallest number
        np.finfo(kind)
    torch.set_flush_denormal(True)  # numbers near 0 make Adam crawl on many CPUs
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32, as convolutions have it anyway
        torch.backends.cudnn.deterministic = True  # or a resumed run differs from an uninterrupted one


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the host's on a device. A GPU isn't waited for, as .to alone would: it may be some steps behind."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _bf16(kind: str) -> Literal["fast", "perhaps", "slow"]:
    """How bf16 compares with float32: emulated it works everywhere, but is slower."""
    if kind == "cuda":
        return "fast" if torch.cuda.is_bf16_supported(including_emulation=False) else "slow"
    if kind == "mps":
        return "slow"
    if _processor_has("amx_tile"):
        return "fast"
    # With AVX-512's instructions it was slower than float32 on an Intel Xeon and faster on an AMD EPYC (LOG 32).
    return "perhaps" if _processor_has("avx512_bf16") else "slow"


def _processor_has(instructions: str) -> bool:
    # Private, as of torch 2.13; where it is missing bf16 isn't tried.
    return bool(getattr(torch.cpu, f"_is_{instructions}_supported", lambda: False)())


def _has_compiler(kind: str) -> bool:
    """Whether torch.compile has what it needs: a C++ compiler on the CPU, Triton on CUDA."""
    cpp = any(shutil.which(c) for c in (os.environ.get("CXX"), "g++", "clang++", "cl") if c)
    if kind == "cuda":
        return cpp and importlib.util.find_spec("triton") is not None
    return cpp and kind == "cpu"


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
