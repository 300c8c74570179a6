"""Public sets in the cache: asked for, downloaded, remembered.

A set lies in cache/sets/NAME/, with nothing beside the data in that folder; cache/sets/NAME.json remembers the accepted
licence and what was downloaded. Files without a known checksum are opened before they are remembered, and compared with
their first download from then on.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from figment.common.cache import cache_folder
from figment.common.extras import require
from figment.common.files import write_atomically
from figment.common.parts import sweep_parts
from figment.common.progress import Agree, Progress, Say
from figment.common.text import nearest
from figment.common.units import as_bytes
from figment.data.public.catalog import PUBLIC_SETS, PublicSet, RemoteFile
from figment.data.public.download import MAX_BYTES, Check, Download, download, mirrored
from figment.errors import InputError

FORMAT = 1  # of NAME.json
SIZE_SLACK = 1.5  # times what a whole set is said to take that one of its files may
COLUMNS = ("name", "pictures", "pixels", "download", "licence", "checked", "here")


def fetch(name: str, agree: Agree | None, progress: Progress | None = None, say: Say | None = None) -> Path:
    """The path of a set, downloaded if need be: the file where it has one, else its folder.

    agree(text): asked once, before the first download, with the licence, size and home page; True downloads. None, or
    False, raises InputError, as do an unknown name and everything that `download` raises. progress(done, total): bytes
    of all files; total is 0 where nobody knows it. say(sentence): told what can't be checked. What is there already
    costs no question and no connection. FIGMENT_MIRROR replaces every address by FIGMENT_MIRROR/NAME/FILE.
    """
    entry = PUBLIC_SETS.get(name)
    if entry is None:
        near = nearest(name.lower(), PUBLIC_SETS, 0.6)
        meant = f" (did you mean {near}?)" if near else ""
        raise InputError(f"{name} is no set that figment knows{meant}: `figment data list` shows their names")
    if not _is_here(entry):
        if any(file.name.endswith(".parquet") for file in entry.files):
            require("parquet", name)  # before gigabytes of it come
        _ask_for_agreement(entry, agree)
        _download(entry, progress, say)
        _fetch_together(entry, say)
    return _folder(entry) / entry.files[0].name if len(entry.files) == 1 else _folder(entry)


def fetch_groups(name: str, groups: str) -> Path:
    """The file that tells which pictures of a set belong together, downloaded if need be.

    groups: what they are called, "person". Raises InputError as `download` does.
    """
    entry = PUBLIC_SETS[name]
    remote = next(one.file for one in entry.together if one.name == groups and one.file)
    file, known = _folder(entry) / remote.name, _record(entry)["files"].get(remote.name)
    if known is None or _bytes_of(file) != known["bytes"]:
        _remove_damaged(entry, remote, None)
        urls = mirrored(remote.urls, entry.name, remote.name)
        _pin(entry, remote, download(urls, file, size=remote.size, checksum=remote.checksum, home=entry.home), None)
    return file


def _fetch_together(entry: PublicSet, say: Say | None) -> None:
    """Bring the files of groups along with the pictures; one that can't be had is told, and costs only who asks for it."""
    for one in entry.together:
        try:
            if one.file:
                fetch_groups(entry.name, one.name)
        except InputError as error:
            if say:
                say(f"{error}. Only --group {one.name} needs it.")


def table() -> list[tuple[str, ...]]:
    """A row of words for each set, under COLUMNS."""
    return [
        (
            entry.name,
            f"{entry.pictures:,}",
            entry.pixels,
            as_bytes(entry.download_bytes) if entry.download_bytes else "?",
            entry.licence,
            "verified" if entry.verified else "unverified",
            "downloaded" if _is_here(entry) else "",
        )
        for entry in PUBLIC_SETS.values()
    ]


def find(licence: str | None = None, least: int | None = None, most: int | None = None) -> list[PublicSet]:
    """The sets whose licence has these words in it, and whose download takes so many bytes at least and at most.

    Who asks for a size isn't given those whose size nobody tells.
    """
    words = (licence or "").lower()
    return [e for e in PUBLIC_SETS.values() if words in e.licence.lower() and _takes(e.download_bytes, least, most)]


def _takes(size: int | None, least: int | None, most: int | None) -> bool:
    if size is None:
        return least is None and most is None
    return (least or 0) <= size and (most is None or size <= most)


def facts(entry: PublicSet) -> dict[str, Any]:
    """What is known of a set, as JSON has it: these keys stay. bytes: None where nobody tells; width, height: if all agree."""
    sides = [int(side) for side in entry.pixels.split("×")] if "×" in entry.pixels else [None, None]
    return {
        "name": entry.name,
        "title": entry.title,
        "licence": entry.licence,
        "licence_url": entry.licence_url,
        "home": entry.home,
        "pictures": entry.pictures,
        "width": sides[0],
        "height": sides[1],
        "bytes": entry.download_bytes,
        "size": as_bytes(entry.download_bytes) if entry.download_bytes else None,
        "verified": entry.verified,
        "groups": [one.name for one in entry.together],
        "downloaded": _is_here(entry),
        "folder": str(_folder(entry)),
    }


def _ask_for_agreement(entry: PublicSet, agree: Agree | None) -> None:
    record = _record(entry)
    if record["agreed"] == entry.licence:
        return
    if agree is None or not agree(entry.terms):
        raise InputError(
            f"{entry.name} is downloaded only under its licence, {entry.licence} ({entry.licence_url}): "
            "pass --accept-licence if you accept it"
        )
    _remember(entry, record | {"agreed": entry.licence})


def _download(entry: PublicSet, progress: Progress | None, say: Say | None) -> None:
    before = 0
    for remote in entry.files:
        file = _folder(entry) / remote.name
        check = _look_into if remote.checksum is None else None
        _remove_damaged(entry, remote, check)
        got = download(
            mirrored(remote.urls, entry.name, remote.name),
            file,
            size=remote.size,
            checksum=remote.checksum,
            home=entry.home,
            progress=_shifted(progress, before, entry.download_bytes),
            most=round(SIZE_SLACK * entry.download_bytes) if entry.download_bytes else MAX_BYTES,
            check=check,
        )
        before += got.bytes
        if check and not got.url:
            check(file)  # put there by hand
        _pin(entry, remote, got, say)


def _look_into(file: Path) -> None:
    """Open a file that no checksum speaks for. Raises InputError where it isn't what its name says, or has no pictures."""
    from figment.data.sources.readers import reader_of  # which a list of the sets doesn't need

    reader = reader_of(file.name)
    if reader and not reader(file).listing.names:
        raise InputError(f"{file} holds no pictures: download it anew")


def _remove_damaged(entry: PublicSet, remote: RemoteFile, check: Check | None) -> None:
    """Remove a file of ours that can't be used: cut short since, or never what it was meant to be."""
    file, known = _folder(entry) / remote.name, _record(entry)["files"].get(remote.name)
    if known is None or _bytes_of(file) is None:
        return
    try:
        if check:
            check(file)
        elif _bytes_of(file) != known["bytes"]:
            file.unlink()
    except InputError:
        file.unlink()


def _pin(entry: PublicSet, remote: RemoteFile, got: Download, say: Say | None) -> None:
    """Remember a file that is as it should be. Raises InputError where it has changed; a good file is never lost."""
    record = _record(entry)  # read anew: another process may have brought the file meanwhile
    first = record["files"].get(remote.name)
    changed = first is not None and first["sha256"] != got.sha256
    # The first that came was no more than an answer, if it was never opened: the good one takes its place.
    if changed and not remote.checksum and first.get("opened"):
        raise _changed(entry, remote, first["sha256"], got)
    record["files"][remote.name] = asdict(got) | {"opened": True}
    if record["files"][remote.name] != first:
        _remember(entry, record)
    if say and not remote.checksum and (first is None or changed):
        say(f"No checksum of {remote.name} is published: its sha256, {got.sha256}, is kept to compare with.")


def _changed(entry: PublicSet, remote: RemoteFile, first: str, got: Download) -> InputError:
    """What is said of a file that isn't the one of the first download; it is kept, aside if it was downloaded."""
    file = kept = _folder(entry) / remote.name
    if got.url:
        kept = file.parent.with_name(f"{entry.name}-changed") / remote.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        file.replace(kept)
    move = f"move it to {file} and " if kept != file else ""
    return InputError(
        f"{remote.name} isn't what it was at its first download (sha256 {first} then, {got.sha256} now) and is kept as "
        f"{kept}: if you trust it, {move}remove {_record_file(entry)}"
    )


def _is_here(entry: PublicSet) -> bool:
    known = _record(entry)["files"]
    files = {file.name: _folder(entry) / file.name for file in entry.files}
    sure = {file.name for file in entry.files if file.checksum or known.get(file.name, {}).get("opened")}
    return all(name in sure & known.keys() and _bytes_of(file) == known[name]["bytes"] for name, file in files.items())


def _shifted(progress: Progress | None, before: int, total: int | None) -> Progress | None:
    """Progress of one file as progress of the whole set."""
    if progress is None:
        return None
    return lambda done, of: progress(before + done, total or (before + of if of else 0))


def _folder(entry: PublicSet) -> Path:
    return cache_folder() / "sets" / entry.name


def _record_file(entry: PublicSet) -> Path:
    return cache_folder() / "sets" / f"{entry.name}.json"


def _record(entry: PublicSet) -> dict[str, Any]:
    """The accepted licence, or None, and url, bytes and sha256 of each file's first download."""
    try:
        record = json.loads(_record_file(entry).read_text())
        if record["format"] == FORMAT and all(
            isinstance(file["sha256"], str) and isinstance(file["bytes"], int) for file in record["files"].values()
        ):
            return {"format": FORMAT, "agreed": record["agreed"], "files": record["files"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return {"format": FORMAT, "agreed": None, "files": {}}


def _remember(entry: PublicSet, record: dict[str, Any]) -> None:
    file = _record_file(entry)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep_parts(file.parent)
        write_atomically(file, json.dumps(record, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        mend = "free some space and mend its permissions, or set FIGMENT_CACHE to a folder elsewhere"
        raise InputError(f"{file} can't be written ({error.strerror or error}): {mend}") from None


def _bytes_of(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
