"""Studies on a database server: two machines that share no folder, a server that goes away and comes back."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from figment.errors import InputError
from figment.studies.conduct import open_study
from figment.studies.engine import Worker
from figment.studies.results import CellResult
from figment.studies.storage import Database, parsed_url, shown_url
from figment.studies.study import Cell
from figtest.postgres import Server, server
from figtest.studies import Sleeper, begun, database, done, found, score_of, worker


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with server() as made:
        if made is None:
            pytest.skip("needs Debian's package postgresql")
        yield made


@pytest.mark.slow
def test_machines_that_share_no_folder_work_at_one_study(postgres: Server, tmp_path: Path) -> None:
    here = begun(tmp_path / "here" / "shared", storage=postgres.url)
    there = open_study(tmp_path / "there" / "shared", postgres.url)
    assert there.study == here.study
    other = worker(there.folder, 0.2)
    Worker(here, database(here), Sleeper(here, 0.2), print, poll=0.1).work()
    assert other.communicate(timeout=300)[1] == b""
    assert sorted(done(here) + done(there)) == list(range(6))
    assert [cell.score for cell in found(there)] == [score_of(cell) for cell in found(there)]  # type: ignore[arg-type]


def test_a_server_that_goes_away_while_a_cell_is_trained_is_waited_for(postgres: Server, tmp_path: Path) -> None:
    place = begun(tmp_path / "away", storage=postgres.url)
    sleeper, said = Sleeper(place, 0), list[str]()

    def back() -> None:
        time.sleep(1)
        postgres.start()

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        result = sleeper(cell)
        if len(done(place)) == 3:
            postgres.stop()
            threading.Thread(target=back).start()
        return result

    known = Database(postgres.url, place.study, heartbeat=1, grace=1)
    Worker(place, known, perform, said.append, poll=0.2).work()
    assert sorted(done(place)) == list(range(6))
    assert {cell.state for cell in found(place)} == {"finished"}
    assert any("the study's database can't be used" in one for one in said)


def test_who_stops_while_the_server_is_away_isnt_kept_waiting(postgres: Server, tmp_path: Path) -> None:
    place = begun(tmp_path / "stopped", storage=postgres.url)

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        postgres.stop()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Worker(place, database(place), perform, print, poll=0.2).work()
    postgres.start()
    Worker(place, database(place), Sleeper(place, 0), print, poll=0.1).work()
    assert sorted(done(place)) == list(range(6))


def test_a_killed_worker_on_a_server_loses_no_cell(postgres: Server, tmp_path: Path) -> None:
    place = begun(tmp_path / "killed", storage=postgres.url)
    first = worker(place.folder, 30)
    end = time.monotonic() + 300
    while not (place.folder / "journal").exists() and time.monotonic() < end:
        time.sleep(0.05)
    first.kill()
    assert first.communicate()[1] == b""
    Worker(place, database(place), Sleeper(place, 0), print, poll=0.1).work()
    assert sorted(set(done(place))) == list(range(6))
    assert {cell.state for cell in found(place)} == {"finished"}


def test_a_server_that_isnt_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"postgresql://me@127\.0\.0\.1:9/x can't be used .*: start it, or name where it is"
    ):
        open_study(tmp_path / "x", "postgresql://me:secret@127.0.0.1:9/x")


def test_passwords_are_neither_told_nor_kept() -> None:
    url = "postgresql://me:secret@host/studies"
    assert shown_url(url) == "postgresql://me@host/studies"
    assert parsed_url(url).drivername == "postgresql+psycopg"
    assert parsed_url(url).password == "secret"
