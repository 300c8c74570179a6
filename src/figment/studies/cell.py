"""A cell: an ordinary run, trained or gone on with, and what is found of it on held-out pictures."""

from dataclasses import dataclass, replace
from typing import Any

from figment import nets
from figment.common.progress import Display
from figment.errors import Interrupted
from figment.reals import Data
from figment.recipe import Recipe
from figment.run import Run
from figment.start import resume, train
from figment.studies.factors import RECIPE, START
from figment.studies.plan import MARK_SHARE, MARKS
from figment.studies.results import CellResult, Mark
from figment.studies.scoring import Judge, evenly
from figment.studies.study import Cell, Study, StudyFault, StudyFolder
from figment.training.closing import outlook_of
from figment.training.diagnosis import signs

# Signs of a run whose pictures are all alike, or no pictures: it is counted, and kept out of the scatter of others.
COLLAPSED = {"collapsed", "alike", "noise", "featureless"}
MEBIBYTE = 2**20
# What a study sets in each run beside its factors: a study scores runs itself, and the same way before and after.
COMMON: dict[str, Any] = {"scores": "none", "snapshots": 2 * MARKS}


@dataclass(frozen=True, eq=False)
class Trainer:
    """Makes cells by training. judge: scores them; data: where the pictures are, if they were moved."""

    place: StudyFolder
    study: Study
    judge: Judge
    data: Data
    display: Display

    def __call__(self, cell: Cell) -> CellResult:
        """Train a cell, or go on with its run, and score it. Raises Interrupted where it was asked to stop, with all saved."""
        run = self._trained(cell)
        if run.state != "finished":
            raise Interrupted("Interrupted.")
        return self._found(cell, run)

    def _trained(self, cell: Cell) -> Run:
        folder, request = self.place.run_folder(cell), self.study.request
        if (folder / "run.json").is_file():
            return resume(folder, data=self.data, device=self.study.device, display=self.display)
        choices: dict[str, Any] = COMMON | request.settings | cell.levels | {"seed": cell.seed}
        budget = (
            {"images": self.study.images} if self.study.images is not None else {"time": f"{self.study.seconds:.1f}s"}
        )
        data = request.data if self.data is None else self.data
        return train(
            data, out=folder, recipe=choices.pop(RECIPE, self.study.recipe), from_run=choices.pop(START, "none"),
            group=request.group, drop=request.drop, keep_marked=request.keep_marked, device=self.study.device,
            display=self.display, command=self.study.command, **budget, **choices,
        )  # fmt: skip

    def _found(self, cell: Cell, run: Run) -> CellResult:
        if run.facts.get("fingerprint") != self.study.fingerprint:
            raise StudyFault(
                f"the pictures of {run.folder} aren't those that the study began with: put them back, or begin a new study."
            )
        recipe, facts = run.recipe, run.facts
        snapshots = {images: file for images, file in run.snapshots().items() if images > 0}
        last = int(facts["images"])
        seconds = _seconds_by_images(run)
        stage = self.display.stage("measuring")
        few = max(int(MARK_SHARE * self.judge.samples), 2)
        marks = []
        times = [images for images in evenly(sorted(snapshots), MARKS) if images < last]
        for i, images in enumerate(times):
            found = self.judge(snapshots[images], few)
            marks.append(Mark(images, seconds.get(images, 0.0), found.value, found.error))
            stage(i + 1, len(times) + 2)
        score = self.judge(run.generator_file)
        stage(len(times) + 1, len(times) + 2)
        copied = self.judge.copied(run.generator_file)
        stage(len(times) + 2, len(times) + 2)
        marks.append(Mark(last, float(facts["seconds"]), score.value, score.error))
        result = CellResult(
            cell.number, cell.levels, cell.seed, "finished", score.value, score.error, tuple(marks), float(facts["seconds"]),
            last, parameters=_parameters(recipe), copied=copied, run=f"runs/{cell.name}",
        )  # fmt: skip
        return _with_events(result, run, recipe)


def _with_events(result: CellResult, run: Run, recipe: Recipe) -> CellResult:
    """The same, with what the run's own events tell: memory, memorising, and whether it collapsed."""
    outlook = outlook_of(run.events(), recipe)
    if not outlook.ticks:
        return result
    memory = max((tick["memory_mb"] for tick in outlook.ticks if tick.get("memory_mb")), default=None)
    ill = next((sign for sign in signs(outlook) if sign.name in COLLAPSED), None)
    return replace(
        result,
        state="collapsed" if ill else "finished",
        note=ill.says(outlook) if ill else "",
        memory=None if memory is None else int(memory) * MEBIBYTE,
        memorising=outlook.now("memorising"),
    )


def _seconds_by_images(run: Run) -> dict[int, float]:
    """Seconds of training at which snapshots were kept."""
    return {event["images"]: float(event["seconds"] or 0) for event in run.events("snapshot")}


def _parameters(recipe: Recipe) -> int:
    """Of both nets together."""
    return sum(p.numel() for net in (nets.generator(recipe), nets.discriminator(recipe)) for p in net.parameters())
