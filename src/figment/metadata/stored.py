"""What a file's metadata hold, as readers collect it: within bounds, whatever a hostile file declares."""

import re
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO

from figment.common.marks import MADE

MAX_BYTES = 1 << 24  # of metadata that are kept of one file: a mark needs 400, a photographer's history a few million
MAX_TEXT_BYTES = (
    1 << 16
)  # of a text that is no XMP, such as a prompt or a workflow: its beginning tells which program's
MAX_TEXTS, MAX_PACKETS = 200, 64
MAX_PARTS = 1 << 17  # chunks, segments, boxes and entries
# C2PA 2.1, section 11.1: so begins the box that holds all that was signed, whatever kind of file it stands in.
MANIFEST = b"jumd" + bytes.fromhex("63327061 00110010 800000AA00389B71")
MANIFEST_AHEAD = 1 << 12  # bytes of its place, within which it begins
# It states in CBOR, in which texts stand as they are: https://cv.iptc.org/newscodes/digitalsourcetype/, and a word.
STATED = re.compile(rb"digitalsourcetype/(" + "|".join(sorted(MADE, key=len, reverse=True)).encode() + rb")")
CUT = "it is cut short"


class Damaged(Exception):
    """A file's parts can't be followed any further; the message says why. What was found before stands."""


@dataclass(frozen=True)
class Text:
    """A text beside the pixels that is no XMP. where: "PNG", "EXIF", …; key: its name there."""

    where: str
    key: str
    content: str


@dataclass
class Stored:
    """kind: the file's, as people call it. packets: its XMP, as they stand there. texts: all other text, EXIF's too. declared,
    own: of a page, the words of IPTC's DigitalSourceType, and whether in figment's way. manifest: whether what stands in the
    place for Content Credentials (C2PA) begins as they do; None where there is nothing. stated: words of DigitalSourceType for
    what is made that stand there; whether they are signed isn't looked at. problem: what couldn't be read."""

    kind: str
    packets: list[bytes] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    own: bool = False
    manifest: bool | None = None
    stated: list[str] = field(default_factory=list)
    problem: str | None = None
    left: int = MAX_BYTES
    parts: int = 0
    blocks: int = 0

    def count(self) -> None:
        """One part more. Raises Damaged where there are more than anybody needs."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise Damaged(f"it has more than {MAX_PARTS:,} parts, which aren't followed")

    def note(self, problem: str) -> None:
        """Keep what is wrong, and the first such thing alone."""
        self.problem = self.problem or problem

    def add_packet(self, packet: bytes) -> None:
        """A packet of XMP."""
        if len(self.packets) < MAX_PACKETS:
            self.packets.append(packet)
        else:
            self.note(f"it has more than {MAX_PACKETS} packets of XMP, of which only the first were read")

    def take(self, file: BinaryIO, size: int, most: int | None = None) -> bytes:
        """The next bytes of a file, the first of them at most; it stands behind all of them then. Raises Damaged where they end
        early."""
        wanted = size if most is None else min(size, most)
        content = file.read(min(wanted, self.left))
        if len(content) < min(wanted, self.left):
            raise Damaged(CUT)
        if size > len(content):
            file.seek(size - len(content), 1)
        self._spend(len(content), wanted > self.left)
        return content

    def unpacked(self, packed: bytes, most: int | None = None) -> bytes:
        """Bytes that zlib packed, at most so many; none where they are spoilt."""
        packer = zlib.decompressobj()
        allowed = self.left if most is None else min(most, self.left)
        try:
            content = packer.decompress(packed, allowed) if allowed else b""
        except zlib.error:
            self.note("a packed text in it is spoilt")
            return b""
        self._spend(len(content), bool(packer.unconsumed_tail) and allowed == self.left)
        return content

    def add(self, where: str, key: str, content: bytes) -> None:
        """A text, in UTF-8 or else, as old standards had it, in Latin-1."""
        content = content[:MAX_TEXT_BYTES].strip(b"\0 \r\n\t")
        if not content:
            return
        if len(self.texts) == MAX_TEXTS:
            self.note(f"it has more than {MAX_TEXTS:,} texts, of which only the first were read")
            return
        try:
            text = content.decode()
        except UnicodeDecodeError as error:  # a character cut in two at the end is no reason for another encoding
            whole = error.start >= MAX_TEXT_BYTES - 4
            text = content.decode("utf-8", "ignore") if whole else content.decode("latin-1")
        self.texts.append(Text(where, key, text))

    def found_manifest(self, content: bytes) -> None:
        """What stands in the place for Content Credentials: whether it begins as they do, and what it says of being made."""
        self.manifest = bool(self.manifest) or MANIFEST in content[:MANIFEST_AHEAD]
        self.stated += dict.fromkeys(word.decode() for word in STATED.findall(content))

    def _spend(self, size: int, is_cut: bool) -> None:
        self.left -= size
        if is_cut:
            self.note(f"it has more than {MAX_BYTES >> 20} MB of metadata, of which only the beginning was read")
