"""How much sooner is a study done by two workers? Cells that sleep, so that nothing but the queue takes the machine's time.

    python benchmarks/study_workers.py [--cells 24] [--seconds 4] [--workers 1 2 4] [--storage postgresql://…/DATABASE]

Prints, for each number of workers, the clock from the first one's start to the last one's end, and its share of one worker's.
Each worker is a process of its own that brings torch along, as `figment study worker` does; the target is .6 with two.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from figment.studies.engine import Worker, cells_found, enqueue
from figment.studies.plan import make_plan
from figment.studies.request import request_of
from figment.studies.results import CellResult
from figment.studies.storage import Database, new_study, open_storage, quiet, url_of
from figment.studies.study import Cell, Study, StudyFolder


def begun(folder: Path, cells: int, storage: str | None) -> StudyFolder:
    """A study of so many cells, which are in its queue."""
    levels = [round(0.5 * i / cells, 4) for i in range(cells)]
    request = request_of(None, {"vary": {"dropout": levels}, "images": 1000, "seeds": 1})
    plan = make_plan(request, "dcgan")
    study = Study(
        name=folder.name, request=request, recipe="dcgan", cells=plan.cells, seeds=plan.seeds, images=1000, samples=100,
        features="lite0", fingerprint="none", trained_on=900, held_out=100, storage=storage,
    )  # fmt: skip
    place = StudyFolder.create(folder, study)
    with closing(open_storage(url_of(place, storage))) as opened:
        known = {cell.number: cell for cell in study.cells}
        enqueue(new_study(opened, study), known, [(number, 0) for number in known])
    return place


def work(folder: Path, seconds: float) -> None:
    """One worker, to the end of the study."""
    place = StudyFolder(folder)

    def perform(cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        time.sleep(seconds)
        return CellResult(cell.number, cell.levels, cell.seed, "finished", float(cell.number), 1.0)

    Worker(place, Database(url_of(place, place.study.storage), place.study), perform, print).work()


def timed(folder: Path, cells: int, seconds: float, workers: int, storage: str | None) -> float:
    """Seconds by the clock that so many workers take. Ends the program where a cell is lost."""
    place = begun(folder, cells, storage)
    since = time.perf_counter()
    command = [sys.executable, __file__, "--at", str(folder), "--seconds", str(seconds)]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(workers)]
    if any(one.wait() for one in running):
        sys.exit("a worker failed")
    took = time.perf_counter() - since
    database = Database(url_of(place, storage), place.study)
    with quiet(), closing(database):
        states = Counter(cell.state for cell in cells_found(database.record(), place.study))
    if states != {"finished": cells}:
        sys.exit(f"not every cell was done: {states}")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--storage")
    parser.add_argument("--at", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.at:
        work(options.at, options.seconds)
        return
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for workers in options.workers:
            place = Path(folder) / f"workers-{workers}-{uuid4().hex[:8]}"
            took = timed(place, options.cells, options.seconds, workers, options.storage)
            first = first or took
            print(f"{workers} worker{'s' * (workers > 1)}: {took:.1f} s, {took / first:.2f} of the first", flush=True)


if __name__ == "__main__":
    main()
