"""What may be said of a study: one sentence a factor that claims no more than its intervals, and what limits all of them."""

import math
from collections.abc import Mapping, Sequence

from figment.common.units import as_bytes, as_images, as_time, digits
from figment.comparing.intervals import plus_minus
from figment.comparing.settings import plain
from figment.comparing.words import listed
from figment.studies.costs import Point, Stability
from figment.studies.effects import Difference, Effects, FactorEffect, Interaction
from figment.studies.observed import Observed, sign, title
from figment.studies.results import Factor, StudyResults
from figment.studies.scatter import Uneven
from figment.studies.searched import is_search
from figment.studies.settings import Setting

MAX_NAMED = 4  # settings that may be the best, in a sentence


def verdict(results: StudyResults, settings: Sequence[Setting]) -> str:
    """Which setting is the best, as far as that can be told."""
    scored = [setting for setting in settings if setting.mean is not None]
    if not scored:
        return f"None of {len(results.cells)} cells has a {title(results.score)} yet."
    best, kind = scored[0], title(results.score)
    assert best.mean is not None
    lead = f"{best.label} has the best mean {kind}, {digits(best.mean)}"
    if len(scored) == 1:
        return f"{lead}: the only one of {len(settings)} settings with a score."
    may_be = [setting.label for setting in scored if setting.may_be_best]
    if not may_be:
        return f"{lead}, but without a second seed that isn't told from chance."
    if len(may_be) == 1:
        return f"{lead}: it is the best of {len(scored)} settings with 95 % confidence."
    if len(may_be) > MAX_NAMED:
        return f"{lead}, but the best of {len(scored)} settings may be any of {len(may_be)} (95 % confidence)."
    return f"{lead}, but the best of {len(scored)} settings may be any of these (95 % confidence): {'; '.join(may_be)}."


def of_factor(
    results: StudyResults,
    factor: Factor,
    effects: Effects,
    stability: Sequence[Stability],
    seeds: int,
) -> str:
    """A factor's sentence: which levels can't be told apart, which are worse and by how much, which collapsed."""
    effect = effects.of(factor.name)
    said = [_nothing_to_compare(factor, stability)] if effect is None else _compared(results.score, effect, seeds)
    said += [
        f"{plain(one.level)} collapsed in {one.collapsed} of {one.tried} runs"
        for one in stability
        if one.factor == factor.name and one.is_told
    ]
    said += [
        _hangs_on(factor.name, one)
        for one in effects.interactions
        if factor.name in (one.first, one.second) and one.is_sure
    ]
    return f"{factor.name}: {'; '.join(said)}."


def of_costs(settings: Sequence[Setting], front: Sequence[Point], score: str) -> list[str]:
    """What a run took, and which setting has the best mean early and in the end."""
    said = []
    seconds = [s for setting in settings if (s := setting.average("seconds")) is not None]
    if seconds:
        memory = [m for setting in settings if (m := setting.average("memory")) is not None]
        held = f", up to {as_bytes(round(max(memory)))} of memory" if memory else ""
        said.append(f"A run took {as_time(min(seconds))} to {as_time(max(seconds))}{held}.")
    if len({point.setting for point in front}) > 1:
        first, last = ((point.setting, as_time(point.seconds)) for point in (front[0], front[-1]))
        said.append(
            f"After {first[1]} {first[0]} has the best mean {title(score)}, after {last[1]} {last[0]}: means alone, which chance"
            " may have put in this order."
        )
    return said


def notes(
    results: StudyResults, seen: Observed, effects: Effects, uneven: Sequence[Uneven], settings: Sequence[Setting]
) -> list[str]:
    """What these numbers rest on and what they can't tell."""
    counts = {state: sum(cell.state == state for cell in results.cells) for state in _STATES}
    said = []
    if seen.mark is not None:
        marks = [cell.marks[seen.mark] for cell in results.cells if len(cell.marks) > seen.mark]
        images = as_images(sum(mark.images for mark in marks) / len(marks))
        said.append(
            f"{_runs(counts['cut'])} cut on the way, so factors are compared after {images}, as far as all came: what helps"
            f" early needn't help in the end. Settings are compared at the end, those that went on alone."
        )
    if counts["collapsed"]:
        said.append(f"{_runs(counts['collapsed'])} left out of means and scatter since they collapsed.")
    said += [_STATES[state].format(_runs(counts[state])) for state in ("failed", "running", "waiting") if counts[state]]
    if effects.freedom:
        said.append(
            f"Intervals pool the scatter of all cells: ± {digits(effects.deviation, 3)} between seeds, error of measuring and all"
            f" ({effects.freedom} degrees of freedom), what a seed has in common to all cells taken out. They hold all together,"
            " with what is said of interactions, in 95 of 100 studies."
        )
    if is_search(results):
        said.append(
            "Settings were chosen by what earlier ones scored, so what a choice does by itself isn't told: a study of the best "
            "few levels, without --search tpe, would."
        )
    if effects.left_out:
        pairs = listed([f"{first} × {second}" for first, second in effects.left_out])
        said.append(f"Whether these hang on each other isn't told, for want of cells: {pairs}.")
    said += [
        f"Scores scatter {one.times:,.1f} times as much at {one.factor}={plain(one.most)} as at {plain(one.least)}: intervals,"
        " which pool them, are too narrow for the one and too wide for the other."
        for one in uneven
    ]
    seen_images = [count for setting in settings if (count := setting.average("images")) and setting.mean is not None]
    if seen_images and max(seen_images) > 1.02 * min(seen_images):
        said.append(
            f"Settings haven't seen equally many images: {as_images(min(seen_images))} to {as_images(max(seen_images))}."
        )
    return said


def signed(one: Difference) -> str:
    """A difference with the interval that holds with all others: +12.3 ± 4.5."""
    return f"{'+' if one.difference >= 0 else ''}{plus_minus(one.difference, one.half_together)}".replace("-", "−")


_STATES: Mapping[str, str] = {
    "cut": "", "collapsed": "", "failed": "{} left out since they failed.", "running": "{} still at work.",
    "waiting": "{} not begun yet.",
}  # fmt: skip


def _compared(score: str, effect: FactorEffect, seeds: int) -> list[str]:
    kind, best = title(score), effect.best(sign(score))
    others = [(level, effect.between(level, best)) for level in effect.levels if level != best]
    known = [one for _, one in others if one is not None]
    if not known or not all(math.isfinite(one.half_together) for one in known):
        return [f"{plain(best)} has the best mean {kind}, but nothing tells how much of that is chance"]
    alike, worse = ([one for one in known if one.is_sure is sure] for sure in (False, True))
    counted = "one seed" if seeds == 1 else f"{seeds} seeds"
    said = []
    if alike:
        names = listed([plain(best), *(plain(one.level) for one in alike)])
        said.append(f"{names} can't be told apart at {counted} ({kind} {listed([signed(one) for one in alike])})")
    for one in worse:
        said.append(f"{plain(one.level)} is worse than {plain(best)}, {kind} {signed(one)}")
    untold = [plain(level) for level, one in others if one is None]
    return said + ([f"nothing tells how {listed(untold)} compares"] if untold else [])


def _nothing_to_compare(factor: Factor, stability: Sequence[Stability]) -> str:
    tried = [one for one in stability if one.factor == factor.name]
    left = [plain(one.level) for one in tried if one.collapsed < one.tried]
    return f"only {listed(left)} has a score" if len(left) == 1 else "no two levels have a score"


def _hangs_on(name: str, one: Interaction) -> str:
    other = one.second if one.first == name else one.first
    chance = "p < .001" if one.chance < 0.001 else f"p = {one.chance:.3f}".replace("0.", ".")
    return f"how much it does hangs on {other} ({chance})"


def _runs(count: int) -> str:
    return "One run is" if count == 1 else f"{count} runs are"
