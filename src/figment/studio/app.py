"""The studio as an ASGI application: the table of operations behind the guard, and the pages.

An operation is a plain function in a thread: it may read files and reckon, and holds nobody else up.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from figment.common.jsontext import without_nan
from figment.common.refusals import is_refusal, refusal
from figment.common.text import said
from figment.errors import InputError
from figment.run import Busy
from figment.studio.channels import CHANNELS
from figment.studio.guard import Guard, sentence
from figment.studio.openapi import described
from figment.studio.operation import OURS, Operation
from figment.studio.operations import OPERATIONS
from figment.studio.studio import Missing, Studio

STATIC = Path(__file__).with_name("static")
#: The pages; each is the same document, which looks at its own address. {id}: of a run.
PAGES = ("/", "/new", "/watch/{id}", "/play/{id}", "/game", "/compare", "/check")
FINGERPRINTED = "public, max-age=31536000, immutable"  # names of built files hold their hash

Endpoint = Callable[[Request], Awaitable[Response]]


def build(studio: Studio, token: str, port: int, is_shared: bool = False, host: str = "localhost") -> Starlette:
    """The application. token, port, is_shared, host: see Guard."""
    document = json.dumps(described(OPERATIONS)).encode()

    async def openapi(request: Request) -> Response:
        return Response(document, media_type="application/json")

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    routes: list[BaseRoute] = [
        Route("/api/openapi.json", openapi),
        *(Route(it.path, endpoint(studio, it), methods=[it.method]) for it in OPERATIONS),
        *(WebSocketRoute(path, channel(studio)) for path, channel in CHANNELS.items()),
        Mount("/assets", Assets(directory=STATIC / "assets", check_dir=False)),
        *(Route(path, page) for path in PAGES),
    ]
    guard = Middleware(Guard, token=token, port=port, is_shared=is_shared, host=host)
    handlers: Any = {HTTPException: refused, 500: failed}
    app = Starlette(routes=routes, middleware=[guard], exception_handlers=handlers)
    app.state.studio = studio
    return app


class AsciiJson(JSONResponse):
    """JSON in ASCII alone: names of files may hold bytes that aren't text, which Python carries as surrogates. What a run's
    numbers come to may be endless, however sound each is: null."""

    def render(self, content: Any) -> bytes:
        return json.dumps(without_nan(content), allow_nan=False, separators=(",", ":")).encode()


class Assets(StaticFiles):
    """Built files, which never change under their name."""

    def file_response(self, *arguments: Any, **more: Any) -> Response:
        answer = super().file_response(*arguments, **more)
        answer.headers["cache-control"] = FINGERPRINTED
        return answer


def endpoint(studio: Studio, operation: Operation) -> Endpoint:
    """What answers an operation's requests."""

    async def answer(request: Request) -> Response:
        try:
            asked: dict[str, Any] = dict(request.path_params)
            if operation.query is not None:
                asked["query"] = operation.query.model_validate(dict(request.query_params))
            if operation.body is not None:
                content = await body(request, operation.max_bytes)
                asked["body"] = content if operation.body is bytes else read_model(operation.body, content)
            found = await anyio.to_thread.run_sync(lambda: operation.do(studio, **asked))
        except ValidationError as error:
            return sentence(400, told(error))
        except Missing as error:
            return sentence(404, said(str(error)))
        except InputError as error:
            return sentence(409 if error.status == 1 or isinstance(error, Busy) else 400, said(str(error)))
        except ClientDisconnect:
            return Response(status_code=400)
        except FileNotFoundError:
            return sentence(404, "This is gone: it was deleted, moved or renamed while it was read.")
        except OSError as error:
            if not is_refusal(error):
                raise
            return sentence(409, said(str(refusal(error.filename or "What was asked for", error, done="done"))))
        if isinstance(found, Response):
            return found
        return AsciiJson(found, headers={"cache-control": "no-store"})

    return answer


async def body(request: Request, most: int) -> bytes:
    """What a request brings. Raises HTTPException (413) where that is more than most bytes, as soon as it is."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            raise HTTPException(413, f"This is more than {most:,} bytes, the most that is taken here.")
    return bytes(content)


def read_model(model: Any, content: bytes) -> BaseModel:
    """JSON as a model of it. Raises ValidationError."""
    return model.model_validate_json(content)


def told(error: ValidationError) -> str:
    """What is wrong with a request: its first fault."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return said(f"{place}: {first['msg']}" if place else str(first["msg"]))


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = {404: "There is no such page or operation.", 405: "This can't be done by that method."}
    answer = sentence(error.status_code, words.get(error.status_code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


async def failed(request: Request, error: Exception) -> Response:
    """For a fault of ours: told, with its trace in the terminal, and the studio goes on."""
    logging.getLogger("figment.studio").error("%s %s", request.method, request.url.path, exc_info=error)
    return sentence(500, OURS)
