"""What changes a run that is there: stop it, give it another name, delete it. Only ever the run folder itself."""

import secrets
import shutil
from typing import Annotated, Any

from pydantic import Field

from figment.common.refusals import naming_refusals
from figment.errors import InputError
from figment.studio import jobs, trainers
from figment.studio.names import check_name
from figment.studio.operation import Asked, Operation
from figment.studio.studio import Missing, Place, Studio, id_of, in_study


class Name(Asked):
    name: Annotated[str, Field(max_length=300)]


def stop(studio: Studio, id: str) -> dict[str, Any]:
    """Ask who trains a run to stop. It takes seconds: what it has is saved, and its report written."""
    trainers.stop(studio.run(id))
    return {}


def rename(studio: Studio, id: str, body: Name) -> dict[str, Any]:
    """Give a run folder another name where it lies. Raises Busy where it is being trained."""
    place, name = changeable(studio, id), check_name(body.name)
    folder = place.folder.with_name(name)
    if name != place.folder.name:
        with (
            studio.lock,
            studio.run(id).locked(),
            naming_refusals(place.folder, done="renamed", elsewhere="choose another"),
        ):
            if folder.exists() or folder.is_symlink():
                raise InputError(f"There is something called {name} already: choose another name.")
            place.folder.rename(folder)
        jobs.forget_run(place.folder)
    return {"id": id_of(folder), "name": name}


def delete(studio: Studio, id: str, query: Name) -> dict[str, Any]:
    """Delete a run folder with all that is in it. Raises Busy where it is being trained.

    It takes another name first, at once, so that nobody meets half of it.
    """
    place = changeable(studio, id)
    if query.name != place.folder.name:
        raise InputError(f"To delete this run, its name has to be given: {place.folder.name}.")
    going = place.folder.with_name(f".{place.folder.name[:50]}-{secrets.token_hex(4)}.deleted")
    with (
        studio.lock,
        studio.run(id).locked(),
        naming_refusals(place.folder, done="deleted", elsewhere="delete it by hand"),
    ):
        place.folder.rename(going)
    jobs.forget_run(place.folder)
    with naming_refusals(going, done="deleted", elsewhere="delete it by hand"):
        shutil.rmtree(going)
    return {}


def changeable(studio: Studio, id: str) -> Place:
    """A run that may be renamed and deleted. Raises InputError for the folder that the studio was given, and a study's runs."""
    place = studio.place(id)
    if place.kind != "run":
        raise Missing("This is a study, not a run.")
    if place.folder.is_symlink() or place.folder in [folder.resolve() for folder in studio.folders]:
        raise InputError(
            "The studio was started on this run alone: start it on the folder that it lies in to change it."
        )
    if in_study(place.folder):
        raise InputError("This run belongs to a study, which needs it where it is.")
    return place


OPERATIONS = (
    Operation("POST", "/api/runs/{id}/stop", stop, "Stop a training, with everything saved"),
    Operation("PATCH", "/api/runs/{id}", rename, "Give a run another name", body=Name),
    Operation("DELETE", "/api/runs/{id}", delete, "Delete a run; its name has to be given", query=Name),
)
