"""Names in zips that don't say what characters their bytes are: those of Windows, old tools, and other countries.

The format knows cp437 and, where a flag says so, UTF-8. What else is written is guessed from all names together: of the
encodings in which they make sense the one that makes the most of it.
"""

import re
import struct
import zipfile
from collections import Counter
from collections.abc import Sequence

UTF8_FLAG, UNICODE_PATH = 0x800, 0x7075  # of a member; of an extra field, which holds its name as UTF-8
MIN_SENSE = 0.75  # of the characters must be what that language is written in
# In the order in which they are preferred where they make equal sense: Korean's bytes are all common Chinese ones too.
ENCODINGS = {
    "cp932": "Japanese", "cp949": "Korean", "gbk": "Chinese", "big5": "traditional Chinese", "cp437": "",
    "cp866": "Cyrillic of DOS", "cp1251": "Cyrillic", "cp1252": "Western European",
}  # fmt: skip
# Of two bytes the first tells how common a character is: first, last, worth. Signs, letters or the common characters of
# the language's own standard, then its rare ones.
LEADS = {
    "cp932": ((0x81, 0x81, 0.8), (0x82, 0x83, 1.0), (0x88, 0x97, 1.0), (0x98, 0xEA, 0.3)),
    "cp949": ((0xA1, 0xA3, 0.8), (0xB0, 0xC8, 1.0)),
    "gbk": ((0xA1, 0xA3, 0.8), (0xB0, 0xD7, 1.0), (0xD8, 0xF7, 0.3)),
    "big5": ((0xA1, 0xA3, 0.8), (0xA4, 0xC6, 1.0), (0xC9, 0xF9, 0.3)),
}
CYRILLIC_RUN = 3.0  # characters beyond ASCII in a row, on average, show that words are written in them


def names_of(members: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str | None]:
    """The members' names, and a sentence where they had to be guessed."""
    names = [_stated(member) for member in members]
    raw = [
        member.orig_filename.partition("\0")[0].encode("cp437", "replace") if name is None else b""
        for member, name in zip(members, names, strict=True)
    ]
    strange = [name for name in raw if not name.isascii()]
    encoding = guessed_encoding(strange) if strange else "ascii"
    sentence = None
    if encoding is None:
        sentence = f"{len(strange):,} names in it are in no encoding that could be told, and are read as cp437: they may look odd"
    elif ENCODINGS.get(encoding):
        sentence = (
            f"{len(strange):,} names in it don't say their encoding, and are read as {ENCODINGS[encoding]} ({encoding})"
        )
    read = [
        content.decode(encoding or "cp437") if name is None else name
        for name, content in zip(names, raw, strict=True)
    ]  # fmt: skip
    return read, sentence


def _stated(member: zipfile.ZipInfo) -> str | None:
    """A name of which is said that it is UTF-8; of plain ASCII it needn't be."""
    if member.flag_bits & UTF8_FLAG:
        return member.filename
    extra = member.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == UNICODE_PATH and length > 5:
            try:
                return extra[9 : 4 + length].decode("utf-8")
            except UnicodeDecodeError:
                return None
        extra = extra[4 + length :]
    return None


def guessed_encoding(names: list[bytes]) -> str | None:
    """The encoding in which names beyond ASCII make the most sense; None where they make none in any."""
    whole = b"\n".join(names)
    try:
        whole.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    sense = {encoding: _sense(whole, encoding) for encoding in ENCODINGS}
    runs = re.findall(rb"[\x80-\xff]+", whole)
    if sum(map(len, runs)) < CYRILLIC_RUN * len(runs):  # accents among letters
        sense["cp1251"] = sense["cp866"] = 0.0
    best = max(sense, key=lambda encoding: sense[encoding])  # of equals the first
    return best if sense[best] >= MIN_SENSE else None


def _sense(content: bytes, encoding: str) -> float:
    """The share of the characters beyond ASCII that are common ones of the language; 0 where it can't be read as that."""
    try:
        characters = Counter(character for character in content.decode(encoding) if not character.isascii())
    except UnicodeDecodeError:
        return 0.0
    worth = sum(count * _worth(character, encoding) for character, count in characters.items())
    return worth / max(1, characters.total())


def _worth(character: str, encoding: str) -> float:
    """How likely a character is in a name: 1 for those of every day, some for rare ones, 0 for what nobody writes."""
    if encoding in ("cp866", "cp1251"):
        return float("а" <= character.lower() <= "я" or character.lower() in "ё№")
    if encoding in ("cp437", "cp1252"):
        return float(character.isalpha() and ord(character) < 0x250) or 0.9 * (character in "–—‘’“”°©®«»·…")
    place = character.encode(encoding)
    if len(place) == 1:  # half-width katakana
        return 0.0
    lead, trail = place
    if encoding in ("gbk", "cp949") and trail < 0xA1:  # what was added to the standards later
        return 0.0
    return next((worth for first, last, worth in LEADS[encoding] if first <= lead <= last), 0.0)
