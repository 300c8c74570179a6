"""Which words are said of which readings, at ticks and at the end; what has changed between two of them."""

from typing import Any

import pytest

from figment.presets import make
from figment.recipe import Recipe
from figment.training.closing import closing_words, keep_closing
from figment.training.diagnosis import Outlook, diagnose, signs
from figment.training.movement import moved

HELD = make("dcgan-r1", size=32, images=10_000, planned_images=10_000)
FREE = make("dcgan-small", size=32, images=10_000, planned_images=10_000)
CLIPS = make("video-small", size=32, images=10_000, planned_images=10_000, images_first=0.0)

FINE = dict(
    separation=0.8, memorising=0.5, memorising_chance=0.5, spread=0.9, distance=0.05, detail=0.8, chequers=0.0,
    distinct=None, distinct_exponent=None, loss_discriminator=0.9, squared_gradient=0.5, gamma=0.5,
)  # fmt: skip


def ticks(images: int = 10_000, count: int = 10, **values: Any) -> list[dict[str, Any]]:
    """So many readings up to then; a pair of numbers goes evenly from the first to the second."""

    def at(value: Any, share: float) -> Any:
        return value[0] + share * (value[1] - value[0]) if isinstance(value, tuple) else value

    return [
        {"event": "tick", "images": round(images * (i + 1) / count)}
        | {name: at(value, i / (count - 1)) for name, value in (FINE | values).items()}
        for i in range(count)
    ]


def outlook(recipe: Recipe = HELD, widest: float = 0.9, scores: list | None = None, **values: Any) -> Outlook:
    return Outlook(ticks(**values), recipe, scores or [], widest)


@pytest.mark.parametrize(
    ("values", "name", "said"),
    [
        (dict(distinct=3.1, distinct_exponent=0.2), "collapsed", "draws about 3 different pictures"),
        (dict(distinct=18.2, distinct_exponent=0.9, spread=1.0), "collapsed", "draws about 18 different pictures"),
        (dict(distinct=1.0, distinct_exponent=0.0, spread=0.1), "collapsed", "one picture again and again"),
        (dict(distinct=1.0, distinct_exponent=0.0, spread=0.1, widest=0.2), "alike", "much the same from the start"),
        (dict(detail=3.0), "noise", "3.00 times the detail"),
        (dict(detail=0.1), "featureless", "no detail: .10 of the reals'"),
        (dict(chequers=0.3), "chequered", "4×4 pixels"),
        (dict(memorising=0.94, memorising_chance=1e-4), "memorising", "by heart: AUC .94"),
        (dict(separation=0.5), "blind", "can't tell fakes from reals"),
        (dict(separation=0.95, loss_discriminator=1.5), "flat", "no better than a guess's (1.39)"),
        (dict(separation=0.999, loss_discriminator=0.2), "certain", "certain of nearly every picture"),
        (dict(distance=0.3), "standstill", "no progress over a third"),
    ],
)
def test_every_sign_is_said_with_something_to_try(values: dict, name: str, said: str) -> None:
    at = outlook(**values)
    assert name in [sign.name for sign in signs(at)]
    first = next(sentence for sentence in diagnose(at) if said in sentence)
    assert "(try " in first


@pytest.mark.parametrize(
    "values",
    [
        dict(separation=0.999),  # as in every good run's first minutes
        dict(separation=0.999, distance=(0.5, 0.2)),  # far from reals, but on the way
        dict(memorising=1.0, memorising_chance=0.03),  # one held-out picture
        dict(memorising=0.55, memorising_chance=1e-6),  # many of them: sure, and harmless
        dict(distinct=20.0, distinct_exponent=4.0),  # blurred, but varying all the time
        dict(distinct=60.0, distinct_exponent=0.5),  # of a small set
        dict(images=2000, spread=0.1, detail=0.1, widest=0.1),  # young
        dict(images=2000, detail=3.0, distance=0.4),
        dict(loss_discriminator=1.5, squared_gradient=3.0),  # above a blind D's loss by the penalty
    ],
)
def test_nothing_is_wrong(values: dict) -> None:
    assert signs(outlook(**values)) == []


def test_who_is_ahead_and_whether_the_pictures_gain_by_it() -> None:
    assert diagnose(outlook()) == ["the two nets are in balance"]
    assert "gain by it" in diagnose(outlook(separation=0.98, detail=(0.3, 0.8)))[0]
    assert "gain little now" in diagnose(outlook(separation=0.98))[0]
    assert "usual so early" in diagnose(outlook(separation=0.998, count=5, images=500))[0]
    assert diagnose(outlook(images=2000, spread=0.2, widest=0.2)) == ["the pictures are still forming"]
    assert diagnose(Outlook(ticks(count=10)[:4], HELD)) == ["too early to tell"]


def test_a_run_of_a_few_thousand_images_does_not_stand_still() -> None:
    """It has just been told that its budget is little: a smaller rate would be no advice."""
    short_plan = make("dcgan-r1", size=16, images=3000, planned_images=3000)
    assert signs(outlook(short_plan, images=3000, distance=0.3)) == []


def test_one_odd_reading_is_not_believed() -> None:
    odd = [*ticks()[:-1], ticks(distinct=1.0, distinct_exponent=0.0, spread=0.0, separation=0.1)[-1]]
    assert signs(Outlook(odd, HELD, [], 0.9)) == []


def test_a_score_that_falls_is_progress_and_one_that_stays_is_none() -> None:
    def looks(*values: float) -> list[dict[str, Any]]:
        return [
            {"event": "score", "images": 2500 * (i + 1), "fd": fd, "error": 2.0, "floor": 5.0, "title": "FD-lite0"}
            for i, fd in enumerate(values)
        ]

    assert signs(outlook(distance=0.3, scores=looks(300, 200, 150, 120))) == []
    stands = outlook(distance=(0.05, 0.04), scores=looks(300, 200, 210, 199))
    assert [sign.name for sign in signs(stands)] == ["standstill"]
    paired = looks(300, 200, 210, 198.9)  # of the same codes: 1.1 is more than that difference could be by chance
    paired[-1] |= {"lowest": 5000, "difference": -1.1, "difference_error": 0.5}
    assert signs(outlook(distance=0.3, scores=paired)) == []


def test_an_older_figment_s_ticks_are_read() -> None:
    known = ("event", "images", "separation", "spread", "memorising", "loss_discriminator")
    old = [{name: tick[name] for name in known} for tick in ticks(separation=0.5)]
    assert [sign.name for sign in signs(Outlook(old, HELD, [], 0.9))] == ["blind"]


@pytest.mark.parametrize(
    ("recipe", "values", "tried"),
    [
        (HELD, dict(memorising=0.9, memorising_chance=1e-5), "--set augment=full --set augment_p=0.3"),
        (make("dcgan-r1", size=32, planned_images=10**6), dict(memorising=0.9, memorising_chance=1e-5),
         "--set augment=full --set augment_mode=adaptive"),
        (make("dcgan-r1", objective="hinge", augment="full", augment_p=0.3), dict(memorising=0.9, memorising_chance=1e-5),
         "more pictures"),
        (FREE, dict(distinct=3.0, distinct_exponent=0.1), "--recipe dcgan-r1"),
        (FREE, dict(chequers=0.4), "--set upsampling=nearest"),
        (make("dcgan-small", objective="mse"), dict(detail=0.1), "--set objective=bce"),
        (make("dcgan-small", dropout=0.9), dict(separation=0.5), "--set dropout=0"),
        (make("dcgan-r1", lr_discriminator=10), dict(separation=0.999, loss_discriminator=0.2), "--set lr_discriminator=1"),
        (make("dcgan-r1", gamma=400), dict(separation=0.95, loss_discriminator=1.6), "--set gamma=50"),
        (HELD, dict(separation=0.999, loss_discriminator=0.2), "--set gamma=4"),
    ],
)  # fmt: skip
def test_what_to_try_is_something_that_the_recipe_does_not_have(recipe: Recipe, values: dict, tried: str) -> None:
    assert tried in " ".join(diagnose(outlook(recipe, **values)))


def test_signs_of_gamma_go_by_the_game_s_loss_without_the_penalty() -> None:
    r3 = make("r3gan", size=16, width=8, gamma=1.0)

    def names(loss: float, slope: float, separation: float) -> list[str]:
        values = dict(loss_discriminator=loss, squared_gradient=slope, separation=separation, gamma=1.0)
        return [sign.name for sign in signs(outlook(r3, **values))]

    assert names(0.5, 0.1, 0.95) == []
    assert names(0.03 + 0.01, 0.01, 1.0) == ["certain"]
    assert names(0.69 + 0.02, 0.02, 0.95) == ["flat"]
    assert names(0.5 + 0.3, 0.3, 0.95) == []  # .8 is above a blind D's loss, but .3 of it is the penalty
    assert names(0.69, 0.0, 0.56) == []  # fakes as good as reals: nothing to be told apart


# ---- the end -----------------------------------------------------------------------------------------------------------


def test_the_end_says_what_was_wrong_and_what_to_try() -> None:
    ill, tried, pictures = closing_words(ticks(distinct=3.0, distinct_exponent=0.1), FREE)
    assert ill == "By the last readings the generator draws about 3 different pictures"
    assert tried.startswith("To try: --recipe dcgan-r1")
    assert pictures.startswith("The pictures: detail .80 of the reals', spread .90")


def test_the_end_of_a_good_run() -> None:
    fine, pictures, onwards = closing_words(ticks(detail=(0.2, 0.8)), HELD)
    assert fine == "No sign of collapse, memorising or standstill in the last readings: the two nets are in balance"
    assert "AUC .80" in pictures
    assert "train longer" in onwards
    assert closing_words(ticks()[:3], HELD) == []


@pytest.mark.parametrize(("images", "is_spent", "is_said"), [(0, True, True), (0, False, False), (32, True, False)])
def test_a_time_that_was_over_before_the_first_step(make_run, images: int, is_spent: bool, is_said: bool) -> None:
    said: list[str] = []
    run = make_run(ticks=0, snapshots=(0,))
    recipe = HELD.model_copy(update={"images": None, "seconds": 60.0})
    keep_closing(
        run, recipe, dict(images=images, seconds=58.0), is_spent, said.append
    )  # less: keeping all belongs to it
    assert [sentence.partition(":")[0] for sentence in said] == ["The time was over before the first step"] * is_said
    assert len(list(run.events("closing"))) == is_said


def test_the_end_tells_the_last_score() -> None:
    scores = [
        {
            "event": "score",
            "images": 5000 * (i + 1),
            "fd": fd,
            "error": 1.0,
            "floor": 5.0,
            "title": "FD-lite0",
            "took": 1.0,
        }
        for i, fd in enumerate((40.0, 60.0))
    ]
    said = " ".join(closing_words([*ticks(), *scores], HELD))
    assert "FD-lite0 60 (reals 5)" in said


# ---- what has moved ----------------------------------------------------------------------------------------------------


def test_what_has_moved_is_told_the_greatest_first() -> None:
    before, now = ticks(detail=0.34, distance=0.2)[0], ticks(detail=0.58, distance=0.15, spread=0.91)[0]
    assert moved(before, now) == "more detail: .34 → .58 of the reals'; nearer to reals: distance .20 → .15"
    assert moved(now, before).startswith("less detail: .58 → .34")
    assert moved(before, before) == ""
    assert moved({}, now) == ""


@pytest.mark.parametrize(
    ("values", "name", "said"),
    [
        (dict(motion=0.1), "still", "all clips stand still: .10 of the reals' motion (try more numbers that move"),
        (dict(motion=4.0), "flickering", "frames flicker: 4.00 times the motion of the reals (try fewer numbers"),
    ],
)
def test_clips_that_stand_still_and_frames_that_flicker_are_told(values: dict, name: str, said: str) -> None:
    at = outlook(CLIPS, **values)
    assert [sign.name for sign in signs(at)] == [name]
    assert said in diagnose(at)[0]


@pytest.mark.parametrize(
    "values",
    [
        dict(motion=0.7),
        dict(motion=1.6),
        dict(motion=(0.02, 0.19)),  # on its way
        dict(motion=(8.0, 3.0)),
        dict(motion=0.1, images=900),  # young
        dict(motion=4.0, images=3000),
        dict(motion=None),  # single frames are learnt
        dict(),  # of another figment
    ],
)
def test_nothing_is_said_of_clips_that_move(values: dict) -> None:
    assert signs(outlook(CLIPS, **values)) == []


def test_what_is_learnt_of_single_frames_counts_for_nothing_in_motion() -> None:
    first = make("video-small", size=32, images=10_000, planned_images=10_000, images_first=0.5)
    assert signs(outlook(first, motion=0.1, images=5_400)) == []
    assert [sign.name for sign in signs(outlook(first, motion=0.1, images=5_600))] == ["still"]
    assert "--set images_first=0.25" in diagnose(outlook(first, motion=0.1))[0]


def test_motion_that_has_changed_is_told() -> None:
    before, after = (ticks(motion=value)[-1] for value in (0.4, 0.8))
    assert moved(before, after) == "more motion: .40 → .80 of the reals'"
    assert moved(before | {"motion": None}, after) == ""
