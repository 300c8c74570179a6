"""XMP: what properties of a packet say. Looked for as text, so that nothing in it is ever resolved or followed."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import unescape
from itertools import islice

MAX_FOUND = 1000  # places in a packet at which a property is looked at
MAX_PREFIX = 64  # bytes, of a name's prefix
SOURCE_TYPE = "DigitalSourceType"
IPTC_WORD = re.compile(r"(?:.{0,200}digitalsourcetype/)?(\w{1,100})", re.DOTALL)
# Behind a property's name: an attribute; an element with its value as an attribute of its own; an element with a text, which
# may stand within others (rdf:Alt, rdf:li). Other programs write all three.
_VALUE = re.compile(
    rb"""\s{0,20}=\s{0,20}(?:"([^"<]{0,2000})|'([^'<]{0,2000}))"""
    rb"""|[^<>]{0,300}?rdf:resource\s{0,20}=\s{0,20}["']([^"'<]{0,2000})["']"""
    rb"""|[^<>]{0,300}(?<!/)>(?:\s{0,100}<[\w:.-]{1,50}[^<>/]{0,200}>){0,3}([^<]{1,2000})"""
)


def values(packets: Iterable[bytes], *names: str) -> Iterator[tuple[str, str]]:
    """Each place in XMP packets where a property of these names, whatever its prefix, has a value: its name, the value.

    At most MAX_FOUND places a packet are looked at, and 2,000 bytes of a value, so that time grows with a packet's length
    alone.
    """
    for packet in packets:
        content = _without_comments(in_utf8(packet))
        for place in islice(_of_names(names).finditer(content), MAX_FOUND):
            is_end = content[max(0, place.start() - MAX_PREFIX) : place.start()].rpartition(b"<")[2].startswith(b"/")
            value = None if is_end else _VALUE.match(content, place.end())
            if value is not None and value.end() < len(content):  # else it is cut short, and may be another word
                said = next(part for part in value.groups() if part is not None)
                yield place[1].decode(), unescape(said.decode("utf-8", "replace")).strip()


def source_types(packets: Iterable[bytes]) -> list[str]:
    """The words of IPTC's DigitalSourceType that packets bear, each once."""
    return words_of(value for _, value in values(packets, SOURCE_TYPE))


def words_of(values: Iterable[str]) -> list[str]:
    """Of values of DigitalSourceType the words, each once: of IPTC's vocabulary, or by themselves."""
    found = (IPTC_WORD.fullmatch(value) for value in values)
    return list(dict.fromkeys(word[1] for word in found if word is not None))


def in_utf8(packet: bytes) -> bytes:
    """An XMP packet in UTF-8, which may be in UTF-16 or 32, either way round (XMP specification, part 1, section 7.3.2)."""
    for encoding, unit in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        # "<" stands in every packet; at a whole number of units only in its own encoding, since the text is mostly of ASCII.
        at = packet.find("<".encode(encoding) + "?".encode(encoding))
        at = packet.find("<x:".encode(encoding)) if at < 0 else at
        if at >= 0 and at % unit == 0:
            return packet[: len(packet) // unit * unit].decode(encoding, "replace").encode("utf-8", "replace")
    return packet


@cache
def _of_names(names: tuple[str, ...]) -> re.Pattern[bytes]:
    # No more of it than a name: what follows is looked at by itself, so that each place counts.
    return re.compile(b":(" + "|".join(names).encode() + rb")\b")


def _without_comments(content: bytes) -> bytes:
    """The packet without its comments, or without the first MAX_FOUND of them."""
    kept, at = [], 0
    for _ in range(MAX_FOUND):
        begin = content.find(b"<!--", at)
        if begin < 0:
            break
        kept.append(content[at:begin])
        end = content.find(b"-->", begin)
        at = end + 3 if end >= 0 else len(content)
    return b"".join(kept) + content[at:] if kept else content
