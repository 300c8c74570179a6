"""Labels of pictures: from labels.csv, StyleGAN's dataset.json, Hugging Face's metadata, files beside them, or folders."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from figment.common.text import printable, shown
from figment.data.sources.base import is_hidden
from figment.data.sources.label_tables import (
    FOLDER_TABLES,
    LABEL_TABLES,
    Labels,
    best_match,
    composed,
    read_table,
    text_of,
)
from figment.errors import InputError

# Folders of parts of a set, each of which holds all kinds: Train, test set, val2017, train_images, fold_1; and, where all
# begin alike, seg_train and seg_test.
PARTS = re.compile(
    r"(?P<before>\w+?[ _.-])??"
    r"(?:(?:train(?:ing|val)?|test(?:ing)?|val(?:id(?:ation)?)?|dev(?:el)?|eval(?:uation)?|hold[ _-]?out|pred(?:ict(?:ion)?)?)"
    r"(?:[ _.-]?(?:set|split|data|images?|imgs?|pictures|photos))?(?:[ _.-]?\d+)?"
    r"|(?:fold|part|split|batch|shard)[ _.-]?\d+)",
    re.IGNORECASE,
)
MAX_LABEL_CHARACTERS = 1000  # more is a caption, or no text
MAX_CLASSES = 10_000  # more are names, or measurements
MEND_WITHOUT = "or train without labels (--no-labels)"


class Classes(NamedTuple):
    """What a generator is told of pictures. names: of the classes; numbers: int64 (N,), each picture's place in names."""

    names: tuple[str, ...]
    numbers: np.ndarray


class Labelled(NamedTuple):
    """Label of each picture, or None; and what a person should know of how they were found, a sentence each."""

    labels: Labels
    notes: list[str]


def find_labels(
    names: list[str], tables: Mapping[str, bytes], sidecar_labels: Mapping[str, str], where: str
) -> Labelled:
    """Labels of the pictures, from the first of a table, files beside them, and folders that there is.

    names: of the pictures, sorted. tables: contents of the tables found, by name (`is_table`).
    sidecar_labels: from files beside pictures, by `sample_key`. where: names the source in messages. Raises InputError
    for a table that can't be read, or that speaks of none of the pictures.
    """
    for kind in LABEL_TABLES:
        # Of several the one nearest the root; the pictures' names are relative to it.
        for table in sorted((name for name in tables if _last(name).lower() == kind), key=lambda name: name.count("/")):
            found = _by_table(names, table, tables[table], where) if _covers(table, names) else None
            if found is not None:
                return found
    found = _by_folder_tables(names, tables, where)
    if found is not None and any(label is not None for label in found.labels):
        return found
    if sidecar_labels:
        return Labelled([sidecar_labels.get(sample_key(name)) for name in names], [])
    folders = by_folders(names)
    return Labelled(folders.labels, (found.notes if found else []) + folders.notes)


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
            f" {shown(names[missing[0]])}): give them one, take them out, {MEND_WITHOUT}."
        )
    words = [printable(str(label)) for label in labels]
    known = _ordered(set(words))
    if len(known) == 1:
        raise InputError(
            f"--labels: all pictures of {where} have the one label {shown(known[0])}: add others, {MEND_WITHOUT}."
        )
    if len(known) > MAX_CLASSES:
        raise InputError(
            f"--labels: {where} has {len(known):,} different labels (such as {shown(known[0])}), and each would be a class: at"
            f" most {MAX_CLASSES:,} can be; if these are names or measurements, give classes in a labels.csv, {MEND_WITHOUT}."
        )
    place_of = {name: place for place, name in enumerate(known)}
    numbers = np.array([place_of[label] for label in words], np.int64)
    unseen = np.flatnonzero(np.bincount(numbers[train], minlength=len(known)) == 0)
    if len(unseen):
        raise InputError(
            f"--labels: {len(unseen):,} of {len(known):,} classes of {where} have no picture to train on (such as"
            f" {shown(known[unseen[0]])}), since a tenth is held out: add pictures to them, take them out, {MEND_WITHOUT}."
        )
    return Classes(tuple(known), numbers)


def _ordered(names: set[str]) -> list[str]:
    """2 before 10 where all are whole numbers."""
    in_order = sorted(names)
    return sorted(in_order, key=int) if all(re.fullmatch(r"-?[0-9]{1,18}", name) for name in names) else in_order


def is_table(name: str) -> bool:
    """Whether a file, by its name, labels pictures: all from the root or the folder that wraps it, or those beside it."""
    last = _last(name).lower()
    return (last in LABEL_TABLES and name.count("/") <= 1) or (last in FOLDER_TABLES and not is_hidden(name))


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


def by_folders(names: Sequence[str]) -> Labelled:
    """The folders that part the pictures into kinds: the first ones, or what lies below them where they don't.

    A single folder that wraps all the others parts nothing, and train, valid and test hold the same kinds each.
    """
    folders = [name.rpartition("/")[0] for name in names]
    known = {folder: folder for folder in dict.fromkeys(folders) if folder}  # what is left of each
    parts: list[str] = []  # those of the set, where its folders are
    while known:
        firsts = sorted({rest.partition("/")[0] for rest in known.values() if rest})
        deeper = any("/" in rest for rest in known.values())
        found = _are_parts(firsts)
        parts = firsts if found else parts
        if parts and not deeper and (found or len(firsts) == 1):
            return Labelled([None] * len(names), [f"{', '.join(parts)} are parts of one set, and no labels."])
        if not deeper or not (found or len(firsts) == 1):
            break
        known = {folder: rest.partition("/")[2] for folder, rest in known.items()}
    label = {folder: composed(rest.partition("/")[0]) or None for folder, rest in known.items()}
    shared = {text: text for text in label.values()}  # so that a million pictures share their labels
    notes = [f"{', '.join(parts)} are parts of one set: the folders below them are the labels."] if parts else []
    return Labelled([shared[label[folder]] if folder else None for folder in folders], notes)


def _are_parts(firsts: Sequence[str]) -> bool:
    """Whether folders beside each other are several parts of one set, by their names."""
    matches = [PARTS.fullmatch(first) for first in firsts]
    before = {match["before"] and match["before"].casefold() for match in matches if match}
    return len(firsts) > 1 and all(matches) and len(before) == 1


def _by_table(names: Sequence[str], table: str, content: bytes, where: str) -> Labelled | None:
    """What a table says of the pictures in its folder and below; None where it is no table of labels after all."""
    name = f"{where}: {table}"
    try:
        text, guess = text_of(content, names)
        columns = read_table(text, table)
    except RecursionError:
        raise unreadable(name, "it is nested too deeply") from None
    except (ValueError, csv.Error) as error:
        raise unreadable(name, str(error).splitlines()[0]) from None
    if columns is None:
        return None
    if not columns.rows:
        return Labelled([None] * len(names), [])
    folder, slash, _ = table.rpartition("/")
    root = folder + slash
    inner = [name.removeprefix(root) if name.startswith(root) else "" for name in names]
    told = [f"{table} doesn't say its encoding, and is read as {guess}."] if guess else []
    labels, ways, example = best_match(inner, columns)
    if any(label is not None for label in labels):
        return Labelled(labels, [*told, *(f"{table}: {way}" for way in ways)])
    if _last(table).lower() in FOLDER_TABLES:
        return Labelled([None] * len(names), [f"{table} speaks of none of the pictures, and is left out."])
    such = f", such as {names[0]!r}" if names else ""
    raise InputError(
        f"{where}: {table} has labels for {example!r} and others, but for none of the pictures{such}: "
        "give their names relative to its own folder"
    )


def _by_folder_tables(names: Sequence[str], tables: Mapping[str, bytes], where: str) -> Labelled | None:
    """What Hugging Face's tables say, each of its folder's pictures; of several that speak of one the nearest."""
    labels: Labels = [None] * len(names)
    notes = []
    for table in sorted(
        (name for name in tables if _last(name).lower() in FOLDER_TABLES), key=lambda name: name.count("/")
    ):
        found = _by_table(names, table, tables[table], where)
        if found:
            labels = [new or old for new, old in zip(found.labels, labels, strict=True)]
            notes += found.notes
    return Labelled(labels, notes) if notes or any(label is not None for label in labels) else None


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _covers(table: str, names: Sequence[str]) -> bool:
    """Whether a table lies above all pictures that lie in a folder."""
    folder, slash, _ = table.rpartition("/")
    return not slash or all(name.startswith(folder + slash) for name in names if "/" in name)


def _is_plain(value: Any) -> bool:
    return (
        isinstance(value, str | int | float)
        and not isinstance(value, bool)
        and 0 < len(str(value)) <= MAX_LABEL_CHARACTERS
    )
