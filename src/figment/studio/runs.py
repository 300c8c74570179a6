"""The runs and studies below the folders: what each is and how far it has come."""

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from figment.common.locks import is_held
from figment.errors import InputError
from figment.run import Run
from figment.studies.study import StudyFolder
from figment.studio import jobs
from figment.studio.guard import STANDALONE
from figment.studio.operation import Operation
from figment.studio.refused import OURS
from figment.studio.studio import Missing, Place, Studio, lacking_words, own_file
from figment.studio.told import told

DONE_CELL = re.compile(r"\d{3,}\.json")


def listed(studio: Studio) -> dict[str, Any]:
    """All of them, by name."""
    places = studio.places()
    studies = {place.folder: place.id for place in places if place.kind == "study"}
    known = jobs.known()
    rows = (row(place, known) | {"study": studies.get(place.folder.parent.parent)} for place in places)
    return {
        "folders": [str(folder) for folder in studio.folders],
        "runs": [found for found in rows if found.get("standing") != "gone"],
    }


def row(place: Place, known: Sequence[jobs.Job] | None = None) -> dict[str, Any]:
    """A run or study in short. problem: why nothing more can be said of it. known: the jobs, where somebody has read them."""
    found: dict[str, Any] = {"id": place.id, "kind": place.kind, "name": place.folder.name, "where": place.where}
    if place.lacks:
        return found | {"standing": "unreadable", "lacks": place.lacks, "problem": lacking_words(place.lacks)}
    try:
        return found | (short_of_study(place.folder) if place.kind == "study" else told(Run(place.folder), known))
    except FileNotFoundError:
        return found | {"standing": "gone", "problem": "It is no longer there."}
    except (InputError, OSError) as error:
        return found | {"standing": "unreadable", "problem": str(error)}
    except Exception:  # whatever is odd about one of them, the others are shown
        logging.getLogger("figment.studio").exception("%s", place.where)
        return found | {"standing": "unreadable", "problem": OURS}


def short_of_study(folder: Path) -> dict[str, Any]:
    """A study in short. done: how many of its cells have found something."""
    place = StudyFolder(folder)
    cells = folder / "cells"
    files = list(cells.iterdir()) if cells.is_dir() else []
    done = sum(1 for file in files if DONE_CELL.fullmatch(file.name))
    is_worked_at = any(is_held(file) for file in files if file.suffix == ".lock")
    facts = _settled(folder, place.study_file.stat().st_mtime_ns)
    changed = max(path.stat().st_mtime for path in (place.study_file, cells) if path.exists())
    return facts | {
        "done": done, "share": min(done / max(facts["cells"], 1), 1.0), "has_page": place.page.is_file(), "changed": changed,
        "standing": "training" if is_worked_at else "done" if done >= facts["cells"] else "open",
    }  # fmt: skip


@lru_cache(1000)
def _settled(folder: Path, changed: int) -> dict[str, Any]:
    study = StudyFolder(folder).study
    cells = study.trials * len(study.seeds) if study.trials else len(study.cells)
    return {
        "cells": cells,
        "score_name": study.request.score,
        "source": study.pictures,
        "factors": list(study.request.vary),
    }


def run(studio: Studio, id: str) -> dict[str, Any]:
    return row(studio.place(id))


def sheet(studio: Studio, id: str, images: str) -> Response:
    """A sheet of the run's, as the file that it is, with its mark."""
    run = studio.run(id)
    file = run.pictures().get(int(images)) if images.isdecimal() and len(images) < 19 else None
    if file is None or not own_file(run, file):
        raise Missing(f"There is no sheet after {images} images.")
    return FileResponse(file, headers={"cache-control": "private, max-age=3600"})


def loop(studio: Studio, id: str, images: str) -> Response:
    """A looping film of the run's, of clips in motion, as the file that it is, with its mark."""
    run = studio.run(id)
    file = run.films().get(int(images)) if images.isdecimal() and len(images) < 19 else None
    if file is None or not own_file(run, file):
        raise Missing(f"There is no film after {images} images.")
    return FileResponse(file, headers={"cache-control": "private, max-age=60"})


def page(studio: Studio, id: str) -> Response:
    """report.html of a run or a study. Whoever wrote the folder wrote it, so it is shown with an origin of its own, from which
    nothing of the studio's, nor anything elsewhere, can be reached."""
    file = studio.place(id).folder / "report.html"
    if file.is_symlink() or not file.is_file():
        raise Missing("It has no report yet: training writes it at its end, a study by figment study report.")
    return FileResponse(file, headers=STANDALONE | {"cache-control": "no-store"})


OPERATIONS = (
    Operation("GET", "/api/runs", listed, "The runs and studies below the folders"),
    Operation("GET", "/api/runs/{id}", run, "A run or a study"),
    Operation("GET", "/api/runs/{id}/sheets/{images}", sheet, "A sheet of samples, a marked PNG", gives="image/png"),
    Operation(
        "GET",
        "/api/runs/{id}/loops/{images}",
        loop,
        "Clips in motion, round and round, a marked mp4",
        gives="video/mp4",
    ),
    Operation("GET", "/api/runs/{id}/page", page, "The report of a run or a study", gives="text/html"),
)
