"""A store, opened for a run and tried before anything is made: that it can be written to, and that nobody else's run is there."""

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from figment.common.files import write_atomically
from figment.errors import InputError
from figment.run import Run
from figment.stores.address import Address, address_of
from figment.stores.manifest import MANIFEST, Manifest, manifest_of
from figment.stores.store import Absent, Store, StoreError
from figment.stores.upload import current

TRIED = "tried"  # a file that is written and removed, to see whether that can be done


@dataclass(frozen=True)
class Place:
    """Where a run is to be kept. last: the manifest that is there, as bytes. writer: who this training is, to the others.

    trusted: whether what lies there is as its manifest says.
    """

    store: Store
    last: bytes | None
    writer: str
    trusted: bool = True


def opened(address: Address, option: str = "--keep") -> tuple[Store, bytes | None]:
    """A store, and the manifest that is there. Raises InputError where it can't be read."""
    try:
        store = Store(address)
        return store, current(store)
    except StoreError as error:
        raise unusable(address, error, option) from None


def place_for_new(text: str) -> Place:
    """Where a new run is to be kept. Raises InputError where that can't be, or a run is there already."""
    address = address_of(text)
    store, last = opened(address)
    if last is not None:
        raise InputError(
            f"--keep {address} holds a run already: go on with figment resume {address}, or name another folder."
        )
    _try(store)
    return Place(store, None, secrets.token_hex(16))


def place_of(run: Run, text: str | None) -> Place | None:
    """Where a run that is gone on with is to be kept: as asked, else as it was; None where it isn't ("none").

    Raises InputError where that can't be, or the store holds another run, or this one as another machine went on with it.
    """
    known = _noted(run)
    asked = str(text or run.facts.get("keep") or "none")
    if asked == "none":
        return None
    address = address_of(asked)
    store, last = opened(address)
    if last is not None:
        found = _manifest(address, last) if known.get("trusted") is not False else None
        if found is not None and found.writer not in (known.get("writer"), known.get("after")):
            raise InputError(
                f"--keep {address} holds another run, or this one as it went on elsewhere, at {found.images:,} images: go on "
                f"with that by figment resume {address}, name another folder by --keep, or keep it nowhere: --keep none."
            )
    else:
        found = None
    _try(store)
    place = Place(store, last, known.get("writer") or secrets.token_hex(16), known.get("trusted") is not False)
    note(run, place)
    return place if found is None or found.writer == place.writer else _taken_over(place, found)


def _taken_over(place: Place, found: Manifest) -> Place:
    """A place whose set is ours from now on: another machine that still trains the run finds that at its next upload."""
    content = found.model_copy(update={"writer": place.writer}).to_bytes()
    try:
        place.store.replace(MANIFEST, content)
    except StoreError as error:
        raise unusable(place.store.address, error) from None
    return replace(place, last=content)


def note(run: Run, place: Place, after: str | None = None) -> None:
    """Have a run folder know who it is to its store. after: whose set it was brought back from."""
    after = after or _noted(run).get("after")
    write_note(run, place.writer, after, place.trusted)


def write_note(run: Run, writer: str, after: str | None, trusted: bool) -> None:
    run.kept_file.parent.mkdir(exist_ok=True)
    write_atomically(run.kept_file, json.dumps({"writer": writer, "after": after, "trusted": trusted}) + "\n")


def _noted(run: Run) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads(run.kept_file.read_bytes())
        return found if isinstance(found, dict) else {}
    return {}


def _manifest(address: Address, content: bytes) -> Manifest:
    try:
        return manifest_of(content)
    except ValueError as error:
        raise InputError(
            f"{address} holds a manifest that can't be read ({error}): name another folder, or mend it by hand."
        ) from None


def _try(store: Store) -> None:
    """Raise InputError where nothing can be written: only trying tells."""
    try:
        store.replace(TRIED, b"figment tries whether it can write here\n")
        store.remove([TRIED])
    except StoreError as error:
        raise unusable(store.address, error) from None


def unusable(address: Address, error: StoreError, option: str = "--keep") -> InputError:
    mend = (
        "make the bucket first, or mend its name" if isinstance(error, Absent) else "mend that, or name another place"
    )
    return InputError(f"{option} {address} can't be used ({error}): {mend}.")
