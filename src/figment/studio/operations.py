"""Everything that can be asked of the studio over HTTP: the tables of its parts, one below the other."""

from figment.studio import (
    blind,
    checking,
    close_look,
    history,
    managing,
    outputs,
    runs,
    sheets,
    side_by_side,
    starting,
    stream,
)
from figment.studio.game import offer as game
from figment.studio.operation import Operation
from figment.studio.play import operations as play

OPERATIONS: tuple[Operation, ...] = (
    *runs.OPERATIONS,
    *managing.OPERATIONS,
    *starting.OPERATIONS,
    *checking.OPERATIONS,
    *play.OPERATIONS,
    *history.OPERATIONS,
    *sheets.OPERATIONS,
    *stream.OPERATIONS,
    *close_look.OPERATIONS,
    *outputs.OPERATIONS,
    *side_by_side.OPERATIONS,
    *blind.OPERATIONS,
    *game.OPERATIONS,
)
