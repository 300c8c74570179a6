"""What may be said of runs that are compared: what differs, which setting is better by more than chance, and what limits that.

A setting is called better only where an interval over two seeds or more of each leaves 0 out, the intervals of all pairs
holding together. Of one seed each it is told how two generators measure, and that this is no word on settings.
"""

import math
from collections.abc import Sequence

from figment.common.text import typed
from figment.comparing.intervals import Contrast
from figment.comparing.scored import WATCHED, ComparedScore
from figment.comparing.settings import Difference, Setting, things_apart
from figment.comparing.trained import Trained

MAX_NAMED = 4  # runs, fields and settings in a sentence
MAX_UNEVEN = 1.02  # most images seen to fewest, that still pass for as many


def sentences(settings: Sequence[Setting], found: Sequence[Difference], judge: ComparedScore | None) -> list[str]:
    """What is said first, in this order: what differs; how the settings stand; what these numbers can't tell."""
    return [what_differs(settings, found), *_verdict(settings, judge), *_limits(settings, found, judge)]


def what_differs(settings: Sequence[Setting], found: Sequence[Difference]) -> str:
    """What differs, in a sentence."""
    count = sum(len(setting.runs) for setting in settings)
    if len(settings) == 1:
        seeds = settings[0].seeds
        return f"{count} runs of one setting, {'seed' if len(seeds) == 1 else 'seeds'} {listed(list(map(str, seeds)))}."
    fields = [one.field for one in found if one.section == "recipe"]
    also = [
        name
        for name, section in (("pictures", "data"), ("start", "start"))
        if any(one.section == section for one in found)
    ]
    what = [*fields, *also]
    return f"{count} runs of {len(settings)} settings, which differ in {listed(what) if what else 'nothing that is known'}."


def _verdict(settings: Sequence[Setting], judge: ComparedScore | None) -> list[str]:
    if judge is None:
        return []
    if len(judge.over_seeds) == 1:
        label, interval = next(iter(judge.over_seeds.items()))
        return [
            f"{judge.title}: {interval}." if len(settings) == 1 else f"Only {label} has scores: nothing to compare."
        ]
    best = judge.best()
    apart = [judge.between(best, other) for other in judge.over_seeds if other != best]
    said = [
        (f"{best} is better by more than chance than {{}}", [c for c in apart if c.way != "one seed" and c.is_sure]),
        (f"{best} and {{}} can't be told apart", [c for c in apart if c.way != "one seed" and not c.is_sure]),
        (
            f"{best}'s pictures lie nearer to the reals than those of {{}}, but one seed tells no setting from chance",
            [c for c in apart if c.way == "one seed" and c.is_sure],
        ),
        (
            f"{best} and {{}} can't be told apart by one seed",
            [c for c in apart if c.way == "one seed" and not c.is_sure],
        ),
    ]
    return [f"{words.format(_stretch(judge, these))}." for words, these in said if these]


def _stretch(judge: ComparedScore, contrasts: Sequence[Contrast]) -> str:
    named = [f"{one.second} ({judge.title} {how_much(one)})" for one in contrasts[:MAX_NAMED]]
    more = len(contrasts) - len(named)
    return listed([*named, *([f"{more} more"] if more else [])])


def how_much(apart: Contrast) -> str:
    """A difference with its interval, and what this goes by: 12.3 less, 4.1 to 20.5 less, paired by 3 seeds."""
    size, less = abs(apart.difference), "less" if apart.difference < 0 else "more"
    low, high = sorted((apart.low, apart.high), key=abs)
    if not math.isfinite(apart.half):
        return f"{size:,.3g} {less}, one seed"
    if apart.is_sure:
        within = f"{abs(low):,.3g} to {abs(high):,.3g} {less}"
    else:
        within = f"between {abs(apart.low):,.3g} less and {apart.high:,.3g} more"
    by = {
        "paired": f"paired by {apart.seeds} seeds",
        "unpaired": f"{apart.seeds} seeds or more each, unpaired",
        "one seed": "one seed each, by the error of measuring",
    }[apart.way]
    return f"{size:,.3g} {less}: {within}, {by}"


def _limits(settings: Sequence[Setting], found: Sequence[Difference], judge: ComparedScore | None) -> list[str]:
    """What these numbers can't tell, and why."""
    runs = [run for setting in settings for run in setting.runs]
    sections = {one.section for one in found}
    said = []
    if judge is None:
        bare = [run for run in runs if not run.looks and not run.measures]
        reason = (
            f"{listed([run.name for run in bare])} {_has(bare)} no score"
            if bare
            else "Their scores were taken in different ways: of other pictures, of as many, or through other eyes"
        )
        said.append(f"{reason}, so nothing says which is better: measure them.")
    else:
        if bare := _unscored(runs, judge):
            said.append(
                f"{listed([run.name for run in bare])} {_has(bare)} no {judge.title} that was taken as the others' were:"
                " measure all of them."
            )
        if judge.kind == WATCHED:
            said.append("Judged by few samples, while they trained: measuring them tells more.")
        if since := _trained_since(runs, judge):
            when = "it was" if len(since) == 1 else "they were"
            said.append(
                f"{listed([run.name for run in since])} {_has(since)} been trained since {when} measured: measure again."
            )
    said += _confounded(settings, judge)
    seen = [run.images for run in runs]
    if max(seen) > MAX_UNEVEN * max(min(seen), 1):
        said.append(f"They haven't seen equally many images: {min(seen):,} to {max(seen):,}.")
    if any(one.section == "machine" and one.field != "threads" for one in found):
        said.append("They were trained on different machines: times and speeds are the machines', too.")
    if "versions" in sections:
        said.append("They were trained by different versions of the software.")
    open_ended = [
        f"{run.name} ({state})" for run in runs if (state := run.facts.get("state")) not in (None, "finished")
    ]
    if open_ended:
        said.append(f"Not finished: {listed(open_ended)}.")
    if judge is not None and len(settings) == 1:
        said.append("To say whether another setting is better takes two seeds or more of that one beside these.")
    elif judge is not None and judge.contrasts and all(one.way == "one seed" for one in judge.contrasts):
        said.append(
            "To say which setting is better takes two seeds or more of each; three tell far smaller differences."
        )
    return said


def _confounded(settings: Sequence[Setting], judge: ComparedScore | None) -> list[str]:
    """That settings which are compared differ in several things at once."""
    compared = [setting for setting in settings if judge is None or setting.label in judge.over_seeds]
    first = next((one for one in compared if judge is not None and one.label == judge.best()), settings[0])
    apart = {
        one.label: n for one in compared if one is not first and (n := things_apart(first.runs[0], one.runs[0])) > 1
    }
    if not apart:
        return []
    count = next(iter(apart.values())) if len(set(apart.values())) == 1 else "several"
    return [
        f"{first.label} and {listed(list(apart))} differ in {count} things at once: which of them makes a difference can't be"
        " told from these runs."
    ]


def _has(runs: Sequence[object]) -> str:
    return "has" if len(runs) == 1 else "have"


def _unscored(runs: Sequence[Trained], judge: ComparedScore) -> list[Trained]:
    return [run for run in runs if run.name not in judge.readings]


def _trained_since(runs: Sequence[Trained], judge: ComparedScore) -> list[Trained]:
    """Those that have been trained on since they were measured."""
    read = {} if judge.kind == WATCHED else judge.readings
    return [run for run in runs if run.name in read and read[run.name].images not in (None, run.images)]


def measuring(settings: Sequence[Setting], judge: ComparedScore | None) -> str | None:
    """The commands that train unfinished runs to their end and measure all in the same way, as one line; None where they are
    measured."""
    runs = [run for setting in settings for run in setting.runs]
    if judge and judge.kind != WATCHED and not _unscored(runs, judge) and not _trained_since(runs, judge):
        return None
    resuming = [f"figment resume {typed(run.run.folder)}" for run in runs if run.facts.get("state") == "interrupted"]
    return " && ".join([*resuming, " ".join(["figment measure", *(typed(run.run.folder) for run in runs)])])


def listed(words: Sequence[str]) -> str:
    """a, b and c; of many the first, and how many more."""
    some = list(words[:MAX_NAMED]) + ([f"{len(words) - MAX_NAMED} more"] if len(words) > MAX_NAMED else [])
    return " and ".join(filter(None, [", ".join(some[:-1]), some[-1]])) if some else ""
