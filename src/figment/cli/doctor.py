"""`figment doctor`: what is installed here, what this machine can do, what is wrong and how to mend it."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from figment.cli.console import progress_bar, tell
from figment.errors import InputError
from figment.version import __version__

FORMAT = 1  # of --json
LITTLE_ROOM = 10**9  # bytes: a bank of some ten thousand pictures, or the states of a run
USES = {
    "parquet": "Parquet files, and data sets of the Hugging Face hub",
    "hub": "hf:OWNER/NAME; figment push, figment pull",
    "heic": "HEIC pictures",
    "face": "--fit face",
    "onnx": "figment export --onnx and --page, sampling without PyTorch; features by a network of yours",
    "tensorboard": "--log tensorboard",
    "study": "figment study",
    "c2pa": "figment check: who signed a picture or film; sample --c2pa, figment mark",
    "studio": "figment studio, train --studio",
}
BF16 = {
    "fast": "faster than float32",
    "perhaps": "perhaps faster: a time budget measures it",
    "slow": "not faster here",
}
NVIDIA = Path("/proc/driver/nvidia/version")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, for programs.")
def doctor(as_json: bool) -> None:
    """Tell what is installed, what this machine can do, and what is wrong, with its mend.

    Exit status 0 where all is well, 1 where something is wrong.

    \b
    Examples:
      figment doctor
      figment doctor --json
    """
    import json

    facts: dict[str, Any] = {}
    problems: list[str] = []
    advice: list[str] = []
    for part, lines in parts(problems, advice):
        facts |= part
        if not as_json:
            tell(*lines)
    if as_json:
        click.echo(json.dumps({"format": FORMAT, **facts, "problems": problems, "advice": advice}, indent=1))
    else:
        tell("", *(f"advice   {sentence}" for sentence in advice), *(f"wrong    {sentence}" for sentence in problems))
        tell(f"{len(problems)} to be mended." if problems else "All is well.")
    if problems:
        raise click.exceptions.Exit(1)


def parts(problems: list[str], advice: list[str]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """What there is, part by part as it becomes known: as JSON has it, keys that stay, and in lines for a person.

    PyTorch, which takes seconds to be read, comes last. Added are what is wrong, with its mend, and what would be better.
    """
    here: dict[str, Any] = {
        "figment": __version__,
        "folder": str(Path(__file__).parents[1]),
        "python": platform.python_version(),
        "interpreter": sys.executable,
        "system": platform.platform(),
    }
    yield here, _lines_of_here(here)
    extras = _packages(problems)
    yield {"extras": extras}, _lines_of_extras(extras)
    cache, free = _cache(problems), shutil.disk_usage(os.getcwd()).free
    if free < LITTLE_ROOM:
        problems.append(f"the disk of {os.getcwd()} is nearly full: free some space before you train there.")
    yield {"cache": cache, "here": {"folder": os.getcwd(), "free": free}}, _lines_of_disks(cache, free)
    with progress_bar(0, "trying PyTorch"):
        machine = _torch(problems, advice)
    yield machine | {"processes": _processes(advice)}, _lines_of_torch(machine)


def _packages(problems: list[str]) -> dict[str, Any]:
    """Each extra: whether it is there, its packages and the line that installs it. Told: what figment itself lacks."""
    from figment.common.extras import mend
    from figment.common.packages import needed

    extras: dict[str, Any] = {}
    for package in needed():
        if not package.extra:
            if not package.fits:
                fix = f"pip install '{package.name}{package.bounds}'"
                problems.append(f"{package}, and {package.bounds} is needed: {fix}")
            continue
        row = extras.setdefault(package.extra, {"there": True, "packages": {}, "install": mend(package.extra)})
        row["packages"][package.name] = package.installed
        row["there"] &= package.fits
    return extras


def _cache(problems: list[str]) -> dict[str, Any]:
    """The cache folder, what its parts take, and what is free on its disk."""
    from figment.common.cache import cache_folder
    from figment.common.places import check_folder

    folder = cache_folder()
    place = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(place).free
    try:
        check_folder(folder, "FIGMENT_CACHE")
    except InputError as error:
        problems.append(str(error))
    if free < LITTLE_ROOM:
        mend = "delete there what you can do without, or set FIGMENT_CACHE to a folder elsewhere."
        problems.append(f"the disk of the cache, {folder}, is nearly full: {mend}")
    parts = {entry.name: _bytes_below(entry) for entry in sorted(_entries(folder), key=lambda entry: entry.name)}
    return {"folder": str(folder), "bytes": sum(parts.values()), "parts": parts, "free": free}


def _entries(folder: Path | str) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return


def _bytes_below(entry: "os.DirEntry[str]") -> int:
    try:
        if entry.is_dir(follow_symlinks=False):
            return sum(map(_bytes_below, _entries(entry.path)))
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _torch(problems: list[str], advice: list[str]) -> dict[str, Any]:
    """PyTorch and the device that --device auto takes, tried with a small convolution."""
    try:
        import torch

        from figment.common.machine import this_machine

        machine = this_machine()
        _convolve(torch, machine.kind)
    except Exception as error:  # whatever a broken installation raises
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        problems.append(f"PyTorch doesn't work here ({reason}): pip install --force-reinstall torch")
        return {"torch": None, "device": None}
    if machine.kind == "cpu" and (shutil.which("nvidia-smi") or NVIDIA.exists()):
        why = (
            "is older than this PyTorch needs"
            if torch.version.cuda
            else "isn't used: this PyTorch is built without CUDA"
        )
        fix = (
            "update the driver" if torch.version.cuda else "take the build for it from https://pytorch.org/get-started"
        )
        problems.append(f"the driver of the NVIDIA GPU {why}: {fix}.")
    if not machine.compiler and machine.kind != "mps":
        advice.append("no C++ compiler is found, so nets aren't compiled and train slower: install g++ or clang.")
    facts = machine.facts()
    return {
        "torch": torch.__version__,
        "device": {key: facts[key] for key in ("device", "name", "cores", "threads", "memory", "bf16", "compiler")},
    }


def _convolve(torch: Any, device: str) -> None:
    """A step of what training does. Raises whatever PyTorch does where its build doesn't fit the device."""
    x = torch.randn(2, 3, 8, 8, device=device, requires_grad=True)
    torch.nn.functional.conv2d(x, torch.randn(4, 3, 3, 3, device=device)).square().sum().backward()
    if not bool(torch.isfinite(x.grad).all()):
        raise RuntimeError("a small convolution comes out wrong")


def _processes(advice: list[str]) -> int:
    """How many processes a training would wait for, by the environment."""
    from figment.common.launch import launched

    try:
        launch = launched()
    except InputError as error:
        advice.append(f"a training would be refused: {error}.")
        return 1
    if launch is not None and launch.size > 1:
        advice.append(
            f"WORLD_SIZE is {launch.size}: a training waits for the others; unset WORLD_SIZE RANK trains alone."
        )
    return launch.size if launch else 1


def _lines_of_here(facts: dict[str, Any]) -> list[str]:
    return [
        f"figment  {facts['figment']} in {facts['folder']}",
        f"python   {facts['python']}, {facts['interpreter']}",
        f"system   {facts['system']}",
    ]


def _lines_of_extras(extras: dict[str, Any]) -> list[str]:
    lines = []
    for name, extra in extras.items():
        there = ", ".join(f"{package} {version or 'missing'}" for package, version in extra["packages"].items())
        use = f" ({USES[name]})" if name in USES else ""
        lines.append(f"extra    {name}{use}: {there if extra['there'] else 'missing: ' + extra['install']}")
    return lines


def _lines_of_disks(cache: dict[str, Any], free: int) -> list[str]:
    from figment.common.units import as_bytes

    parts = ", ".join(f"{name} {as_bytes(size)}" for name, size in cache["parts"].items() if size)
    return [
        f"cache    {cache['folder']}: {as_bytes(cache['bytes'])}{f' ({parts})' if parts else ''}",
        f"disk     {as_bytes(cache['free'])} free there, {as_bytes(free)} free here",
    ]


def _lines_of_torch(facts: dict[str, Any]) -> list[str]:
    version = facts["torch"] or "doesn't work"
    lines, device = [f"torch    {version}"], facts["device"]
    if device:
        cores = f"cores: {device['cores']}, threads: {device['threads']}, " if device["device"] == "cpu" else ""
        lines += [
            f"device   {device['device']}: {device['name']} ({cores}{device['memory']:.0f} GiB)",
            f"bf16     {BF16[device['bf16']]}",
            f"compile  {'yes' if device['compiler'] else 'no'}",
        ]
    return lines
