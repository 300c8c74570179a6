"""Downloading one large file: resumed after every cut, and checked before it gets its name.

While it comes it is called NAME.part, and NAME.part.json beside it says what the server told of the whole: with that the
next call, in this process or another, asks for the rest alone, and notices when the file has changed meanwhile
(Range and If-Range: RFC 9110, sections 13.1.5 and 14). What a server says never decides where a file is written.
"""

import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import new as new_hash
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING
from urllib.parse import quote

from figment.common.cache import no_room
from figment.common.progress import Progress
from figment.common.units import as_bytes
from figment.data.public.connection import (
    CHUNK_BYTES,
    REQUEST_HEADERS,
    ConnectionCut,
    Refused,
    answer,
    host,
    in_words,
    raise_for_status,
)
from figment.data.public.part import PartialFile, RemoteVersion, downloading, naming_disk_errors
from figment.errors import InputError, Interrupted

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

PROGRESS_BYTES = 2**20  # a connection that has brought so much more than any before it counts as a success
MAX_TRIES = 6  # connections in a row without such a success
MAX_UNREACHABLE_TRIES = 2  # where the server couldn't be reached at all
MAX_WAIT_SECONDS = 60.0  # between two tries, whatever the server asks for
# A connection that brings less than this, over so long, is as good as none.
MIN_BYTES_A_SECOND, SLOW_SECONDS = 1000, 30.0
MAX_BYTES = 2**37  # of a file whose size nobody tells: 137 GB
# What servers answer in place of a file, with status 200 all the same.
ANSWER_TYPES = {
    "text/html": "a web page",
    "application/json": "a message in JSON",
    "application/xml": "a message in XML",
}
Check = Callable[[Path], None]  # raises InputError where a file isn't what it is meant to be


@dataclass(frozen=True)
class _Wanted:
    """What the file has to be."""

    size: int | None
    checksum: str | None
    most: int
    check: Check | None


@dataclass(frozen=True)
class Download:
    """What has been downloaded, and from where: "" for a file that was there before."""

    url: str
    bytes: int
    sha256: str


def download(
    urls: Sequence[str],
    file: Path,
    *,
    size: int | None = None,
    checksum: str | None = None,
    home: str | None = None,
    progress: Progress | None = None,
    most: int = MAX_BYTES,
    check: Check | None = None,
) -> Download:
    """Bring one file, given the addresses of its copies, to `file`, whole or not at all.

    size: bytes expected. checksum: expected, as "sha256:…" or "md5:…". home: the page where a person finds the file.
    progress(done, total): bytes; total is 0 where nobody knows it. most: bytes that a file of unknown size may have.
    check: opens what was downloaded; what it refuses is removed, and the next address asked. A file that is there
    already is compared with size and checksum, not downloaded. Other processes that want the same file wait until it is there.
    Raises InputError when no address gives the file as expected, or the folder can't hold it. Interrupted on Ctrl-C:
    what came is kept, and the next call goes on from there.
    """
    with naming_disk_errors(file), downloading(file):
        if file.exists():
            return _already_there(file, size, checksum)
        reasons = []
        for url in urls:
            part = PartialFile(file, url)
            try:
                return _from_address(part, _Wanted(size, checksum, most, check), progress)
            except Refused as refusal:
                reasons.append(f"{host(url)}: {refusal}")
            except KeyboardInterrupt:
                kept = f"{as_bytes(part.bytes)} of {file.name} are kept"
                raise Interrupted(f"Interrupted. {kept}; the same command goes on from there.") from None
        by_hand = f"get it{f' from {home}' if home else ''} by hand and put it at {file}"
        raise InputError(
            f"{file.name} could not be downloaded ({'; '.join(reasons)}): try again later, {by_hand}, "
            "or set FIGMENT_MIRROR to the address of a copy"
        )


def mirrored(urls: tuple[str, ...], folder: str, name: str) -> tuple[str, ...]:
    """The addresses of a file, or in their place FIGMENT_MIRROR/FOLDER/NAME, where that is set.

    Raises InputError where FIGMENT_MIRROR is no address.
    """
    mirror = os.environ.get("FIGMENT_MIRROR")
    if not mirror:
        return urls
    if not mirror.startswith(("http://", "https://")):
        raise InputError(f"FIGMENT_MIRROR is {mirror}, which is no address: it has to start with http:// or https://")
    return (f"{mirror.rstrip('/')}/{folder}/{quote(name)}",)


def _already_there(file: Path, size: int | None, checksum: str | None) -> Download:
    """A file that was there before: ours, from another process, or put there by hand."""
    try:
        return _checked(file, "", size, checksum)
    except Refused as refusal:
        raise InputError(f"{file} holds {refusal}: remove it, and it is downloaded anew") from None


def _checked(path: Path, url: str, size: int | None, checksum: str | None) -> Download:
    """Hash a file. Raises Refused where it isn't the expected one."""
    kind, _, expected = (checksum or "").partition(":")
    hashes = {name: new_hash(name, usedforsecurity=False) for name in {"sha256", kind} - {""}}
    length = 0
    with path.open("rb") as opened:
        while chunk := opened.read(2**20):
            length += len(chunk)
            for value in hashes.values():
                value.update(chunk)
    if size is not None and length != size:
        raise Refused(f"wrong bytes ({size:,} bytes expected, {length:,} found)")
    if checksum and hashes[kind].hexdigest() != expected.lower():
        raise Refused(f"wrong bytes ({kind} {expected} expected, {hashes[kind].hexdigest()} found)")
    return Download(url, length, hashes["sha256"].hexdigest())


def _from_address(part: PartialFile, wanted: _Wanted, progress: Progress | None) -> Download:
    """Bring the file from one address.

    Bytes that turn out to be wrong are removed, and brought once more where some of them were left from before: the
    file may have changed without the server's telling.
    """
    for last in (False, True):
        pieced = _bring(part, wanted, progress)
        try:
            record = _checked(part.path, part.url, wanted.size, wanted.checksum)
        except Refused:
            part.remove()
            if last or not pieced:
                raise
        else:
            part.finish()
            if wanted.check:
                _look_into(part.file, wanted.check)
            return record
    raise AssertionError


def _look_into(file: Path, check: Check) -> None:
    """Raises Refused, with the file removed, where it isn't what it is meant to be."""
    with file.open("rb") as opened:
        start = opened.read(60).decode("ascii", "replace")
    try:
        check(file)
    except InputError as error:
        file.unlink()
        told = str(error).replace(f"{file} ", "").partition(":")[0]
        raise Refused(f"what it sent {told} (it begins with {start!r})") from None


def _bring(part: PartialFile, wanted: _Wanted, progress: Progress | None) -> bool:
    """Open connections until the part is whole. Returns whether it came in several pieces."""
    start = furthest = part.bytes if part.resumable() else 0
    connections = failures = 0
    while True:
        try:
            connections += 1
            _connect(part, wanted, progress)
            return bool(start) or connections > 1
        except ConnectionCut as cut:
            # Against the furthest point reached, not the last: a server without ranges that cuts each time at the half
            # brings many bytes and no progress.
            failures = 1 if part.bytes >= furthest + PROGRESS_BYTES else failures + 1
            furthest = max(furthest, part.bytes)
            if failures >= (MAX_UNREACHABLE_TRIES if cut.unreachable and furthest == start else MAX_TRIES):
                raise Refused(str(cut)) from None
            sleep(min(2.0 ** (failures - 1) if cut.wait is None else cut.wait, MAX_WAIT_SECONDS))


def _connect(part: PartialFile, wanted: _Wanted, progress: Progress | None) -> None:
    """Ask once for what is missing, and write it. Raises ConnectionCut or Refused where the part isn't whole after it."""
    begun = part.resumable()
    if begun is not None and part.bytes == begun.length:
        return
    start = part.bytes if begun else 0
    with answer(part.url, _headers(start, begun)) as response:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and begun is not None:
            if _total(response) == start:
                return
            part.remove()
            raise ConnectionCut("its file has become shorter", wait=0)
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            if begun is None or not _goes_on(response, start, begun):
                part.remove()
                raise ConnectionCut("it sent another range than was asked for")
        elif response.status == HTTPStatus.OK:
            start, begun = 0, _announced(part.url, response, wanted)
            part.begin(begun)
        else:
            raise_for_status(response)
        assert begun is not None
        length = begun.length or wanted.size
        if length and shutil.disk_usage(part.path.parent).free < length - start:
            raise no_room(part.file.parent, part.file.name, f"it takes {as_bytes(length)}")
        try:
            _write(response, part.path, start, length, wanted.most, progress)
        except Refused:
            part.remove()
            raise


def _headers(start: int, begun: RemoteVersion | None) -> dict[str, str]:
    if begun is None or begun.validator is None:
        return REQUEST_HEADERS
    return REQUEST_HEADERS | {"Range": f"bytes={start}-", "If-Range": begun.validator}


def _announced(url: str, response: "BaseHTTPResponse", wanted: _Wanted) -> RemoteVersion:
    """What the server says of the whole file. Raises Refused where that shows that it isn't the one we want."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ANSWER_TYPES:
        raise Refused(f"{ANSWER_TYPES[kind]} in place of the file")
    length = response.headers.get("Content-Length", "")
    begun = RemoteVersion(
        url=url,
        length=int(length) if length.isdecimal() else None,
        etag=response.headers.get("ETag"),
        modified=response.headers.get("Last-Modified"),
    )
    if wanted.size is not None and begun.length not in (None, wanted.size):
        raise Refused(f"wrong bytes ({wanted.size:,} bytes expected, {begun.length:,} announced)")
    if (begun.length or 0) > wanted.most:
        raise Refused(f"{begun.length:,} bytes, more than it can have ({as_bytes(wanted.most)})")
    return begun


def _goes_on(response: "BaseHTTPResponse", start: int, begun: RemoteVersion) -> bool:
    """Whether an answer is the rest of the same file. Not every server honours If-Range."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    same = response.headers.get("ETag", begun.etag) == begun.etag
    whole = None if found is None or found[2] == "*" else int(found[2])
    return found is not None and int(found[1]) == start and same and whole in (None, begun.length)


def _total(response: "BaseHTTPResponse") -> int | None:
    """The whole length, as an answer tells it that has no such range."""
    found = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", "").strip())
    return int(found[1]) if found else None


def _write(
    response: "BaseHTTPResponse", path: Path, start: int, length: int | None, most: int, progress: Progress | None
) -> None:
    """Write what comes until it ends. Raises Refused where it has no end, ConnectionCut where it all but stands still."""
    from urllib3.exceptions import HTTPError

    done = begun_at = start
    begun = monotonic()
    with path.open("ab") as out:
        while True:
            try:
                chunk = response.read1(CHUNK_BYTES)  # what has come: to wait for so many bytes may take hours
            except HTTPError as error:
                raise in_words(error) from None
            if not chunk:
                break
            out.write(chunk)
            done += len(chunk)
            if done > (most if length is None else length):
                if length is None:
                    raise Refused(f"bytes without end, more than {as_bytes(most)}")
                break  # hashing says the rest
            if progress:
                progress(done, length or 0)
            if (waited := monotonic() - begun) >= SLOW_SECONDS:
                if done - begun_at < MIN_BYTES_A_SECOND * waited:
                    raise ConnectionCut(f"fewer than {MIN_BYTES_A_SECOND:,} bytes a second came")
                begun, begun_at = begun + waited, done
    if done < (length or 1):  # an empty file is no set either
        raise ConnectionCut("the connection was cut")
