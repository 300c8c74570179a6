"""What may be said of a measurement, and that no part of it contradicts another."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from figment.metrics.estimate import Estimate
from figment.metrics.scores import KINDS, Score
from figment.metrics.self_test import SelfTest, is_untaught
from figment.metrics.verdicts import AS_GOOD, GRADES, SAID, TOO_FEW, decide

FLOORS = {"fd": 100.0, "kid": 0.0, "precision": 0.8, "recall": 0.8, "density": 1.0, "coverage": 0.96, "swd": 8.0}
OFF = {"blur 1 px": (300, 5000), "JPEG 10": (800, 8000), "size 1/4": (1500, 14000)}


def self_test(network="lite0", pictures=1000, error=30.0, off=OFF):
    return SelfTest(
        network, pictures, {name: {"fd": Estimate(fd), "kid": Estimate(kid, error)} for name, (fd, kid) in off.items()}
    )


def score(name, apart, error, network="lite0"):
    floor = FLOORS[name]
    network = "" if name == "swd" else network
    return Score(
        name, KINDS[name], name, Estimate(floor + apart, error), Estimate(floor, error), Estimate(apart, error), 1000,
        1000, network,
    )  # fmt: skip


def scores(share=1.0, network="lite0", **apart):
    """Scores that lie so far from their floors; share: how large the errors are, 1 for some that tell enough."""
    errors = {"fd": 5.0, "kid": 20.0, "precision": 0.01, "recall": 0.01, "density": 0.02, "coverage": 0.01, "swd": 0.5}
    return [score(name, apart.get(name, 0.0), share * error, network) for name, error in errors.items()]


def copied(count, held_out=0.0):
    """A stand-in for Copying, with what verdicts read of it."""
    return SimpleNamespace(
        copies=[None] * count,
        is_suspect=lambda: count > 0,
        in_short=lambda: f"{count:,} of 1,000 are copies" if count else "nothing copied",
    )


def portraits(invalid, floor=0.0):
    return SimpleNamespace(invalid=SimpleNamespace(value=invalid, floor=floor))


def verdicts(found):
    return {s.kind.name: s.verdict for s in found}


def test_reals_are_as_good_as_reals_in_every_score():
    verdict, found = decide(scores(), {"lite0": self_test()}, copied(0))
    assert verdict.grade == "real"
    assert verdict.sentence.startswith(SAID["real"])
    assert "nothing copied" in verdict.sentence
    assert set(verdicts(found).values()) == {AS_GOOD}


@pytest.mark.parametrize(
    ("fd", "kid", "grade"),
    [
        (70, 1500, "close"),
        (300, 5000, "fair"),
        (800, 8000, "rough"),
        (1500, 14000, "rough"),
        (3000, 26000, "far"),
    ],
)
def test_the_grade_is_the_place_on_the_scale_of_degraded_reals(fd, kid, grade):
    verdict, found = decide(scores(fd=fd, kid=kid, recall=-0.52, coverage=-0.3), {"lite0": self_test()}, copied(0))
    assert verdict.grade == grade
    assert verdict.sentence.startswith(SAID[grade])
    assert "variety about a third" in verdict.sentence
    assert AS_GOOD not in verdicts(found).values()
    assert verdicts(found)["recall"] == "about a third of what real pictures reach"
    assert verdicts(found)["precision"] == "no different from real pictures by this score alone"


@pytest.mark.parametrize(
    ("fd", "kid", "said"),
    [
        (70, 1500, "about a third as far off as real pictures blurred by a pixel"),
        (500, 6000, "farther off than real pictures blurred by a pixel, nearer than real pictures saved as JPEG 10"),
        (3000, 26000, "1.9 times as far off as real pictures reduced to a quarter of their size"),
    ],
)
def test_a_place_is_said_in_pictures(fd, kid, said):
    assert verdicts(decide(scores(fd=fd, kid=kid), {"lite0": self_test()})[1])["kid"] == said


def test_what_overlaps_the_margin_is_not_praised():
    """A difference of 0 with a wide error is no equality: absence of evidence isn't evidence of absence."""
    verdict, found = decide(scores(share=10), {"lite0": self_test()})
    assert verdict.grade is None
    assert TOO_FEW in verdict.sentence
    assert verdicts(found)["precision"] == TOO_FEW
    assert AS_GOOD not in verdicts(found).values()
    within = decide(scores(fd=55), {"lite0": self_test()})[1]  # 55 + 2·5 lies beyond 60
    assert verdicts(within)["fd"] != AS_GOOD


def test_a_network_that_cannot_tell_earns_no_praise():
    blind = self_test(off=dict.fromkeys(OFF, (10, 50)))
    verdict, found = decide(scores(), {"lite0": blind})
    assert verdict.grade is None
    assert "lite0 can't tell real pictures blurred by a pixel" in verdict.sentence
    assert verdicts(found)["fd"] == "no verdict"
    few = decide(scores(), {"lite0": replace(blind, pictures=100)})[0]
    assert TOO_FEW in few.sentence


@pytest.mark.parametrize("network", ["random", "gradients", "own:faces-1", "random-1234"])
def test_what_knows_nothing_of_pictures_never_earns_a_verdict(network):
    assert is_untaught(network)
    verdict, found = decide(scores(network=network), {})
    assert verdict.grade is None
    assert f"{network} knows nothing of pictures" in verdict.sentence
    assert {name: said for name, said in verdicts(found).items() if name != "swd"} == dict.fromkeys(
        set(FLOORS) - {"swd"}, "no verdict"
    )
    assert AS_GOOD not in verdicts(found).values()
    assert not is_untaught("lite0")
    assert not is_untaught("randomised")


def test_the_first_network_that_can_tell_judges():
    both = [*scores(network="random"), *scores(fd=3000, kid=26000)]
    verdict, _ = decide(both, {"lite0": self_test()})
    assert (verdict.grade, verdict.network) == ("far", "lite0")


def test_copies_head_the_summary_and_take_the_praise():
    verdict, found = decide(scores(), {"lite0": self_test()}, copied(38))
    assert verdict.sentence.startswith("38 of 1,000 are copies")
    assert verdict.grade == "close"
    assert AS_GOOD not in verdicts(found).values()


def test_invalid_portraits_and_praise_exclude_each_other():
    verdict, found = decide(scores(), {"lite0": self_test()}, copied(0), portraits(0.74, 0.01))
    assert verdict.grade == "rough"
    assert "74 % are no valid portraits" in verdict.sentence
    assert AS_GOOD not in verdicts(found).values()
    assert decide(scores(), {"lite0": self_test()}, copied(0), portraits(0.02, 0.01))[0].grade == "real"


def check_one(seed):
    random = np.random.default_rng(seed)
    size = 10.0 ** random.uniform(-2, 1)
    apart = {name: size * random.normal() for name in ("precision", "recall", "density", "coverage")}
    far = dict(
        fd=1000 * size * random.normal(), kid=10_000 * size * random.normal(), swd=8 * size * abs(random.normal())
    )
    network = random.choice(["lite0", "random"])
    tests = {"lite0": self_test(error=10.0 ** random.uniform(0, 4), pictures=int(random.choice([100, 1000])))}
    found = scores(**apart, **far, share=10.0 ** random.uniform(-1, 1), network=network)
    copying = random.choice([None, copied(0), copied(5)])
    validity = random.choice([None, portraits(random.random(), 0.02)])
    verdict, judged = decide(found, tests, copying, validity)
    told, praised = verdicts(judged), [s for s in judged if s.verdict == AS_GOOD]
    excess = validity.invalid.value - 0.02 if validity is not None else 0.0
    if praised or verdict.grade == "real":
        assert verdict.grade == "real"
        assert network == "lite0"
        assert not tests["lite0"].untold
        assert copying is None or not copying.copies
        assert excess <= 0.05
        assert all(abs(s.difference.value) + 2 * s.difference.error <= s.margin for s in praised)
        assert {"fd", "kid"} <= {s.kind.name for s in praised}
        assert not any("what real pictures reach" in said and said.startswith("hardly any") for said in told.values())
    if excess > 0.5:
        assert verdict.grade in (None, "rough", "far")
    if copying is not None and copying.copies:
        assert verdict.sentence.startswith("5 of 1,000 are copies")
    if network == "random":
        assert verdict.grade is None
    assert verdict.grade is None or GRADES.index(verdict.grade) >= 0
    assert all(math.isnan(s.margin) or s.margin > 0 for s in judged)


def test_no_part_contradicts_another():
    """Whatever was measured: praise of a score, the grade, copies and validity go together."""
    for seed in range(300):
        check_one(seed)


def test_what_is_surely_better_than_the_floor_is_not_called_simple_where_it_is_not():
    """Scattered samples have a high recall, and copies a low distance: neither is simpler than the reals."""
    better = verdicts(decide(scores(fd=-90, recall=0.1, density=0.3), {"lite0": self_test()})[1])
    assert better["fd"] == "nearer to the reals than other real pictures are"
    assert better["recall"].startswith("beyond real pictures: scattered more widely")
    assert better["density"] == "beyond real pictures: more alike or simpler than these"


@pytest.mark.parametrize(
    ("kid", "said"),
    [
        (100, "hardly farther off than other real pictures"),
        (4900, "nearly as far off as real pictures blurred by a pixel"),
    ],
)
def test_a_place_near_an_end_is_said_in_words_that_fit(kid, said):
    assert said in decide(scores(share=0.1, fd=70, kid=kid), {"lite0": self_test()})[0].sentence


@pytest.mark.parametrize(("precision", "said"), [(-0.3, "variety about a third"), (-0.5, "variety can't be told of")])
def test_variety_is_said_of_samples_that_lie_among_the_reals(precision, said):
    """Recall of real pictures saved as JPEG 10 is near 0, though they have all the variety there is."""
    found = scores(fd=800, kid=8000, precision=precision, recall=-0.52, coverage=-0.3)
    assert said in decide(found, {"lite0": self_test()}, copied(0))[0].sentence


def test_without_a_self_test_there_is_no_verdict():
    verdict, found = decide(scores(), {})
    assert verdict.grade is None
    assert "it wasn't tried" in verdict.sentence
    assert AS_GOOD not in verdicts(found).values()
