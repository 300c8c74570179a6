"""The studio as an ASGI application: the pages, and what is asked of it, behind the guard.

The pages are served at once; what they ask for is read meanwhile, in a thread, and waits until it is there.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from figment.studio.guard import Guard
from figment.studio.refused import HANDLERS
from figment.studio.studio import Studio

STATIC = Path(__file__).with_name("static")
#: The pages; each is the same document, which looks at its own address. {id}: of a run.
PAGES = ("/", "/new", "/watch/{id}", "/play/{id}", "/game", "/compare", "/check")
FINGERPRINTED = "public, max-age=31536000, immutable"  # names of built files hold their hash


def build(studio: Studio, token: str, port: int, is_shared: bool = False, host: str = "localhost") -> ASGIApp:
    """The application. token, port, is_shared, host: see Guard."""
    with_pages = pages()
    reader = ThreadPoolExecutor(1)
    reading = reader.submit(_api, studio)
    reader.shutdown(wait=False)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] == "websocket" or scope.get("path", "").startswith("/api/")
        answer = await asyncio.wrap_future(reading) if is_asked else with_pages
        await answer(scope, receive, send)

    return Guard(app, token, port, is_shared, host)


def pages() -> Starlette:
    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    assets = Mount("/assets", Assets(directory=STATIC / "assets", check_dir=False))
    return Starlette(routes=[assets, *(Route(path, page) for path in PAGES)], exception_handlers=HANDLERS)


class Assets(StaticFiles):
    """Built files, which never change under their name."""

    def file_response(self, *arguments: Any, **more: Any) -> Response:
        answer = super().file_response(*arguments, **more)
        answer.headers["cache-control"] = FINGERPRINTED
        return answer


def _api(studio: Studio) -> ASGIApp:
    """What answers under /api/: it takes figment's data model, numpy and more to read."""
    app: ASGIApp = import_module("figment.studio.api").api(studio)
    return app
