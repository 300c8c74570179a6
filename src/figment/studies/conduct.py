"""A study from what is asked for to its results: plan(), begin(), go_on(), and study(), all of it."""

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from figment.common.bars import Shown, shown_on
from figment.common.cache import point_libraries_at_cache
from figment.common.extras import require
from figment.common.files import write_output
from figment.common.machine import Machine, configure_torch, this_machine
from figment.common.places import check_folder
from figment.common.progress import Agree, Preparing, Silent
from figment.common.rehearsal import SAMPLES, at_most
from figment.common.units import as_time
from figment.data.bank.bank import Bank
from figment.data.sources.open import open_source
from figment.errors import InputError
from figment.features.registry import check_network, default_network, extractor
from figment.metrics.estimate import Estimate
from figment.metrics.scores import KINDS
from figment.planning.choose import auto_for_images, auto_recipes
from figment.reals import Data, absolute_data, check_wanted, prepared
from figment.recipe import Recipe
from figment.run import next_name
from figment.studies.factors import PICTURES, Range, level_text, recipe_for
from figment.studies.plan import blind, make_plan, plan_lines, smaller
from figment.studies.request import Request, request_of
from figment.studies.results import CellResult, Factor, StudyResults
from figment.studies.scoring import Judge, check_enough
from figment.studies.study import (
    STUDIES,
    Cell,
    Study,
    StudyFault,
    StudyFolder,
    refuse_taken,
    study_results,
)
from figment.version import versions

if TYPE_CHECKING:
    from figment.studies.analysis import Analysis
    from figment.studies.storage import Database


def study(
    data: Data = None, *, vary: Mapping[str, Any] | None = None, time: str | None = None, images: str | int | None = None,
    seeds: int | None = None, score: str | None = None, features: str | None = None, recipe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    named: str | Path | None = None, search: str | None = None, trials: int | None = None, storage: str | None = None,
    out: str | Path | None = None,
    strict: bool = False, group: str | None = None, drop: str | None = None, keep_marked: bool = False,
    agree: Agree | None = None, device: str = "auto", display: Shown = "auto",
) -> StudyResults:  # fmt: skip
    """Weigh design choices: train each combination of levels with each seed, and score it on held-out pictures.

    A study that is in `out` already is gone on with; data and all else are then taken from there.

    Parameters
    ----------
    data : as train() takes it
    vary : dict
        Levels by factor, such as {"objective": ["bce", "hinge"], "dropout": [0, 0.3]}: any field of a recipe, "recipe" itself,
        or "from", known nets to begin from.
    time, images : str (or int for images)
        The budget, one of them: "4h", of the whole study with one worker, or "100k" images seen, of each run.
    seeds : int
        Runs of each combination. 3 by default.
    score : str
        What runs are judged by: "kid" (by default), "fd", "precision", "recall", "density" or "coverage".
    features : str
        The network that judges, as measure() takes it; by default lite0, random where its package is missing.
    recipe, settings : str, dict
        The named recipe of all runs, and fields of it that all have, such as {"size": 32}.
    named : str or path
        A study that figment brings along, such as "article", or a file of one; what is given beside it counts.
    search : {"grid", "halving", "tpe"}
        Whether all runs go to their end, the less promising settings stop on the way, or settings are looked for as it goes.
    trials : int
        Settings that "tpe" tries. 24 by default.
    storage : str
        The address of a database for several machines, such as "postgresql://host/studies".
    out : path
        The study's folder; studies/<data>-<number> by default.
    strict : bool
        Refuse combinations that a recipe can't have; else they are left out.
    group, drop, keep_marked, agree, device : as train() takes them
    display : {"auto"}, None or Preparing
        What is told how it goes; None is silent.

    Returns
    -------
    StudyResults
        Its cells, each with score and error. figment.studies.analysis.analyse weighs them; pandas.DataFrame takes what
        figment.studies.table.to_table makes of them.

    Raises
    ------
    InputError
        For what can't be used.
    KeyboardInterrupt
        On Ctrl-C or SIGTERM, with everything saved: the same call goes on.

    Examples
    --------
    >>> found = figment.study(
    ...     "my-pictures", vary={"dropout": [0, 0.3]}, time="4h", out="studies/dropout"
    ... )  # doctest: +SKIP
    """
    with shown_on(display) as shown:
        if out is not None and (Path(out) / "study.json").is_file():
            return go_on(StudyFolder(out), storage=storage, data=data, display=shown)
        fields = {
            "data": absolute_data(data), "vary": vary, "for": time, "images": images, "seeds": seeds, "score": score,
            "features": features,
            "set": settings, "recipe": recipe, "search": search, "trials": trials, "group": group, "drop": drop,
            "keep_marked": keep_marked or None,
        }  # fmt: skip
        planned = plan_study(
            request_of(None if named is None else str(named), fields), out=None if out is None else Path(out), device=device,
            strict=strict, agree=agree, display=shown, storage=storage,
        )  # fmt: skip
        for line in planned.lines:
            shown.say(line)
        return go_on(begin(planned, storage), storage=storage, data=data, display=shown, bank=planned.bank)


@dataclass(frozen=True, eq=False)
class Planned:
    """A study that could be begun: what was settled, where it would lie, its plan in lines, and its pictures."""

    study: Study
    folder: Path
    lines: list[str]
    bank: Bank


def plan_study(
    request: Request, *, out: Path | None = None, device: str = "auto", strict: bool = False, agree: Agree | None = None,
    display: Preparing, command: Sequence[str] = (), storage: str | None = None,
) -> Planned:  # fmt: skip
    """Settle a study: its recipe, cells and budget, and its pictures, which are prepared. Nothing is begun.

    Raises InputError for whatever can't be used.
    """
    require("study", "figment study")
    from figment.studies.storage import parsed_url, shown_url

    if storage is not None:
        parsed_url(storage)
    machine = this_machine(device)
    recipe = recipe_name(request, machine)
    plan = make_plan(request, recipe, strict)
    first = data_recipe(plan.cells[0], recipe, request)
    check_wanted(first, request.group, request.drop)
    if request.features is not None:
        check_network(request.features)
    features = request.features or default_network(display.say)
    source = open_source(request.data, agree, display.stage("downloading", "MB"), display.say)
    if out is not None:
        refuse_taken(out)
    folder = out or next_name(STUDIES, source.display)
    bank = prepared(source, first, request.group, request.drop, display, request.keep_marked)
    check_enough(request.score, len(bank.held_out))
    counts = request.levels.get(PICTURES, ())
    for count in (counts.high,) if isinstance(counts, Range) else counts:
        bank.thinned(count)  # type: ignore[arg-type]  # refused before anything is trained
    shown = storage and shown_url(storage)  # without its password
    study = Study(
        name=folder.name, request=request.model_copy(update={"data": absolute_data(request.data)}), recipe=recipe,
        cells=plan.cells, seeds=plan.seeds, trials=plan.trials, images=plan.images, seconds=plan.seconds,
        samples=at_most(plan.samples, SAMPLES),
        features=features, fingerprint=bank.fingerprint, pictures=source.display,
        trained_on=len(bank.train), held_out=len(bank.held_out), left_out=plan.left_out, device=device, storage=shown,
        command=tuple(word.replace(storage, shown) if storage and shown else word for word in command),
        machine=str(machine), versions=versions(),
    )  # fmt: skip
    lines = [f"pictures   {bank.summary()}", f"recipe     {recipe}, where it isn't varied"]
    is_open = "size" not in request.settings and machine.kind == "cpu"  # a GPU's time hangs less on pixels
    hint = smaller(plan, *first.shape) if is_open else ""
    return Planned(
        study, folder, [*lines, *plan_lines(plan, resolves(study), hint), *blind(features, *first.shape)], bank
    )


def resolves(study: Study) -> str:
    """What difference a plan can show, in a sentence."""
    from figment.studies.resolution import PRIOR, in_words, resolution  # it brings scipy.stats, which takes its time

    if study.trials:  # of a search no factor by itself can be judged
        setting = Factor("one setting against another", tuple(range(study.trials)))
        found = resolution([setting], len(study.seeds))
    else:
        settings = {cell.number // len(study.seeds): cell.levels for cell in study.cells}
        found = resolution(study.factors(), len(study.seeds), settings=list(settings.values()))
    return in_words(found, len(study.seeds), PRIOR)


def recipe_name(request: Request, machine: Machine) -> str:
    """The recipe of all cells: for auto the one that it takes of many images, or of so many; settled once, without a clock."""
    if request.recipe != "auto":
        return request.recipe
    if request.images_each is not None:
        return auto_for_images(machine, request.images_each).recipe
    known = auto_recipes(machine)
    return (known[-1] if machine.kind == "cpu" else known[0]).recipe


def data_recipe(cell: Cell, recipe: str, request: Request) -> Recipe:
    """By which a study's pictures are prepared: any cell's, but with all of them where their number is varied."""
    return recipe_for(cell.levels | ({PICTURES: None} if PICTURES in cell.levels else {}), recipe, request.settings)


def begin(planned: Planned, storage: str | None = None) -> StudyFolder:
    """Make a study's folder, and put all of its cells into the queue of its database.

    storage: its address as it was given, with the password that the study doesn't keep.
    """
    from figment.studies.engine import enqueue
    from figment.studies.storage import new_study, open_storage, reached, url_of

    place = StudyFolder.create(planned.folder, planned.study)
    url = url_of(place, storage)
    try:
        with reached(url), closing(open_storage(url)) as opened:
            record = new_study(opened, planned.study)
            cells = {cell.number: cell for cell in planned.study.cells}
            enqueue(record, cells, [(number, 0) for number in cells])
    except InputError:
        shutil.rmtree(place.folder, ignore_errors=True)
        raise
    return place


def open_study(folder: str | Path, storage: str | None = None) -> StudyFolder:
    """A study's folder; where there is none yet and its database is named, made of what the database has of it.

    So a machine joins that doesn't share the folder: its runs lie where they are made.
    """
    folder = Path(folder)
    if (folder / "study.json").is_file() or storage is None:
        return StudyFolder(folder)
    from figment.studies.storage import known_study, open_storage, reached, study_in

    with reached(storage), closing(open_storage(storage)) as opened:
        study = study_in(known_study(opened, folder.resolve().name))
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
    from figment.studies.engine import Standings, Worker
    from figment.studies.results import CellResult
    from figment.studies.told import CellDisplay, cell_line

    study, began = place.study, time.monotonic
    point_libraries_at_cache()
    machine = this_machine(study.device)
    configure_torch(torch.device(machine.device))
    took: list[float] = []
    judge: list[Judge] = []

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        since = began()
        if not judge:
            judge.append(judge_for(study, data, bank, machine, display))
        found = Trainer(place, study, judge[0], data, CellDisplay(display, cell.text))(cell, rung, before)
        took.append(began() - since)
        return found

    def tell(result: CellResult, now: Standings) -> None:
        display.say(cell_line(result, study.request.score, now.done, now.total, took))

    Worker(place, database_of(place, storage), perform, display.say, tell).work()
    return results_of(place, storage)


def database_of(place: StudyFolder, storage: str | None = None) -> "Database":
    """A study's record in its database; storage: its address, where it isn't the one that the study was begun with."""
    from figment.studies.storage import Database, url_of

    study = place.study
    return Database(url_of(place, storage or study.storage), study)


def judge_for(study: Study, data: Data, bank: Bank | None, machine: Machine, display: Preparing) -> Judge:
    """What scores the cells of a study. Raises InputError where its pictures aren't those that it began with."""
    request = study.request
    if bank is None:
        source = open_source(request.data if data is None else data, None, None, display.say)
        first = data_recipe(study.cells[0], study.recipe, request)
        bank = prepared(source, first, request.group, request.drop, display, request.keep_marked)
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
    from figment.studies.storage import reached

    study, database = place.study, database_of(place, storage)
    with reached(database.url), closing(database):
        return study_results(study, cells_found(database.record(), study, place))


def report(
    place: StudyFolder, results: StudyResults, out: Path | None = None, display: Preparing | None = None
) -> "Analysis":
    """Weigh a study as far as it is, and write its page: report.html in its folder. Raises InputError where it can't be."""
    from figment.studies.analysis import analyse
    from figment.studies.page import page

    display = display or Silent()
    analysis = analyse(results)
    html = page(analysis, place.folder if out is None else None, display.stage("drawing samples"), display.say)
    write_output(out or place.page, html)
    return analysis


def status_rows(results: StudyResults) -> tuple[list[list[str]], str]:
    """A row for each cell, below the names of the columns, and a sentence of how many are how far."""
    names = [factor.name for factor in results.factors]
    title = KINDS[results.score].title.format(fd="FD")
    rows = [["cell", *names, "seed", "state", title, "time"]]
    for cell in results.cells:
        score = "" if cell.score is None else str(Estimate(cell.score, cell.error or 0.0))
        time = "" if cell.seconds is None else as_time(cell.seconds)
        levels = [level_text(cell.levels[name]) for name in names]
        rows.append([f"{cell.number:03d}", *levels, str(cell.seed), standing(cell), score, time])
    counts = Counter(map(standing, results.cells))
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    return rows, f"{results.name}: {len(results.cells)} cells, {told}."


def standing(cell: CellResult) -> str:
    """How far a cell is: of one that has found nothing yet, what is known of its run."""
    return (cell.note if cell.state in ("waiting", "running") else "") or cell.state
