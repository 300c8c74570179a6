"""Where a picture, video or page comes from: the mark of what is synthetic, written as XMP or JSON-LD and read back."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Literal, get_args

from markupsafe import Markup

from figment.common.marks import DESCRIPTION, HEAD_BYTES, PACKET, PAGE_DATA, TAIL_BYTES, VOCABULARY, has_own_mark
from figment.errors import InputError
from figment.metadata.boxes import XMP_ID
from figment.metadata.files import read
from figment.metadata.gif import XMP
from figment.metadata.xmp import source_types

DigitalSourceType = Literal[
    "trainedAlgorithmicMedia", "algorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"
]
# XMP specification, part 3, section 1.1.2 (GIF): the packet is no chain of blocks, so behind it stand bytes that lead a
# reader, wherever it comes in, to the chain's end.
XMP_EXTENSION = b"\x21\xff\x0b" + XMP
XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"


def source_of(path: str | Path) -> str | None:
    """Where a picture, film or page says that it comes from: a word of IPTC's DigitalSourceType, or None if it says nothing.

    Raises InputError if the file is missing or is none of them.
    """
    stored = read(path)
    return next(iter(stored.declared or source_types(stored.packets)), None)


def xmp(source: DigitalSourceType, remark: str = "") -> bytes:
    """The XMP packet that marks a file with where it comes from. Raises ValueError for a word that isn't a Source.

    remark: what else is to be known of how it was made, as the packet's description.
    """
    if source not in get_args(DigitalSourceType):
        raise ValueError(f"{source} is none of {', '.join(get_args(DigitalSourceType))}")
    return PACKET.format(VOCABULARY + source, DESCRIPTION.format(escape(remark)) if remark else "").encode()


def of_all(sources: Iterable[DigitalSourceType | None]) -> DigitalSourceType | None:
    """What a page is marked as that holds pictures of these marks; None where nothing on it is synthetic.

    None among others is a real picture: with it, or where marks differ, the page is a composite.
    """
    found = set(sources)
    if len(found) < 2:
        return next(iter(found), None)
    has_learnt = found & {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"}
    return "compositeWithTrainedAlgorithmicMedia" if has_learnt else "compositeSynthetic"


def mark_of_reals(drawn: bool) -> DigitalSourceType | None:
    """What sheets of the pictures are marked as that a run learnt from. drawn: whether figment drew them by rule."""
    return "algorithmicMedia" if drawn else None


def page_mark(source: DigitalSourceType | None) -> Markup:
    """The same mark for the head of a page, as JSON-LD in the words of schema.org, which programs read; empty for None."""
    return Markup(PAGE_DATA.format(source[0].upper() + source[1:])) if source else Markup()


def xmp_box(source: DigitalSourceType) -> bytes:
    """The same mark as a top-level box of an mp4: size, "uuid", Adobe's identifier, packet."""
    content = b"uuid" + XMP_ID + xmp(source)
    return (len(content) + 4).to_bytes(4, "big") + content


def is_own(path: Path) -> bool:
    """Whether a file says, in figment's way, that it is figment's."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return has_own_mark(head) or has_own_mark(file.read())


def check_replaced(path: Path) -> None:
    """Raise InputError where a file that is there isn't one that figment made, by its own mark: it mustn't be lost to it."""
    if path.is_file() and path.stat().st_size and not is_own(path):
        raise InputError(f"--out {path} exists and isn't a picture or film that figment made: name another file.")


def xmp_extension(source: DigitalSourceType) -> bytes:
    """The same mark as an extension block of a GIF, for the place behind its first colours."""
    return XMP_EXTENSION + xmp(source) + XMP_TRAILER
