"""Parts of a run that reckoning needs, kept while they are asked for again and again: generators, the discriminator, reals."""

from pathlib import Path
from typing import TYPE_CHECKING

from figment.common.progress import Preparing
from figment.errors import InputError
from figment.run import Run
from figment.studio.recent import Recent

if TYPE_CHECKING:
    from figment.data.bank.bank import Bank
    from figment.discriminator import Discriminator
    from figment.generator import Generator

GENERATORS: "Recent[Generator]" = Recent(8)
DISCRIMINATORS: "Recent[Discriminator]" = Recent(4)
BANKS: "Recent[Bank]" = Recent(4)


def generator_after(run: Run, images: int) -> "tuple[Generator, int]":
    """The kept generator that is nearest to a number of images seen, and how many it has seen. Raises InputError."""
    kept = run.snapshots()
    if not kept:
        return generator_of(run.generator_file if run.generator_file.is_file() else _lacking(run)), images
    nearest = min(kept, key=lambda seen: abs(seen - images))
    return generator_of(kept[nearest]), nearest


def generator_of(file: Path) -> "Generator":
    from figment.generator import load

    return GENERATORS.get(_version(file), lambda: load(file))


def discriminator_of(run: Run) -> "Discriminator":
    """The one that was kept last. Raises InputError."""
    from figment.discriminator import load_discriminator

    if not run.discriminator_file.is_file():
        raise run.lacking("discriminator")
    return DISCRIMINATORS.get(_version(run.discriminator_file), lambda: load_discriminator(run.discriminator_file))


def reals_of(run: Run, display: Preparing) -> "Bank":
    """The run's real pictures; prepared, where that was undone. Raises InputError where they are gone."""
    from figment.reals import bank_of

    key = (run.folder, run.facts.get("fingerprint"), str(run.facts.get("data")))
    return BANKS.get(key, lambda: bank_of(run, display))


def _lacking(run: Run) -> Path:
    raise run.lacking("generator")


def _version(file: Path) -> tuple[Path, int, int]:
    """Tells a file from what lies in its place later. Raises InputError where it is gone."""
    try:
        status = file.stat()
    except OSError:
        raise InputError(f"{file.parent.name}/{file.name} is no longer there.") from None
    return file, status.st_mtime_ns, status.st_size
