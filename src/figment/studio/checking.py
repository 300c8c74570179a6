"""A file dropped on the page: what marks it bears. It is looked at where it can't stay, and nothing of it is kept."""

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
    """What the file says, in IPTC's word and in ours, and what that is worth."""
    from figment.forensics.marks import MORE_SAID, advice, checked, counts, said

    suffix = Path(query.name.replace("\\", "/")).suffix.lower()
    if not suffix[1:].isalnum() or not suffix.isascii() or len(suffix) > LONGEST_SUFFIX:
        suffix = ""
    with studio.scratch("figment-check-") as folder:
        file = folder / f"file{suffix}"
        file.write_bytes(body)
        found = checked(file)
        problem = found.error and found.error.replace(str(file), query.name or "This file")
    kinds = [kind for kind, count in counts([found]).items() if count]
    return {
        "mark": found.mark, "own": found.own, "c2pa": found.c2pa, "problem": problem,
        "said": None if problem else said(found), "advice": [*advice(kinds), *([MORE_SAID] if found.c2pa else [])],
    }  # fmt: skip


OPERATIONS = (
    Operation(
        "POST", "/api/check", check, "What a picture, film or page says of where it comes from", Named, bytes,
        max_bytes=MAX_BYTES,
    ),
)  # fmt: skip
