"""What is talked about over websockets: by path, a function that takes the studio and gives what serves one connection."""

from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket

from figment.studio.game import channel as game
from figment.studio.play import channel as play
from figment.studio.studio import Studio

CHANNELS: dict[str, Callable[[Studio], Callable[[WebSocket], Awaitable[None]]]] = {
    "/api/play/{id}": play.channel,
    "/api/game": game.channel,
}
