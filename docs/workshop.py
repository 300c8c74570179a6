"""What docs/figures.py makes its figures with: runs, commands, pages, and the record of what was made when; not a script."""

import hashlib
import json
import math
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from figment.run import Run
from figment.version import __version__

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
IMAGES = DOCS / "images"
RECORD = DOCS / "figures.json"


class Training(NamedTuple):
    """A run that figures are made of: data ("portraits", or the option that names its folder), figment train's options."""

    data: str
    options: str
    minutes: int  # of one core of an EPYC, about


class Workshop:
    """What a figure is made with. It runs commands and keeps what they are, shows pictures and says numbers.

    work: where runs lie, absolute. trainings: by the name of their run. data: what each option of the command line names.
    """

    def __init__(self, work: Path, trainings: Mapping[str, Training], data: Mapping[str, Path | None]) -> None:
        self.work, self.trainings, self.data = work, trainings, data
        self.commands: list[str] = []
        self.values: dict[str, dict[str, Any]] = {}
        self.pictures: dict[str, str] = {}

    def figment(self, *words: str, told: Sequence[str] = ()) -> str:
        """What `figment WORDS` prints. told: the words as they are recorded, where they hold paths.

        Raises RuntimeError with what it said last where it fails.
        """
        self.commands.append(shlex.join(["figment", *(told or words)]))
        command = [sys.executable, "-m", "figment", *words]
        done = subprocess.run(command, cwd=self.work, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    def run(self, name: str) -> Run:
        """A training's run: as it is where it is finished, else gone on with or begun."""
        training, folder = self.trainings[name], self.work / name
        data, options = self.data.get(training.data), [*shlex.split(training.options), "--out", name]
        told = ["train", *([training.data] if data else []), *options]
        if not folder.exists():
            self.figment("train", *([str(data)] if data else []), *options, told=told)
            return Run(folder)
        if Run(folder).state != "finished":
            self.figment("resume", name)
            self.commands.pop()
        self.commands.append(shlex.join(["figment", *told]))
        return Run(folder)

    def measured(self, run: str, *options: str) -> dict[str, Any]:
        """What `figment measure` found, as its --out FILE.json has it."""
        out = f"{run}-measured.json"
        self.figment("measure", run, *options, "--out", out)
        found: dict[str, Any] = json.loads((self.work / out).read_text())
        return found

    def sheet(self, run: str, count: int, picture: str) -> None:
        """Show a run's first samples."""
        self.figment("sample", run, "-n", str(count), "--out", picture)
        self.show(self.work / picture, picture)

    def show(self, file: Path, picture: str) -> None:
        """Put a picture into docs/images under a name."""
        content = file.read_bytes()
        (IMAGES / picture).write_bytes(content)
        self.pictures[picture] = hashlib.sha256(content).hexdigest()

    def say(self, page: str, key: str, text: str, value: float | None = None, error: float | None = None) -> None:
        """A text of a page that holds a number: a row of a table, or a few words that stand there once."""
        self.values[key] = {"page": page, "text": text} | {
            k: round(v, 6) for k, v in (("value", value), ("error", error)) if v is not None
        }


def number(value: float, error: float) -> str:
    """A value and its error as tables have them: the error with two digits, the value with as many places."""
    places = max(0, min(3, 1 - math.floor(math.log10(error)))) if error > 0 else 3
    return f"{value:,.{places}f} ± {error:,.{places}f}"


def words_of(text: str) -> re.Pattern[str]:
    """Finds a text on a page wherever its lines are broken, in a quotation, too."""
    return re.compile(r"(?:\s+|\n> )".join(map(re.escape, text.split())))


def put(page: str, old: str, new: str) -> str | None:
    """The page's text with a new number in the place of the old one; None where that doesn't stand there just once."""
    if words_of(new).search(page):
        return page
    replaced, times = words_of(old).subn(lambda _: new, page)
    return replaced if times == 1 else None


def keep(name: str, at: Workshop, machine: str, record: dict[str, Any]) -> list[str]:
    """Put what was made into pages and record; gives what has to be put into pages by hand."""
    before, by_hand = record.get(name, {}).get("values", {}), []
    for key, value in at.values.items():
        page = ROOT / value["page"]
        old = before.get(key, {}).get("text", value["text"])
        changed = put(page.read_text(), old, value["text"])
        if changed is None:
            by_hand.append(f"{value['page']} has no (or more than one) “{old}”: it is now “{value['text']}”")
        else:
            page.write_text(changed)
    record[name] = {
        "made": time.strftime("%Y-%m-%d"), "machine": machine, "seed": 0, "figment": __version__,
        "commands": at.commands, "values": at.values, "pictures": at.pictures,
    }  # fmt: skip
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return by_hand


def is_done(work: Path, training: str) -> bool:
    """Whether a training is there, finished."""
    return (work / training / "run.json").is_file() and Run(work / training).state == "finished"
