"""The table of operations and the channels as an ASGI application: what everything under /api/ is answered by.

An operation is a plain function in a thread: it may read files and reckon, and holds nobody else up.
"""

import json
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import anyio.to_thread
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from figment.common.jsontext import without_nan
from figment.common.refusals import is_refusal, refusal
from figment.common.text import said
from figment.errors import InputError
from figment.run import Busy
from figment.studio.channels import CHANNELS
from figment.studio.guard import sentence
from figment.studio.openapi import described
from figment.studio.operation import Operation
from figment.studio.operations import OPERATIONS
from figment.studio.refused import HANDLERS
from figment.studio.studio import Missing, Studio

Endpoint = Callable[[Request], Awaitable[Response]]


def api(studio: Studio) -> Starlette:
    return Starlette(
        routes=[
            Route("/api/openapi.json", openapi),
            *(Route(it.path, endpoint(studio, it), methods=[it.method]) for it in OPERATIONS),
            *(WebSocketRoute(path, channel(studio)) for path, channel in CHANNELS.items()),
        ],
        exception_handlers=HANDLERS,
    )


async def openapi(request: Request) -> Response:
    return Response(document(), media_type="application/json")


@cache
def document() -> bytes:
    return json.dumps(described(OPERATIONS)).encode()


class AsciiJson(JSONResponse):
    """JSON in ASCII alone: names of files may hold bytes that aren't text, which Python carries as surrogates. What a run's
    numbers come to may be endless, however sound each is: null."""

    def render(self, content: Any) -> bytes:
        return json.dumps(without_nan(content), allow_nan=False, separators=(",", ":")).encode()


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
            # As the studio ends, nobody waits for what is still reckoned.
            found = await anyio.to_thread.run_sync(lambda: operation.do(studio, **asked), abandon_on_cancel=True)
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
