"""Everything that can be asked of the studio over HTTP: the tables of its parts, one below the other."""

from figment.studio import (
    checking,
    close_look,
    history,
    managing,
    outputs,
    runs,
    sheets,
    starting,
    stream,
)
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
)
