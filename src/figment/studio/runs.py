"""The runs and studies below the folders: what each is and how far it has come."""

from typing import Any

from starlette.responses import FileResponse, Response

from figment.errors import InputError
from figment.run import Run
from figment.studio.operation import Operation
from figment.studio.studio import Missing, Place, Studio


def listed(studio: Studio) -> dict[str, Any]:
    """All of them, by name."""
    return {"folders": [str(folder) for folder in studio.folders], "runs": [row(place) for place in studio.places()]}


def row(place: Place) -> dict[str, Any]:
    """A run or study in short. problem: why nothing more can be said of it."""
    found: dict[str, Any] = {"id": place.id, "kind": place.kind, "name": place.folder.name, "where": place.where}
    if place.kind == "study":
        return found
    try:
        return found | short(Run(place.folder))
    except (InputError, OSError) as error:
        return found | {"problem": str(error)}


def short(run: Run) -> dict[str, Any]:
    """What a list of runs tells of one."""
    recipe, facts, sheets = run.recipe, run.facts, run.pictures()
    return {
        "state": facts.get("state"), "images": facts.get("images", 0), "seconds": facts.get("seconds"),
        "recipe": recipe.name, "shape": list(recipe.shape), "source": facts.get("source"),
        "sheet": max(sheets, default=None),
    }  # fmt: skip


def run(studio: Studio, id: str) -> dict[str, Any]:
    return row(studio.place(id))


def sheet(studio: Studio, id: str, images: str) -> Response:
    """A sheet of the run's, as the file that it is, with its mark."""
    sheets = studio.run(id).pictures()
    file = sheets.get(int(images)) if images.isdecimal() else None
    if file is None or not file.is_file():
        raise Missing(f"There is no sheet after {images} images.")
    return FileResponse(file, headers={"cache-control": "private, max-age=3600"})


OPERATIONS = (
    Operation("GET", "/api/runs", listed, "The runs and studies below the folders"),
    Operation("GET", "/api/runs/{id}", run, "A run or a study"),
    Operation("GET", "/api/runs/{id}/sheets/{images}", sheet, "A sheet of samples, a marked PNG", gives="image/png"),
)
