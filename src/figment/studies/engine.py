"""The engine: works off the cells of a study, as Optuna's trials, with any number of workers, none lost and none counted twice.

A cell is an enqueued trial that is run inside `study.optimize`, which has a thread give signs of life. Whoever asks for the
next one finds the trials that have given none for long, and puts their cells back into the queue. A worker that is asked to
stop puts its cell back itself. What a cell found is written to its file before the database hears of it: so a cell whose
database was away, or that was wrongly taken for lost, isn't done again.
"""

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

import optuna
from optuna.exceptions import TrialPruned, UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState

from figment.common.locks import Held
from figment.common.progress import Say
from figment.common.refusals import is_refusal
from figment.data.sources.base import MissingData
from figment.errors import InputError, SystemFault
from figment.studies.results import CellResult
from figment.studies.storage import AWAY, Opened, quiet
from figment.studies.study import Cell, Study, StudyFault, StudyFolder, as_json, cell_result

CELL, RESULT, AT = "cell", "result", "at"  # user attributes of a trial
POLL_SECONDS = 5.0  # between two looks at what other workers do, or at whether a database or a disk is back
MOST_FAILED = 3  # cells that may fail before one has been done: what fails them all isn't theirs
Standing = Literal["waiting", "running", "done"]
Perform = Callable[[Cell], CellResult]


class Trouble(Exception):
    """What a cell needs isn't there for the moment: a disk is full, a database away. The message is a sentence."""


@dataclass(frozen=True)
class Standings:
    """How far each cell is, by number; what those that are done have found."""

    by_cell: dict[int, Standing]
    results: dict[int, CellResult]

    def count(self, standing: Standing) -> int:
        return sum(one == standing for one in self.by_cell.values())

    @property
    def complete(self) -> bool:
        return self.count("done") == len(self.by_cell)


def enqueue(record: optuna.Study, cells: tuple[Cell, ...]) -> None:
    """Put cells into the queue, in their order."""
    with quiet():
        for cell in cells:
            record.enqueue_trial({**cell.levels, "seed": cell.seed}, user_attrs={CELL: cell.number})


def standings(record: optuna.Study, study: Study) -> Standings:
    """How far each cell is. One that no trial stands for, since a worker was killed on the way, isn't in it."""
    found: dict[int, Standing] = {}
    results: dict[int, CellResult] = {}
    for trial in record.get_trials(deepcopy=False):
        number = trial.user_attrs.get(CELL)
        if number is None or found.get(number) == "done":
            continue
        if _has_ended(trial) and RESULT in trial.user_attrs:
            found[number] = "done"
            results[number] = cell_result(trial.user_attrs[RESULT], f"cell {number} in the database")
        elif trial.state == TrialState.RUNNING:
            found[number] = "running"
        elif trial.state == TrialState.WAITING:
            found.setdefault(number, "waiting")
    known = {cell.number for cell in study.cells}
    return Standings({n: one for n, one in found.items() if n in known}, results)


def cells_found(record: optuna.Study, study: Study, place: StudyFolder | None = None) -> tuple[CellResult, ...]:
    """What every cell of a study found, by number; those that are on their way as such."""
    now = standings(record, study)
    found = []
    for cell in sorted(study.cells, key=lambda cell: cell.number):
        standing = now.by_cell.get(cell.number, "waiting")
        waiting = CellResult(cell.number, cell.levels, cell.seed, "running" if standing == "running" else "waiting")
        if place is not None and place.run_folder(cell).is_dir():
            waiting = replace(waiting, run=f"runs/{cell.name}")
        found.append(now.results.get(cell.number, waiting))
    return tuple(found)


class Worker:
    """Works at a study until all of its cells are done.

    opened: gives the study's record, opened anew each time, since the database may go and come back. perform: makes a cell;
    it raises KeyboardInterrupt where it was asked to stop, with all kept that was done. tell: called with each cell that is
    done and what it found, and how many are done of all.
    """

    def __init__(
        self, place: StudyFolder, opened: Opened, perform: Perform, say: Say,
        tell: Callable[[CellResult, Standings], None] | None = None, poll: float = POLL_SECONDS,
    ) -> None:  # fmt: skip
        self.place, self.opened, self.perform, self.say, self.tell, self.poll = place, opened, perform, say, tell, poll
        self.study = place.study
        self.cells = {cell.number: cell for cell in self.study.cells}
        self.here = f"{socket.gethostname()}:{os.path.realpath(place.folder)}"
        self.said = ""
        self.done = self.failed = 0

    def work(self) -> None:
        """Until all cells are done, those of other workers too. On KeyboardInterrupt the cell at hand is put back."""
        while True:
            try:
                with quiet():
                    record = self.opened()
                    self._settle(record)
                    now = standings(record, self.study)
                    if now.complete:
                        return
                    if now.count("waiting"):
                        record.optimize(self._objective, callbacks=[self._after])
                        self.said = ""
                        continue
                    fail_stale_trials(record)
                self._wait(f"waiting for {now.count('running')} cells that other workers have")
            except Trouble as trouble:
                self._wait(str(trouble))
            except AWAY as error:
                reason = str(getattr(error, "__cause__", None) or error).strip().splitlines()[0]
                self._wait(
                    f"the study's database can't be used ({reason}): trying again until it can; Ctrl-C ends this"
                )
            except (ValueError, UpdateFinishedTrialError) as error:
                if "tell" not in str(error) and not isinstance(error, UpdateFinishedTrialError):
                    raise
                # The trial was taken for lost while it was worked at: its cell is in the queue again, its result in its file.
            except KeyboardInterrupt:
                with suppress(*AWAY), quiet():
                    self._settle(self.opened())
                raise

    def _wait(self, why: str) -> None:
        if why != self.said:
            self.say(why)
            self.said = why
        time.sleep(self.poll)

    def _settle(self, record: optuna.Study) -> None:
        """Put right what killed workers have left: cells that nobody works at any more, and those that no trial stands for."""
        for trial in record.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            cell = self.cells.get(trial.user_attrs.get(CELL, -1))
            if cell is None or trial.user_attrs.get(AT) != self.here:
                continue
            # Of this folder's cells the system knows who holds them: nobody need wait until a sign of life has long been missed.
            with suppress(Held, ValueError, UpdateFinishedTrialError), self.place.held(cell, wait=False):
                result = self.place.found(cell)
                if result is None:
                    record.tell(trial.number, state=TrialState.FAIL)
                else:
                    _note(record, trial, result)
                    has_score = result.score is not None
                    record.tell(trial.number, result.score, TrialState.COMPLETE if has_score else TrialState.PRUNED)
        standing = standings(record, self.study).by_cell
        enqueue(record, tuple(cell for cell in self.study.cells if cell.number not in standing))

    def _objective(self, trial: Trial) -> float:
        cell = self.cells.get(trial.user_attrs.get(CELL, -1))
        if cell is None or self._is_spare(trial, cell):
            raise TrialPruned  # another worker was faster, and the queue empty or its cell at work already
        for factor in self.study.factors:
            trial.suggest_categorical(factor.name, factor.levels)
        trial.suggest_categorical("seed", self.study.seeds)
        with self.place.held(cell):
            trial.set_user_attr(AT, self.here)
            result = self.place.found(cell)
            if result is None:
                result = self._made(cell)
                self.place.keep(cell, result)
            trial.set_user_attr(RESULT, as_json(result))
        if result.score is None:
            raise TrialPruned
        return result.score

    def _made(self, cell: Cell) -> CellResult:
        """What a cell finds; one whose training fails by itself is noted as such."""
        try:
            result = self.perform(cell)
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

    def _is_spare(self, trial: Trial, cell: Cell) -> bool:
        """Whether an earlier trial has done the cell, or is at it."""
        for other in trial.study.get_trials(deepcopy=False):
            if other.user_attrs.get(CELL) != cell.number or other.number == trial.number:
                continue
            if _has_ended(other) and RESULT in other.user_attrs:
                return True
            if other.state == TrialState.RUNNING and other.number < trial.number:
                return True
        return False

    def _after(self, record: optuna.Study, trial: FrozenTrial) -> None:
        now = standings(record, self.study)
        if self.tell is not None and RESULT in trial.user_attrs:
            self.tell(cell_result(trial.user_attrs[RESULT], "the database"), now)
        if not now.count("waiting"):
            record.stop()


def _note(record: optuna.Study, trial: FrozenTrial, result: CellResult) -> None:
    """Write a result into a trial that isn't being worked at here."""
    record._storage.set_trial_user_attr(trial._trial_id, RESULT, as_json(result))


def _has_ended(trial: FrozenTrial) -> bool:
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED)


def _is_systems_no(error: BaseException | None) -> bool:
    """Whether the system's no to reading or writing is behind an error: a full disk, say."""
    while error is not None:
        if is_refusal(error):
            return True
        error = error.__cause__ or error.__context__
    return False
