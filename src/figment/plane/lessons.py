"""Five lessons: games that show one thing each, with what to look for; a test holds what they say to what they do."""

from dataclasses import dataclass
from typing import Any

from figment.plane.settings import Settings


@dataclass(frozen=True)
class Lesson:
    """sentences: two, of what is there to be seen; question: what to try; games: one or two, by what stands over each."""

    title: str
    sentences: str
    question: str
    games: dict[str, Settings]


def _game(**fields: Any) -> Settings:
    return Settings(**fields)


_PLAIN = {"r1": 0, "r2": 0, "beta1": 0.5}
_STRAIGHT = {"points": "dot", "objective": "bce", "generator_depth": 0, "discriminator_depth": 0, "beta1": 0.5}
_KEEN = {"discriminator_steps": 3, "lr_generator": 5e-4, "lr_discriminator": 5e-3} | _PLAIN
_FAR = {"points": "dot", "discriminator_steps": 5, "lr_generator": 1e-4, "lr_discriminator": 5e-3} | _PLAIN
_SPIRALS = {"points": "spirals", "r1": 0.05, "r2": 0.05}

LESSONS: dict[str, Lesson] = {
    "collapse": Lesson(
        "Mode collapse",
        "The relativistic game with R1 and R2, as figment plays it, covers all eight. Where the generator moves ten times a "
        "turn, with momentum, and no penalty holds the discriminator, all that it makes lands on one spot, and hops on as "
        "soon as the discriminator has noticed.",
        "Which of the three does it: the ten steps, the momentum, or the missing penalty? Change one at a time.",
        {
            "relativistic, R1 + R2": _game(points="eight", r1=0.1, r2=0.1),
            "BCE, ten steps with momentum": _game(points="eight", objective="bce", generator_steps=10, **_PLAIN),
        },
    ),
    "cycle": Lesson(
        "Past the goal and back, and what R1 does to it",
        "Two nets without hidden layers play about a single dot: a straight field, and a cloud that can only shift and stretch. "
        "Without a penalty the cloud overshoots the dot, turns, and overshoots it again, on and on; R1, which makes a slope at "
        "true points dear to the discriminator, brings it to rest there.",
        "Does R2 alone, the same at the generated points, bring it to rest as well?",
        {"no penalty": _game(r1=0, r2=0, **_STRAIGHT), "R1": _game(r1=1, r2=0, **_STRAIGHT)},
    ),
    "pushes": Lesson(
        "Who is pushed? Maximum likelihood against BCE",
        "Arrows show how hard each point is pushed. Under BCE those are pushed most that the discriminator rejects; under "
        "maximum likelihood those that it takes for true already, so that a few points move the whole generator.",
        "Which of the two covers more of the eight, and which is steadier?",
        {
            "maximum likelihood": _game(points="eight", objective="ml", **_KEEN),
            "BCE": _game(points="eight", objective="bce", **_KEEN),
        },
    ),
    "distance": Lesson(
        "A loss that measures: Wasserstein",
        "Both clouds set out for a dot. The Wasserstein critic, whose slope its penalty holds near 1, has minus the way that is "
        "left for its loss; that of BCE begins near 0 and only says how well the two can be told apart.",
        "What becomes of the critic's loss when you take its penalty away?",
        {
            "Wasserstein, with its penalty": _game(objective="wgan", gradient_penalty=1, **_FAR),
            "BCE": _game(objective="bce", **_FAR),
        },
    ),
    "eyes": Lesson(
        "A generator learns what its discriminator sees",
        "The same generator twice, against a discriminator of two layers of 32 units and against one of 2 units. Two units "
        "can't bend a field around two spirals, and what the discriminator doesn't see the generator never learns.",
        "How many units do the spirals take, and is it better to add a layer or to widen one?",
        {
            "32 and 32 units": _game(**_SPIRALS),
            "2 units": _game(**_SPIRALS, discriminator_width=2, discriminator_depth=1),
        },
    ),
}
