"""What is asked for of a data set on the hub, and which of its files that is: configurations and splits.

A set's card says which files make up which split of which configuration; without a card the names of the files tell, by
the words that the hub itself goes by.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from figment.errors import InputError

PREFIX = "hf:"
GRAMMAR = "hf:OWNER/NAME[@REVISION][:CONFIG][:SPLIT]"
REQUEST = re.compile(
    r"([\w-][\w.-]*/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?(?::([\w.-]+))?(?::([\w.-]+))?(?:#([1-9]\d{0,8}))?"
)
DEFAULT = "default"
# A word between signs or digits in a file's path, and the split that it means.
SPLIT_WORDS = {
    "train": "train", "training": "train", "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
}  # fmt: skip
WORD = re.compile(r"(?:^|[^A-Za-z])(" + "|".join(SPLIT_WORDS) + r")(?=[^A-Za-z]|$)")
SHARD = re.compile(r"([\w.]+)-\d{5}-of-\d{5}(?:-[0-9a-f]+)?\.\w+")
Parts = dict[str, dict[str, list[str]]]  # files by configuration and split


@dataclass(frozen=True)
class Request:
    """A set on the hub as it was asked for. words: a configuration, a split, or both; limit: of pictures."""

    text: str
    name: str
    revision: str
    words: tuple[str, ...]
    limit: int | None

    @classmethod
    def parse(cls, text: str) -> "Request":
        """Raises InputError where the text isn't of the GRAMMAR."""
        found = REQUEST.fullmatch(text.removeprefix(PREFIX).replace("\\", "/"))
        if found is None:
            raise InputError(
                f"{text} isn't hf:OWNER/NAME: write it as on the hub, such as hf:uoft-cs/cifar10 ({GRAMMAR})"
            )
        name, revision, *words, limit = found.groups()
        return cls(text, name, revision or "main", tuple(filter(None, words)), int(limit) if limit else None)

    def choose(self, parts: Parts) -> list[str]:
        """The files that were asked for. Raises InputError, with what there is, where there are none."""
        if len(self.words) == 2:
            config, split = self.words
            found = parts.get(config, {}).get(split)
        elif self.words[0] in parts:  # all splits of a configuration
            found = [file for files in parts[self.words[0]].values() for file in files]
        else:
            found = parts[_main(parts)].get(self.words[0]) if _main(parts) in parts else None
        if not found:
            raise InputError(f"{self.text}: there is no {':'.join(self.words)!r} in it, but {_listed(parts)}")
        return sorted(set(found))


def parts_of(files: Iterable[str], card: Mapping[str, Any] | None) -> Parts:
    """Files by configuration and split, by the set's card where that says it, else by their names."""
    files = [file for file in files if not file.rpartition("/")[2].startswith(".") and file != "README.md"]
    told = _told(files, (card or {}).get("configs"))
    return told or _by_name(files)


def _told(files: list[str], configs: Any) -> Parts:
    """As a card has it: [{config_name, data_files: a pattern, several, or [{split, path}], data_dir}]."""
    parts: Parts = {}
    for config in configs if isinstance(configs, list) else []:
        if not isinstance(config, Mapping):
            continue
        name, folder = str(config.get("config_name") or DEFAULT), config.get("data_dir")
        below = [file for file in files if not folder or file.startswith(f"{str(folder).strip('/')}/")]
        splits: dict[str, list[str]] = {}
        for split, patterns in _patterns(config.get("data_files")):
            matching = [file for file in below if any(fnmatch(file, pattern) for pattern in patterns)]
            splits.setdefault(split, []).extend(matching)
        splits = splits or ({} if not folder else _splits(below))
        if any(splits.values()):
            parts[name] = {split: found for split, found in splits.items() if found}
    return parts


def _patterns(data_files: Any) -> list[tuple[str, list[str]]]:
    """(split, patterns) of a card's data_files."""
    if isinstance(data_files, Mapping):
        return [(str(split), _texts(paths)) for split, paths in data_files.items()]
    if isinstance(data_files, list) and all(isinstance(entry, Mapping) for entry in data_files):
        return [(str(entry.get("split") or "train"), _texts(entry.get("path"))) for entry in data_files]
    return [("train", _texts(data_files))] if data_files else []


def _texts(paths: Any) -> list[str]:
    return [str(path) for path in (paths if isinstance(paths, list) else [paths]) if path]


def _by_name(files: list[str]) -> Parts:
    """Folders that each hold splits are configurations; else there is one."""
    folders: dict[str, list[str]] = {}
    for file in files:
        first, slash, _ = file.partition("/")
        if slash and first != "data" and not WORD.search(first):
            folders.setdefault(first, []).append(file)
    configs = {folder: found for folder, found in folders.items() if any(map(_named_split, found))}
    if len(configs) > 1:
        return {folder: _splits(found) for folder, found in configs.items()}
    return {DEFAULT: _splits(files)}


def _splits(files: list[str]) -> dict[str, list[str]]:
    """Files by the split that their names speak of; all are "train" where none speaks of any."""
    named = {file: _named_split(file) for file in files}
    splits: dict[str, list[str]] = {}
    for file, split in named.items():
        if split or not any(named.values()):
            splits.setdefault(split or "train", []).append(file)
    return splits


def _named_split(file: str) -> str | None:
    word = WORD.search(file)
    if word:
        return SPLIT_WORDS[word[1]]
    shard = SHARD.fullmatch(file.rpartition("/")[2])
    return shard[1] if shard else None


def _main(parts: Parts) -> str:
    """The configuration that is meant where none is named."""
    return next(iter(parts)) if len(parts) == 1 else DEFAULT


def _listed(parts: Parts) -> str:
    """What there is, for people."""
    if len(parts) == 1:
        return f"the splits {', '.join(next(iter(parts.values())))}"
    shown = [f"{name} ({', '.join(splits)})" for name, splits in list(parts.items())[:20]]
    return f"the configurations {', '.join(shown)}{' and more' if len(parts) > 20 else ''}"
