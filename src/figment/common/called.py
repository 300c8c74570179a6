"""What lies at a path, in words, for somebody who named it where a run or a generator was wanted; and the run that it is of."""

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from figment.common.addresses import absent
from figment.common.text import typed
from figment.errors import InputError

# First bytes, and what a file that has them is.
_BEGINNINGS = (
    (b"\x89PNG", "a picture (PNG)"), (b"\xff\xd8\xff", "a picture (JPEG)"), (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a picture or film (RIFF)"), (b"BM", "a picture (BMP)"), (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"), (b"PK\3\4", "a ZIP archive"), (b"\x1f\x8b", "a compressed archive"),
    (b"<!doctype html", "a page"), (b"<html", "a page"),
)  # fmt: skip
_SUFFIXES = {
    ".json": "a JSON file",
    ".jsonl": "a JSON file",
    ".onnx": "an ONNX network",
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
}
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic"}
LOOKED_AT = 100  # names in a folder


def mistaken(path: str | os.PathLike[str], wanted: str, mend: str) -> str | None:
    """A sentence for a path that is something else than what is wanted: what it is, and what to name; None where nobody knows.

    wanted: in a word, such as "run folder"; mend: what to name. Within a run that run is named.
    """
    path = Path(path)
    run, what = _run_above(path), called(path)
    if run is not None:
        return f"{path} is {what or 'a part'} of a run, no {wanted}: name the run, {typed(run)}."
    return f"{path} is {what}, no {wanted}: {mend}." if what else None


def check_run(folder: str | os.PathLike[str]) -> None:
    """Raise InputError where a folder isn't there, or is no run."""
    if not os.path.exists(folder):
        raise InputError(absent(folder, "name a run folder, such as runs/portraits-1"))
    if not all(os.path.isfile(os.path.join(folder, name)) for name in ("recipe.json", "run.json")):
        raise InputError(
            mistaken(folder, "run folder", "name one that train made")
            or f"{folder} is no run folder (it has no recipe.json and run.json): name one that train made."
        )


def called(path: Path) -> str:
    """What lies at a path by its first bytes, its name or what is in it; "" where that doesn't tell."""
    with suppress(OSError):
        if path.is_dir():
            return _folder_called(path)
        with path.open("rb") as file:
            begins = file.read(32)
        if begins[4:8] == b"ftyp":
            return "a film (mp4)" if begins[8:12] not in (b"avif", b"heic", b"mif1") else "a picture (AVIF or HEIC)"
        beginning = begins.lstrip(b"\xef\xbb\xbf \r\n").lower()
        found = next(
            (what for bytes_, what in _BEGINNINGS if begins.startswith(bytes_) or beginning.startswith(bytes_)), ""
        )
        return found or _SUFFIXES.get(path.suffix.lower(), "")
    return ""


def _folder_called(path: Path) -> str:
    with os.scandir(path) as entries:
        inside = [Path(entry) for entry in islice(entries, LOOKED_AT)]
    if {"run.json", "recipe.json"} & {entry.name for entry in inside}:
        return ""  # a run, or what is left of one
    runs = sorted(entry for entry in inside if (entry / "run.json").is_file())
    if runs:
        return f"a folder of runs, such as {typed(runs[0])}"
    if any(entry.suffix.lower() in _PICTURES for entry in inside):
        return "a folder of pictures"
    return ""


def _run_above(path: Path) -> Path | None:
    """The run folder that a path lies in, at most two folders below."""
    return next((folder for folder in islice(path.parents, 2) if (folder / "run.json").is_file()), None)
