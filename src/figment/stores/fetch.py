"""A run brought back from a store into a folder: whole, or not at all."""

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from figment.common.files import flush_to_disk
from figment.common.parts import part_beside
from figment.common.progress import Preparing, Progress
from figment.common.refusals import naming_refusals
from figment.common.units import as_bytes
from figment.errors import InputError, SystemFault
from figment.run import Run, refuse_taken
from figment.stores.address import Address, address_of
from figment.stores.manifest import BEFORE, MAX_MANIFEST_BYTES, Kept, Manifest, manifest_of
from figment.stores.place import opened, write_note
from figment.stores.store import Absent, Store, StoreError

TRIES = 3  # of a file
RUNS = Path("runs")


def folder_for(address: Address) -> Path:
    """Where a run is brought back to by default: runs/ and the last part of its address."""
    return RUNS / address.name


def fetched(text: str, out: Path | None, display: Preparing) -> Run:
    """The run that a store holds, in a new folder.

    Where something of its newest set is damaged or missing, it is the one before, and that is said. Raises InputError where
    the store holds no run, or the folder is taken; SystemFault where the store fails.
    """
    address = address_of(text, "RUN")
    folder = folder_for(address) if out is None else out
    refuse_taken(folder)
    store, content = opened(address, "RUN")
    if content is None:
        raise InputError(f"{address} holds no run: name the place that figment train --keep was given.")
    newest = _manifest(content)
    before = _before(store)
    faults = list[str]()
    for found in (newest, before):
        if isinstance(found, Manifest):
            fault = _bring(store, found, folder, display, is_newest=found is newest, writer=_writer(newest, found))
            if fault is None:
                for sentence in faults:
                    display.say(
                        f"{address}: of its newest set {sentence}; this is the one before, at {found.images:,} images"
                    )
                display.say(f"brought back from {address}: the run at {found.images:,} images")
                return Run(folder)
            faults.append(fault)
        elif found is not None:
            faults.append(found)
    raise SystemFault(f"{address} can't be brought back ({'; '.join(faults)}): try again, or look at the bucket.")


def _writer(newest: "Manifest | str", found: Manifest) -> str:
    return newest.writer if isinstance(newest, Manifest) else found.writer


def _manifest(content: bytes) -> "Manifest | str":
    """A manifest, or what is wrong with it."""
    try:
        return manifest_of(content)
    except ValueError as error:
        return f"the manifest can't be read ({error})"


def _before(store: Store) -> "Manifest | str | None":
    try:
        return _manifest(store.read(BEFORE, MAX_MANIFEST_BYTES))
    except StoreError:
        return None


def _bring(
    store: Store, manifest: Manifest, folder: Path, display: Preparing, is_newest: bool, writer: str
) -> str | None:
    """Download a set and put it into its place; or a phrase of what is damaged."""
    home = Path(os.path.realpath(folder))
    total = sum(file.size for file in manifest.files)
    with naming_refusals(f"--out {folder}", done="made", elsewhere="name another folder"):
        home.parent.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(home.parent).free) < total:
            raise InputError(
                f"--out {folder}: the run takes {as_bytes(total)}, and its disk has room for {as_bytes(free)}."
            )
        advance = display.stage(f"bringing the run back from {store.address}", "MB")
        with part_beside(home, folder=True) as part:
            done = 0
            for inner in ("pictures", "snapshots", "state"):
                (part / inner).mkdir()
            for file in manifest.files:
                if (fault := _download(store, file, part / file.path, advance, done, total)) is not None:
                    return fault
                done += file.size
            if home.is_dir():  # empty: see refuse_taken
                home.rmdir()
            write_note(Run(part), secrets.token_hex(16), writer, trusted=is_newest)
            part.rename(home)
        flush_to_disk(home.parent)
    return None


def _download(store: Store, file: Kept, path: Path, advance: Progress, before: int, total: int) -> str | None:
    """One file, compared with its digest; or a phrase of what is wrong with what lies there. Raises SystemFault."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in reversed(range(TRIES)):
        digest, size = hashlib.sha256(), 0
        try:
            with path.open("wb") as to:
                for part in store.read_in_parts(file.name):
                    to.write(part)
                    digest.update(part)
                    size += len(part)
                    advance((before + size) >> 20, total >> 20)
                to.flush()
                os.fsync(to.fileno())
        except Absent:
            return f"{file.path} is missing"
        except StoreError as error:
            if not left:
                raise SystemFault(f"{store.address} can't be read ({error}): try again.") from None
            continue
        if digest.hexdigest() == file.sha256:
            return None
    return f"{file.path} is damaged"
