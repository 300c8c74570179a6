"""Names and sentences as people can be shown them, names made of them, and the one that a misspelt word meant."""

import difflib
import itertools
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

CONTAINERS = re.compile(r"\.(zip|npy|npz|parquet|arrow|feather|gz|bz2|tgz|tbz2?|txz|tzst|tar(\.\w+)?)$")
MAX_SHOWN = 200  # characters of somebody else's text, such as a label, that a sentence repeats
MAX_SAID = 1000  # characters of a line; what is longer repeats something that is
LONG_WORDS = re.compile(rf"(?<!\S)[^\s/\\]{{{MAX_SHOWN + 1},}}(?!\S)")
# Which are left whole in a line of an ordinary length, to be copied.
LONG_PATHS = re.compile(rf"\S{{{MAX_SHOWN + 1},}}")
FIRST_SAID, LAST_SAID = 600, 300  # characters of its beginning and its end: what it is about, and the mend

COLUMN_GAP = "   "  # of a table
MAX_NAME_BYTES = 150  # in UTF-8, of the 255 that most systems take


def printable(text: str, lines: bool = False) -> str:
    """Text with everything that a terminal wouldn't show, or would obey, written as an escape: \\x1b, \\n, \\xe9.

    lines: line ends stay. Bytes that aren't text, which Python carries as surrogates, come out as bytes.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or (lines and c == "\n") else _escaped(c) for c in text)


def shown(value: object) -> str:
    """Somebody else's text (a label, a name, a value out of a file) as a sentence repeats it: printable, and not at length."""
    text = value if isinstance(value, str) else str(value)
    return printable(text) if len(text) <= MAX_SHOWN else f"{printable(text[:MAX_SHOWN])}…"


def said(sentence: str, lines: bool = False) -> str:
    """A sentence as it is printed, whatever it repeats: printable, and not endless. lines: line ends stay."""
    return "\n".join(map(_said, sentence.split("\n") if lines else [sentence]))


def typed(word: Path | str) -> str:
    """A path, or another word of a command, as one types it in a shell: quoted where need be."""
    text = str(word)
    if isinstance(word, Path) and text.startswith("-"):  # it would be an option
        text = f"./{text}"
    return shlex.quote(text) if text.isprintable() else "$'" + "".join(map(_in_quotes, text)) + "'"


def plain_name(data: str) -> str:
    """A name for what is made of data: letters, digits, dots and dashes only, without an archive's ending.

    Of at most MAX_NAME_BYTES, so that a number and a suffix can follow wherever the file lies.
    """
    plain = re.sub(r"[^\w.-]+", "-", CONTAINERS.sub("", data)).strip("-.")
    return plain.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip("-.") or "pictures"


def last_of_path(path: str) -> str:
    """What comes last in a path, of this system or another: a name without where it lies."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def distinct(names: Sequence[str]) -> list[str]:
    """The names, each told from the others: of equal ones the second gets " (2)"."""
    found: list[str] = []
    for name in names:
        again = (f"{name} ({number})" for number in itertools.count(2))
        found.append(name if name not in found else next(one for one in again if one not in found))
    return found


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of equal length as lines with their columns under one another: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        COLUMN_GAP.join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]


def nearest(word: str, known: Iterable[str], likeness: float = 0.5) -> str | None:
    """The known word that is most like a misspelt one, or None.

    likeness: at least so much, from 0 to 1, as difflib's SequenceMatcher.ratio measures it.
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=likeness)
    return near[0] if near else None


def suggestion(word: str, known: Sequence[str], most: int | None = None) -> str:
    """ "; did you mean X?" for the nearest known word, else the list of all, or of so many and how many more."""
    near = nearest(word[:MAX_SHOWN], known)  # of longer ones the comparison takes its time
    if near is not None:
        return f"; did you mean {shown(near)}?"
    listed = known if most is None else known[:most]
    more = f" and {len(known) - len(listed):,} more" if len(listed) < len(known) else ""
    return f"; there are {', '.join(map(shown, listed))}{more}."


def _said(line: str) -> str:
    line = LONG_WORDS.sub(_cut, printable(line))
    if len(line) <= MAX_SAID:
        return line
    line = LONG_PATHS.sub(_cut, line)
    return line if len(line) <= MAX_SAID else f"{line[:FIRST_SAID]} … {line[-LAST_SAID:]}"


def _cut(word: re.Match[str]) -> str:
    """A long word cut, but for the stop behind it."""
    stop = re.search(r"[.,:;]?$", word[0])
    return shown(word[0]) + (stop[0] if stop else "")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else character.encode("unicode_escape").decode()


def _in_quotes(character: str) -> str:
    """A character between $' and ', where \\x is a byte and \\u a character."""
    if character.isprintable():
        return f"\\{character}" if character in "'\\" else character
    escape = _escaped(character)
    return f"\\u{ord(character):04x}" if 0x80 <= ord(character) <= 0xFF else escape
