"""The plan of a study: which cells, in which order, how much each is given. Pure functions; nothing is run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from figment.common.units import as_time
from figment.errors import InputError
from figment.studies.factors import Levels, Range, balanced, possible, setting_text
from figment.studies.request import Request
from figment.studies.results import Level
from figment.studies.study import Cell

MIN_CELL_SECONDS = 30.0  # of training, below which nets have hardly begun
LEAST_SAMPLES, MOST_SAMPLES = 500, 2000  # that a score is taken of
MARKS = 6  # readings of the score on a run's way, the last one at its end
MARK_SHARE = 1 / 4  # of the samples, that each but the last is taken of
# A picture drawn and seen by lite0 on a core, with its share of the rest: 5,000 of 64 px took 30 s.
PICTURE_SECONDS = 0.006
MEASURE_SHARE = 0.2  # of a cell's time that measuring may take: fewer samples are taken where it would take more
SMALL_SIDE, WORTH_TELLING = 32, 4  # pixels of a side that still shows what pictures are of; times as many images
SEEN_SIDE = 64  # pixels, from which on lite0 was seen to tell what the eye tells (LOG 122)
ORDER = 1  # tells draws of the order of cells from others of a seed


@dataclass(frozen=True)
class Plan:
    """Cells in the order in which they are to be run; what each is given, images or seconds; samples that scores are of.

    whole: combinations that there would be; left_out: a sentence for each that can't be. cost: what all take together, as a
    share of running each to its end: less than 1 where halving cuts some. trials: settings in all that a search tries, of which
    these cells are the first; 0 where these are all.
    """

    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    images: int | None
    seconds: float | None
    samples: int
    whole: int
    left_out: tuple[str, ...]
    cost: float = 1.0
    trials: int = 0

    @property
    def settings(self) -> int:
        """Different combinations of levels, those too that are yet to be found."""
        return self.trials or len(self.cells) // len(self.seeds)

    @property
    def runs(self) -> int:
        """In all."""
        return self.settings * len(self.seeds)

    @property
    def measuring(self) -> float:
        """Seconds that measuring a cell takes, more or less, on a core."""
        return measuring_seconds(self.samples)


def measuring_seconds(samples: int) -> float:
    """Seconds that measuring a cell takes, more or less, on a core: at its end, and its marks."""
    return samples * (1 + MARK_SHARE * (MARKS - 1)) * PICTURE_SECONDS


def make_plan(request: Request, recipe: str, strict: bool = False) -> Plan:
    """The cells of a request. Raises InputError for factors, levels and budgets that can't be used.

    A grid that a time budget hasn't room for is thinned: to as many combinations as there is time for, levels evenly often. Of a
    search the first settings are planned.
    """
    vary = request.levels
    seeds = tuple(range(request.seeds))
    if request.search == "tpe":
        return _search_plan(request, vary, recipe, strict)
    ranges = [name for name, levels in vary.items() if isinstance(levels, Range)]
    if ranges:
        raise InputError(
            f"--vary {ranges[0]}: a range has no end of levels: name those to be weighed, or let --search tpe look for the best."
        )
    grid = {name: levels for name, levels in vary.items() if not isinstance(levels, Range)}
    spent = _cost(request)
    allowed, refused = possible(grid, recipe, request.settings, strict)
    if len(allowed) < 2:
        raise InputError(f"only {setting_text(allowed[0])} is possible, and nothing to weigh it against: {refused[0]}")
    images, total, taken, each = request.images_each, request.seconds, allowed, None
    samples = MOST_SAMPLES
    if total is not None:
        fewest = max(map(len, grid.values()))
        room = int(total / (MIN_CELL_SECONDS + measuring_seconds(LEAST_SAMPLES)))
        if room < fewest * len(seeds):
            raise _too_little(request, fewest, len(seeds), len(allowed))
        taken = balanced(allowed, room // len(seeds))
        share = total / (len(taken) * len(seeds))
        samples = _samples(share)
        each = (share - measuring_seconds(samples)) / spent(len(taken))
    return Plan(ordered(taken, seeds), seeds, images, each, samples, len(allowed), tuple(refused), spent(len(taken)))


def _samples(share: float) -> int:
    """That a score is taken of, where a cell has so many seconds in all."""
    return int(np.clip(MEASURE_SHARE * share / measuring_seconds(1), LEAST_SAMPLES, MOST_SAMPLES))


def _search_plan(request: Request, vary: Mapping[str, Levels], recipe: str, strict: bool) -> Plan:
    """The first settings of a search, and what each is given. Raises InputError for a time that is too short for all."""
    from figment.studies import search  # it brings scipy, which a grid needn't

    seeds, trials = tuple(range(request.seeds)), request.trials or search.SETTINGS
    grid = {name: levels for name, levels in vary.items() if not isinstance(levels, Range)}
    left_out: list[str] = []
    if len(grid) == len(vary):
        allowed, left_out = possible(grid, recipe, request.settings, strict)
        trials = min(trials, len(allowed))
    settings = search.spread(vary, recipe, request.settings, search.first_count(trials))
    if len(settings) < 2:
        raise InputError("--vary: of the settings that were looked at a recipe allows one at most: vary other fields.")
    samples, each = MOST_SAMPLES, None
    if request.seconds is not None:
        share = request.seconds / (trials * len(seeds))
        least = MIN_CELL_SECONDS + measuring_seconds(LEAST_SAMPLES)
        if share < least:
            room = int(request.seconds / (least * len(seeds)))
            fewer = f", or --trials {room}" if room > 1 else ""
            raise InputError(
                f"--for {request.time} is too short for {trials} settings with {len(seeds)} seed{'s' * (len(seeds) > 1)} "
                f"({as_time(least)} each at least): give --for {as_option(least * trials * len(seeds))}{fewer}, or fewer --seeds."
            )
        samples = _samples(share)
        each = share - measuring_seconds(samples)
    cells = ordered(settings, seeds)
    return Plan(cells, seeds, request.images_each, each, samples, trials, tuple(left_out), trials=trials)


def _cost(request: Request) -> Callable[[int], float]:
    """What so many settings take together, as a share of running each to its end."""
    if request.search != "halving":
        return lambda settings: 1.0
    from figment.studies.halving import cost  # it brings torch and scipy, which a grid needn't

    return cost


def ordered(settings: Sequence[dict[str, Level]], seeds: Sequence[int], first: int = 0) -> tuple[Cell, ...]:
    """Every setting with every seed, numbered setting by setting; seed after seed, each in a random order of its own.

    first: how many settings of the study come before.

    So a study that is stopped early has whole blocks, and what the machine does in the meantime is no effect of a level.
    """
    cells = [
        Cell(number=i * len(seeds) + k, levels=levels, seed=seed)
        for i, levels in enumerate(settings, first)
        for k, seed in enumerate(seeds)
    ]
    order = []
    for seed in seeds:
        block = [cell for cell in cells if cell.seed == seed]
        order += [block[i] for i in np.random.default_rng([seed, ORDER]).permutation(len(block))]
    return tuple(order)


def _too_little(request: Request, levels: int, seeds: int, settings: int) -> InputError:
    """What is said of a time in which not every level can have a cell, and what would do."""
    each = MIN_CELL_SECONDS + measuring_seconds(LEAST_SAMPLES)
    least, whole = as_option(each * levels * seeds), as_option(each * settings * seeds)
    runs = f"{levels} levels with {seeds} seed{'s' * (seeds > 1)} are {levels * seeds} runs of {as_time(each)} at least"
    all_of_them = f", or {whole} for all {settings} combinations" if settings > levels else ""
    fewer = ", fewer --seeds" if seeds > 1 else ""
    return InputError(
        f"--for {request.time} can't give each level one run with each seed ({runs}): give --for {least}{all_of_them}{fewer}, "
        "or fewer levels."
    )


def as_option(seconds: float) -> str:
    """A time as --for takes it, not less than it is: 5m, 1h30m."""
    minutes = max(1, int(-(-seconds // 60)))
    hours, rest = divmod(minutes, 60)
    return f"{hours}h" * (hours > 0) + f"{rest}m" * (rest > 0)


def smaller(plan: Plan, height: int, width: int) -> str:
    """What smaller pictures would give each run of a plan by time, where a step takes as long as it has pixels; "" for too
    little to tell.

    height, width: at which its runs are trained.
    """
    times = height * width / SMALL_SIDE**2
    if plan.seconds is None or times < WORTH_TELLING:
        return ""
    return f"--set size={SMALL_SIDE} would show each run about {times:.0f} times as many images in the same time"


def blind(features: str, height: int, width: int) -> list[str]:
    """A line that warns of a judge that was found not to see what the eye does in pictures so small; none else (LOG 122)."""
    if features != "lite0" or min(height, width) >= SEEN_SIDE:
        return []
    return [
        f"note       below {SEEN_SIDE} px lite0 scored noise as high as faces (LOG.md, 122): --features gradients, or "
        "--features onnx:FILE, is a better judge there"
    ]


def plan_lines(plan: Plan, resolves: str = "", hint: str = "") -> list[str]:
    """The plan for a person. resolves: a sentence on what difference it can show; hint: one on what would be better."""
    seeds = len(plan.seeds)
    given = f"{plan.images:,} images seen" if plan.images is not None else f"{as_time(plan.seconds or 0)} of training"
    thinned = f" of the {plan.whole} that there are, levels as evenly as can be" if plan.settings < plan.whole else ""
    lines = [
        f"cells      {plan.settings} settings{thinned} × {seeds} seed{'s' * (seeds > 1)} = {plan.runs} runs, in random "
        "order, seed after seed",
        f"each       {given}, then about {as_time(plan.measuring)} of measuring: {plan.samples:,} samples against held-out "
        "pictures",
    ]
    if plan.trials:
        spread = len(plan.cells) // seeds
        lines.append(
            f"search     {spread} settings spread evenly, then the others a few at a time, where scores were best so far (TPE)"
        )
    if plan.cost < 1:
        lines.append(
            f"halving    all to an eighth, half to a third, a quarter to the end: {plan.cost:.0%} of the whole grid"
        )
    if plan.seconds is not None:
        total = (plan.seconds * plan.cost + plan.measuring) * plan.runs
        lines.append(f"together   {as_time(total)} of one worker")
    if resolves:
        lines.append(f"resolves   {resolves}")
    if hint:
        lines.append(f"hint       {hint}")
    return lines + [f"note       {sentence}" for sentence in plan.left_out]
