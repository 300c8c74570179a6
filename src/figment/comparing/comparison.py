"""Runs compared: what differs, their scores with errors and floors, and a sentence that claims no more than these tell."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from figment.common.files import write_output
from figment.common.jsontext import without_nan
from figment.common.progress import Progress, Say
from figment.common.text import aligned
from figment.comparing import table
from figment.comparing.page import page
from figment.comparing.scored import ComparedScore, compared_scores, judging
from figment.comparing.settings import Difference, Setting, differences, grouped
from figment.comparing.trained import read_all
from figment.comparing.words import measuring, sentences
from figment.metrics.estimate import Estimate
from figment.run import Run

FORMAT = 1  # of as_json


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs beside one another.

    settings: the runs, those together that differ by their seeds alone. differences: all that differs between the runs.
    scores: those that two runs or more have, taken in the same way.
    """

    settings: tuple[Setting, ...]
    differences: tuple[Difference, ...]
    scores: tuple[ComparedScore, ...]

    @property
    def judge(self) -> ComparedScore | None:
        """The score that sentences go by; None where there is none."""
        return judging(self.scores)

    @cached_property
    def sentences(self) -> list[str]:
        """What differs, how the settings stand, and what these numbers can't tell."""
        return sentences(self.settings, self.differences, self.judge)

    @property
    def command(self) -> str | None:
        """What measures all of them in the same way; None where they are."""
        return measuring(self.settings, self.judge)

    def __repr__(self) -> str:
        """What the command prints."""
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """For a person: the sentences, the command that mends what they lack, then scores, runs and differences as tables."""
        text = [*self.sentences, *([f"  {self.command}"] if self.command else [])]
        if self.scores:
            text += ["", *aligned(table.score_table(self.settings, self.scores))]
        if any(len(setting.runs) > 1 for setting in self.settings):
            text += ["", *aligned(table.run_table(self.settings, [self.judge] if self.judge else []))]
        if self.differences:
            text += ["", *aligned(table.difference_table(self.settings, self.differences))]
        return text

    def as_csv(self) -> str:
        """A line for each run and score."""
        return table.as_csv(self.settings, self.scores)

    def as_json(self) -> str:
        """All of it: documented in docs/compare.md."""
        return json.dumps(without_nan(self._record()), indent=1) + "\n"

    def save(self, path: str | Path, progress: Progress | None = None, say: Say | None = None) -> None:
        """Write the page, HTML that holds all it shows; progress and say are told how its samples are drawn.

        Raises InputError where the place can't be written.
        """
        content = page(
            self.settings, self.differences, self.scores, self.judge, self.sentences, self.command, progress, say
        )
        write_output(Path(path), content)

    def _record(self) -> dict[str, Any]:
        return {
            "format": FORMAT, "sentences": self.sentences, "command": self.command,
            "judge": self.judge.kind if self.judge else None,
            "settings": [
                {"label": setting.label, "runs": [
                    {
                        "name": run.name, "seed": run.seed, "images": run.images, "seconds": run.seconds,
                        "state": run.facts.get("state"),
                    }
                    for run in setting.runs
                ]}
                for setting in self.settings
            ],
            "differences": [one._asdict() for one in self.differences],
            "scores": [_score(score) for score in self.scores],
        }  # fmt: skip


def compare(*runs: Run | str | Path, say: Say | None = None) -> Comparison:
    """Compare runs: what differs between them, and which scores better by more than chance.

    Parameters
    ----------
    *runs : Run, str or Path
        Two runs or more, or their folders. Those whose recipe, pictures and start are the same but for the seed are one
        setting, with a mean and an interval over its seeds.
    say : callable, optional
        Told of lines of a run's files that are damaged and left out.

    Returns
    -------
    Comparison
        `sentences`, `settings`, `differences`, `scores`; `save("page.html")`, `as_csv()`, `as_json()`.

    Raises
    ------
    InputError
        For fewer than two runs, one that is named twice, or a folder that is no run.
    """
    read = read_all([run if isinstance(run, Run) else Run(run) for run in runs], say)
    settings = grouped(read)
    return Comparison(tuple(settings), tuple(differences(settings)), tuple(compared_scores(settings)))


def _score(score: ComparedScore) -> dict[str, Any]:
    return {
        "score": score.kind, "title": score.title, "better": score.better,
        "runs": {
            name: _numbers("value", "error", its.value) | _numbers("floor", "floor_error", its.floor) | {"images": its.images}
            for name, its in score.readings.items()
        },
        "settings": {label: asdict(interval) for label, interval in score.over_seeds.items()},
        "contrasts": [asdict(one) | {"low": one.low, "high": one.high, "sure": one.is_sure} for one in score.contrasts],
    }  # fmt: skip


def _numbers(value: str, error: str, estimate: Estimate) -> dict[str, float]:
    return {value: estimate.value, error: estimate.error}
