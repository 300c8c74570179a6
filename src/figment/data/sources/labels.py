"""Labels of pictures: from labels.csv, StyleGAN's dataset.json, files beside the pictures, or the first sub-folders."""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from figment.common.text import printable
from figment.data.sources.base import relative_name
from figment.errors import InputError

TABLE_NAMES = ("labels.csv", "dataset.json")  # the first that is there is taken
NAME_COLUMNS = ("file", "filename", "file_name", "name", "path", "filepath", "image", "image_id", "id")
LABEL_COLUMNS = ("label", "labels", "class", "class_name", "category", "target", "fine_label", "y")
MAX_LABEL_CHARACTERS = 1000  # more is a caption, or no text
MAX_CLASSES = 10_000  # more are names, or measurements
MEND_WITHOUT = "or train without labels (--no-labels)"
Labels = list[str | None]


class Classes(NamedTuple):
    """What a generator is told of pictures. names: of the classes; numbers: int64 (N,), each picture's place in names."""

    names: tuple[str, ...]
    numbers: np.ndarray


def find_labels(names: list[str], tables: Mapping[str, bytes], sidecar_labels: Mapping[str, str], where: str) -> Labels:
    """Label of each picture, or None.

    names: of the pictures, sorted. tables: contents of the labels files found, by name (`is_table`).
    sidecar_labels: from files beside pictures, by `sample_key`. where: names the source in messages. Raises InputError
    for a labels file that can't be read, or that speaks of none of the pictures.
    """
    for kind in TABLE_NAMES:
        # Of several the one nearest the root; the pictures' names are relative to it.
        for table in sorted((name for name in tables if name.rpartition("/")[2] == kind), key=lambda n: n.count("/")):
            entries = _read(tables[table], f"{where}: {table}")
            if entries is not None:
                return _matched(names, entries, table, where)
    if sidecar_labels:
        return [sidecar_labels.get(sample_key(name)) for name in names]
    return first_folders(names)


def classes_of(labels: Labels, names: list[str], train: np.ndarray, where: str) -> Classes:
    """The classes of a set of pictures: every different label is one, be it a word, a number or a list of attributes.

    labels, names: of each picture; train: places of those that are trained on; where: names the set in messages. The
    order is that of numbers where all labels are whole numbers, else the alphabet's. Raises InputError where labels are
    missing, are all the same, are more than 10,000, or have no picture to train on: those are no classes.
    """
    missing = [place for place, label in enumerate(labels) if label is None]
    if len(missing) == len(labels):
        raise InputError(
            f"--labels: {where} has no labels: put the pictures of each class into a folder of its own or write a"
            f" labels.csv of file names and labels, {MEND_WITHOUT}."
        )
    if missing:
        raise InputError(
            f"--labels: {len(missing):,} of {len(labels):,} pictures of {where} have no label (such as"
            f" {names[missing[0]]}): give them one, take them out, {MEND_WITHOUT}."
        )
    shown = [printable(str(label)) for label in labels]
    known = _ordered(set(shown))
    if len(known) == 1:
        raise InputError(
            f"--labels: all pictures of {where} have the one label {known[0]}: add others, {MEND_WITHOUT}."
        )
    if len(known) > MAX_CLASSES:
        raise InputError(
            f"--labels: {where} has {len(known):,} different labels (such as {known[0]}), and each would be a class: at"
            f" most {MAX_CLASSES:,} can be; if these are names or measurements, give classes in a labels.csv, {MEND_WITHOUT}."
        )
    place_of = {name: place for place, name in enumerate(known)}
    numbers = np.array([place_of[label] for label in shown], np.int64)
    unseen = np.flatnonzero(np.bincount(numbers[train], minlength=len(known)) == 0)
    if len(unseen):
        raise InputError(
            f"--labels: {len(unseen):,} of {len(known):,} classes of {where} have no picture to train on (such as"
            f" {known[unseen[0]]}), since a tenth is held out: add pictures to them, take them out, {MEND_WITHOUT}."
        )
    return Classes(tuple(known), numbers)


def _ordered(names: set[str]) -> list[str]:
    """2 before 10 where all are whole numbers."""
    in_order = sorted(names)
    return sorted(in_order, key=int) if all(re.fullmatch(r"-?[0-9]{1,18}", name) for name in names) else in_order


def is_table(name: str) -> bool:
    """Whether a file, by its name, lists the labels of a source: in its root, or in the folder that wraps it."""
    return name.count("/") <= 1 and name.rpartition("/")[2] in TABLE_NAMES


def sample_key(name: str) -> str:
    """What WebDataset's files of one sample share: the name up to the first dot of its last part."""
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.split(".", 1)[0]


def is_sidecar(name: str) -> bool:
    """Whether a file, by its name, may hold the label of the picture beside it, as in WebDataset."""
    return name.endswith((".cls", ".json"))


def sidecar_label(name: str, content: bytes) -> str | None:
    """Label in a .cls file, which is all of it, or in a .json file's field "label" or "class"."""
    if name.endswith(".cls"):
        text = content.decode("utf-8", "replace").strip()
        return text if 0 < len(text) <= MAX_LABEL_CHARACTERS else None
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        return None
    found = (fields.get(name) for name in ("label", "class")) if isinstance(fields, dict) else ()
    return next((str(value) for value in found if _is_plain(value)), None)


def unreadable(table: str, reason: str) -> InputError:
    """What is said of a labels file that is of no use."""
    return InputError(f"{table} can't be read as a labels file ({reason}): mend it, or rename it to do without")


def first_folders(names: Iterable[str]) -> Labels:
    """The first folder of each name, or None."""
    known: dict[str, str] = {}  # so that a million pictures share their labels
    folders = (name.partition("/") for name in names)
    return [known.setdefault(folder, folder) if slash else None for folder, slash, _ in folders]


def _read(content: bytes, table: str) -> dict[str, str | None] | None:
    """Label by name; None where this is no labels file after all."""
    try:
        return _read_csv(content) if table.endswith(".csv") else _read_json(content)
    except RecursionError:
        reason = "it is nested too deeply"
    except (ValueError, csv.Error) as error:
        reason = str(error).splitlines()[0]
    raise unreadable(table, reason)


def _read_csv(content: bytes) -> dict[str, str | None]:
    # Names of files may be bytes that aren't text, and then are the same surrogates here as there.
    lines = io.StringIO(content.decode("utf-8-sig", "surrogateescape"), newline="")
    first = lines.readline()
    lines.seek(0)
    rows = csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True)
    header = [cell.strip().lower() for cell in next(rows, [])]
    name_column = next((header.index(name) for name in NAME_COLUMNS if name in header), None)
    label_column = next((header.index(name) for name in LABEL_COLUMNS if name in header), None)
    if name_column is None and label_column is None:
        lines.seek(0)
        rows = csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True)
    if len(header) == 2:
        name_column = 1 - label_column if name_column is None and label_column is not None else name_column or 0
        label_column = 1 - name_column
    if name_column is None or label_column is None:
        raise ValueError("it needs a header with a column 'file' and a column 'label', or two columns without a header")
    last = max(name_column, label_column)
    entries = _entries((row[name_column], row[label_column].strip()) for row in rows if len(row) > last)
    if not entries:
        raise ValueError("it has no rows")
    return entries


def _read_json(content: bytes) -> dict[str, str | None] | None:
    fields = json.loads(content)
    if not isinstance(fields, dict) or "labels" not in fields:
        return None
    pairs = fields["labels"]
    if pairs is None:
        return {}
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise ValueError('"labels" isn\'t a list of [name, label]')
    return _entries((str(name), value) for name, value in pairs)


def _entries(pairs: Iterable[tuple[str, Any]]) -> dict[str, str | None]:
    known: dict[str, str] = {}

    def label(value: Any) -> str | None:
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        return known.setdefault(text, text) if text else None

    return {relative_name(name.strip()): label(value) for name, value in pairs}


def _matched(names: list[str], entries: dict[str, str | None], table: str, where: str) -> Labels:
    """Labels by name; where no name is found, by name without suffix, as some tables have them."""
    if not entries:
        return [None] * len(names)
    folder, slash, _ = table.rpartition("/")
    root = folder + slash
    ways: tuple[Callable[[str], str], ...] = (lambda name: name, lambda name: os.path.splitext(name)[0])
    for way in ways:
        labels = [entries.get(way(name[len(root) :])) if name.startswith(root) else None for name in names]
        if any(label is not None for label in labels):
            return labels
    example = f", such as {names[0]!r}" if names else ""
    raise InputError(
        f"{where}: {table} has labels for {next(iter(entries))!r} and others, but for none of the pictures{example}: "
        "give their names relative to its own folder"
    )


def _is_plain(value: Any) -> bool:
    return (
        isinstance(value, str | int | float)
        and not isinstance(value, bool)
        and 0 < len(str(value)) <= MAX_LABEL_CHARACTERS
    )
