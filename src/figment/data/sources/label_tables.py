"""Tables of labels, as files: read whatever their encoding, columns and separators, and matched with pictures' names."""

import csv
import io
import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from figment.common.text import shown
from figment.data.sources.base import relative_name
from figment.data.sources.zip_names import ENCODINGS, guessed_encoding

LABEL_TABLES = ("labels.csv", "labels.tsv", "dataset.json")  # of a whole set; the first that is there is taken
# Hugging Face's, in any folder and of its pictures; it often holds captions or boxes, and then labels nothing.
FOLDER_TABLES = ("metadata.csv", "metadata.jsonl")
NAME_COLUMNS = (
    "file", "filename", "file_name", "name", "path", "filepath", "file_path", "image", "image_name", "image_path", "img",
    "img_name", "img_path", "picture", "photo", "image_id", "id",
)  # fmt: skip
LABEL_COLUMNS = (
    "label", "labels", "class", "class_name", "classname", "category", "target", "fine_label", "label_name", "species",
    "breed", "y",
)  # fmt: skip
FOLDER_TABLE_NAME_COLUMN = "file_name"
SEPARATORS = ",;\t|"
MAX_NAME_COLUMNS = 20  # that are tried

Labels = list[str | None]
Entries = dict[str, str | None]  # label by name, as the table has it
Column = tuple[str, Entries]  # its name, for messages
_MISSING = object()


class Tables:
    """What a table says: the columns that may hold the pictures' names, the likeliest first, each made when asked for."""

    def __init__(self, rows: Sequence[Sequence[Any]], header: Sequence[str], names: Sequence[int], label: int) -> None:
        self.rows = rows
        self.header = header
        self.names = names
        self.label = label

    def __iter__(self) -> Iterator[Column]:
        for column in self.names:
            yield self.header[column] if self.header else "", entries_of(self._pairs(column))

    def contradicted(self, place: int) -> list[str]:
        """Names to which rows give different labels, by one of the columns of names."""
        seen: dict[str, set[str | None]] = defaultdict(set)
        for pair in self._pairs(self.names[place]):
            for name, label in entries_of([pair]).items():
                seen[name].add(label)
        return [name for name, labels in seen.items() if len(labels) > 1]

    def _pairs(self, column: int) -> Iterator[tuple[Any, Any]]:
        last = max(column, self.label)
        return ((row[column], row[self.label]) for row in self.rows if len(row) > last)


def read_table(text: str, name: str) -> Tables | None:
    """None where this is no table of labels after all. Raises ValueError or csv.Error with the reason for a spoilt one."""
    last = name.rpartition("/")[2].lower()
    if last == "metadata.jsonl":
        return _read_jsonl(text)
    if last == "dataset.json":
        return _read_json(text)
    return _read_csv(text, last in FOLDER_TABLES)


def best_match(names: Sequence[str], tables: Tables) -> tuple[Labels, list[str], str]:
    """What a table says of each picture, by the column of names that finds most of them; how, in sentences that go on
    after the table's name; and a name that it has."""
    best: tuple[int, Labels, list[str]] = (0, [None] * len(names), [])
    example = ""
    for place, (column, entries) in enumerate(tables):
        example = example or next(iter(entries), "")
        labels, ways = match(names, entries)
        count = sum(label is not None for label in labels)
        if count > best[0]:
            notes = [f"{number:,} names were matched{way}." for way, number in ways.items()]
            if len(entries) < len(tables.rows) and (twice := tables.contradicted(place)):
                which = shown(twice[0]) + (f" and {len(twice) - 1:,} more names" if len(twice) > 1 else "")
                notes.append(f"rows contradict each other on {which}: the last row counts.")
            best = count, labels, [f"names are in its column {column}.", *notes] if place else notes
        if count == len(names):
            break
    return best[1], best[2], example


def entries_of(pairs: Iterable[tuple[Any, Any]]) -> Entries:
    known: dict[str, str] = {}  # so that a million pictures share their labels

    def label(value: Any) -> str | None:
        text = "" if value is None else composed(value.strip()) if isinstance(value, str) else json.dumps(value)
        return known.setdefault(text, text) if text else None

    return {relative_name(str(name).strip()): label(value) for name, value in pairs}


def match(names: Sequence[str], entries: Entries) -> tuple[Labels, Counter[str]]:
    """Label of each picture; and how many were found in each way other than by the very name.

    The ways are tried one after the other on what is left of both sides, and none takes a name that may mean two.
    """
    found: list[Any] = [entries.get(name, _MISSING) for name in names]
    left = [place for place, label in enumerate(found) if label is _MISSING]
    ways: Counter[str] = Counter()
    if left:
        known = set(names)
        spare = [name for name in entries if name not in known]
        for words, form, rule in _WAYS:
            taken = rule({place: names[place] for place in left}, spare, entries, form) if left and spare else {}
            for place, entry in taken.items():
                found[place] = entries[entry]
            if taken:
                ways[words] += len(taken)
                used = set(taken.values())
                left = [place for place in left if place not in taken]
                spare = [entry for entry in spare if entry not in used]
    return [None if label is _MISSING else label for label in found], ways


def composed(text: str) -> str:
    """Text whose accents are one character with their letter, as most systems write names; some take them apart."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _stem(name: str) -> str:
    return os.path.splitext(composed(name))[0]


def _caseless(name: str) -> str:
    return composed(name.casefold())


def _caseless_stem(name: str) -> str:
    return os.path.splitext(_caseless(name))[0]


Form = Callable[[str], str]
Waiting = dict[int, str]  # pictures without a label: their names by place
Rule = Callable[[Waiting, Sequence[str], Entries, Form], dict[int, str]]


def _without_suffix(waiting: Waiting, spare: Sequence[str], entries: Entries, form: Form) -> dict[int, str]:
    """The table's names have no suffix: a/1 is all pictures of that name."""
    known = {composed(entry): entry for entry in spare}
    return {place: known[stem] for place, name in waiting.items() if (stem := form(name)) in known}


def _equal(waiting: Waiting, spare: Sequence[str], entries: Entries, form: Form) -> dict[int, str]:
    by_name = _grouped(waiting, form)
    claims: dict[int, list[str]] = defaultdict(list)
    for entry in spare:
        places = by_name.get(form(entry), ())
        if len(places) == 1:
            claims[places[0]].append(entry)
    return _settled(claims, entries)


def _longer_in_table(waiting: Waiting, spare: Sequence[str], entries: Entries, form: Form) -> dict[int, str]:
    """The table's names have more folders before them than the pictures: an absolute path, or the set's own name."""
    by_name = _grouped(waiting, form)
    claims: dict[int, list[str]] = defaultdict(list)
    for entry in spare:
        places = next((by_name[tail] for tail in _tails(form(entry)) if tail in by_name), ())
        if len(places) == 1:
            claims[places[0]].append(entry)
    return _settled(claims, entries)


def _shorter_in_table(waiting: Waiting, spare: Sequence[str], entries: Entries, form: Form) -> dict[int, str]:
    """The table's names lack folders that the pictures lie in: bare names, of which there is only one anywhere."""
    known: dict[str, list[str]] = defaultdict(list)
    for entry in spare:
        known[form(entry)].append(entry)
    meant: dict[str, list[int]] = defaultdict(list)
    for place, name in waiting.items():
        tail = next((tail for tail in _tails(form(name)) if tail in known), None)
        if tail is not None:
            meant[tail].append(place)
    return _settled({places[0]: known[tail] for tail, places in meant.items() if len(places) == 1}, entries)


def _grouped(waiting: Waiting, form: Form) -> dict[str, list[int]]:
    by_name: dict[str, list[int]] = defaultdict(list)
    for place, name in waiting.items():
        by_name[form(name)].append(place)
    return by_name


def _settled(claims: dict[int, list[str]], entries: Entries) -> dict[int, str]:
    """One row of the table for each picture; none where rows contradict each other."""
    return {place: rows[0] for place, rows in claims.items() if len({entries[row] for row in rows}) == 1}


def _tails(path: str) -> Iterator[str]:
    """a/b/c, b/c, c."""
    while path:
        yield path
        path = path.partition("/")[2]


_FORMS: tuple[tuple[str, Form], ...] = (
    ("", composed), (" in another case", _caseless), (" with another suffix", _stem),
    (" in another case and with another suffix", _caseless_stem),
)  # fmt: skip
# In words, after "60 names were matched"; the names' form; the rule.
_WAYS: tuple[tuple[str, Form, Rule], ...] = (
    (" with their accents composed", composed, _equal),
    (" without suffixes", _stem, _without_suffix),
    *((words, form, _equal) for words, form in _FORMS[1:]),
    *((f" without the folders before them in the table{words}", form, _longer_in_table) for words, form in _FORMS),
    *((f" without the folders that they lie in{words}", form, _shorter_in_table) for words, form in _FORMS),
)


def text_of(content: bytes, names: Iterable[str]) -> tuple[str, str | None]:
    """A table as text, and the encoding in words where it had to be guessed.

    UTF-8, or UTF-16 as spreadsheets save it, with its mark of order or without; else what the bytes make sense in, as
    spreadsheets save by the country. Where the pictures' names are bytes that aren't text, they are the same surrogates
    here as there.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), None
    if b"\0" in content[:64]:
        return content.decode("utf-16-be" if content[0] == 0 else "utf-16-le"), None
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        strange = [line for line in content.splitlines() if not line.isascii()]
        encoding = None if any(map(_has_bytes, names)) else guessed_encoding(strange)
        if encoding is None:
            return content.decode("utf-8-sig", "surrogateescape"), None
        return content.decode(encoding), f"{ENCODINGS[encoding]} ({encoding})".strip()


def _has_bytes(name: str) -> bool:
    return not name.isascii() and any("\udc80" <= letter <= "\udcff" for letter in name)


def rows_of(text: str, blanks: bool = False) -> Iterator[list[str]]:
    """The rows of a table as text, whatever parts its columns; blanks, too, where so asked and nothing else does."""
    lines = io.StringIO(text, newline="")
    first = lines.readline()
    start = lines.tell() if first.lower().startswith("sep=") else 0  # Excel's own line
    first = lines.readline() if start else first
    lines.seek(start)
    separator = max(SEPARATORS, key=first.count)
    if blanks and separator not in first:
        return (line.split() for line in lines)
    return csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)


def header_of(row: Sequence[str]) -> list[str]:
    """The names of columns as they are looked for."""
    return [column_name(cell) for cell in row]


def column_name(text: str) -> str:
    """A column's name as it is looked for: Person ID is person_id."""
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def _read_csv(text: str, of_folder: bool) -> Tables | None:
    rows = rows_of(text)
    header = header_of(next(rows, []))
    names = [header.index(name) for name in NAME_COLUMNS if name in header]
    label = next((header.index(name) for name in LABEL_COLUMNS if name in header), None)
    if of_folder:
        if FOLDER_TABLE_NAME_COLUMN not in header or label is None:
            return None
        names = [header.index(FOLDER_TABLE_NAME_COLUMN)]
    elif not names and label is None:
        rows = rows_of(text)
    if len(header) == 2:
        first_name = 1 - label if not names and label is not None else names[0] if names else 0
        names, label = [first_name], 1 - first_name
        header = header if label is not None and not set(header).isdisjoint((*NAME_COLUMNS, *LABEL_COLUMNS)) else []
    if not names or label is None:
        raise ValueError("it needs a header with a column 'file' and a column 'label', or two columns without a header")
    if not of_folder:  # a column that is called `name` may hold people's; then another one holds the files'
        names += [column for column in range(len(header)) if column not in (*names, label)][:MAX_NAME_COLUMNS]
    held = [row for row in rows if len(row) > max(names[0], label)]
    if not held:
        raise ValueError("it has no rows")
    return Tables(held, header, names, label)


def _read_jsonl(text: str) -> Tables | None:
    rows: list[tuple[Any, Any]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                fields = json.loads(line)
            except ValueError as error:
                if not rows:
                    return None  # who knows what it is
                raise ValueError(f"line {number} isn't JSON: {error}") from None
            name = fields.get(FOLDER_TABLE_NAME_COLUMN) if isinstance(fields, dict) else None
            label = next((column for column in LABEL_COLUMNS if column in fields), None) if name else None
            if label is None:
                if not rows:
                    return None
                continue
            rows.append((name, fields[label]))
    return Tables(rows, (FOLDER_TABLE_NAME_COLUMN, "label"), (0,), 1) if rows else None


def _read_json(text: str) -> Tables | None:
    fields = json.loads(text)
    if not isinstance(fields, dict) or "labels" not in fields:
        return None
    pairs = fields["labels"]
    if pairs is None:
        return Tables((), ("name", "label"), (0,), 1)
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise ValueError('"labels" isn\'t a list of [name, label]')
    return Tables(pairs, ("name", "label"), (0,), 1)
