"""What the commands of `figment explore` and `figment explain` share: the bench that an experiment is made on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from figment.cli.data import at_terminal, tell
from figment.cli.options import PathArgument
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.attributes.predictor import Judge
    from figment.cli.terminal import Terminal
    from figment.data.bank.bank import Bank
    from figment.discriminator import Discriminator
    from figment.finding import Finding
    from figment.generator import Generator
    from figment.run import Run

LONGEST = 15  # digits of a sample's number

RUN = click.argument("run", type=PathArgument)
OUT = click.option("--out", type=PathArgument, metavar="FOLDER", help="[default: findings in the run]")
DEVICE = click.option("--device", default="auto", show_default=True, metavar="D", help="auto, cuda, mps or cpu.")
NAMED = click.option(
    "--name",
    default="",
    metavar="NAME",
    help="Tells it from other findings of its kind; else it replaces the last.",
)
LABELS = click.option(
    "--labels", type=PathArgument, metavar="DATA|FILE.csv",
    help="Teaches attributes: pictures in a folder a class (sorted samples, too), or a table of the run's own pictures. "
    "[default: the portraits' reader, else the run's own labels]",
)  # fmt: skip


class Bench:
    """A run, or a generator alone, with what an experiment may need of it, made ready when it is asked for."""

    def __init__(self, path: Path, out: Path | None, device: str, terminal: "Terminal") -> None:
        self.path, self.terminal = path, terminal
        self.out = out or findings_of(path)
        self.chosen = device

    @cached_property
    def device(self) -> str:
        from figment.common.machine import this_machine

        return this_machine(self.chosen).device

    @cached_property
    def run(self) -> "Run":
        """Raises InputError where it is a generator alone."""
        from figment.run import Run

        if self.path.is_file():
            raise InputError(f"{self.path} is a file: this needs what else is in the run: name its run folder.")
        return Run(self.path)

    @cached_property
    def generator(self) -> "Generator":
        from figment.generator import load

        return load(self.path, self.device)

    @cached_property
    def discriminator(self) -> "Discriminator":
        from figment.discriminator import load_discriminator

        return load_discriminator(self.run.folder, self.device)

    @cached_property
    def bank(self) -> "Bank":
        """The run's real pictures. Raises InputError where they are gone."""
        from figment.start import bank_of

        return bank_of(self.run, self.terminal)

    def judge(self, labels: Path | None = None) -> "Judge":
        """What reads attributes from the run's pictures. Raises InputError where nothing does."""
        from figment.metrics.judging import judge_of

        return judge_of(self.run, labels, self.terminal)

    def stage(self, title: str) -> Any:
        """A stage of the work: what is to be told its progress."""
        return self.terminal.stage(title)

    def show(self, *findings: "Finding") -> None:
        """Keep findings, put them into the run's report, and print them."""
        from figment.reporting.report import write_report
        from figment.run import Run

        is_run = (self.path / "run.json").is_file()
        images = Run(self.path).facts.get("images") if is_run else None
        self.terminal.end()
        for finding in findings:
            files = finding.save(self.out, images, ["figment", *sys.argv[1:]])
            tell([finding.sentence, *([""] if finding.rows else []), *table(finding), ""])
            tell([f"{_kind(file):<9}{file}" for file in files])
        if is_run and self.out == self.path / "findings":
            tell([f"{'report':<9}{write_report(Run(self.path))}"])


def findings_of(path: Path) -> Path:
    """Where findings of a run are kept, or of a generator's file: its own folder, lest those of the run be overwritten."""
    if path.is_dir():
        return path / "findings"
    return path.parent / ("findings" if path.name == "generator.safetensors" else f"{path.stem}.findings")


def check_folder(folder: Path) -> None:
    """Raise InputError, before any work is done, where no folder can be made or written to."""
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not place.is_dir():
        raise InputError(f"--out {folder}: {place} is a file: name a folder.")
    if not os.access(place, os.W_OK):
        raise InputError(f"--out {folder}: {place} can't be written to: name another folder.")


def table(finding: "Finding") -> list[str]:
    """A finding's table as lines of text, columns aligned: the first to the left, the others to the right."""
    if not finding.rows:
        return []
    lines = [finding.columns, *finding.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        for line in lines
    ]
    return ["  ".join(cells).rstrip() for cells in aligned]


@contextmanager
def bench(path: Path, out: Path | None, device: str) -> Iterator[Bench]:
    """The bench for a run; Ctrl-C and SIGTERM end its work in a sentence."""
    from figment.common.cache import keep_libraries_in_cache

    keep_libraries_in_cache()
    with at_terminal("what was found before is kept") as terminal:
        made = Bench(path, out, device, terminal)
        if path.exists():
            check_folder(made.out)
        yield made


def numbers(text: str, option: str) -> list[int]:
    """Sample numbers: 3,17,40-43. Raises InputError for anything else."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not _is_number(first) or (dash and (not _is_number(last) or int(last) < int(first))):
            raise InputError(f"{option} {text}: give numbers of samples such as 3,17,40-43.")
        if dash and int(last) - int(first) > 10_000:
            raise InputError(f"{option} {text}: at most 10,000 samples.")
        found += range(int(first), int(last or first) + 1)
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST


def _kind(file: Path) -> str:
    return {".png": "picture", ".safetensors": "codes", ".json": "record"}[file.suffix]
