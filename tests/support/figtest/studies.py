"""Studies whose cells sleep instead of being trained, and workers on them in processes of their own."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from figment.studies.engine import Worker, cells_found, enqueue
from figment.studies.plan import ordered
from figment.studies.request import asked
from figment.studies.results import CellResult, Mark, State
from figment.studies.storage import Database, new_study, open_storage, quiet, url_of
from figment.studies.study import Cell, Study, StudyFolder

VARY = {"objective": ["bce", "mse", "hinge"], "dropout": [0, 0.3]}


def study_of(name: str, seeds: int = 1, storage: str | None = None, **changes: object) -> Study:
    """A study of six settings."""
    fields = {"vary": VARY, "seeds": seeds, "images": 1000, "data": "pictures"} | changes
    request = asked(fields, "the study").checked()
    settings = [{"objective": o, "dropout": d} for o in VARY["objective"] for d in VARY["dropout"]]
    return Study(
        name=name, request=request, recipe="dcgan", cells=ordered(settings, range(seeds)), seeds=tuple(range(seeds)), images=1000,
        samples=100, features="lite0", fingerprint="f00d", trained_on=90, held_out=10, storage=storage,
        command=("figment", "study", "run"),
    )  # fmt: skip


def begun(
    folder: Path, seeds: int = 1, storage: str | None = None, study: Study | None = None, **changes: object
) -> StudyFolder:
    """Such a study in a folder, or one that is given, its cells in the queue."""
    study = study or study_of(folder.name, seeds, storage, **changes)
    place = StudyFolder.create(folder, study)
    with closing(open_storage(url_of(place, storage))) as made:
        cells = {cell.number: cell for cell in study.cells}
        enqueue(new_study(made, study), cells, [(number, 0) for number in cells])
    return place


def database(place: StudyFolder, heartbeat: int = 1, grace: int = 3) -> Database:
    """Its record, with short signs of life."""
    return Database(url_of(place, place.study.storage), place.study, heartbeat, grace)


def found(place: StudyFolder) -> tuple[CellResult, ...]:
    """What its cells have found."""
    known = database(place)
    with quiet():
        cells = cells_found(known.record(), place.study)
    known.close()
    return cells


def score_of(cell: Cell) -> float:
    """A number that only this cell has."""
    return float(cell.number) + 0.25


class Sleeper:
    """Makes a cell by sleeping; its beginnings and ends are lines of a file, so that none is hidden by a kill."""

    def __init__(self, place: StudyFolder, seconds: float) -> None:
        self.place, self.seconds = place, seconds
        self.journal = place.folder / "journal"

    def __call__(self, cell: Cell, rung: int = 0, before: CellResult | None = None) -> CellResult:
        self._write(f"begun {cell.number}")
        time.sleep(self.seconds)
        self._write(f"done {cell.number}")
        score, study = score_of(cell), self.place.study
        images = round(1000 * study.shares[rung])
        marks = (*(before.marks if before else ()), Mark(images, images / 1000, score, 0.1))
        state: State = "finished" if rung == study.last_rung else "running"
        return CellResult(cell.number, cell.levels, cell.seed, state, score, 0.1, marks, images / 1000, images)

    def _write(self, line: str) -> None:
        handle = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)


def done(place: StudyFolder) -> list[int]:
    """Cells in the order in which they were done."""
    journal = place.folder / "journal"
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith("done")]


def worker(
    folder: Path, seconds: float, heartbeat: int = 1, grace: int = 3, poll: float = 0.1
) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, whose cells sleep for so long."""
    arguments = [str(folder), str(seconds), str(heartbeat), str(grace), str(poll)]
    return subprocess.Popen(
        [sys.executable, "-P", __file__, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def main() -> None:
    folder, seconds, heartbeat, grace, poll = sys.argv[1:]
    place = StudyFolder(folder)
    perform = Sleeper(place, float(seconds))
    Worker(place, database(place, int(heartbeat), int(grace)), perform, print, poll=float(poll)).work()


if __name__ == "__main__":
    main()
