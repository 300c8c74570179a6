"""A study from what is asked for to its results: plan(), begin(), go_on(), and study(), all of it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from figment.common.cache import point_libraries_at_cache
from figment.common.extras import require
from figment.common.machine import Machine, configure_torch, this_machine
from figment.common.places import check_folder
from figment.common.progress import Agree, Preparing
from figment.common.rehearsal import SAMPLES, at_most
from figment.common.text import typed
from figment.common.units import as_time
from figment.data.bank.bank import Bank
from figment.data.sources.open import open_source
from figment.errors import InputError
from figment.features.registry import default_network, extractor
from figment.metrics.estimate import Estimate
from figment.metrics.scores import KINDS
from figment.planning.choose import auto_for_images, auto_recipes
from figment.reals import Data, absolute_data, check_wanted, prepared
from figment.studies.factors import level_text, recipe_for
from figment.studies.plan import Plan, make_plan, plan_lines
from figment.studies.request import Request, asked, study_fields
from figment.studies.results import StudyResults
from figment.studies.scoring import Judge, check_enough
from figment.studies.study import STUDIES, Cell, Study, StudyFault, StudyFolder, study_results
from figment.version import versions

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True, eq=False)
class Planned:
    """A study that could be begun: what was settled, where it would lie, its plan in lines, and its pictures."""

    study: Study
    folder: Path
    lines: list[str]
    bank: Bank


def request_of(named: str | None, given: Mapping[str, Any]) -> Request:
    """What is asked for: the fields that were given, over those of a named study or of a file."""
    fields = dict(study_fields(named)) if named is not None else {}
    given = {name: its for name, its in given.items() if its is not None}
    if {"for", "images"} & given.keys():
        fields.pop("for", None)
        fields.pop("images", None)
    for table in ("vary", "set"):
        if table in given:
            fields[table] = {**fields.get(table, {}), **given.pop(table)}
    return asked(fields | given, named if named is not None and named.endswith(".toml") else "the study").checked()


def plan_study(
    request: Request, *, out: Path | None = None, device: str = "auto", strict: bool = False, agree: Agree | None = None,
    display: Preparing, command: Sequence[str] = (), storage: str | None = None,
) -> Planned:  # fmt: skip
    """Settle a study: its recipe, cells and budget, and its pictures, which are prepared. Nothing is begun.

    Raises InputError for whatever can't be used.
    """
    require("study", "figment study")
    machine = this_machine(device)
    recipe = recipe_name(request, machine)
    plan = make_plan(request, recipe, strict)
    first = recipe_for(plan.cells[0].levels, recipe, request.settings)
    check_wanted(first, request.group, request.drop)
    source = open_source(request.data, agree, display.stage("downloading", "MB"), display.say)
    folder = folder_for(out, source.display)
    bank = prepared(source, first, request.group, request.drop, display, request.keep_marked)
    check_enough(request.score, len(bank.held_out))
    study = Study(
        name=folder.name, request=request.model_copy(update={"data": absolute_data(request.data)}), recipe=recipe,
        cells=plan.cells, seeds=plan.seeds, images=plan.images, seconds=plan.seconds, samples=at_most(plan.samples, SAMPLES),
        features=default_network(display.say), fingerprint=bank.fingerprint, pictures=source.display,
        trained_on=len(bank.train), held_out=len(bank.held_out), left_out=plan.left_out, storage=storage, device=device,
        command=tuple(command), machine=str(machine), versions=versions(),
    )  # fmt: skip
    return Planned(study, folder, [f"pictures   {bank.summary()}", *plan_lines(plan, resolves(plan, study))], bank)


def resolves(plan: Plan, study: Study) -> str:
    """What difference a plan can show, in a sentence."""
    return ""


def recipe_name(request: Request, machine: Machine) -> str:
    """The recipe of all cells: for auto the one that it takes of many images, or of so many; settled once, without a clock."""
    if request.recipe != "auto":
        return request.recipe
    if request.images_each is not None:
        return auto_for_images(machine, request.images_each).recipe
    known = auto_recipes(machine)
    return (known[-1] if machine.kind == "cpu" else known[0]).recipe


def folder_for(out: Path | None, data: str) -> Path:
    """Where a study goes: what was named, else studies/<data>-<number>. Raises InputError where something is there."""
    if out is None:
        from figment.run import next_name

        return next_name(STUDIES, data)
    if not str(out):
        raise InputError("--out is empty: name a folder.")
    check_folder(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        mend = (
            "go on with figment study resume " + typed(out) if (out / "study.json").is_file() else "name another folder"
        )
        raise InputError(f"--out {out} is there already: {mend}.")
    return out


def begin(planned: Planned) -> StudyFolder:
    """Make a study's folder, and put all of its cells into the queue of its database."""
    from figment.studies.engine import enqueue
    from figment.studies.storage import new_study, open_storage, url_of

    place = StudyFolder.create(planned.folder, planned.study)
    record = new_study(open_storage(url_of(place, planned.study.storage)), planned.study)
    enqueue(record, planned.study.cells)
    return place


def open_study(folder: str | Path, storage: str | None = None) -> StudyFolder:
    """A study's folder; where there is none yet and its database is named, made of what the database has of it.

    So a machine joins that doesn't share the folder: its runs lie where they are made.
    """
    folder = Path(folder)
    if (folder / "study.json").is_file() or storage is None:
        return StudyFolder(folder)
    from figment.studies.storage import known_study, open_storage, study_in

    study = study_in(known_study(open_storage(storage), folder.resolve().name))
    check_folder(folder)
    return StudyFolder.create(folder, study)


def go_on(
    place: StudyFolder, *, storage: str | None = None, data: Data = None, display: Preparing, bank: Bank | None = None
) -> StudyResults:
    """Work at a study until all of its cells are done, together with whoever else does. Gives what it found.

    data: where its pictures are, if they were moved. bank: they, where they have been prepared already. Raises InputError for
    what can't be used, and KeyboardInterrupt where it was asked to stop, with all kept.
    """
    require("study", "figment study")
    from figment.studies.cell import Trainer
    from figment.studies.engine import Standings, Worker, cells_found
    from figment.studies.results import CellResult
    from figment.studies.told import CellDisplay, cell_line

    study, began = place.study, time.monotonic
    point_libraries_at_cache()
    machine = this_machine(study.device)
    configure_torch(torch.device(machine.device))
    took: list[float] = []
    judge: list[Judge] = []

    def perform(cell: Cell) -> CellResult:
        since = began()
        if not judge:
            judge.append(judge_for(study, data, bank, machine, display))
        found = Trainer(place, study, judge[0], data, CellDisplay(display, cell.text))(cell)
        took.append(began() - since)
        return found

    def tell(result: CellResult, now: Standings) -> None:
        display.say(cell_line(result, study.request.score, now.count("done"), len(study.cells), took))

    opened = opener(place, storage)
    Worker(place, opened, perform, display.say, tell).work()
    return study_results(study, cells_found(opened(), study, place))


def opener(place: StudyFolder, storage: str | None = None) -> "Callable[[], optuna.Study]":
    """What opens the record of a study in its database, each time anew."""
    from figment.studies.storage import known_study, open_storage, url_of

    study = place.study
    url = url_of(place, storage or study.storage)
    return lambda: known_study(open_storage(url), study.name)


def judge_for(study: Study, data: Data, bank: Bank | None, machine: Machine, display: Preparing) -> Judge:
    """What scores the cells of a study. Raises InputError where its pictures aren't those that it began with."""
    request = study.request
    if bank is None:
        source = open_source(request.data if data is None else data, None, None, display.say)
        recipe = recipe_for(study.cells[0].levels, study.recipe, request.settings)
        bank = prepared(source, recipe, request.group, request.drop, display, request.keep_marked)
    if bank.fingerprint != study.fingerprint:
        raise StudyFault(
            f"{bank.source} has changed since the study began, and its cells couldn't be compared: put the pictures back, or "
            "begin a new study."
        )
    device = machine.device
    return Judge(bank, extractor(study.features, device), request.score, study.samples, device)


def results_of(place: StudyFolder, storage: str | None = None) -> StudyResults:
    """What a study has found by now, with the cells that are on their way."""
    require("study", "figment study")
    from figment.studies.engine import cells_found
    from figment.studies.storage import quiet

    with quiet():
        study = place.study
        return study_results(study, cells_found(opener(place, storage)(), study, place))


def status_rows(results: StudyResults) -> tuple[list[list[str]], str]:
    """A row for each cell, below the names of the columns, and a sentence of how many are done."""
    names = [factor.name for factor in results.factors]
    title = KINDS[results.score].title.format(fd="FD")
    rows = [["cell", *names, "seed", "state", title, "time"]]
    for cell in results.cells:
        score = "" if cell.score is None else str(Estimate(cell.score, cell.error or 0.0))
        time = "" if cell.seconds is None else as_time(cell.seconds)
        levels = [level_text(cell.levels[name]) for name in names]
        rows.append([f"{cell.number:03d}", *levels, str(cell.seed), cell.state, score, time])
    counts = Counter(cell.state for cell in results.cells)
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    return rows, f"{results.name}: {len(results.cells)} cells, {told}."
