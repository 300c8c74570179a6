"""A file dropped on the page: what marks it bears. It is looked at where it can't stay, and nothing of it is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from figment.studio.operation import Asked, Operation
from figment.studio.studio import Studio

MAX_BYTES = 2**26
LONGEST_SUFFIX = 8


class Named(Asked):
    """name: the file's own, of which only the ending is gone by."""

    name: str = Field("", max_length=1000)


def check(studio: Studio, query: Named, body: bytes) -> dict[str, Any]:
    """What the file says, in a sentence that tells what that is worth, and the fields that it goes by."""
    from figment.forensics.check import Wanted
    from figment.forensics.check import check as checked
    from figment.forensics.check_table import as_dict

    suffix = Path(query.name.replace("\\", "/")).suffix.lower()
    if not suffix[1:].isalnum() or not suffix.isascii() or len(suffix) > LONGEST_SUFFIX:
        suffix = ""
    with studio.scratch("figment-check-") as folder:
        file = folder / f"file{suffix}"
        file.write_bytes(body)
        found = checked(file, Wanted("thorough"))
    told = as_dict(replace(found, file=query.name or "This file"))
    if found.error is not None:
        told["sentence"] = told["error"] = found.error.replace(str(file), query.name or "This file")
    return told


OPERATIONS = (
    Operation(
        "POST", "/api/check", check, "What a picture, film or page says of where it comes from", Named, bytes,
        max_bytes=MAX_BYTES,
    ),
)  # fmt: skip
