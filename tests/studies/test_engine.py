"""The engine, with cells that sleep: none lost, none counted twice, whoever is killed and whatever is away."""

import json
import random
import time
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy.exc import OperationalError

from figment.errors import InputError
from figment.studies import engine
from figment.studies.engine import AT, CELL, Worker, standings
from figment.studies.results import CellResult
from figment.studies.storage import Database, quiet, url_of
from figment.studies.study import Cell, StudyFault, StudyFolder
from figtest.studies import Sleeper, begun, database, done, found, score_of, worker


@pytest.fixture
def place(tmp_path: Path) -> StudyFolder:
    return begun(tmp_path / "study")


def check_whole(place: StudyFolder) -> None:
    """All cells are done, each with its own score, each counted once."""
    results = found(place)
    assert [cell.number for cell in results] == list(range(len(place.study.cells)))
    assert {cell.state for cell in results} == {"finished"}
    assert [cell.score for cell in results] == [score_of(cell) for cell in results]  # type: ignore[arg-type]
    complete = [trial for trial in database(place).record().get_trials() if trial.state == TrialState.COMPLETE]
    assert sorted(trial.user_attrs[CELL] for trial in complete) == list(range(len(results)))


def test_a_worker_does_every_cell_once_in_the_plans_order(place: StudyFolder) -> None:
    told: list[tuple[int, int]] = []
    tell = lambda result, now: told.append((result.number, now.done))  # noqa: E731
    Worker(place, database(place), Sleeper(place, 0), print, tell, poll=0).work()
    check_whole(place)
    assert done(place) == [cell.number for cell in place.study.cells]
    assert told == [(number, i + 1) for i, number in enumerate(done(place))]
    Worker(place, database(place), Sleeper(place, 0), print, poll=0).work()  # nothing is left to do
    assert len(done(place)) == 6


def test_a_cell_without_a_result_is_told_by_its_run(place: StudyFolder) -> None:
    first, second, third = place.study.cells[:3]
    for cell, facts in (
        (first, {"state": "finished"}),
        (second, {"state": "interrupted", "images": 12_500}),
        (third, {}),
    ):
        place.run_folder(cell).mkdir(parents=True)
        (place.run_folder(cell) / "run.json").write_text(json.dumps({"format": 1} | facts))
    with quiet():
        cells = engine.cells_found(database(place).record(), place.study, place)
    notes = [cells[cell.number].note for cell in place.study.cells]
    assert notes == ["trained, to be measured", "stopped after 12.5 kimg", *[""] * 4]
    assert {cell.state for cell in cells} == {"waiting"}
    assert cells[first.number].run == f"runs/{first.name}"
    assert engine.how_far(place.run_folder(first), "running") == "trained, being measured"
    assert engine.how_far(place.run_folder(second), "running") == ""


def test_a_worker_that_is_asked_to_stop_puts_its_cell_back(place: StudyFolder) -> None:
    sleeper = Sleeper(place, 0)

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        if len(done(place)) == 3:
            raise KeyboardInterrupt
        return sleeper(cell)

    with pytest.raises(KeyboardInterrupt):
        Worker(place, database(place), perform, print, poll=0).work()
    with quiet():
        now = standings(database(place).record(), place.study)
    assert (now.count("done"), now.count("waiting"), now.count("running")) == (3, 3, 0)
    Worker(place, database(place), sleeper, print, poll=0).work()
    check_whole(place)
    assert sorted(done(place)) == list(range(6))


def killed_at_work(place: StudyFolder, grace: int) -> None:
    """A worker is killed at its first cell."""
    first = worker(place.folder, 30, grace=grace)
    wait_until(lambda: (place.folder / "journal").exists() or first.poll() is not None)
    first.kill()
    assert first.communicate()[1] == b""


def test_a_killed_workers_cell_is_taken_at_once_where_the_folder_is_shared(place: StudyFolder) -> None:
    killed_at_work(place, 1000)
    began = time.monotonic()
    Worker(place, database(place, 1, 1000), Sleeper(place, 0), print, poll=0.01).work()
    assert time.monotonic() - began < 500  # no waiting for a sign of life to be missed
    check_whole(place)


def test_a_worker_of_another_machine_is_missed_after_the_grace_period(
    place: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at_work(place, 1)
    other = Worker(place, database(place, 1, 1), Sleeper(place, 0), print, poll=0.1)
    other.here = "another machine"  # so that who holds which of its files says nothing here
    other.work()
    check_whole(place)


def test_cells_that_no_trial_stands_for_come_back_into_the_queue(tmp_path: Path) -> None:
    place = begun(tmp_path / "study")
    with quiet():
        record = database(place).record()
        for trial in record.get_trials(deepcopy=False)[:3]:
            record._storage.set_trial_state_values(trial._trial_id, state=TrialState.RUNNING)
            record.tell(trial.number, state=TrialState.FAIL)
    Worker(place, database(place), Sleeper(place, 0), print, poll=0).work()
    check_whole(place)


def test_what_was_found_isnt_made_again_though_its_trial_was_taken_for_lost(place: StudyFolder) -> None:
    sleeper, first = Sleeper(place, 0), place.study.cells[0]

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        result = sleeper(cell)
        if cell == first:  # as after a clock that jumped: somebody has given the living up
            record = database(place).record()
            at_work = record.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            assert [trial.user_attrs[AT] for trial in at_work] == [Worker(place, database(place), perform, print).here]
            record.tell(at_work[0].number, state=TrialState.FAIL)
        return result

    Worker(place, database(place), perform, print, poll=0).work()
    check_whole(place)
    assert len(done(place)) == 6


def test_a_lost_database_is_made_again_of_what_cells_found(place: StudyFolder) -> None:
    Worker(place, database(place), Sleeper(place, 0), print, poll=0).work()
    for file in place.folder.glob("study.db*"):
        file.unlink()
    Worker(place, database(place), Sleeper(place, 0), print, poll=0).work()
    check_whole(place)
    assert len(done(place)) == 6


def test_another_study_of_the_name_in_the_database_is_refused(tmp_path: Path) -> None:
    here = begun(tmp_path / "study")
    there = begun(tmp_path / "there" / "study", seeds=2)
    with pytest.raises(InputError, match="the database has another study called study"):
        Database(url_of(here, None), there.study).record()


def test_a_cell_that_fails_is_noted_and_the_others_go_on(place: StudyFolder) -> None:
    sleeper, bad = Sleeper(place, 0), place.study.cells[2]

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        if cell == bad:
            raise InputError("training diverged again and again.")
        return sleeper(cell)

    Worker(place, database(place), perform, print, poll=0).work()
    results = {cell.number: cell for cell in found(place)}
    assert results[bad.number].state == "failed"
    assert results[bad.number].note == "training diverged again and again."
    assert sum(cell.state == "finished" for cell in results.values()) == 5


def test_what_fails_every_cell_ends_the_worker_and_leaves_the_last_in_the_queue(place: StudyFolder) -> None:
    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        raise InputError("no.")

    with pytest.raises(InputError, match="no"):
        Worker(place, database(place), perform, print, poll=0).work()
    with quiet():
        now = standings(database(place).record(), place.study)
    assert now.count("done") == engine.MOST_FAILED - 1


def test_what_no_cell_can_mend_ends_the_worker_and_no_cell_is_blamed(place: StudyFolder) -> None:
    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        raise StudyFault("the pictures have changed.")

    with pytest.raises(StudyFault):
        Worker(place, database(place), perform, print, poll=0).work()
    assert {cell.state for cell in found(place)} <= {"waiting", "running"}
    Worker(place, database(place), Sleeper(place, 0), print, poll=0).work()
    check_whole(place)


def test_a_full_disk_is_said_once_and_gone_on_with(place: StudyFolder) -> None:
    sleeper, said, left = Sleeper(place, 0), [], [3]

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        if left[0]:
            left[0] -= 1
            raise OSError(28, "No space left on device", str(place.folder))
        return sleeper(cell)

    Worker(place, database(place), perform, said.append, poll=0).work()
    check_whole(place)
    assert len(said) == 1
    assert "No space left on device" in said[0]


def test_a_database_that_goes_away_is_said_once_and_gone_on_with(
    place: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    away = [0, 1, 1, 1, 0, 0, 1]
    known = database(place)
    whole = known.record

    def record() -> optuna.Study:
        if away and away.pop(0):
            raise OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"))
        return whole()

    monkeypatch.setattr(known, "record", record)

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        result = Sleeper(place, 0)(cell)
        if cell == place.study.cells[4]:
            place.keep(cell, 0, result)
            raise OperationalError("UPDATE", {}, Exception("server closed the connection unexpectedly"))
        return result

    Worker(place, known, perform, said.append, poll=0).work()
    check_whole(place)
    assert len(done(place)) == 6
    assert all("the study's database can't be used (server closed the connection unexpectedly)" in one for one in said)


def test_halving_races_settings_from_rung_to_rung(tmp_path: Path) -> None:
    place = begun(tmp_path / "study", search="halving")
    Worker(place, database(place), Sleeper(place, 0), print, poll=0).work()
    results = found(place)
    assert [cell.state for cell in results] == ["finished"] * 2 + ["cut"] * 4  # a cell's score is its number
    assert [len(cell.marks) for cell in results] == [3, 3, 2, 1, 1, 1]
    assert [cell.images for cell in results] == [1000, 1000, 333, 125, 125, 125]
    assert "place 3 of 6, of which 2 went on" in results[2].note
    rungs = [name.partition("-")[2] for name in sorted(file.stem for file in (place.folder / "cells").glob("*.json"))]
    assert len(rungs) == 6 + 3 + 2


def test_a_damaged_result_is_refused_by_its_name(place: StudyFolder) -> None:
    cell = place.study.cells[0]
    place.cell_file(cell).write_text('{"number": 1}')
    with pytest.raises(
        InputError, match=rf"{place.cell_file(cell)} is damaged .*: remove it, and the cell is done again"
    ):
        place.found(cell)


def test_a_result_comes_back_as_it_was(place: StudyFolder) -> None:
    cell = place.study.cells[0]
    result = replace(Sleeper(place, 0)(cell), copied=0.25, memory=2**31, memorising=0.5, note="ü", run="runs/x")
    place.keep(cell, 0, result)
    assert place.found(cell) == result


def test_a_worker_killed_before_its_first_sign_of_life_loses_no_cell(place: StudyFolder) -> None:
    """It has taken a trial, and neither signed it nor given a sign of life, by which Optuna would miss it."""
    taken = database(place)
    with quiet(), pytest.warns(UserWarning, match="Heartbeat"):
        number = taken.record().ask().number
    taken.close()
    Worker(place, database(place, grace=1), Sleeper(place, 0), lambda _: None, poll=0.1).work()
    check_whole(place)
    assert number == 0


@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_workers_killed_at_any_moment_lose_no_cell_and_none_is_counted_twice(kills: int, tmp_path: Path) -> None:
    place = begun(tmp_path / "study", seeds=2 if kills < 10 else 10)
    chance = random.Random(kills)
    workers = [worker(place.folder, 0.05) for _ in range(2)]
    for _ in range(kills):
        time.sleep(chance.uniform(0, 1.0 if kills < 10 else 4.0))
        victim = chance.randrange(2)
        workers[victim].kill()
        assert workers[victim].communicate()[1] == b""
        workers[victim] = worker(place.folder, 0.05)
    for one in workers:
        _, errors = one.communicate(timeout=300)
        assert (one.returncode, errors) == (0, b"")
    check_whole(place)


def wait_until(true, seconds: float = 300) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
