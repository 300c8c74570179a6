"""A run taken from the Hugging Face hub: files of the run folder's layout alone, each looked at before any is put down."""

import errno
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from PIL import Image

from figment import recipe as recipes
from figment.common import tensorfiles
from figment.common.files import flush_to_disk, write_together
from figment.common.onnx_wire import onnx_file
from figment.common.parts import part_beside
from figment.common.progress import Say
from figment.common.refusals import refusal
from figment.common.text import shown
from figment.data.sources.hub_nets import download_model
from figment.data.sources.hub_parts import Request
from figment.errors import InputError
from figment.nets.serialization import unpacked
from figment.run import next_name, refuse_taken
from figment.run_files import read_facts, read_finding

# What may come of a run: no code, no pickles, no pages.
TOP = (
    "README.md", "card.png", "generator.safetensors", "discriminator.safetensors", "generator-best.safetensors",
    "directions.safetensors", "generator.onnx", "recipe.json", "run.json", "events.jsonl", "measures.jsonl",
)  # fmt: skip
INNER = {"pictures": (".png",), "findings": (".png", ".json", ".safetensors")}
MAX_BYTES = {".safetensors": 1 << 40, ".onnx": (1 << 31) - 1}  # of a file, by its suffix
MAX_READ_BYTES = 1 << 28  # of others, which are read whole
MAX_PIXELS = 1 << 27  # of a picture


def pull(text: str, out: Path | None, say: Say) -> Path:
    """The folder into which a run of the hub, hf:OWNER/NAME[@REVISION], was put: out, or runs/NAME-1, the next number there.

    All of it is downloaded and looked at first: the folder is whole, or isn't there. Raises InputError where the folder is
    taken, the hub gives nothing, or a file isn't what its name says.
    """
    request = Request.parse(text)
    folder = out or next_name(Path("runs"), request.name.partition("/")[2])
    refuse_taken(folder)
    found = download_model(text, [*TOP, *(f"{inner}/*{suffix}" for inner, ends in INNER.items() for suffix in ends)])
    names = sorted(path.relative_to(found.folder).as_posix() for path in found.folder.rglob("*") if path.is_file())
    names = [name for name in names if is_ours(name) and (found.there is None or name in found.there)]
    for name in names:
        if reason := unsound(found.folder / name, name):
            raise InputError(
                f"{text}: {name} isn't what its name says ({reason}), so nothing was taken: ask who pushed it."
            )
    if left := [name for name in found.there or [] if not is_ours(name) and not name.startswith(".")]:
        more = f" and {len(left) - 5} more" if len(left) > 5 else ""
        say(f"Left there, since figment has no use for them: {', '.join(map(shown, left[:5]))}{more}.")
    _put(found.folder, names, folder)
    return folder


def is_ours(name: str) -> bool:
    """Whether a file's name in a repository is one of a run folder that is given to others."""
    path = PurePosixPath(name)
    if len(path.parts) == 1:
        return name in TOP
    first, *inner = path.parts
    return len(inner) == 1 and not inner[0].startswith(".") and path.suffix in INNER.get(first, ())


def unsound(file: Path, name: str) -> str | None:
    """Why a file isn't what its name in a run folder says; None where it is."""
    suffix = file.suffix
    try:
        if file.stat().st_size > (most := MAX_BYTES.get(suffix, MAX_READ_BYTES)):
            raise InputError(f"it has more than {most >> 20:,} MiB")
        CHECKS.get(name, BY_SUFFIX[suffix])(file)
    except (InputError, OSError, ValueError, SyntaxError, *tensorfiles.DAMAGED, Image.DecompressionBombError) as error:
        reason = str(error).replace(f"{file} ", "it ").replace(str(file), name).splitlines()[0].partition(": ")[0]
        return reason.rstrip(".")
    return None


def _is_picture(file: Path) -> None:
    with Image.open(file, formats=["PNG"]) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise InputError(f"it has {picture.width}×{picture.height} pixels")
        picture.verify()


def _is_tensors(file: Path) -> None:
    with tensorfiles.opened(file) as content:
        _ = content.header, content.shapes


def _is_onnx(file: Path) -> None:
    onnx_file(file.read_bytes())


def _is_text(file: Path) -> None:
    file.read_bytes().decode()


CHECKS: dict[str, Callable[[Path], object]] = {
    "generator.safetensors": lambda file: unpacked(file, "generator"),
    "generator-best.safetensors": lambda file: unpacked(file, "generator"),
    "discriminator.safetensors": lambda file: unpacked(file, "discriminator"),
    "recipe.json": lambda file: recipes.from_json(file.read_bytes(), str(file)),
    "run.json": read_facts,
}
BY_SUFFIX: dict[str, Callable[[Path], object]] = {
    ".safetensors": _is_tensors, ".png": _is_picture, ".json": read_finding, ".onnx": _is_onnx, ".md": _is_text,
    ".jsonl": _is_text,
}  # fmt: skip


def _put(source: Path, names: list[str], folder: Path) -> None:
    """Copy files into a new folder, made whole by one rename; one that is there and empty is filled."""
    try:
        if folder.exists():
            _fill(source, names, folder)
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        with part_beside(folder, folder=True) as part:
            _fill(source, names, part)
            part.rename(folder)
        flush_to_disk(folder.parent)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
            raise InputError(f"--out {folder} was made by another program meanwhile: name another folder.") from None
        raise refusal(f"--out {folder}", error, done="made", elsewhere="name another folder") from None


def _fill(source: Path, names: list[str], folder: Path) -> None:
    for inner in {str(PurePosixPath(name).parent) for name in names} | {"pictures", "snapshots", "state"}:
        (folder / inner).mkdir(exist_ok=True)
    for name in names:  # one by one, since nets are large; recipe.json and run.json, by which it is a run, last
        write_together({folder / name: (source / name).read_bytes()})
