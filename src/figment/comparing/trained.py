"""What is known of a run that is compared, read once: recipe, facts, events and measurements; and what makes its setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from figment.common.jsontext import are_missing
from figment.common.progress import Say
from figment.common.text import distinct
from figment.comparing.named import check_named
from figment.recipe import Recipe, without_paths
from figment.run import Run
from figment.run_files import NEEDED, events_of, measures_of
from figment.training.best import looks

# Fields that are no choice of a game: what tells repetitions apart, what follows from others, and how a run is watched.
NO_CHOICE = {"name", "seed", "planned_images", "snapshots", "scores", "save_seconds"}
MEASURED = {"precision", "compile"}  # by auto, with a stopwatch: a choice only where they were asked for


@dataclass(frozen=True, eq=False)
class Trained:
    """A run. name: told from those that it is compared with. ticks, looks: events; measures: lines of measures.jsonl."""

    run: Run
    name: str
    recipe: Recipe
    facts: dict[str, Any]
    ticks: list[dict[str, Any]]
    looks: list[dict[str, Any]]
    measures: list[dict[str, Any]]

    @property
    def seed(self) -> int:
        return self.recipe.seed

    @property
    def images(self) -> int:
        """Images seen."""
        known = self.facts.get("images")
        return int(known if known is not None else max((tick["images"] for tick in self.ticks), default=0))

    @property
    def seconds(self) -> float | None:
        """Seconds of training."""
        known = self.facts.get("seconds")
        return float(known) if known is not None else None

    def choices(self) -> dict[str, Any]:
        """The recipe's fields by which settings differ."""
        asked = (self.facts.get("asked") or {}).get("choices", {})
        left_out = NO_CHOICE | {field for field in MEASURED if field not in asked}
        return {field: value for field, value in self.recipe.model_dump().items() if field not in left_out}

    def pictures(self) -> tuple[Any, ...]:
        """What tells the pictures that it was trained on from others."""
        return tuple(self.facts.get(name) for name in ("fingerprint", "group", "drop", "trained_on"))

    def start(self) -> Any:
        """What tells the nets that it started from; None where it started from nothing."""
        origin = self.facts.get("from")
        return None if not isinstance(origin, dict) else str(origin.get("files") or origin.get("name"))

    def is_repetition_of(self, other: "Trained") -> bool:
        """Whether both are of one setting: all that was chosen is the same, but for the seed."""
        mine, theirs = ((run.choices(), run.pictures(), run.start()) for run in (self, other))
        return mine == theirs


def read_all(runs: Sequence[Run], say: Say | None = None) -> list[Trained]:
    """Runs as they are compared. Raises InputError for fewer than two, or one that is named twice."""
    check_named([run.folder for run in runs])
    folders = [run.folder.resolve() for run in runs]
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        names = distinct(["/".join(folder.parts[-2:]) for folder in folders])
    return [_read(run, name, say) for run, name in zip(runs, names, strict=True)]


def _read(run: Run, name: str, say: Say | None) -> Trained:
    log, measured = events_of(run.events_file), measures_of(run.measures_file)
    events, measures = log.records(), measured.records()
    for damage in filter(None, (log.damage(), measured.damage())):
        if say:
            say(f"{run.folder}: {damage}")
    ticks = [event for event in events if event["event"] == "tick" and not are_missing(NEEDED["tick"], event)]
    return Trained(run, name, without_paths(run.recipe), run.facts, ticks, looks(events), measures)
