"""What may be said of a measurement: one function decides it all, so that no part of an output contradicts another.

"As good as real pictures" is said only where the whole interval (± 2 errors) of a score's difference to the floor lies
within a margin, in distances a fifth of what the mildest degradation of real pictures costs in the same network (see
self_test), by a network that tells all of these, and where nothing else speaks against it: no copies, and of the built-in
portraits no more invalid ones than among reals. Everything worse is placed on the same scale.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from figment.metrics.degrade import DEGRADATIONS
from figment.metrics.estimate import Estimate
from figment.metrics.scores import Score
from figment.metrics.self_test import SelfTest, is_untaught

if TYPE_CHECKING:
    from figment.attributes.coverage import AttributeCoverage
    from figment.metrics.clip_originality import ClipCopying
    from figment.metrics.originality import Copying

Grade = Literal["real", "close", "fair", "rough", "far"]
GRADES: tuple[Grade, ...] = ("real", "close", "fair", "rough", "far")  # best first
INTERVAL_ERRORS = 2.0  # to each side
MARGIN_SHARE = 0.2  # of what the mildest degradation costs: the margin of fd, fd_limit and kid
# Margins of the others: of the shares as differences, of SWD and the Inception Score as parts of the floor.
MARGINS = {"precision": 0.05, "recall": 0.05, "coverage": 0.05, "density": 0.1}
FLOOR_MARGINS = {"swd": 0.5, "inception_score": 0.05}
# Upper limits of the grades, as parts of what reals reduced to a quarter lie off; set by looking at generators and at
# degraded reals beside their numbers (LOG 76).
LIMITS: tuple[tuple[Grade, float], ...] = (("close", 0.15), ("fair", 0.45), ("rough", 1.3))
LEAST_PRECISION = 0.5  # of what reals reach, from which on recall and coverage tell variety
TELLING_PICTURES = 1000  # of which a network that can't tell wouldn't tell more of them, either
# Invalid portraits beyond those of reals, as a share of all, from which a grade can't be better.
INVALID_LIMITS: tuple[tuple[float, Grade], ...] = ((0.5, "rough"), (0.2, "fair"), (0.05, "close"))
HARDLY, NEARLY = 0.03, 0.95  # parts below which there is hardly any, and above which nearly all
AS_GOOD = "as good as real pictures"
TOO_FEW = "these pictures are too few to tell"
# Of scores that are surely better than the floor: no praise, but what it means. All others are distances.
BEYOND = {
    "precision": "beyond real pictures: more alike or simpler than these",
    "density": "beyond real pictures: more alike or simpler than these",
    "recall": "beyond real pictures: scattered more widely, or nearer to the reals, than these",
    "coverage": "beyond real pictures: scattered more widely, or nearer to the reals, than these",
    "inception_score": "beyond real pictures",
}
SAID = {
    "real": "as good as real: they are told from real pictures no better than real pictures from each other",
    "close": "close: measured, they differ from real pictures; an eye hardly tells",
    "fair": "fair: they may pass at a glance, not at a second one",
    "rough": "rough: a stranger tells them from real at a glance",
    "far": "far: they are hardly like the real pictures at all",
}


@dataclass(frozen=True)
class Verdict:
    """What is said first. grade: None where none is earned; sentence: the summary; network: by which it is, "" for none."""

    grade: Grade | None
    sentence: str
    network: str = ""

    def as_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"grade": self.grade, "summary": self.sentence, "judge": self.network or None}


def as_sentence(summary: str) -> str:
    """The summary as a person reads it."""
    return f"{summary[:1].upper()}{summary[1:]}."


def decide(
    scores: Sequence[Score], tests: Mapping[str, SelfTest], copying: "Copying | None" = None,
    attributes: "AttributeCoverage | None" = None, left_out: Collection[str] = (), clip_copying: "ClipCopying | None" = None,
) -> tuple[Verdict, list[Score]]:  # fmt: skip
    """The summary, and the scores with their margins and verdicts.

    The first network judges that tells degraded reals from real ones; tests: by the network's name; left_out:
    scores that weren't asked for.
    """
    bounded = [replace(score, margin=_margin(score, tests.get(score.features))) for score in scores]
    judge = next((s.features for s in bounded if _can_tell(s.features, tests)), "")
    grade, place = _graded([s for s in bounded if s.features in (judge, "")], tests[judge]) if judge else (None, "")
    judged = clip_copying if clip_copying is not None and clip_copying.is_suspect() else copying
    copied, copies = (judged.is_suspect(), judged.in_short()) if judged is not None else (False, "")
    limits = [limit for least, limit in INVALID_LIMITS if _invalid_excess(attributes) > least]
    if grade is not None:
        no_better: list[Grade] = [*limits[:1], "close"] if copied else limits[:1]
        grade = max([grade, *no_better], key=GRADES.index)
    said = [copies] if copied else []
    if grade is None:
        said.append(_no_verdict_but(left_out, judge) or _no_verdict(bounded, tests))
    else:
        said.append(SAID[grade] + (f" ({place})" if place and grade != "real" else ""))
        said += [_variety(bounded, judge)] if grade != "real" else []
    if limits and attributes is not None:
        said.append(f"{attributes.invalid.value:.0%} are no valid portraits".replace("%", " %"))
    said += [copies] if copies and not copied else []
    verdict = Verdict(grade, "; ".join(part for part in said if part), judge)
    return verdict, [replace(s, verdict=_of_score(s, grade, tests)) for s in bounded]


# ---- one score -----------------------------------------------------------------------------------------------------


def _margin(score: Score, test: SelfTest | None) -> float:
    """How large a difference to the floor counts as none; nan where no test tells it."""
    kind = score.kind.name
    if kind in MARGINS:
        return MARGINS[kind]
    if kind in FLOOR_MARGINS:
        return FLOOR_MARGINS[kind] * abs(score.floor.value)
    return MARGIN_SHARE * test.least(kind.removesuffix("_limit")) if test else math.nan


def _worse(score: Score) -> Estimate:
    """The difference to the floor, above 0 where samples are worse; an unknown error is none."""
    value, error = score.difference.value, score.difference.error
    return Estimate(value if score.kind.better == "lower" else -value, error if math.isfinite(error) else 0.0)


def _is_equal(score: Score) -> bool:
    worse = _worse(score)
    return abs(worse.value) + INTERVAL_ERRORS * worse.error <= score.margin


def _of_score(score: Score, grade: Grade | None, tests: Mapping[str, SelfTest]) -> str:
    """How a score stands to the floor, in a few words."""
    worse, test = _worse(score), tests.get(score.features)
    reach = INTERVAL_ERRORS * worse.error
    if is_untaught(score.features) or (score.features and not _can_tell(score.features, tests)):
        return "no verdict"
    if _is_equal(score):
        return AS_GOOD if grade == "real" else "no different from real pictures by this score alone"
    if worse.value > reach:
        return _how_much_worse(score, test)
    if worse.value < -reach:
        return BEYOND.get(score.kind.name, "nearer to the reals than other real pictures are")
    return TOO_FEW if reach > score.margin else "hardly different from real pictures"


def _how_much_worse(score: Score, test: SelfTest | None) -> str:
    value, floor = score.value.value, score.floor.value
    if score.kind.better == "higher":
        return (
            f"{_portion(max(value, 0) / floor)} of what real pictures reach" if floor > 0 else "less than real pictures"
        )
    if test is not None and score.kind.name in ("fd", "kid"):
        return _place(_worse(score).value, score.kind.name, test)
    far = floor > INTERVAL_ERRORS * score.floor.error
    return f"{value / floor:,.3g} times what real pictures reach" if far else "farther than real pictures"


def _place(off: float, kind: str, test: SelfTest) -> str:
    """Where a distance lies on the scale of the degraded reals."""
    marks = sorted((its[kind].value, name) for name, its in test.off.items() if kind in its)
    if not marks:
        return "farther than real pictures"
    said = {degradation.name: f"real pictures {degradation.said}" for degradation in DEGRADATIONS}
    nearer, farther = [name for mark, name in marks if mark <= off], [name for mark, name in marks if mark > off]
    if not nearer:
        part = off / marks[0][0]
        if part < HARDLY:
            return "hardly farther off than other real pictures"
        return f"{'nearly' if part >= NEARLY else _portion(part)} as far off as {said[farther[0]]}"
    if not farther:
        times = off / marks[-1][0]
        return (
            f"{times:.2g} times as far off as {said[nearer[-1]]}"
            if times >= 1.15
            else f"farther off than {said[nearer[-1]]}"
        )
    return f"farther off than {said[nearer[-1]]}, nearer than {said[farther[0]]}"


# ---- all of it -----------------------------------------------------------------------------------------------------


def _can_tell(network: str, tests: Mapping[str, SelfTest]) -> bool:
    return network in tests and not tests[network].untold


def _graded(scores: Sequence[Score], test: SelfTest) -> tuple[Grade | None, str]:
    """The grade by a network that can tell, and its place among degraded reals; None where there are too few to tell."""
    by_kind = {score.kind.name: score for score in scores}
    distances = [by_kind[kind] for kind in ("fd", "kid") if kind in by_kind]
    if not distances:
        return None, ""
    equal = all(_is_equal(score) for score in distances) and not any(_is_surely_worse(score) for score in scores)
    if equal:  # of fewer pictures than a Fréchet distance needs, variety can't be told
        return ("real" if len(distances) == 2 else None), ""
    judged = by_kind.get("kid", distances[0])  # KID has no bias: it means the same of 100 pictures and of 5,000
    worse, whole = _worse(judged), test.most(judged.kind.name)
    if all(abs(_worse(s).value) <= INTERVAL_ERRORS * _worse(s).error for s in distances):
        return None, ""
    place = _place(worse.value, judged.kind.name, test)
    return next((grade for grade, limit in LIMITS if worse.value <= limit * whole), "far"), place


def _is_surely_worse(score: Score) -> bool:
    """Whether the whole interval lies beyond the margin."""
    worse = _worse(score)
    return worse.value - INTERVAL_ERRORS * worse.error > score.margin


def _no_verdict_but(left_out: Collection[str], judge: str) -> str:
    """That there is none for want of a score that wasn't asked for, where that is the reason."""
    lacking = [title for name, title in (("fd", "FD"), ("kid", "KID")) if name in left_out]
    if len(lacking) == 2 or (lacking and judge):
        return f"no verdict, which goes by FD and KID: {' and '.join(lacking)} {'were' if len(lacking) > 1 else 'was'} left out"
    return ""


def _no_verdict(scores: Sequence[Score], tests: Mapping[str, SelfTest]) -> str:
    """Why there is none."""
    networks = list(dict.fromkeys(score.features for score in scores if score.features))
    if not networks:
        return "no verdict: no network has seen these pictures, or too few of them for a score"
    if all(is_untaught(name) for name in networks):
        return f"no verdict: {' and '.join(networks)} know{'s' * (len(networks) == 1)} nothing of pictures"
    untold = {name: tests[name].untold for name in networks if name in tests}
    if not untold:
        return "no verdict: it wasn't tried whether the network tells real pictures that were made worse"
    if any(not names for names in untold.values()):
        return f"no verdict: {TOO_FEW} whether they are as good as real ones"
    name = next(iter(untold))
    test = tests[name]
    what = " and ".join(d.said for d in DEGRADATIONS if d.name in test.untold)
    if test.pictures >= TELLING_PICTURES:
        return f"no verdict: {name} can't tell real pictures {what} from real ones"
    return f"no verdict: {TOO_FEW}; {name} can't tell so few {what} from real ones"


def _variety(scores: Sequence[Score], judge: str) -> str:
    """How much of the reals' variety there is: the lesser of recall and coverage, as parts of their floors.

    Both count reals with a sample near, so of samples of which hardly one lies among the reals they say nothing of
    variety: real pictures of every kind, saved as JPEG 10, reach a recall near 0.
    """
    parts = {
        score.kind.name: max(score.value.value, 0) / score.floor.value
        for score in scores
        if score.features == judge and score.kind.name in ("precision", "recall", "coverage") and score.floor.value > 0
    }
    if parts.get("precision", 1.0) < LEAST_PRECISION:
        return "variety can't be told of pictures so far off"
    told = [part for name, part in parts.items() if name != "precision"]
    return f"variety {_portion(min(told))}" if told else ""


def _portion(part: float) -> str:
    """A part of a whole in words."""
    if part >= NEARLY:
        return "nearly all"
    words = (
        (HARDLY, "hardly any"), (0.075, "about a twentieth"), (0.13, "about a tenth"), (0.18, "about a sixth"),
        (0.225, "about a fifth"), (0.29, "about a quarter"), (0.37, "about a third"), (0.45, "about two fifths"),
        (0.55, "about half"), (0.63, "about three fifths"), (0.71, "about two thirds"), (0.85, "about three quarters"),
    )  # fmt: skip
    return next((word for limit, word in words if part < limit), "about nine tenths")


def _invalid_excess(attributes: "AttributeCoverage | None") -> float:
    """The share of invalid portraits beyond that among reals; 0 where that isn't known."""
    return max(attributes.invalid.value - attributes.invalid.floor, 0.0) if attributes is not None else 0.0
