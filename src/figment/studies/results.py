"""What a study found, as plain values: its factors, and of each of its runs the score with its error, the cost, the end."""

from dataclasses import dataclass, field
from typing import Any, Literal

Level = str | int | float | bool | None
State = Literal["waiting", "running", "finished", "cut", "collapsed", "failed"]


@dataclass(frozen=True)
class Factor:
    """A choice that a study varies: a field of the recipe, and the levels that it takes, two or more, in the order asked for.

    scale: "linear" or "log" for a range, of which these are the numbers tried, ascending; None for levels that were named.
    """

    name: str
    levels: tuple[Level, ...]
    scale: Literal["linear", "log"] | None = None


@dataclass(frozen=True)
class Mark:
    """A reading of the score on a run's way. images: seen; seconds: of training; error: the score's standard error."""

    images: int
    seconds: float
    score: float
    error: float


@dataclass(frozen=True)
class CellResult:
    """One run of a study: a level of every factor, and a seed.

    Parameters
    ----------
    number : int
        Its place in the study, from 0.
    levels : dict
        By the factors' names.
    seed : int
        Cells of one seed are a block: the same codes, data and split.
    state : str
        "waiting", "running", "finished", "cut" (stopped by halving, with the score that it had), "collapsed", or "failed"
        (an error ended it).
    score, error : float or None
        On held-out pictures at the end, and its standard error; None where it has none.
    marks : tuple of Mark
        Readings on the way, ascending: the i-th of every cell after the same share of its budget, so that it compares.
    seconds, images : float, int or None
        Of training; images seen.
    memory : int or None
        The most bytes that it held.
    parameters : int or None
        Of generator and discriminator together.
    memorising : float or None
        The chance that the discriminator ranks a training picture above a held-out one (AUC): ½ where it knows none by heart.
    copied : float or None
        The share of samples that are copies, 0 to 1.
    run : str
        Its run folder inside the study's; "" before it was begun.
    note : str
        Why it was cut, or failed; of a waiting or running one, how far its run is, where that is more than a state says.
    """

    number: int
    levels: dict[str, Level]
    seed: int
    state: State = "waiting"
    score: float | None = None
    error: float | None = None
    marks: tuple[Mark, ...] = ()
    seconds: float | None = None
    images: int | None = None
    memory: int | None = None
    parameters: int | None = None
    memorising: float | None = None
    copied: float | None = None
    run: str = ""
    note: str = ""


@dataclass(frozen=True)
class StudyResults:
    """A study and its cells as far as they are.

    score: the kind that cells are judged by, a row of `figment.metrics.scores.KINDS`, such as "kid". command: what repeats it;
    settings: all else that cells share, by name; machine: in words.
    """

    name: str
    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    score: str
    cells: tuple[CellResult, ...]
    command: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    machine: str = ""
