"""The websocket of Play: requests as JSON, answers as pictures with their facts (frames.py), refusals as sentences in JSON.

Nothing queues: of one slot's requests only the newest waits, and the next is drawn when the last answer has been taken.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from figment.common.text import said
from figment.errors import InputError
from figment.studio.play.asked import Cancel, Draw, Message, Project
from figment.studio.play.drawing import THREAD, draw
from figment.studio.play.projecting import project
from figment.studio.refused import OURS, note_fault
from figment.studio.studio import Missing, Studio

MAX_WAITING = 200  # slots
SEARCHER = ThreadPoolExecutor(1, "figment-project")  # one search at a time, of all who play: each takes all processors


def channel(studio: Studio) -> Callable[[WebSocket], Awaitable[None]]:
    """What serves one connection."""

    async def serve(websocket: WebSocket) -> None:
        await websocket.accept()
        talk = Talk(studio, websocket)
        working = asyncio.create_task(talk.work())
        try:
            while (message := await websocket.receive())["type"] != "websocket.disconnect":
                talk.take(message.get("text"))
        finally:
            talk.stop_search()
            working.cancel()

    return serve


class Talk:
    """One connection: what waits to be drawn, by slot, and what waits to be sent, by what it replaces."""

    def __init__(self, studio: Studio, websocket: WebSocket) -> None:
        self.studio, self.websocket = studio, websocket
        self.id: str = websocket.path_params["id"]
        self.loop = asyncio.get_running_loop()
        self.waiting: dict[str, Draw] = {}
        self.outgoing: dict[str, bytes | str] = {}
        self.wake = asyncio.Event()
        self.search: threading.Event | None = None  # set: the search for a picture's code is to end

    def take(self, text: str | None) -> None:
        """Take a message in; what is wrong with it is answered in a sentence."""
        try:
            asked = Message.validate_json(text or "")
        except (ValidationError, ValueError) as error:
            self.refuse({}, _fault(error))
            return
        if isinstance(asked, Draw):
            if asked.slot not in self.waiting and len(self.waiting) >= MAX_WAITING:
                self.refuse(_address(asked), "Too much is asked for at once: wait for some of it.")
                return
            self.waiting[asked.slot] = asked
            self.wake.set()
        elif isinstance(asked, Project):
            self.begin_search(asked)
        else:
            self.stop_search()

    def refuse(self, address: dict[str, Any], sentence: str) -> None:
        self.post(f"refused {address.get('slot', '')}", json.dumps(address | {"error": said(sentence)}))

    def post(self, key: str, message: bytes | str) -> None:
        """Have a message sent, in place of one of the same key that hasn't been."""
        self.outgoing[key] = message
        self.wake.set()

    async def work(self) -> None:
        """Send and draw, one after the other, for as long as the connection lasts."""
        try:
            while True:
                await self.wake.wait()
                self.wake.clear()
                while self.outgoing or self.waiting:
                    if self.outgoing:
                        await self.send(self.outgoing.pop(next(iter(self.outgoing))))
                    else:
                        asked = self.waiting.pop(next(iter(self.waiting)))
                        await self.send(await self.loop.run_in_executor(THREAD, self.answer, asked))
        except (WebSocketDisconnect, RuntimeError):  # gone while it was answered
            pass

    async def send(self, message: bytes | str) -> None:
        if isinstance(message, bytes):
            await self.websocket.send_bytes(message)
        else:
            await self.websocket.send_text(message)

    def answer(self, asked: Draw) -> bytes | str:
        """The picture asked for, or why there is none; in the thread that draws."""
        return _guarded(self.studio, _address(asked), lambda: draw(self.studio.run(self.id), asked)) or ""

    def begin_search(self, asked: Project) -> None:
        """Start a search, in place of this connection's that is under way; it waits for those of others."""
        self.stop_search()
        stopped = self.search = threading.Event()

        def post(key: str, message: bytes | str) -> None:
            if not stopped.is_set():
                with suppress(RuntimeError):  # the loop has ended
                    self.loop.call_soon_threadsafe(self.post, key, message)

        def search() -> None:
            done = lambda: stopped.is_set() or self.studio.closing.is_set()  # noqa: E731
            show = lambda message: post("search", message)  # noqa: E731
            if done():
                return
            search_it = lambda: project(self.studio.run(self.id), asked, show, done)  # noqa: E731
            found = _guarded(self.studio, _address(asked), search_it)
            if found:
                post("found", found)

        SEARCHER.submit(search)

    def stop_search(self) -> None:
        if self.search:
            self.search.set()
            self.search = None


def _guarded(studio: Studio, address: dict[str, Any], work: Callable[[], bytes | None]) -> bytes | str | None:
    try:
        return work()
    except (InputError, Missing) as error:
        sentence = said(str(error))
    except Exception:
        note_fault(studio, "Play")
        sentence = OURS
    return json.dumps(address | {"error": sentence})


def _address(asked: Draw | Project | Cancel) -> dict[str, Any]:
    """What a refusal is about."""
    return {"seq": asked.seq, "slot": asked.slot if isinstance(asked, Draw) else asked.do}


def _fault(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return "This is no message that Play knows."
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}"[:300] if place else str(first["msg"])[:300]
