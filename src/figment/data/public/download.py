"""Downloading one large file: resumed after every cut, and checked before it gets its name.

While it comes it is called NAME.part, and NAME.part.json beside it says what the server told of the whole: with that the
next call, in this process or another, asks for the rest alone, and notices when the file has changed meanwhile
(Range and If-Range: RFC 9110, sections 13.1.5 and 14). What a server says never decides where a file is written.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import new as new_hash
from http import HTTPStatus
from http.client import responses
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from filelock import FileLock

from figment.common.cache import no_room
from figment.common.files import DISK_FULL, write_atomically
from figment.common.progress import Progress
from figment.errors import InputError, Interrupted

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager


CHUNK = 2**16
STEP = 2**20  # a connection that has brought so much more than any before it counts as a success
TRIES = 6  # connections in a row without such a success
FEWEST_TRIES = 2  # where the server couldn't be reached at all
LONGEST_WAIT = 60.0  # seconds between two tries, whatever the server asks for
REDIRECTS = 10
CONNECT_SECONDS, READ_SECONDS = 20.0, 60.0
PASSING = {408, 425, 429, 500, 502, 503, 504}  # answers that may be another one in a moment
# The bytes as they are stored: a server that compresses on the way would make nonsense of ranges and checksums.
HEADERS = {"User-Agent": "figment", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Download:
    """What has been downloaded, and from where: "" for a file that was there before."""

    url: str
    bytes: int
    sha256: str


class _Refused(Exception):
    """This address doesn't give the file; another may."""


class _Cut(Exception):
    """This connection didn't bring the file to its end; the next may. wait: seconds that the server asks for."""

    def __init__(self, reason: str, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait
        self.unreachable = unreachable


def download(
    urls: Sequence[str],
    file: Path,
    *,
    size: int | None = None,
    checksum: str | None = None,
    home: str | None = None,
    progress: Progress | None = None,
) -> Download:
    """Bring one file, given the addresses of its copies, to `file`, whole or not at all.

    size: bytes expected. checksum: expected, as "sha256:…" or "md5:…". home: the page where a person finds the file.
    progress(done, total): bytes; total is 0 where nobody knows it. A file that is there already is checked, not
    downloaded. Other processes that want the same file wait until it is there.
    Raises InputError when no address gives the file as expected, or the folder can't hold it. Interrupted on Ctrl-C:
    what came is kept, and the next call goes on from there.
    """
    with _naming_the_disk(file), _alone(file):
        if file.exists():
            return _found(file, size, checksum)
        reasons = []
        for url in urls:
            part = _Part(file, url)
            try:
                return _from(part, size, checksum, progress)
            except _Refused as refusal:
                reasons.append(f"{_host(url)}: {refusal}")
            except KeyboardInterrupt:
                kept = f"{part.bytes / 1e6:,.1f} MB of {file.name} are kept"
                raise Interrupted(f"Interrupted. {kept}; the same command goes on from there.") from None
        by_hand = f"get it{f' from {home}' if home else ''} by hand and put it at {file}"
        raise InputError(
            f"{file.name} could not be downloaded ({'; '.join(reasons)}): try again later, {by_hand}, "
            "or set FIGMENT_MIRROR to the address of a copy"
        )


# ---- the file on the disk --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Begun:
    """What a server said of the whole file when the part was begun."""

    url: str
    length: int | None
    etag: str | None
    modified: str | None

    @property
    def validator(self) -> str | None:
        """What tells this version of the file from another. A weak ETag doesn't: RFC 9110, section 13.1.5."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


class _Part:
    """The beginning of a file, and what is known of the whole."""

    def __init__(self, file: Path, url: str) -> None:
        self.url = url
        self.file = file
        self.path = file.with_name(f"{file.name}.part")
        self.notes = file.with_name(f"{file.name}.part.json")

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def begun(self) -> _Begun | None:
        """What can be gone on with: a part from this address, of a version that can be told from others."""
        try:
            begun = _Begun(**json.loads(self.notes.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return begun if self.bytes and begun.url == self.url and begun.validator else None

    def begin(self, begun: _Begun) -> None:
        self.remove()  # before the notes change: bytes and notes must never belong to different versions
        write_atomically(self.notes, json.dumps(asdict(begun)))

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)

    def finish(self) -> None:
        with self.path.open("rb+") as opened:
            os.fsync(opened.fileno())
        self.path.replace(self.file)
        self.notes.unlink(missing_ok=True)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep other processes from downloading the same file at the same time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    path = file.with_name(f".{file.name}.lock")
    with FileLock(path):
        yield
        # Whoever waits on the lock file that goes here finds the file in place, so nobody downloads beside another.
        with suppress(OSError):
            path.unlink()


@contextmanager
def _naming_the_disk(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise no_room(file.parent, file.name, str(error.strerror)) from None
        mend = "mend its permissions, or set FIGMENT_CACHE to a folder where you may write"
        raise InputError(f"{file.parent} can't be written to ({error.strerror or error}): {mend}") from None


def _found(file: Path, size: int | None, checksum: str | None) -> Download:
    """A file that was there before: ours, from another process, or put there by hand."""
    try:
        return _checked(file, "", size, checksum)
    except _Refused as refusal:
        raise InputError(f"{file} holds {refusal}: remove it, and it is downloaded anew") from None


def _checked(path: Path, url: str, size: int | None, checksum: str | None) -> Download:
    """Hash a file. Raises _Refused where it isn't the expected one."""
    kind, _, expected = (checksum or "").partition(":")
    hashes = {name: new_hash(name, usedforsecurity=False) for name in {"sha256", kind} - {""}}
    length = 0
    with path.open("rb") as opened:
        while chunk := opened.read(2**20):
            length += len(chunk)
            for value in hashes.values():
                value.update(chunk)
    if size is not None and length != size:
        raise _Refused(f"wrong bytes ({size:,} bytes expected, {length:,} found)")
    if checksum and hashes[kind].hexdigest() != expected.lower():
        raise _Refused(f"wrong bytes ({kind} {expected} expected, {hashes[kind].hexdigest()} found)")
    return Download(url, length, hashes["sha256"].hexdigest())


# ---- one address -----------------------------------------------------------------------------------------------------


def _from(part: _Part, size: int | None, checksum: str | None, progress: Progress | None) -> Download:
    """Bring the file from one address. Bytes that turn out to be wrong are removed, and brought once more where some of
    them were left from before: the file may have changed without the server's telling."""
    for last in (False, True):
        pieced = _bring(part, size, progress)
        try:
            record = _checked(part.path, part.url, size, checksum)
        except _Refused:
            part.remove()
            if last or not pieced:
                raise
        else:
            part.finish()
            return record
    raise AssertionError


def _bring(part: _Part, size: int | None, progress: Progress | None) -> bool:
    """Open connections until the part is whole. Returns whether it came in several pieces."""
    start = furthest = part.bytes if part.begun() else 0
    connections = failures = 0
    while True:
        try:
            connections += 1
            _connect(part, size, progress)
            return bool(start) or connections > 1
        except _Cut as cut:
            # Against the furthest point reached, not the last: a server without ranges that cuts each time at the half
            # brings many bytes and no progress.
            failures = 1 if part.bytes >= furthest + STEP else failures + 1
            furthest = max(furthest, part.bytes)
            if failures >= (FEWEST_TRIES if cut.unreachable and furthest == start else TRIES):
                raise _Refused(str(cut)) from None
            sleep(min(2.0 ** (failures - 1) if cut.wait is None else cut.wait, LONGEST_WAIT))


def _connect(part: _Part, size: int | None, progress: Progress | None) -> None:
    """Ask once for what is missing, and write it. Raises _Cut or _Refused where the part isn't whole after it."""
    begun = part.begun()
    if begun is not None and part.bytes == begun.length:
        return
    start = part.bytes if begun else 0
    with _answer(part.url, _headers(start, begun)) as response:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and begun is not None:
            if _total(response) == start:
                return
            part.remove()
            raise _Cut("its file has become shorter", wait=0)
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            if begun is None or not _goes_on(response, start, begun):
                part.remove()
                raise _Cut("it sent another range than was asked for")
        elif response.status == HTTPStatus.OK:
            start, begun = 0, _announced(part.url, response, size)
            part.begin(begun)
        else:
            _raise_for(response)
        assert begun is not None
        length = begun.length or size
        if length and shutil.disk_usage(part.path.parent).free < length - start:
            raise no_room(part.file.parent, part.file.name, f"{length / 1e9:,.2f} GB")
        _write(response, part.path, start, length, progress)


def _headers(start: int, begun: _Begun | None) -> dict[str, str]:
    if begun is None or begun.validator is None:
        return HEADERS
    return HEADERS | {"Range": f"bytes={start}-", "If-Range": begun.validator}


def _announced(url: str, response: "BaseHTTPResponse", size: int | None) -> _Begun:
    """What the server says of the whole file. Raises _Refused where that shows that it isn't the one we want."""
    if "text/html" in response.headers.get("Content-Type", ""):
        raise _Refused("a web page in place of the file")
    length = response.headers.get("Content-Length", "")
    begun = _Begun(
        url=url,
        length=int(length) if length.isdecimal() else None,
        etag=response.headers.get("ETag"),
        modified=response.headers.get("Last-Modified"),
    )
    if size is not None and begun.length not in (None, size):
        raise _Refused(f"wrong bytes ({size:,} bytes expected, {begun.length:,} announced)")
    return begun


def _goes_on(response: "BaseHTTPResponse", start: int, begun: _Begun) -> bool:
    """Whether an answer is the rest of the same file. Not every server honours If-Range."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    same = response.headers.get("ETag", begun.etag) == begun.etag
    whole = None if found is None or found[2] == "*" else int(found[2])
    return found is not None and int(found[1]) == start and same and whole in (None, begun.length)


def _total(response: "BaseHTTPResponse") -> int | None:
    """The whole length, as an answer tells it that has no such range."""
    found = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", "").strip())
    return int(found[1]) if found else None


def _write(response: "BaseHTTPResponse", path: Path, start: int, length: int | None, progress: Progress | None) -> None:
    from urllib3.exceptions import HTTPError

    done = start
    with path.open("ab") as out:
        while True:
            try:
                chunk = response.read(CHUNK)
            except HTTPError as error:
                raise _as_cut(error) from None
            if not chunk:
                break
            out.write(chunk)
            done += len(chunk)
            if length is not None and done > length:
                break  # hashing says the rest
            if progress:
                progress(done, length or 0)
    if done < (length or 1):  # an empty file is no set either
        raise _Cut("the connection was cut")


# ---- one connection --------------------------------------------------------------------------------------------------


@contextmanager
def _answer(url: str, headers: dict[str, str]) -> Iterator["BaseHTTPResponse"]:
    """The server's answer, at the end of its redirects."""
    from urllib3 import Timeout
    from urllib3.exceptions import HTTPError

    timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if _scheme(url) not in ("http", "https"):
        raise _Refused("not a web address")
    for _ in range(REDIRECTS + 1):
        with _pool(url) as pool:
            try:
                response = pool.request(
                    "GET", url, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False,
                    decode_content=False,
                )  # fmt: skip
            except HTTPError as error:
                raise _as_cut(error) from None
            try:
                target = response.get_redirect_location()
                if not target:
                    yield response
                    return
            finally:
                response.close()
        url = _followed(url, target)
    raise _Refused("too many redirects")


def _followed(url: str, target: str) -> str:
    """The address that a server sends us to. Raises _Refused where that is no web address, or a less safe one."""
    with suppress(ValueError):
        target = urljoin(url, target)
    scheme = _scheme(target)
    if scheme not in ("http", "https"):
        raise _Refused(f"a redirect to {scheme or 'nowhere'}, which isn't followed")
    if scheme == "http" and _scheme(url) == "https":
        raise _Refused("a redirect from https to http, which isn't followed")
    return target


def _pool(url: str) -> "PoolManager":
    """Connections, through the system's proxy where it has one. Raises InputError where we can't use it."""
    from urllib3 import PoolManager, ProxyManager, make_headers
    from urllib3.exceptions import HTTPError

    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if proxy is None:
        return PoolManager()
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    account = unquote(urlsplit(proxy).netloc.rpartition("@")[0])
    try:
        return ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=account) if account else None)
    except HTTPError:
        mend = f"set {parts.scheme}_proxy to one that starts with http:// or https://, or to nothing"
        raise InputError(f"the proxy {_host(proxy)} can't be used: {mend}") from None


def _raise_for(response: "BaseHTTPResponse") -> NoReturn:
    reason = f"{response.status} {responses.get(response.status, 'answered')}"
    if response.status in PASSING:
        raise _Cut(reason, wait=_asked_wait(response.headers.get("Retry-After")))
    raise _Refused(reason)


def _asked_wait(header: str | None) -> float | None:
    """Seconds that a Retry-After asks for: a number, or a date."""
    from urllib3 import Retry
    from urllib3.exceptions import HTTPError

    try:
        return Retry().parse_retry_after(header) if header else None
    except (HTTPError, ValueError, OverflowError):
        return None


def _as_cut(error: Exception) -> Exception:
    """An error of the connection in words."""
    from urllib3 import exceptions

    match error:
        case exceptions.SSLError():
            return _Refused("its certificate can't be verified")
        case exceptions.LocationValueError():
            return _Refused("not a web address")
        case exceptions.ProxyError():
            return _Cut("the proxy can't be reached", unreachable=True)
        case exceptions.NameResolutionError():
            return _Cut("host not found", unreachable=True)
        case exceptions.NewConnectionError() | exceptions.ConnectTimeoutError():
            return _Cut("no connection", unreachable=True)
        case exceptions.TimeoutError():
            return _Cut("no answer in time")
        case _:
            return _Cut("the connection was cut")


def _host(url: str) -> str:
    """An address's host for messages, without the account that it may carry."""
    with suppress(ValueError):
        return urlsplit(url).netloc.rpartition("@")[2] or url
    return url


def _scheme(url: str) -> str:
    """http, https or another; "" where it is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.scheme if parts.netloc or parts.scheme not in ("http", "https") else ""
