"""Who is let in: only a browser that was given the token, asking from the studio's own pages, by the studio's own name."""

import ipaddress
import secrets
import socket
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Nothing but the studio's own files, no script or style within the page; pictures may also be made by the page itself.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # the first address holds the token
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
#: In their place, of a page that isn't ours: a run's report may hold scripts, which get an origin of their own and no way out.
#: A page in such a sandbox can't be isolated from who opened it, too: browsers refuse that.
STANDALONE = {
    "content-security-policy": "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "unsafe-none",
}
COOKIE_DAYS = 30
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class Guard:
    """ASGI middleware: the Host, Origin and token of every request, and the headers of every answer.

    Static files are given to whoever asks by the right name: they are in the wheel for all to read. Everything under /api/
    needs the token: as the cookie that the printed address sets, or as Authorization: Bearer.

    token: what the printed address holds. port: the server's. is_shared: reachable from other machines, under any address
    of this one, but no name that others could point at it (DNS rebinding). host: what it was told to listen at.
    """

    def __init__(
        self, app: ASGIApp, token: str, port: int, is_shared: bool = False, host: str = LOCAL_NAMES[0]
    ) -> None:
        self.app, self.token, self.port, self.is_shared, self.host = app, token, port, is_shared, host.lower()
        self.cookie = f"figment-{port}"  # cookies know no ports: two studios on a machine mustn't lock each other out

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self.refusal(scope, headers) or (self.welcome(scope) if scope["type"] == "http" else None)

        async def send_guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                given = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    given.setdefault(name, value)
            await send(message)

        if answer is None:
            await self.app(scope, receive, send_guarded)
        elif scope["type"] == "http":
            await answer(scope, receive, send_guarded)
        else:
            await receive()  # websocket.connect
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})

    def refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Why a request is refused; None where it isn't."""
        if not self.knows(headers.get("host", "")):
            return sentence(421, "This server goes by another name: open the address that figment studio printed.")
        if not self.is_own(headers):
            return sentence(403, "Another site asked for this: only the studio's own pages may.")
        if scope["path"].startswith("/api/") and not self.has_token(headers):
            return sentence(401, "The token is missing: open the address that figment studio printed.")
        return None

    def knows(self, host: str) -> bool:
        """Whether a Host header is a name of this server: a local one, the one that it was told to listen at, or, where it is
        shared, an address or our own name."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.port:
            return False
        if "@" in host:  # no browser sends one
            return False
        if name in LOCAL_NAMES or name == self.host:
            return True
        return self.is_shared and (_is_address(name) or name == socket.gethostname().lower())

    def is_own(self, headers: Headers) -> bool:
        """Whether a request comes from a page of ours, or from no page: Origin and Sec-Fetch-Site, which pages can't forge.

        A link elsewhere may be followed to a page of ours, but nothing may be fetched, sent or embedded from there.
        """
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host"):
            return False
        is_page = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        return is_page or headers.get("sec-fetch-site", "none") in ("none", "same-origin")

    def has_token(self, headers: Headers) -> bool:
        return any(secrets.compare_digest(given.encode(), self.token.encode()) for given in self.given(headers))

    def given(self, headers: Headers) -> Iterable[str]:
        """The tokens that come with a request."""
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            yield bearer.strip()
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return
        if cookie is not None:
            yield cookie.value

    def welcome(self, scope: Scope) -> Response | None:
        """For the address that was printed: the token goes into a cookie, and out of the address."""
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        token = query.pop("token", None)
        if scope["method"] != "GET" or scope["path"].startswith("/api/") or token is None:
            return None
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return sentence(401, "This token is an older one: open the address that figment studio printed last.")
        path = "/" + scope["path"].lstrip("/")  # //elsewhere would be another server
        answer = RedirectResponse(f"{path}?{urlencode(query)}" if query else path, 303)
        answer.set_cookie(
            self.cookie, self.token, max_age=COOKIE_DAYS * 86_400, httponly=True, samesite="strict", path="/"
        )
        answer.headers["cache-control"] = "no-store"
        return answer


def sentence(status: int, text: str) -> JSONResponse:
    """An answer that only says why not."""
    return JSONResponse({"error": text}, status, {"cache-control": "no-store"})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
