"""File names as people can be shown them, and names made of them."""

import difflib
import re

CONTAINERS = re.compile(r"\.(zip|npy|npz|parquet|arrow|feather|gz|bz2|tgz|tbz2?|txz|tzst|tar(\.\w+)?)$")


def printable(text: str, lines: bool = False) -> str:
    """Text with everything that a terminal wouldn't show, or would obey, written as an escape: \\x1b, \\n, \\xe9.

    lines: line ends stay. Bytes that aren't text, which Python carries as surrogates, come out as bytes.
    """
    return "".join(c if c.isprintable() or (lines and c == "\n") else _escaped(c) for c in text)


def plain_name(data: str) -> str:
    """A name for what is made of data: letters, digits, dots and dashes only, without an archive's ending."""
    return re.sub(r"[^\w.-]+", "-", CONTAINERS.sub("", data)).strip("-.") or "pictures"


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else character.encode("unicode_escape").decode()


def suggestion(word: str, known: list[str]) -> str:
    """ "; did you mean X?" for the nearest known word, else the list of all."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}."
