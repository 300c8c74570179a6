"""A study: all that was settled before its first run, in study.json; the folder that it lives in, and what its cells found."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from figment.common.addresses import absent
from figment.common.files import write_atomically
from figment.common.jsontext import fault, parsed
from figment.common.locks import lock_held
from figment.common.places import check_folder
from figment.common.refusals import naming_refusals
from figment.common.text import plain_name, typed
from figment.errors import InputError
from figment.studies.factors import Range, levels_of, setting_text
from figment.studies.request import Request, check_format
from figment.studies.results import CellResult, Factor, Level, StudyResults

STUDIES = Path("studies")  # where they lie by default


class StudyFault(InputError):
    """What is wrong isn't a cell's own fault, and no other cell would do better: the study stops."""


class Cell(BaseModel):
    """One run that is to be made: a level of each factor, and a seed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    levels: dict[str, Level]
    seed: int

    @property
    def text(self) -> str:
        """As a sentence names it."""
        return f"{setting_text(self.levels)}, seed {self.seed}"

    @property
    def name(self) -> str:
        """Of its run's folder."""
        return plain_name(f"{self.number:03d}-{setting_text(self.levels).replace(', ', '-')}-seed-{self.seed}")


class Study(BaseModel):
    """What was settled of a study before its first run.

    request: as it was asked for, data by absolute paths. recipe: by which all cells are made, where it isn't varied. cells: in
    the order in which they are to be run; of a search, which finds others as it goes, the first, and trials the settings in all
    (else 0). images, seconds: of each run, one of them. samples, features: what a run's score is
    taken of, and through which eyes. fingerprint, trained_on, held_out: of the pictures. left_out: combinations that can't be.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    name: str
    request: Request
    recipe: str
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    trials: int = 0
    images: int | None = None
    seconds: float | None = None
    samples: int
    features: str
    fingerprint: str
    pictures: str = ""
    trained_on: int
    held_out: int
    left_out: tuple[str, ...] = ()
    storage: str | None = None
    device: str = "auto"
    command: tuple[str, ...] = ()
    machine: str = ""
    versions: dict[str, Any] = {}

    @property
    def shares(self) -> tuple[float, ...]:
        """Shares of its budget up to which a run is done at a time: halving's rungs, and all of it."""
        if self.request.search != "halving":
            return (1.0,)
        from figment.studies.halving import RUNGS  # it brings torch and scipy, which a worker that waits needn't

        return (*RUNGS, 1.0)

    @property
    def last_rung(self) -> int:
        return len(self.shares) - 1

    def factors(self, cells: Sequence["Cell | CellResult"] = ()) -> tuple[Factor, ...]:
        """The factors with their levels; of a range those that cells have. cells: by now, where a search has found more."""
        found = []
        for name, its in self.request.vary.items():
            levels = levels_of(name, its)
            if isinstance(levels, Range):
                tried = {cell.levels[name] for cell in cells or self.cells}
                order = tuple(sorted(tried, key=lambda level: float(level)))  # type: ignore[arg-type]
                found.append(Factor(name, order, "log" if levels.log else "linear"))
            else:
                found.append(Factor(name, tuple(levels)))
        return tuple(found)

    def to_json(self) -> str:
        return json.dumps({"format": 1} | self.model_dump(by_alias=True), indent=1) + "\n"


def from_json(text: bytes | str, where: str) -> Study:
    """A study of its JSON. Raises InputError, naming where it stands, for one of another version, or damage."""
    mend = "restore it from a copy of the study"
    try:
        fields = parsed(text)
    except ValueError as error:
        raise InputError(f"{where} is damaged (it is no JSON: {str(error)[:100]}): {mend}.") from None
    if not isinstance(fields, dict):
        raise InputError(f"{where} is damaged (it is no JSON object): {mend}.")
    check_format(fields.pop("format", None), where)
    try:
        return Study(**fields)
    except ValidationError as error:
        raise InputError(f"{where} is damaged ({fault(error)}): {mend}.") from None


class StudyFolder:
    """The folder of a study. Opening one checks only that it is one; all else is read when it is asked for."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.exists():
            raise InputError(absent(folder, "name the folder of a study, such as studies/article"))
        if not self.study_file.is_file():
            raise InputError(f"{folder} is no study (it has no study.json): name a folder that figment study run made.")

    @classmethod
    def create(cls, folder: Path, study: Study) -> "StudyFolder":
        """A new folder with its study.json. Raises InputError where it can't be made."""
        with naming_refusals(folder, done="made", elsewhere="name another with --out"):
            (folder / "runs").mkdir(parents=True, exist_ok=True)
            (folder / "cells").mkdir(exist_ok=True)
            write_atomically(folder / "study.json", study.to_json())
        return cls(folder)

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def study_file(self) -> Path:
        """All that was settled before the first run."""
        return self.folder / "study.json"

    @property
    def database(self) -> Path:
        """Which cells are waiting, being worked at, and done; where no other storage was named."""
        return self.folder / "study.db"

    @property
    def page(self) -> Path:
        return self.folder / "report.html"

    @property
    def study(self) -> Study:
        return from_json(self.study_file.read_bytes(), str(self.study_file))

    def run_folder(self, cell: Cell) -> Path:
        """An ordinary run."""
        return self.folder / "runs" / cell.name

    def cell_file(self, cell: Cell, rung: int = 0) -> Path:
        """What a cell found, when it is done up to a rung."""
        return self.folder / "cells" / f"{cell.number:03d}{f'-{rung}' * (rung > 0)}.json"

    @contextmanager
    def held(self, cell: Cell, wait: bool = True) -> Iterator[None]:
        """Hold a cell, so that nobody else works at it in this folder. Without wait raises locks.Held where somebody does."""
        file = self.cell_file(cell)
        file.parent.mkdir(exist_ok=True)
        with lock_held(file.with_suffix(".lock"), wait):
            yield

    def found(self, cell: Cell, rung: int = 0) -> CellResult | None:
        """What a cell found up to a rung; None where it isn't done so far."""
        file = self.cell_file(cell, rung)
        if not file.is_file():
            return None
        return cell_result(file.read_bytes(), str(file))

    def keep(self, cell: Cell, rung: int, result: CellResult) -> None:
        """Write down what a cell found up to a rung."""
        write_atomically(self.cell_file(cell, rung), as_json(result) + "\n")


def as_json(result: CellResult) -> str:
    return json.dumps(asdict(result))


_RESULT = TypeAdapter(CellResult)


def cell_result(text: bytes | str, where: str) -> CellResult:
    """What a cell found, of its JSON. Raises InputError, naming where it stands, for damage."""
    try:
        return _RESULT.validate_python(parsed(text))
    except (ValidationError, ValueError) as error:
        reason = fault(error) if isinstance(error, ValidationError) else f"it is no JSON: {str(error)[:100]}"
        raise InputError(f"{where} is damaged ({reason}): remove it, and the cell is done again.") from None


def study_results(study: Study, cells: tuple[CellResult, ...]) -> StudyResults:
    """A study with what its cells found, as it is analysed."""
    request = study.request
    budget = {"images": study.images} if study.images is not None else {"seconds": study.seconds}
    settings = {
        "recipe": study.recipe, **request.settings, **budget, "data": study.pictures, "trained_on": study.trained_on,
        "held_out": study.held_out, "samples": study.samples, "features": study.features, "search": request.search,
    }  # fmt: skip
    command = " ".join(study.command)
    return StudyResults(
        study.name, study.factors(cells), study.seeds, request.score, cells, command, settings, study.machine
    )


def refuse_taken(out: Path) -> None:
    """Raise InputError where no new study can be put into a folder, or something is there already."""
    if not str(out):
        raise InputError("--out is empty: name a folder.")
    check_folder(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        mend = (
            "go on with figment study resume " + typed(out) if (out / "study.json").is_file() else "name another folder"
        )
        raise InputError(f"--out {out} is there already: {mend}.")
