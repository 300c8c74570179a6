"""Everything that can be asked of the studio over HTTP: the tables of its parts, one below the other."""

from figment.studio import checking, managing, runs, starting
from figment.studio.operation import Operation
from figment.studio.play import operations as play

OPERATIONS: tuple[Operation, ...] = (
    *runs.OPERATIONS,
    *managing.OPERATIONS,
    *starting.OPERATIONS,
    *checking.OPERATIONS,
    *play.OPERATIONS,
)
