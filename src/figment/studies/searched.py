"""What a search has found of each factor: where the best settings lie. Of its effect by itself nothing: which settings were tried
hung on their scores, so they aren't a fair sample of a level's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from figment.comparing.settings import plain
from figment.comparing.words import listed
from figment.studies.results import Factor, Level, StudyResults
from figment.studies.settings import Setting

BEST = 1 / 4  # of the settings with a score, that are looked at as the best
MIN_SETTINGS = 4  # of which a quarter says something


@dataclass(frozen=True)
class Searched:
    """A factor in a search. levels, scores: of all settings with a score, the best first; best: how many of them are its best."""

    factor: Factor
    levels: tuple[Level, ...]
    scores: tuple[float, ...]
    best: int

    @property
    def of_the_best(self) -> tuple[Level, ...]:
        return self.levels[: self.best]


def is_search(results: StudyResults) -> bool:
    """Whether a study's settings were found as it went."""
    return results.settings.get("search") == "tpe"


def searched(results: StudyResults, settings: Sequence[Setting]) -> tuple[Searched, ...]:
    """Of every factor of a search; none where too few settings have a score. settings: the best first."""
    scored = [setting for setting in settings if setting.mean is not None]
    if not is_search(results) or len(scored) < MIN_SETTINGS:
        return ()
    scores = tuple(float(setting.mean) for setting in scored if setting.mean is not None)
    best = math.ceil(BEST * len(scored))
    return tuple(
        Searched(factor, tuple(setting.levels[factor.name] for setting in scored), scores, best)
        for factor in results.factors
    )


def in_words(one: Searched) -> str:
    """A factor's sentence: which levels the best settings have, beside all that were tried."""
    name, lead = one.factor.name, f"the best {one.best} of {len(one.levels)} settings"
    if one.factor.scale is None:
        counts = {level: one.of_the_best.count(level) for level in one.factor.levels}
        told = listed([
            f"{plain(level)} in {count} (of all in {one.levels.count(level)})" for level, count in counts.items() if count
        ])  # fmt: skip
        return f"{name}: {lead} have {told}."
    low, high = _ends(one.of_the_best)
    least, most = _ends(one.levels)
    return f"{name}: {lead} have {low} to {high}, the best one {plain(one.levels[0])}; tried were {least} to {most}."


def _ends(levels: Sequence[Level]) -> tuple[str, str]:
    order = sorted(float(level) for level in levels)  # type: ignore[arg-type]
    return f"{order[0]:g}", f"{order[-1]:g}"
