"""Starting trainings: what a page asks for as a command of figment's, its plan first, and going on with runs."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from figment.common import sizes, units
from figment.common.text import last_of_path
from figment.data.decoding.fit import check_fit
from figment.errors import InputError
from figment.presets import PRESETS
from figment.reals import shape_of
from figment.run import Taken, next_name, refuse_taken
from figment.starts.asked import NOTHING, SHIPPED
from figment.studio import jobs, plans
from figment.studio.in_page import speaking_page
from figment.studio.look import Look, look
from figment.studio.names import check_name
from figment.studio.operation import Asked, Operation
from figment.studio.pictures import argument, offered
from figment.studio.studio import Studio, kind_of

Short = Annotated[str, Field(max_length=200)]
AUTO = "auto"
MAX_SEED = 2**63 - 1
AUTO_WORDS = "chooses by your pictures, this machine and the budget: right unless you want to compare"


class Budget(Asked):
    """One of time (10m, 1h30m) and images (500k)."""

    time: Short | None = None
    images: Short | None = None

    def arguments(self) -> list[str]:
        """Raises InputError where one can't be read, or both are given."""
        if self.time and self.images:
            raise InputError("A budget is a time or a number of images: leave one of them out.")
        if self.time:
            units.seconds(self.time)
            return ["--for", self.time]
        if self.images:
            units.images(self.images)
            return ["--images", self.images]
        return []


class Training(Budget):
    """What is to be trained. data: as GET /api/data has ids, the name of a set, hf:OWNER/NAME, or "" for portraits. start: a
    run's id, "start" or "none"; null lets auto decide. video: of clips, frames x frames a second, or auto."""

    data: Short = ""
    recipe: Short = "auto"
    size: Short | None = None
    fit: Short | None = None
    labels: bool = False
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    video: Short | None = None
    start: Short | None = None


class NewRun(Training):
    """folder: which of the studio's folders it goes to; name: its own, by default that of its pictures with a number."""

    folder: Annotated[int, Field(ge=0, le=1000)] = 0
    name: Short | None = None


def asked(studio: Studio, training: Training) -> list[str]:
    """The arguments of figment train. Raises InputError or Missing for what can't be."""
    if training.recipe != "auto" and training.recipe not in PRESETS:
        raise InputError("recipe: choose one that the studio offers.")
    found = [argument(studio, training.data), *training.arguments(), "--recipe", training.recipe]
    if training.size:
        if sizes.sides(training.size) is None:
            raise InputError("size: give pixels, such as 64, or height x width, such as 64x96.")
        found += ["--size", training.size]
    if training.fit:
        found += ["--fit", check_fit(training.fit)]
    if training.labels:
        found.append("--labels")
    if training.seed is not None:
        found += ["--seed", str(training.seed)]
    if training.video:
        found += ["--video", training.video if training.video == AUTO else str(shape_of(training.video))]
    if training.start:
        known = training.start in (SHIPPED, NOTHING)
        found += ["--from", training.start if known else str(studio.run(training.start).folder)]
    return found


def homes(studio: Studio) -> list[Path]:
    """The folders that new runs may go to: those given that are no runs and no studies themselves."""
    return [folder.resolve() for folder in studio.folders if folder.is_dir() and not kind_of(folder)]


@speaking_page
def start(studio: Studio, body: NewRun) -> dict[str, Any]:
    """Start a training. Raises InputError where what is asked for can't be."""
    arguments = asked(studio, body)
    places = homes(studio)
    if body.folder >= len(places):
        raise InputError(
            "There is no folder here for new runs: start the studio with one, such as figment studio runs."
        )
    home = places[body.folder]
    data = last_of_path(arguments[0].split("#")[0])
    with studio.lock:  # two that are asked for at once get two names
        out = home / check_name(body.name) if body.name else _free(home, data)
        _refuse_taken(out)
        return jobs.described(jobs.start("train", out, [*("train", *arguments), "--out", str(out)]))


def _refuse_taken(out: Path) -> None:
    """refuse_taken, in the page's words. Raises Taken."""
    try:
        refuse_taken(out)
    except Taken:
        mend = "choose another “Name of the run”"
        if kind_of(out) == "run":
            mend += ", or go on with that one: “Go on …” stands on its card on Runs"
        raise Taken(f"There is something called {out.name} already: {mend}.") from None


def _free(home: Path, data: str) -> Path:
    """The next name after the pictures that neither a run nor a training on its way has."""
    taken = {Path(job.run) for job in jobs.known() if job.process() is not None}
    found = next_name(home, data)
    stem, _, number = found.name.rpartition("-")
    return next(path for i in range(int(number), int(number) + 10**6) if (path := home / f"{stem}-{i}") not in taken)


@speaking_page
def resume(studio: Studio, id: str, body: Budget) -> dict[str, Any]:
    """Go on with a run. Raises InputError where it is being trained, or has no budget left and gets none."""
    run = studio.run(id)
    budget = body.arguments()
    if run.state == "finished" and not budget:
        raise InputError(f"{run.name} is finished: give it a budget to go on with.")
    with run.locked():  # refused here rather than seconds later
        pass
    return jobs.described(jobs.start("resume", run.folder, ["resume", str(run.folder), *budget]))


def listed(studio: Studio) -> dict[str, Any]:
    return {"jobs": [jobs.described(job) for job in jobs.of(studio)]}


def one(studio: Studio, id: str) -> dict[str, Any]:
    return jobs.described(jobs.job(studio, id))


def stop(studio: Studio, id: str) -> dict[str, Any]:
    """Stop a training that was started here, with everything saved that there is to save."""
    job = jobs.job(studio, id)
    process = job.process()
    if process is None:
        raise InputError("This training has ended: there is nothing to stop.")
    process.terminate()
    return jobs.described(job)


def forget(studio: Studio, id: str) -> dict[str, Any]:
    """Remove what is known of a training that has ended; its run stays."""
    job = jobs.job(studio, id)
    if job.process() is not None:
        raise InputError("This training is under way: stop it first.")
    jobs.forget(job)
    return {}


def recipes(studio: Studio) -> dict[str, Any]:
    """The named recipes with what to expect of each."""
    rows = [
        {"name": name, "nets": preset.fields.get("nets", "dcgan"), "words": str(preset)}
        for name, preset in PRESETS.items()
    ]
    return {
        "recipes": [{"name": "auto", "nets": "", "words": AUTO_WORDS}, *rows],
        "homes": [str(it) for it in homes(studio)],
    }


@speaking_page
def plan(studio: Studio, body: Training) -> dict[str, Any]:
    """Begin to make the plan of a training, which takes what preparing its pictures and measuring the machine take."""
    return {"id": plans.begin(studio, ["train", *asked(studio, body), "--dry-run"])}


OPERATIONS = (
    Operation("GET", "/api/data", offered, "Pictures that may be trained on"),
    Operation("GET", "/api/look", look, "A look at them", query=Look),
    Operation("GET", "/api/recipes", recipes, "The named recipes, and where new runs may go"),
    Operation("POST", "/api/plan", plan, "Begin to make the plan of a training", body=Training),
    Operation("GET", "/api/plan/{id}", plans.described, "A plan, or how far it is"),
    Operation("DELETE", "/api/plan/{id}", plans.end, "Make it no further"),
    Operation("POST", "/api/jobs", start, "Start a training", body=NewRun, statuses=(409,)),
    Operation("GET", "/api/jobs", listed, "Trainings that were started from the studio"),
    Operation("GET", "/api/jobs/{id}", one, "One of them"),
    Operation("POST", "/api/jobs/{id}/stop", stop, "Stop it, with everything saved"),
    Operation("DELETE", "/api/jobs/{id}", forget, "Forget one that has ended; its run stays"),
    Operation("POST", "/api/runs/{id}/resume", resume, "Go on with a run", body=Budget, statuses=(409,)),
)
