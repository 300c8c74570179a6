"""What a store holds of a run: files named by their contents, and a manifest, written last, that names a consistent set.

    manifest.json                               the set that is there; replaced by one write
    manifest-before.json                        the one before, should something of the newest be damaged
    state/state.3fa1b2c4d5e6.safetensors        state/state.safetensors, with the first digits of its sha256
    pictures/000012800.9b1d….png                …

A name tells its contents, so no file is ever changed: a set stays whole while the next one is uploaded, whoever dies of it,
and what hasn't changed isn't uploaded again. Thinning removes what neither manifest names.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from figment.common.jsontext import fault, parsed
from figment.run_files import Count, Record, Seconds

MANIFEST, BEFORE = "manifest.json", "manifest-before.json"
MAX_MANIFEST_BYTES = 64 << 20  # a line of 200 bytes a file, for hundreds of thousands of them
DIGITS = 12  # of a sha256 in a name: of a million files two share them by a chance of one in 500
KEPT = re.compile(rf".*\.[0-9a-f]{{{DIGITS}}}(\.[A-Za-z0-9]+)?")  # the names of our files in a store
# What of a run isn't kept: what other processes hold, what is remade by whoever goes on, and what is half written.
LEFT = re.compile(r"(.*/)?(\..*|lock|.*\.lock|lock\..*)|live\.(html|js)|tensorboard/.*|state/kept\.json")
FIRST = (
    "state/state.safetensors",
    "state/good.safetensors",
    "recipe.json",
    "run.json",
    "events.jsonl",
)  # goes up first
NEEDED = ("state/state.safetensors", "recipe.json", "run.json", "events.jsonl")  # without which there is no going on


def _below(path: str) -> str:
    """A path in a run's folder; nothing else: a manifest is another hand's file, and says where to write."""
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or any(p in (".", "..") or re.search(r"[\\:\0-\x1f]", p) for p in parts):
        raise ValueError("it names no file of a run")
    if path.startswith("/") or len(path) > 400 or LEFT.fullmatch(path):
        raise ValueError("it names no file of a run")
    return path


class Kept(Record):
    """A file of a run, as a manifest names it."""

    path: Annotated[str, AfterValidator(_below)]
    size: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    @property
    def name(self) -> str:
        """Under which it lies in the store."""
        path = PurePosixPath(self.path)
        return str(path.with_name(f"{path.stem}.{self.sha256[:DIGITS]}{path.suffix}"))


class Manifest(Record):
    """A consistent set: the state after so many images, and all that belongs to it.

    writer: tells trainings apart, so that none takes another's store: see keeper.py.
    """

    kind: Literal["figment run"] = "figment run"
    format: Literal[1] = 1
    writer: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    images: Count
    seconds: Seconds
    files: list[Kept]

    def names(self) -> set[str]:
        return {file.name for file in self.files}

    def to_bytes(self) -> bytes:
        return (self.model_dump_json(indent=1) + "\n").encode()


def manifest_of(content: bytes) -> Manifest:
    """A manifest of a store. Raises ValueError, with a phrase of what is wrong, for what is none."""
    try:
        found = Manifest.model_validate(parsed(content))
    except ValidationError as error:
        raise ValueError(fault(error)) from None
    paths = [file.path for file in found.files]
    if len(set(paths)) < len(paths):
        raise ValueError("it names a file twice")
    if lacking := [path for path in NEEDED if path not in paths]:
        raise ValueError(f"it lacks {lacking[0]}")
    return found


def in_order(paths: Iterable[str]) -> list[str]:
    """Paths of a run in the order in which they are uploaded: what resume needs, then the rest by name."""
    return sorted(paths, key=lambda path: (FIRST.index(path) if path in FIRST else len(FIRST), path))
