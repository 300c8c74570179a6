"""What the readings mean, in words: a table of signs, each with when it holds, what it says, and what to try.

It goes by the events of a run alone, so that it can be made anew of any run's. Limits were chosen by labelled runs (LOG
78, benchmarks/words.py). That D tells all fakes from reals is no illness by itself: early on it does so in every run,
and the best ones go on like that. It is one where the pictures gain nothing by it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

from figment.common.jsontext import are_missing
from figment.recipe import Recipe
from figment.training import remedies
from figment.training.best import behind, lowest
from figment.training.movement import short

RECENT_READINGS = 5  # readings looked at together: a single one of 256 pictures wavers by ±.03
KEPT_READINGS = 100  # that are looked back on, at most
LOOK_BACK = 1 / 3  # of the images seen: over which something should be gained
FORMING = 1 / 3  # of the planned images, before which pictures may be without detail or variety
STANDING = 1 / 2  # of them, before which a standstill is none: noise that clears is no gain yet
STANDING_IMAGES = 4_000  # nor before so many are seen: no labelled run had its second half sooner

MIN_SPREAD = 0.4  # spread below which pictures are alike
MAX_CLUSTERED, MAX_EXPONENT = 25, 1.0  # different pictures, and how sharply they are told apart, for a collapse
ONE_PICTURE, ONE_SPREAD = 1.5, 0.2  # so few, and a spread below which they are one picture to the eye
FEATURELESS, NOISY = 0.3, 2.0  # detail, as a share of the reals'
CHEQUERED = 0.15  # share of the contrast
MOVING = 1 / 10  # of the planned clips less those learnt as single frames, before which they may stand still
# Motion of clips as a share of reals'. Real clips, 32 at a time against 256, keep within .67 and 1.5 of each other (999 of 1,000
# draws of three sets); shuffled, they have 4.8 (moving portraits), 3.4 (shapes) and 1.7 (people who wave and run) times as much.
# Of what moves a fifth as much an eye sees little but a still.
STILL, FLICKERING = 0.2, 2.5
KNOWN_AUC, KNOWN_CHANCE = 0.65, 0.01  # memorising: above this AUC, and rarer than this by chance
AHEAD_AUC, CERTAIN_AUC, UNSURE_AUC = 0.95, 0.99, 0.55
FAR, FAR_FLOORS = 0.1, 3  # energy distance, and score in that of other reals, that are far from reals
LEAST_GAIN = 0.1  # share of what is missing that is a gain
# Times as much as a third of the images ago, and more by so much: what is wrong with the pictures is on its way out.
GROWTH, LEAST_STEP = 1.25, 0.05
# D's loss where it can't tell anything; wgan's has no such limit.
BLIND_LOSS = {"relativistic": math.log(2), "bce": 2 * math.log(2), "ml": 2 * math.log(2), "mse": 0.25, "hinge": 2.0}
CERTAIN_LOSS_SHARE, BLIND_LOSS_SHARE = 0.15, 0.98  # shares of it below and above which D is certain, or all but blind

Tick = Mapping[str, Any]


@dataclass(frozen=True)
class Outlook:
    """What the words go by: a run's ticks, the last KEPT_READINGS at most, its scores, and the widest spread before."""

    ticks: Sequence[Tick]
    recipe: Recipe
    scores: Sequence[dict[str, Any]] = ()
    widest: float = 0.0

    def now(self, name: str) -> float | None:
        """A number's median over the last readings; None where it isn't known, as of an older figment's."""
        return _median(self.ticks[-RECENT_READINGS:], name)

    def before(self, name: str) -> float | None:
        """The same a third of the images ago, or None where too few readings are as old."""
        since = (1 - LOOK_BACK) * self.ticks[-1]["images"]
        old = [tick for tick in self.ticks if tick["images"] <= since][-RECENT_READINGS:]
        return _median(old, name) if len(old) == RECENT_READINGS else None

    def is_above(self, name: str, limit: float) -> bool:
        return (value := self.now(name)) is not None and value > limit

    def is_below(self, name: str, limit: float) -> bool:
        return (value := self.now(name)) is not None and value < limit

    @property
    def loss_share(self) -> float | None:
        """D's loss without R1 and R2, as a share of a blind D's."""
        blind, recent = BLIND_LOSS.get(self.recipe.objective), self.ticks[-RECENT_READINGS:]
        gamma = self.recipe.gamma
        needed = ("loss_discriminator", *(("squared_gradient", "gamma") if gamma else ()))
        if blind is None or any(are_missing(needed, tick) for tick in recent):
            return None
        if not gamma:
            return median(tick["loss_discriminator"] for tick in recent) / blind
        sides = (
            1 if self.recipe.penalised == "both" else 0.5
        )  # the mean of R1 and R2, of which γ/2 of each is in the loss
        return median(t["loss_discriminator"] - sides * t["gamma"] * t["squared_gradient"] for t in recent) / blind

    def has_grown(self, name: str) -> bool:
        """Whether a number has clearly grown since a third of the images ago."""
        was, now = self.before(name), self.now(name)
        return was is not None and now is not None and now > max(GROWTH * was, was + LEAST_STEP)

    def has_shrunk(self, name: str) -> bool:
        """Whether it has become as much smaller."""
        was, now = self.before(name), self.now(name)
        return was is not None and now is not None and was > max(GROWTH * now, now + LEAST_STEP)

    def is_past(self, share: float) -> bool:
        """Whether such a share of the planned images has been seen."""
        return bool(self.ticks[-1]["images"] >= share * self.recipe.planned_images)

    def has_moved(self, share: float) -> bool:
        """Whether such a share of the planned clips has been seen, beside those that are learnt as single frames."""
        first = self.recipe.images_first
        return self.is_past(first + share * (1 - first))

    @property
    def is_formed(self) -> bool:
        """Whether the pictures should have taken shape by now."""
        return self.is_past(FORMING)


class Sign(NamedTuple):
    """holds: whether it is to be said; says: the sentence; mend: what to try, by the recipe."""

    name: str
    holds: Callable[[Outlook], bool]
    says: Callable[[Outlook], str]
    mend: Callable[[Recipe], str]


def diagnose(outlook: Outlook) -> list[str]:
    """Plain sentences on the state of the game, the gravest first; one on who is ahead where nothing is wrong."""
    if len(outlook.ticks) < RECENT_READINGS:
        return ["too early to tell"]
    found = [f"{sign.says(outlook)} (try {sign.mend(outlook.recipe)})" for sign in signs(outlook)]
    return found or [standing(outlook)]


def signs(outlook: Outlook) -> list[Sign]:
    """What is wrong, the gravest first. What one sign explains isn't told as another."""
    found = [sign for sign in SIGNS if sign.holds(outlook)] if len(outlook.ticks) >= RECENT_READINGS else []
    return [sign for sign in found if sign.name != "standstill" or len(found) == 1]


def standing(outlook: Outlook) -> str:
    """Who is ahead, where nothing is wrong."""
    if outlook.is_below("spread", MIN_SPREAD) or outlook.is_below("detail", FEATURELESS):
        return "the pictures are still forming"
    if outlook.is_above("separation", AHEAD_AUC):
        still = {
            None: "as is usual so early",
            True: "and the pictures gain by it",
            False: "and the pictures gain little now",
        }
        return f"the discriminator tells nearly all fakes, {still[gained(outlook)]}"
    return "the two nets are in balance"


def gained(outlook: Outlook) -> bool | None:
    """Whether the pictures have come nearer to reals over the last third of the images; None where nothing tells it.

    By the score where there are looks in that third and before; else by composition and detail.
    """
    since = (1 - LOOK_BACK) * outlook.ticks[-1]["images"]
    before, after = ([s for s in outlook.scores if (s["images"] <= since) is early] for early in (True, False))
    old, new = lowest(before), lowest(after)
    if old is not None and new is not None:
        lag = behind(new, old)
        return lag.value < -lag.error
    steps = []
    for name, goal in (("distance", 0.0), ("detail", 1.0)):
        was, now = outlook.before(name), outlook.now(name)
        if was is not None and now is not None:
            steps.append(abs(now - goal) < (1 - LEAST_GAIN) * abs(was - goal))
    return any(steps) if steps else None


def is_far(outlook: Outlook) -> bool:
    """Whether anybody sees that the pictures aren't the reals' kind."""
    scores = outlook.scores
    return (
        outlook.is_above("distance", FAR)
        or outlook.is_below("detail", FEATURELESS)
        or outlook.is_above("detail", NOISY)
        or bool(scores and scores[-1]["fd"] > FAR_FLOORS * scores[-1]["floor"])
    )


def _has_collapsed(at: Outlook) -> bool:
    count = at.now("distinct")
    if count is None or count > MAX_CLUSTERED or not at.is_below("distinct_exponent", MAX_EXPONENT):
        return False
    return count > ONE_PICTURE or (at.is_below("spread", ONE_SPREAD) and at.widest >= MIN_SPREAD)


def _collapse(at: Outlook) -> str:
    count = at.now("distinct") or 0.0
    number = "one picture again and again" if count <= ONE_PICTURE else f"about {count:.0f} different pictures"
    return f"the generator draws {number}"


def _is_flat(at: Outlook) -> bool:
    """D's loss stays a blind one's, though its ranks may be right: under a large γ, or where dropout spoils what it sees."""
    share = at.loss_share
    ranks = at.is_above("separation", 0.9) or (at.is_formed and is_far(at))
    return share is not None and share > BLIND_LOSS_SHARE and ranks


def _is_certain(at: Outlook) -> bool:
    share = at.loss_share
    return at.is_above("separation", CERTAIN_AUC) and share is not None and share < CERTAIN_LOSS_SHARE


def _stands_still(at: Outlook) -> bool:
    old_enough = at.is_past(STANDING) and at.ticks[-1]["images"] >= STANDING_IMAGES
    return old_enough and is_far(at) and gained(at) is False


def _says(text: str, field: str) -> Callable[[Outlook], str]:
    return lambda at: text.format(short(at.now(field)))


SIGNS = (
    Sign("collapsed", _has_collapsed, _collapse, remedies.against_collapse),
    Sign(
        "alike",
        lambda at: (
            at.is_formed and at.is_below("spread", MIN_SPREAD) and at.widest < MIN_SPREAD and not at.has_grown("spread")
        ),
        _says("the generator has drawn much the same from the start: spread {} of the reals'", "spread"),
        remedies.against_nothing_learnt,
    ),
    Sign(
        "noise",
        lambda at: at.is_formed and at.is_above("detail", NOISY) and not at.has_shrunk("detail"),
        _says("the pictures are noise: {} times the detail of the reals", "detail"),
        remedies.against_nothing_learnt,
    ),
    Sign(
        "featureless",
        lambda at: at.is_formed and at.is_below("detail", FEATURELESS) and not at.has_grown("detail"),
        _says("the pictures have no detail: {} of the reals'", "detail"),
        remedies.against_nothing_learnt,
    ),
    Sign(
        "chequered",
        lambda at: at.is_formed and at.is_above("chequers", CHEQUERED) and not at.has_shrunk("chequers"),
        _says("a pattern of 4×4 pixels, repeated all over, makes {} of the contrast", "chequers"),
        remedies.against_chequers,
    ),
    Sign(
        "still",
        lambda at: at.has_moved(MOVING) and at.is_below("motion", STILL) and not at.has_grown("motion"),
        _says("all clips stand still: {} of the reals' motion", "motion"),
        remedies.against_stillness,
    ),
    Sign(
        "flickering",
        lambda at: at.has_moved(FORMING) and at.is_above("motion", FLICKERING) and not at.has_shrunk("motion"),
        _says("frames flicker: {} times the motion of the reals", "motion"),
        remedies.against_flicker,
    ),
    Sign(
        "memorising",
        lambda at: at.is_above("memorising", KNOWN_AUC) and at.is_below("memorising_chance", KNOWN_CHANCE),
        _says("the discriminator knows its training pictures by heart: AUC {} against held-out ones", "memorising"),
        remedies.against_memorising,
    ),
    Sign(
        "blind",
        lambda at: at.is_below("separation", UNSURE_AUC),
        _says("the discriminator can't tell fakes from reals: AUC {}", "separation"),
        remedies.against_blindness,
    ),
    Sign(
        "flat",
        _is_flat,
        lambda at: f"the discriminator's loss is no better than a guess's ({BLIND_LOSS[at.recipe.objective]:.3g})",
        remedies.against_blindness,
    ),
    Sign(
        "certain",
        _is_certain,
        lambda at: "the discriminator is certain of nearly every picture, so the generator is led by little but noise",
        remedies.against_certainty,
    ),
    Sign(
        "standstill",
        _stands_still,
        lambda at: "no progress over a third of the images seen",
        remedies.against_standstill,
    ),
)


def _median(ticks: Sequence[Tick], name: str) -> float | None:
    values = [value for tick in ticks if (value := tick.get(name)) is not None]
    return median(values) if values else None
