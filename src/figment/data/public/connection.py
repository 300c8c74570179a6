"""One request over HTTP, with its redirects and proxy; all that goes wrong is one of two: refused, or cut."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import responses
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from figment.errors import InputError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

CHUNK_BYTES = 2**16  # read at once
MAX_REDIRECTS = 10
CONNECT_SECONDS, READ_SECONDS = 20.0, 60.0
RETRY_STATUSES = {408, 425, 429, 500, 502, 503, 504}  # answers that may be another one in a moment
# The bytes as they are stored: a server that compresses on the way would make nonsense of ranges and checksums.
REQUEST_HEADERS = {"User-Agent": "figment", "Accept-Encoding": "identity"}


class Refused(Exception):
    """This address doesn't give the file; another may."""


class ConnectionCut(Exception):
    """This connection didn't bring the file to its end; the next may. wait: seconds that the server asks for."""

    def __init__(self, reason: str, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait
        self.unreachable = unreachable


@contextmanager
def answer(url: str, headers: dict[str, str]) -> Iterator["BaseHTTPResponse"]:
    """The server's answer, at the end of its redirects. Raises Refused or ConnectionCut where there is none."""
    from urllib3 import Timeout
    from urllib3.exceptions import HTTPError

    timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if _scheme(url) not in ("http", "https"):
        raise Refused("not a web address")
    for _ in range(MAX_REDIRECTS + 1):
        with _pool(url) as pool:
            try:
                response = pool.request(
                    "GET", url, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False,
                    decode_content=False,
                )  # fmt: skip
            except HTTPError as error:
                raise in_words(error) from None
            try:
                target = response.get_redirect_location()
                if not target:
                    yield response
                    return
            finally:
                response.close()
        url = _redirected(url, target)
    raise Refused("too many redirects")


def _redirected(url: str, target: str) -> str:
    """The address that a server sends us to. Raises Refused where that is no web address, or a less safe one."""
    with suppress(ValueError):
        target = urljoin(url, target)
    scheme = _scheme(target)
    if scheme not in ("http", "https"):
        raise Refused(f"a redirect to {scheme or 'nowhere'}, which isn't followed")
    if scheme == "http" and _scheme(url) == "https":
        raise Refused("a redirect from https to http, which isn't followed")
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
        raise InputError(f"the proxy {host(proxy)} can't be used: {mend}") from None


def raise_for_status(response: "BaseHTTPResponse") -> NoReturn:
    """Refuse an answer that holds no content, for now or for good."""
    reason = f"{response.status} {responses.get(response.status, 'answered')}"
    if response.status in RETRY_STATUSES:
        raise ConnectionCut(reason, wait=_retry_after(response.headers.get("Retry-After")))
    raise Refused(reason)


def _retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After asks for: a number, or a date."""
    from urllib3 import Retry
    from urllib3.exceptions import HTTPError

    try:
        return Retry().parse_retry_after(header) if header else None
    except (HTTPError, ValueError, OverflowError):
        return None


def in_words(error: Exception) -> Exception:
    """What to raise in place of an error of the connection: Refused or ConnectionCut, in words."""
    from urllib3 import exceptions

    match error:
        case exceptions.SSLError():
            return Refused("its certificate can't be verified")
        case exceptions.LocationValueError():
            return Refused("not a web address")
        case exceptions.ProxyError():
            return ConnectionCut("the proxy can't be reached", unreachable=True)
        case exceptions.NameResolutionError():
            return ConnectionCut("host not found", unreachable=True)
        case exceptions.NewConnectionError() | exceptions.ConnectTimeoutError():
            return ConnectionCut("no connection", unreachable=True)
        case exceptions.TimeoutError():
            return ConnectionCut("no answer in time")
        case _:
            return ConnectionCut("the connection was cut")


def host(url: str) -> str:
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
