"""The engine: works off the cells of a study, as Optuna's trials, with any number of workers, none lost and none counted twice.

A cell, or under halving its part up to a rung, is an enqueued trial that is run inside `study.optimize`, which has a thread
give signs of life. Whoever asks for the next one finds the trials that have given none for long, and puts their cells back
into the queue. A worker that is asked to stop puts its cell back itself. What a cell found is written to its file before the
database hears of it: so a cell whose database was away, or that was wrongly taken for lost, isn't done again.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import optuna
from optuna.exceptions import TrialPruned, UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState

from figment.common.locks import Held
from figment.common.progress import Say
from figment.common.refusals import is_refusal
from figment.common.units import as_images
from figment.errors import InputError, MissingData, SystemFault
from figment.run_files import read_facts
from figment.studies.factors import Levels, Range
from figment.studies.race import Task, race
from figment.studies.results import CellResult, State
from figment.studies.storage import AWAY, Database, quiet, reason_of
from figment.studies.study import Cell, Study, StudyFault, StudyFolder, as_json, cell_result

CELL, RUNG, RESULT, AT = "cell", "rung", "result", "at"  # user attributes of a trial
POLL_SECONDS = 5.0  # between two looks at what other workers do, or at whether a database or a disk is back
MOST_FAILED = 3  # cells that may fail before one has been done: what fails them all isn't theirs
Standing = Literal["waiting", "running", "done"]
Perform = Callable[
    [Cell, int, CellResult | None], CellResult
]  # a cell, up to which rung, and what it found up to the one before


class Trouble(Exception):
    """What a cell needs isn't there for the moment: a disk is full, a database away. The message is a sentence."""


@dataclass(frozen=True)
class Standings:
    """How far the tasks of a study are; what those that are done have found. planned: its cells, as far as they are known, by
    number; cells: what each of them has come to. total: how many there will be.
    """

    planned: dict[int, Cell]
    total: int
    by_task: dict[Task, Standing]
    results: dict[Task, CellResult]
    cells: tuple[CellResult, ...]
    missing: tuple[Task, ...]

    @property
    def done(self) -> int:
        """Cells that nothing more is done with."""
        return sum(cell.state not in ("waiting", "running") for cell in self.cells)

    @property
    def complete(self) -> bool:
        return self.done == len(self.cells)

    def count(self, standing: Standing) -> int:
        return sum(one == standing for one in self.by_task.values())


def enqueue(record: optuna.Study, cells: Mapping[int, Cell], tasks: Iterable[Task]) -> None:
    """Put tasks into the queue, in their order. cells: by number."""
    with quiet():
        for number, rung in tasks:
            cell = cells[number]
            record.enqueue_trial({**cell.levels, "seed": cell.seed}, user_attrs={CELL: number, RUNG: rung})


def standings(record: optuna.Study, study: Study) -> Standings:
    """How far a study is. missing: tasks that are due and that no trial stands for: they are new, or a worker was killed."""
    by_task: dict[Task, Standing] = {}
    results: dict[Task, CellResult] = {}
    for trial in record.get_trials(deepcopy=False):
        task = task_of(trial)
        if task is None or by_task.get(task) == "done":
            continue
        if _has_ended(trial) and RESULT in trial.user_attrs:
            by_task[task] = "done"
            results[task] = cell_result(trial.user_attrs[RESULT], f"cell {task[0]} in the database")
        elif trial.state == TrialState.RUNNING:
            by_task[task] = "running"
        elif trial.state == TrialState.WAITING:
            by_task.setdefault(task, "waiting")
    raced = race(study, results)
    at_work = {number for (number, _), one in by_task.items() if one == "running"}
    cells = tuple(
        replace(cell, state="running") if cell.state == "waiting" and cell.number in at_work else cell
        for cell in raced.cells
    )
    planned = {cell.number: cell for cell in raced.planned}
    total = max(len(planned), study.trials * len(study.seeds))
    return Standings(planned, total, by_task, results, cells, tuple(task for task in raced.due if task not in by_task))


def suggest(trial: Trial, name: str, levels: Levels) -> None:
    """Have Optuna know what a factor's level was taken from; which one it is was said when the trial was put into the queue."""
    if not isinstance(levels, Range):
        trial.suggest_categorical(name, levels)
    elif levels.whole:
        trial.suggest_int(name, int(levels.low), int(levels.high), log=levels.log)
    else:
        trial.suggest_float(name, levels.low, levels.high, log=levels.log)


def task_of(trial: FrozenTrial | Trial) -> Task | None:
    """What a trial stands for; None for one that was made since the queue was empty."""
    number, rung = trial.user_attrs.get(CELL), trial.user_attrs.get(RUNG)
    return None if number is None or rung is None else (int(number), int(rung))


def cells_found(record: optuna.Study, study: Study, place: StudyFolder | None = None) -> tuple[CellResult, ...]:
    """What every cell of a study found, by number; those that are on their way as such."""
    now = standings(record, study)
    found = []
    for cell in now.cells:
        run = f"runs/{now.planned[cell.number].name}"
        if not cell.run and place is not None and (place.folder / run).is_dir():
            cell = replace(cell, run=run, note=how_far(place.folder / run, cell.state))
        found.append(cell)
    return tuple(found)


def how_far(run: Path, state: State) -> str:
    """How far a cell is that has found nothing yet, by its run's folder; "" where that doesn't tell."""
    with suppress(InputError, OSError):
        facts = read_facts(run / "run.json")
        if facts.get("state") == "finished":
            return "trained, being measured" if state == "running" else "trained, to be measured"
        if facts.get("state") == "interrupted" and state == "waiting":
            return f"stopped after {as_images(int(facts.get('images') or 0))}"
    return ""


class Worker:
    """Works at a study until all of its cells are done.

    database: its record, which may go away and come back. perform: makes a cell, up to a rung; it raises KeyboardInterrupt
    where it was asked to stop, with all kept that was done. tell: called with what was found, and how far the study is.
    """

    def __init__(
        self, place: StudyFolder, database: Database, perform: Perform, say: Say,
        tell: Callable[[CellResult, Standings], None] | None = None, poll: float = POLL_SECONDS,
    ) -> None:  # fmt: skip
        self.place, self.database, self.perform = place, database, perform
        self.say, self.tell, self.poll = say, tell, poll
        self.study = place.study
        self.cells = {cell.number: cell for cell in self.study.cells}  # by now: a search finds more
        self.here = f"{socket.gethostname()}:{os.path.realpath(place.folder)}"
        self.factors = self.study.request.levels
        self.said = ""
        self.done = self.failed = 0
        self.stopped = False  # asked to stop while it was at a cell
        self.unsigned: dict[
            int, float
        ] = {}  # trials that are at work and that nobody has signed, since when they were seen

    def work(self) -> None:
        """Until all cells are done, those of other workers too. On KeyboardInterrupt the cell at hand is put back."""
        try:
            self._work()
        finally:
            with suppress(*AWAY):
                self.database.close()

    def _work(self) -> None:
        while True:
            try:
                with quiet():
                    record = self.database.record()
                    now = self._settle(record)
                    if now.complete:
                        return
                    if now.count("waiting"):
                        record.optimize(self._objective, callbacks=[self._after])
                        self.said = ""
                        continue
                    fail_stale_trials(record)
                others = now.count("running")
                self._wait(f"waiting for {others} cell{'s' * (others > 1)} that other workers have")
            except KeyboardInterrupt:
                self._put_back()
                raise
            except Trouble as trouble:
                self._wait(str(trouble))
            except Exception as error:
                away = behind(error, AWAY)  # Optuna 5.0 hides it behind an UnboundLocalError of its own
                if away is not None:
                    self._reconnect(away)
                elif "Cannot tell a" not in str(error) and not isinstance(error, UpdateFinishedTrialError):
                    raise
                # Else the trial was taken for lost while it was worked at: its cell is in the queue, its result in its file.

    def _put_back(self) -> None:
        """Put the cell at hand back into the queue; where the database is away, the next worker does."""
        with suppress(*AWAY), quiet():
            self._settle(self.database.record())

    def _reconnect(self, away: BaseException) -> None:
        """After a pause, unless it was asked to stop while the database was away."""
        with suppress(*AWAY):
            self.database.close()
        if self.stopped:
            raise KeyboardInterrupt
        why = f"the study's database can't be used ({reason_of(away)}): trying until it can; Ctrl-C ends this"
        self._wait(why, "database")  # whose reasons change as it starts

    def _wait(self, why: str, about: str = "") -> None:
        """Pause, and say why, once. about: what it is about, where the words for one and the same change."""
        if (about or why) != self.said:
            self.say(why)
            self.said = about or why
        time.sleep(self.poll)

    def _settle(self, record: optuna.Study) -> Standings:
        """Put right what killed workers have left, and what is due into the queue."""
        for trial in record.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            task = task_of(trial)
            if AT not in trial.user_attrs and self._was_never_begun(trial):
                with suppress(ValueError, UpdateFinishedTrialError):
                    record.tell(trial.number, state=TrialState.FAIL)
                continue
            if task is None or task[0] not in self.cells or trial.user_attrs.get(AT) != self.here:
                continue
            # Of this folder's cells the system knows who holds them: nobody need wait until a sign of life has long been missed.
            cell, rung = self.cells[task[0]], task[1]
            with suppress(Held, ValueError, UpdateFinishedTrialError), self.place.held(cell, wait=False):
                result = self.place.found(cell, rung)
                if result is None:
                    record.tell(trial.number, state=TrialState.FAIL)
                else:
                    record._storage.set_trial_user_attr(trial._trial_id, RESULT, as_json(result))
                    has_score = result.score is not None
                    record.tell(trial.number, result.score, TrialState.COMPLETE if has_score else TrialState.PRUNED)
        now = self._standings(record)
        if not now.missing:
            return now
        enqueue(record, now.planned, now.missing)
        return self._standings(record)

    def _was_never_begun(self, trial: FrozenTrial) -> bool:
        """Whether a trial's worker was killed between taking it and its first sign of life, without which Optuna misses nobody.

        Nobody has signed it for as long as signs of life are waited for: by this worker's own clock, since others' may jump.
        """
        since = self.unsigned.setdefault(trial.number, time.monotonic())
        return time.monotonic() - since > self.database.grace

    def _standings(self, record: optuna.Study) -> Standings:
        """How far the study is; the cells that are known by now."""
        now = standings(record, self.study)
        self.cells = now.planned
        return now

    def _objective(self, trial: Trial) -> float:
        task = task_of(trial)
        if task is not None and task[0] not in self.cells:
            self._standings(trial.study)  # another worker has put a search's next cells into the queue
        if task is None or task[0] not in self.cells or self._is_spare(trial, task):
            raise TrialPruned  # another worker was faster, and the queue empty or its cell at work already
        cell, rung = self.cells[task[0]], task[1]
        for name, levels in self.factors.items():
            suggest(trial, name, levels)
        trial.suggest_categorical("seed", self.study.seeds)
        with self.place.held(cell):
            trial.set_user_attr(AT, self.here)
            result = self.place.found(cell, rung)
            if result is None:
                before = standings(trial.study, self.study).results.get((cell.number, rung - 1))
                result = self._made(cell, rung, before)
                self.place.keep(cell, rung, result)
            trial.set_user_attr(RESULT, as_json(result))
        if result.score is None:
            raise TrialPruned
        return result.score

    def _made(self, cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        """What a cell finds; one whose training fails by itself is noted as such."""
        try:
            result = self.perform(cell, rung, before)
        except KeyboardInterrupt:
            self.stopped = True
            raise
        except (MissingData, StudyFault, SystemFault):
            raise
        except (InputError, OSError) as error:
            if _is_systems_no(error):
                raise Trouble(
                    f"{str(error).rstrip('.')}. It is tried again until it can be; Ctrl-C ends this"
                ) from None
            if isinstance(error, OSError) or (not self.done and self.failed + 1 >= MOST_FAILED):
                raise
            self.failed += 1
            run = f"runs/{cell.name}" if self.place.run_folder(cell).is_dir() else ""
            return CellResult(cell.number, cell.levels, cell.seed, "failed", note=str(error), run=run)
        self.done += 1
        return result

    def _is_spare(self, trial: Trial, task: Task) -> bool:
        """Whether an earlier trial has done the same, or is at it."""
        for other in trial.study.get_trials(deepcopy=False):
            if task_of(other) != task or other.number == trial.number:
                continue
            if _has_ended(other) and RESULT in other.user_attrs:
                return True
            if other.state == TrialState.RUNNING and other.number < trial.number:
                return True
        return False

    def _after(self, record: optuna.Study, trial: FrozenTrial) -> None:
        now = self._standings(record)
        if self.tell is not None and RESULT in trial.user_attrs:
            self.tell(cell_result(trial.user_attrs[RESULT], "the database"), now)
        if not now.count("waiting"):
            record.stop()


def _has_ended(trial: FrozenTrial) -> bool:
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED)


def _is_systems_no(error: BaseException | None) -> bool:
    """Whether the system's no to reading or writing is behind an error: a full disk, say."""
    while error is not None and not is_refusal(error):
        error = error.__cause__ or error.__context__
    return error is not None


def behind(error: BaseException | None, kinds: tuple[type[BaseException], ...]) -> BaseException | None:
    """The error of one of these kinds that another came of, or itself."""
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__ or error.__context__
    return error
