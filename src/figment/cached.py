"""What lies in the cache folder, and its cleaning: banks, downloads, weights, readers, compiled code and what was computed.

It reads files' names and the banks' own JSON, and opens nothing else. Whatever is deleted is made or fetched again when it is
needed; what a training uses stays.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from figment.common.cache import training_mark
from figment.common.in_use import free
from figment.common.locks import Held, is_held, lock_held

# Kinds, and the cache's folders whose entries are of them.
KINDS = {
    "banks": ("banks",),
    "downloads": ("sets", "hub", "browser"),
    "weights": ("weights",),
    "readers": ("readers",),
    "compiled": ("compiled", "charts"),
    "computed": ("features", "looks"),
}
WHAT = {
    "banks": "prepared pictures", "downloads": "public sets, what came from the hub, onnxruntime-web",
    "weights": "networks that see pictures",
    "readers": "small nets taught to read attributes", "compiled": "compiled code and charts' fonts",
    "computed": "features and small copies of pictures",
}  # fmt: skip
WHOLE = (
    "compiled",
    "charts",
    "features",
    "looks",
)  # folders that are one entry: their files are many and have no names
TRAINS = "a training is running"
BROWSER, RUNTIME = "browser", "onnxruntime-web"  # sharing.browser_runtime's folder, and what lies in it


@dataclass(frozen=True)
class Entry:
    """Something in the cache. what: in words, for a bank its source; bytes: on the disk; used: last, seconds since 1970."""

    kind: str
    path: Path
    what: str
    bytes: int
    used: float


def entries(cache: Path) -> list[Entry]:
    """Everything in the cache folder that cleaning knows, by kind, the largest first."""
    found = [entry for kind, folders in KINDS.items() for folder in folders for entry in _entries(kind, cache / folder)]
    order = list(KINDS)
    return sorted(found, key=lambda entry: (order.index(entry.kind), -entry.bytes, entry.path.name))


def why_kept(entry: Entry, cache: Path) -> str | None:
    """Why an entry can't be deleted now; None where it can."""
    if entry.kind != "banks":
        with free(training_mark(cache)) as nobody_trains:
            if not nobody_trains:
                return TRAINS
        if any(is_held(lock) for lock in (cache / "banks").glob("*.lock")):
            return "pictures are being prepared"
        return "it is being made" if any(map(is_held, _locks(entry.path))) else None
    if is_held(entry.path.with_name(f"{entry.path.name.partition('.')[0]}.lock")):
        return "it is being prepared"
    with free(entry.path / "bank.json") as is_free:
        return None if is_free else "it is in use"


def delete(entry: Entry, cache: Path) -> str | None:
    """Delete an entry; why it was kept, or None. What can't be deleted whole is as it was, or rests of it are gone next time."""
    if (reason := why_kept(entry, cache)) is not None:
        return reason
    try:
        if entry.kind == "banks":
            return _delete_bank(entry.path)
        _remove(entry.path)
    except OSError as error:
        return (error.strerror or "it can't be deleted").lower()
    return None


def _delete_bank(folder: Path) -> str | None:
    """Nobody prepares it or begins to read it meanwhile: it has gone by its name before its files do."""
    lock = folder.with_name(f"{folder.name.partition('.')[0]}.lock")
    try:
        with lock_held(lock, wait=False), free(folder / "bank.json") as is_free:
            if not is_free:
                return "it is in use"
            _remove(folder)
    except Held:
        return "it is being prepared"
    if not any(folder.parent.glob(f"{lock.stem}*.part-*")):
        lock.unlink(missing_ok=True)
    return None


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    gone = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")  # whose rests the next who writes there sweeps up
    path.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _entries(kind: str, folder: Path) -> Iterator[Entry]:
    if folder.name in WHOLE:
        if folder.is_dir():
            yield _entry(kind, folder, WHAT[kind])
        return
    for path in sorted(_inside(folder)):
        if path.suffix in (".lock", ".held", ".json") or path.name.startswith(
            "."
        ):  # a set's licence as agreed to stays
            continue
        if kind == "banks" and not path.is_dir():  # what was found by looking at a source: small, and its fingerprint's
            continue
        yield _entry(kind, path, _bank_told(path) if kind == "banks" else _told(path))


def _entry(kind: str, path: Path, what: str) -> Entry:
    size, used = _measured(path)
    if kind == "banks":
        with suppress(OSError):
            used = (path / "bank.json").stat().st_mtime  # which who opens it sets
    return Entry(kind, path, what, size, used)


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _bank_told(path: Path) -> str:
    if ".part-" in path.name:
        return "half prepared"
    try:
        facts = json.loads((path / "bank.json").read_text("utf-8"))
        size = f"{facts['height']}×{facts['width']}" if facts["height"] != facts["width"] else f"{facts['height']} px"
        return f"{facts['source']}, {facts['count']:,} at {size}"
    except (OSError, ValueError, KeyError, TypeError):
        return "damaged"


def _told(path: Path) -> str:
    """datasets--owner--name → hf:owner/name; of what pages draw by its version, too; else the name of the file or folder."""
    if path.parent.name == BROWSER:
        return f"{RUNTIME} {path.name.removeprefix(f'{RUNTIME}-')}"
    kind, parts, name = path.name.partition("--")
    return f"hf:{name.replace('--', '/')}" if parts and kind in ("datasets", "models") else path.stem


def _locks(path: Path) -> Sequence[Path]:
    beside = [path.with_suffix(".lock"), path.with_name(f"{path.name}.lock")]
    beside += (path.parent / ".locks" / path.name).glob("*.lock")  # of what comes from the hub just now, by its library
    if path.parent.name == BROWSER:  # whose lock bears the name of the archive that is fetched
        return list(path.parent.glob("*.lock"))
    return [*beside, *path.rglob("*.lock")] if path.is_dir() else beside


def _measured(path: Path) -> tuple[int, float]:
    """Bytes on the disk of all below a path, and when it was last written or read; links aren't followed."""
    size, used = 0, 0.0
    stack = [path]
    while stack:
        place = stack.pop()
        with suppress(OSError):
            found = place.lstat()
            size += found.st_blocks * 512 if hasattr(found, "st_blocks") else found.st_size
            if not place.is_dir() or place.is_symlink():
                used = max(used, found.st_mtime, found.st_atime)
            else:
                stack += place.iterdir()
                used = used or found.st_mtime
    return size, used
