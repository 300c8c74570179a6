"""The websocket of the Game: what a page says goes to a thread that plays (player.py), whose frames and refusals come back.

The thread ends with the connection. No frame queues: the page says when it has drawn one.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from figment.common.text import said
from figment.studio.game.asked import Message
from figment.studio.refused import OURS
from figment.studio.studio import Studio

if TYPE_CHECKING:
    from figment.studio.game.player import Player

MAX_PLAYERS = 4  # connections at once: each takes a core as long as it plays
MAX_UNREAD = 100  # messages of a page's that the thread hasn't come to yet
MAX_UNSENT = 200  # messages for a page that doesn't take them in, beyond which they are dropped
TRY_LATER = 1013  # what a websocket is closed with
CROWDED = f"{MAX_PLAYERS} games are being played here already: close the page of one of them."


def channel(studio: Studio) -> Callable[[WebSocket], Awaitable[None]]:
    """What serves one connection."""
    chairs = threading.BoundedSemaphore(MAX_PLAYERS)

    async def serve(websocket: WebSocket) -> None:
        await websocket.accept()
        if not chairs.acquire(blocking=False):
            await websocket.send_text(json.dumps({"error": CROWDED}))
            await websocket.close(TRY_LATER)
            return
        try:
            await Talk(websocket).last()
        finally:
            chairs.release()

    return serve


class Talk:
    """One connection. outgoing: what the thread has posted and isn't sent yet."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket, self.loop = websocket, asyncio.get_running_loop()
        self.outgoing: asyncio.Queue[bytes | str] = asyncio.Queue()

    async def last(self) -> None:
        """As long as the connection does."""
        player = await asyncio.to_thread(self.new_player)
        playing = threading.Thread(target=self.guarded, args=(player.play,), name="figment-game", daemon=True)
        playing.start()
        sending = asyncio.create_task(self.send())
        try:
            while (message := await self.websocket.receive())["type"] != "websocket.disconnect":
                try:
                    asked = Message.validate_json(message.get("text") or "")
                except ValidationError as error:
                    self.put(json.dumps({"error": fault(error)}))
                else:
                    if player.told.qsize() < MAX_UNREAD:
                        player.told.put(asked)
        finally:
            player.told.put(None)
            sending.cancel()
            await asyncio.to_thread(playing.join)

    def new_player(self) -> "Player":
        from figment.studio.game.player import Player  # which reads torch

        return Player(self.post)

    def post(self, message: bytes | str) -> None:
        """From the thread that plays."""
        with suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self.put, message)

    def put(self, message: bytes | str) -> None:
        if self.outgoing.qsize() < MAX_UNSENT:
            self.outgoing.put_nowait(message)

    def guarded(self, play: Callable[[], None]) -> None:
        try:
            play()
        except Exception:
            logging.getLogger("figment.studio").exception("Game")
            self.post(json.dumps({"error": OURS}))

    async def send(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # gone meanwhile
            while True:
                message = await self.outgoing.get()
                if isinstance(message, bytes):
                    await self.websocket.send_bytes(message)
                else:
                    await self.websocket.send_text(message)


def fault(error: ValidationError) -> str:
    """What is wrong with a message, in a sentence."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return said(f"{place}: {first['msg']}." if place else "This is no message that the Game knows.")
