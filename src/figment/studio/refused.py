"""What is said where nothing else answers: no such page, a wrong method, a fault of figment's own."""

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from figment.studio.guard import sentence
from figment.studio.studio import Studio

OURS = "This is a fault of figment's: the terminal that it runs in tells more."  # said in place of a traceback


def note_fault(studio: Studio, what: str) -> None:
    """The trace of the exception at hand, for the terminal; but as the studio ends what it was reckoning may fail anyhow."""
    if not studio.closing.is_set():
        logging.getLogger("figment.studio").exception(what)


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


HANDLERS: Any = {HTTPException: refused, 500: failed}
