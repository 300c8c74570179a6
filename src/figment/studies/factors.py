"""Factors of a study and their levels: read from a command line or a file, and checked one by one and together."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from figment import presets
from figment.common.assignments import value
from figment.common.text import shown, suggestion
from figment.errors import InputError
from figment.recipe import Recipe, sentence
from figment.studies.results import Level

MIN_LEVELS = 2
TRIED = 20  # parts of a grid, of which the evenest is taken
RECIPE, START = "recipe", "from"  # factors that are no field: by which named recipe, and from which known nets
PICTURES = "pictures"  # the field of how many are trained on: of few and of many the same are held out
# Fields that can't be weighed, and why: scores of different pictures say nothing of each other.
_PICTURES = "it changes the pictures, and scores of different pictures can't be compared: make a study for each"
_OURS = "the study sets it itself"
NO_FACTORS = {
    **dict.fromkeys(("size", "channels", "fit", "classes"), _PICTURES),
    "seed": "it is repeated over seeds anyway: --seeds says how many",
    **dict.fromkeys(("name", "images", "seconds", "planned_images", "snapshots", "scores", "save_seconds"), _OURS),
}
RANGE = re.compile(r"(?P<low>[^.:]+(?:\.\d+)?(?:e[+-]?\d+)?)\.\.(?P<high>[^:]+)(?P<log>:log)?")


@dataclass(frozen=True)
class Range:
    """Levels from low to high, both included: whole numbers where both are. log: evenly over their logarithms."""

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __str__(self) -> str:
        return f"{self.low}..{self.high}{':log' if self.log else ''}"


Levels = tuple[Level, ...] | Range


def parse_vary(texts: Sequence[str]) -> dict[str, Levels]:
    """--vary FIELD=A,B,C … as levels by factor; FIELD=LOW..HIGH[:log] as a range. Raises InputError."""
    found: dict[str, Levels] = {}
    for text in texts:
        name, equals, levels = text.partition("=")
        name = name.strip()
        if not equals or not name or not levels.strip():
            raise InputError(f"--vary {text}: write it as FIELD=LEVEL,LEVEL, such as --vary dropout=0,0.3.")
        if name in found:
            raise InputError(f"--vary {name} is given twice: name all of its levels at once.")
        found[name] = levels_of(name, levels)
    return found


def levels_of(name: str, given: object) -> Levels:
    """The levels of a factor from a text, "0,0.3" or "1e-4..1e-2:log", or from a list, as a file has them."""
    if isinstance(given, Range):
        return given
    if isinstance(given, list | tuple):
        return tuple(_level(name, level) for level in given)
    if isinstance(given, str):
        if match := RANGE.fullmatch(given.strip()):
            return _range(name, given, match)
        return tuple(_typed(name, part.strip()) for part in given.split(","))
    return (_level(name, given),)


def _typed(name: str, text: str) -> Level:
    """A level as it was typed: none where a field may have none."""
    field = Recipe.model_fields.get(name)
    if text == "none" and field is not None and type(None) in get_args(field.annotation):
        return None
    found: Level = value(text)
    return found


def _level(name: str, level: object) -> Level:
    if isinstance(level, list) and all(isinstance(part, int) for part in level):
        return ",".join(map(str, level))  # widths, which recipes take as text, too
    if level is None or isinstance(level, str | int | float | bool):
        return level
    raise InputError(f"--vary {name}: {shown(level)} is no level: give numbers, words, true or false.")


def _range(name: str, text: str, match: re.Match[str]) -> Range:
    low, high = value(match["low"].strip()), value(match["high"].strip())
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high)):
        raise InputError(f"--vary {name}={text}: a range goes from a number to a number, such as 1e-4..1e-2:log.")
    if not low < high or (match["log"] and low <= 0):
        bound = "from above 0 upwards" if match["log"] else "upwards"
        raise InputError(f"--vary {name}={text}: a range goes {bound}, such as 1e-4..1e-2:log.")
    return Range(low, high, bool(match["log"]))


def check_factors(vary: Mapping[str, Levels], settings: Mapping[str, Any]) -> None:
    """Raise InputError for a factor that there isn't, or can't be weighed; for levels out of range, twice, or only one."""
    if not vary:
        raise InputError("nothing is varied: name a factor and its levels, such as --vary objective=bce,hinge.")
    for name, levels in vary.items():
        if name not in {*Recipe.model_fields, RECIPE, START}:
            known = [field for field in [RECIPE, START, *Recipe.model_fields] if field not in NO_FACTORS]
            raise InputError(f"--vary {name}: no such factor{suggestion(name, known)}")
        if name in NO_FACTORS:
            raise InputError(f"--vary {name}: {NO_FACTORS[name]}.")
        if name in settings:
            raise InputError(f"--set {name} and --vary {name} say it twice: give one of them.")
        ends = (levels.low, levels.high) if isinstance(levels, Range) else levels
        for level in ends:
            check_level(name, level)
        if isinstance(levels, Range):
            continue
        twice = next((level for i, level in enumerate(levels) if _is_among(level, levels[:i])), None)
        if twice is not None:
            raise InputError(f"--vary {name}: {twice} is named twice: name each level once.")
        if len(levels) < MIN_LEVELS:
            raise InputError(
                f"--vary {name}={levels_text(levels)} has one level, and nothing to weigh it against: name two or more, or "
                f"--set {name}={levels_text(levels)}."
            )


def _is_among(level: Level, others: Sequence[Level]) -> bool:
    """Whether a level is named already: 0 and 0.0 are the same, 1 and true aren't."""
    return any(level == other and isinstance(level, bool) == isinstance(other, bool) for other in others)


def check_level(name: str, level: Level) -> None:
    """Raise InputError for a level that the field can't have whatever the others are."""
    if name == RECIPE:
        if level != "auto" and level not in presets.PRESETS:
            raise InputError(f"--vary recipe={level}: unknown recipe{suggestion(str(level), list(presets.PRESETS))}")
        return
    if name == START:
        if not isinstance(level, str) or not level:
            raise InputError(f"--vary from={level}: give none, start, or runs to begin from.")
        return
    fields: dict[str, Any] = {name: level}
    try:
        Recipe(**fields)
    except ValidationError as error:
        if error.errors()[0]["loc"]:  # of the field itself; what fields need of each other is looked at together
            raise InputError(sentence(error).replace("--set ", "--vary ", 1)) from None


def levels_text(levels: Levels) -> str:
    """Levels as --vary takes them."""
    return str(levels) if isinstance(levels, Range) else ",".join(map(level_text, levels))


def level_text(level: Level) -> str:
    """A level as one types it."""
    if level is None:
        return "none"
    return str(level).lower() if isinstance(level, bool) else f"{level:g}" if isinstance(level, float) else str(level)


def setting_text(levels: Mapping[str, Level]) -> str:
    """A combination of levels in a line: objective=hinge, dropout=0.3."""
    return ", ".join(f"{name}={level_text(level)}" for name, level in levels.items())


def combinations(vary: Mapping[str, Sequence[Level]]) -> list[dict[str, Level]]:
    """Every combination of the factors' levels, the last factor's changing fastest."""
    return [dict(zip(vary, levels, strict=True)) for levels in itertools.product(*vary.values())]


def recipe_for(levels: Mapping[str, Level], recipe: str, settings: Mapping[str, Any]) -> Recipe:
    """The recipe of a combination. Raises InputError where its fields don't go together."""
    chosen = {name: level for name, level in levels.items() if name not in (RECIPE, START)}
    name = str(levels.get(RECIPE, recipe))
    return presets.make("dcgan" if name == "auto" else name, **{**settings, **chosen})


def possible(
    vary: Mapping[str, Sequence[Level]], recipe: str, settings: Mapping[str, Any], strict: bool = False
) -> tuple[list[dict[str, Level]], list[str]]:
    """The combinations that a recipe allows, and a sentence for each that it refuses.

    Raises InputError where all are refused, a level has none left, or, with strict, where any is.
    """
    allowed, refused = [], []
    for levels in combinations(vary):
        try:
            recipe_for(levels, recipe, settings)
        except InputError as error:
            refused.append(f"{setting_text(levels)} is left out: {str(error).rstrip('.')}.")
        else:
            allowed.append(levels)
    if refused and (strict or not allowed):
        mend = "leave --strict out, or vary other levels" if allowed else "vary other levels, or set what they need"
        raise InputError(f"{refused[0].replace(' is left out', ' can not be', 1).rstrip('.')}: {mend}.")
    for name, its in vary.items():
        for level in its:
            if not any(levels[name] == level for levels in allowed):
                raise InputError(f"--vary {name}: no combination with {level_text(level)} is possible: {refused[0]}")
    return allowed, refused


def balanced(settings: Sequence[dict[str, Level]], count: int) -> list[dict[str, Level]]:
    """So many of the combinations, in their order, with levels, and pairs of levels, as evenly often as can be.

    One is added after another, whichever has levels, then pairs, that were met least; of equal ones by chance. The evenest of
    TRIED such parts is taken, always the same one.
    """
    if count >= len(settings):
        return list(settings)
    items = [list(one.items()) for one in settings]
    pairs = [list(itertools.combinations(its, 2)) for its in items]
    random = np.random.default_rng(0)
    parts = [_part(items, pairs, count, random) for _ in range(TRIED)]
    return [settings[place] for place in min(parts)[2]]


def _part(items: list[Any], pairs: list[Any], count: int, random: np.random.Generator) -> tuple[int, int, list[int]]:
    """One such part: how unevenly it has levels and pairs, as sums of squares, and its places in order."""
    levels_met, pairs_met = Counter[Any](), Counter[Any]()
    left, taken = random.permutation(len(items)).tolist(), []
    for _ in range(count):
        best = min(left, key=lambda i: (sum(levels_met[x] for x in items[i]), sum(pairs_met[x] for x in pairs[i])))
        left.remove(best)
        taken.append(best)
        levels_met.update(items[best])
        pairs_met.update(pairs[best])
    uneven = [sum(often**2 for often in met.values()) for met in (levels_met, pairs_met)]
    return uneven[0], uneven[1], sorted(taken)
