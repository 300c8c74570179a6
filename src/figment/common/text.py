"""Names as people can be shown them, names made of them, and the one that a misspelt word meant."""

import difflib
import re
from collections.abc import Iterable, Sequence

CONTAINERS = re.compile(r"\.(zip|npy|npz|parquet|arrow|feather|gz|bz2|tgz|tbz2?|txz|tzst|tar(\.\w+)?)$")


def printable(text: str, lines: bool = False) -> str:
    """Text with everything that a terminal wouldn't show, or would obey, written as an escape: \\x1b, \\n, \\xe9.

    lines: line ends stay. Bytes that aren't text, which Python carries as surrogates, come out as bytes.
    """
    return "".join(c if c.isprintable() or (lines and c == "\n") else _escaped(c) for c in text)


def plain_name(data: str) -> str:
    """A name for what is made of data: letters, digits, dots and dashes only, without an archive's ending."""
    return re.sub(r"[^\w.-]+", "-", CONTAINERS.sub("", data)).strip("-.") or "pictures"


def nearest(word: str, known: Iterable[str], likeness: float = 0.5) -> str | None:
    """The known word that is most like a misspelt one, or None.

    likeness: at least so much, from 0 to 1, as difflib's SequenceMatcher.ratio measures it.
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=likeness)
    return near[0] if near else None


def suggestion(word: str, known: Sequence[str], most: int | None = None) -> str:
    """ "; did you mean X?" for the nearest known word, else the list of all, or of so many and how many more."""
    near = nearest(word, known)
    if near is not None:
        return f"; did you mean {near}?"
    shown = known if most is None else known[:most]
    more = f" and {len(known) - len(shown):,} more" if len(shown) < len(known) else ""
    return f"; there are {', '.join(shown)}{more}."


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else character.encode("unicode_escape").decode()
