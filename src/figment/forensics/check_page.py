"""What was found as one HTML file that holds all it shows and asks nobody for anything."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from figment.common.files import write_output
from figment.common.text import shown
from figment.forensics.check import Checked
from figment.forensics.credentials import Credentials
from figment.forensics.sentences import LOST, kinds, sentence
from figment.forensics.thumbnails import thumbnails
from figment.media import pages
from figment.media.provenance import DigitalSourceType, of_all

MAX_CARDS = 1000  # files with a mark that are shown each by itself
MAX_PICTURES = 300  # of them that are shown with a picture
MAX_ROWS = 2000  # files without one, or that couldn't be read, that are listed


def write_page(found: Sequence[Checked], path: Path, command: str = "") -> None:
    """Write the page. Raises InputError where the place can't be written, OSError when the disk is full."""
    write_output(path, page(found, command))


def page(found: Sequence[Checked], command: str = "") -> str:
    """The page as HTML. command: what was asked."""
    marked = [one for one in found if one.is_marked]
    bare = [one for one in found if one.error is None and not one.is_marked]
    unread = [one for one in found if one.error is not None]
    pictures = thumbnails([(one.file, _mark(one)) for one in marked[:MAX_PICTURES]])
    cards = [_card(one, picture) for one, picture in zip(marked, [*pictures, *[None] * len(marked)], strict=False)]
    contents = {
        "count": len(found), "kinds": kinds(found), "lost": LOST, "command": command,
        "cards": cards[:MAX_CARDS], "more_cards": max(len(marked) - MAX_CARDS, 0),
        "bare": [_row(one) for one in bare[:MAX_ROWS]], "more_bare": max(len(bare) - MAX_ROWS, 0),
        "unread": [_row(one) for one in unread[:MAX_ROWS]], "more_unread": max(len(unread) - MAX_ROWS, 0),
    }  # fmt: skip
    shown_marks = (_mark(one) for one, picture in zip(marked, pictures, strict=False) if picture)
    return pages.rendered("check.html.j2", contents, of_all(shown_marks))


def _mark(one: Checked) -> DigitalSourceType | None:
    word = one.metadata.source_type if one.metadata else None
    return word if word in get_args(DigitalSourceType) else None  # type: ignore[return-value] # one of them


def _row(one: Checked) -> dict[str, Any]:
    return {"file": shown(one.file), "sentence": sentence(one)}


def _card(one: Checked, picture: bytes | None) -> dict[str, Any]:
    """A file with what it says, and the small copy of it."""
    facts = []
    if one.metadata is not None:
        facts = [("kind", one.metadata.kind), ("software", one.metadata.software), ("camera", one.metadata.camera)]
        facts += [(trace.where, trace.text) for trace in one.metadata.traces]
    if one.c2pa is not None:
        facts += _of_credentials(one.c2pa)
    return _row(one) | {
        "src": pages.data_url(picture, "jpeg") if picture else None,
        "facts": [(shown(name), shown(value)) for name, value in facts if value],
    }


def _of_credentials(c2pa: Credentials) -> list[tuple[str, str | None]]:
    return [
        ("Content Credentials", c2pa.state), ("signer", c2pa.signer), ("issuer of the certificate", c2pa.issuer),
        ("made with", c2pa.generator), ("actions", ", ".join(c2pa.actions)),
        ("figment's run", f"{c2pa.run:,}" if c2pa.run else None), ("problems", "; ".join(c2pa.problems)),
    ]  # fmt: skip
