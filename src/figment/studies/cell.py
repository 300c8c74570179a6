"""A cell: an ordinary run, trained or gone on with, and what is found of it on held-out pictures."""

from dataclasses import dataclass, replace
from typing import Any

from figment import nets
from figment.common.progress import Display, Progress
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

    def __call__(self, cell: Cell, rung: int, before: CellResult | None) -> CellResult:
        """Train a cell up to a rung, or go on with its run, and score it.

        before: what it found up to the rung before. Raises Interrupted where it was asked to stop, with all saved.
        """
        share = self.study.shares[rung]
        run = self._trained(cell, share)
        if not self._has_come(run, share):
            raise Interrupted("Interrupted.")
        if run.facts.get("fingerprint") != self.study.fingerprint:
            raise StudyFault(
                f"the pictures of {run.folder} aren't those that the study began with: put them back, or begin a new study."
            )
        if share < 1:
            return self._looked_at(cell, run, before)
        return self._judged(cell, run, before)

    def _trained(self, cell: Cell, share: float) -> Run:
        folder, request = self.place.run_folder(cell), self.study.request
        if (folder / "run.json").is_file():
            if self._has_come(Run(folder), share):
                return Run(folder)
            return resume(folder, data=self.data, device=self.study.device, display=self.display, pause=share)
        choices: dict[str, Any] = COMMON | request.settings | cell.levels | {"seed": cell.seed}
        budget = (
            {"images": self.study.images} if self.study.images is not None else {"time": f"{self.study.seconds:.1f}s"}
        )
        data = request.data if self.data is None else self.data
        return train(
            data, out=folder, recipe=choices.pop(RECIPE, self.study.recipe), from_run=choices.pop(START, "none"),
            group=request.group, drop=request.drop, keep_marked=request.keep_marked, device=self.study.device,
            display=self.display, command=self.study.command, pause=share, **budget, **choices,
        )  # fmt: skip

    def _has_come(self, run: Run, share: float) -> bool:
        """Whether a run has been trained for such a share of its budget."""
        facts = run.facts
        if facts.get("state") == "finished" or share == 1:
            return facts.get("state") == "finished"
        recipe, seen, seconds = run.recipe, facts.get("images") or 0, facts.get("seconds") or 0.0
        if facts.get("state") != "interrupted":
            return False
        return bool(seen >= share * recipe.images if recipe.images else seconds >= share * (recipe.seconds or 0.0))

    def _looked_at(self, cell: Cell, run: Run, before: CellResult | None) -> CellResult:
        """What a cell has found by a rung: its score now is a mark on its way."""
        found = self.judge(run.generator_file)
        mark = Mark(int(run.facts["images"]), float(run.facts["seconds"]), found.value, found.error)
        result = CellResult(
            cell.number, cell.levels, cell.seed, "running", found.value, found.error,
            (*(before.marks if before else ()), mark), mark.seconds, mark.images, parameters=_parameters(run.recipe),
            run=f"runs/{cell.name}",
        )  # fmt: skip
        return _with_events(result, run)

    def _judged(self, cell: Cell, run: Run, before: CellResult | None) -> CellResult:
        """What a cell has found at its end."""
        images, seconds = int(run.facts["images"]), float(run.facts["seconds"])
        stage = self.display.stage("measuring")
        marks = list(before.marks) if before else self._marks(run, images, stage)
        score = self.judge(run.generator_file)
        stage(MARKS, MARKS + 1)
        copied = self.judge.copied(run.generator_file)
        stage(MARKS + 1, MARKS + 1)
        marks.append(Mark(images, seconds, score.value, score.error))
        result = CellResult(
            cell.number, cell.levels, cell.seed, "finished", score.value, score.error, tuple(marks), seconds, images,
            parameters=_parameters(run.recipe), copied=copied, run=f"runs/{cell.name}",
        )  # fmt: skip
        return _with_events(result, run)

    def _marks(self, run: Run, images: int, stage: Progress) -> list[Mark]:
        """Scores of the snapshots on a run's way, of fewer samples."""
        files, seconds = run.snapshots(), _seconds_by_images(run)
        few = max(int(MARK_SHARE * self.judge.samples), 2)
        marks = []
        for seen in evenly([seen for seen in files if seen > 0], MARKS):
            if seen < images:
                found = self.judge(files[seen], few)
                marks.append(Mark(seen, seconds.get(seen, 0.0), found.value, found.error))
                stage(len(marks), MARKS + 1)
        return marks


def _with_events(result: CellResult, run: Run) -> CellResult:
    """The same, with what the run's own events tell: memory, memorising, and whether it collapsed."""
    outlook = outlook_of(run.events(), run.recipe)
    if not outlook.ticks:
        return result
    memory = max((tick["memory_mb"] for tick in outlook.ticks if tick.get("memory_mb")), default=None)
    ill = next((sign for sign in signs(outlook) if sign.name in COLLAPSED), None)
    return replace(
        result,
        state="collapsed" if ill else result.state,
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
