"""What can be asked of the studio: an operation is one row of a table, and the published description is made of the rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """What comes with a request. Unknown names are refused, so that a mistyped one isn't passed over."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Operation:
    """method and path, with {names} as Starlette's routes have them; do: a plain function, run in a thread.

    do(studio, **names) is called with query= and body= where there are models for them, and gives what JSON can hold, or a
    Response of Starlette's. It raises InputError for what can't be used (400), Missing for what isn't there (404).
    body: a model for JSON, or bytes for a file, of at most max_bytes.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    do: Callable[..., Any]
    summary: str
    query: type[Asked] | None = None
    body: "type[Asked] | type[bytes] | None" = None
    gives: str = "application/json"
    max_bytes: int = 1_000_000
    statuses: tuple[int, ...] = field(default=())  # beside 200, 400, 401, 403, 404
