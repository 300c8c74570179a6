"""A − B + C: against sums made by hand, and in a world where it is known what comes out."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

from figment import InputError
from figment.attributes.conditions import Condition, condition_text, parse_conditions
from figment.attributes.readings import read_samples
from figment.explore.code_arithmetic import (
    NOISE_DEVIATIONS,
    add_codes,
    arithmetic,
    expected_conditions,
    success_rate,
    with_noise,
)
from figment.explore.groups import CANDIDATES_EACH, Group, group_meeting, numbered_group, refuse_single
from figment.media.strips import GAP_PIXELS


def gaussian(z: torch.Tensor, prior: str) -> np.ndarray:
    """Codes in Gaussian space, by scipy."""
    return norm.ppf((z.double().numpy() + 1) / 2) if prior == "uniform" else z.double().numpy()


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_sums_are_of_means_in_gaussian_space(world, prior):
    generator, _ = world(prior)
    a, b, c = (generator.codes(k, 5, start) for k, start in ((3, 0), (4, 10), (2, 20)))
    total = gaussian(a, prior).mean(0) - gaussian(b, prior).mean(0) + gaussian(c, prior).mean(0)
    total *= min(1, math.sqrt(12) / np.linalg.norm(total))
    found = add_codes(a, b, c, prior)
    assert found.dtype == torch.float32
    assert gaussian(found[None], prior)[0] == pytest.approx(total, abs=1e-4)


def test_a_sum_that_lies_too_far_out_is_drawn_in_and_no_other(world):
    ones = torch.ones(3, 12)
    assert add_codes(2 * ones, -ones, ones, "normal") == pytest.approx(torch.ones(12))
    assert add_codes(0.5 * ones, 0.3 * ones, 0.1 * ones, "normal") == pytest.approx(torch.full((12,), 0.3))
    assert add_codes(ones, ones, 0 * ones, "normal").abs().max() == 0


def test_noise_around_the_sum_is_the_papers():
    code = torch.tensor([0.3, -0.5]).repeat(50)
    near = with_noise(code, "normal", 1, 200)
    apart = (near - code).double()
    assert apart.abs().max() <= NOISE_DEVIATIONS
    assert apart.abs().max() > 0.99 * NOISE_DEVIATIONS
    assert apart.std().item() == pytest.approx(0.25, rel=0.02)  # of a deviation: (−a, a) has a/√3
    assert apart.mean().abs() < 0.01
    assert torch.equal(near, with_noise(code, "normal", 1, 200))
    assert not torch.equal(near, with_noise(code, "normal", 2, 200))
    assert with_noise(code, "uniform", 0, 50).abs().max() < 1


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_exemplars_meet_their_conditions_and_are_the_clearest(world, prior):
    generator, predictor = world(prior)
    group = group_meeting(generator, predictor, "left>0.5, no right", 3, seed=2)
    known = gaussian(generator.codes(256, 2), prior)
    met = np.flatnonzero((known[:, 0] > 0.5) & (known[:, 1] < 0.5))[: CANDIDATES_EACH * 3]
    assert set(group.numbers) <= set(met)
    margin = np.minimum(known[:, 0] - 0.5, 0.5 - known[:, 1])
    assert set(group.numbers) == set(met[np.argsort(-margin[met])[:3]])
    assert torch.equal(group.codes, torch.cat([generator.codes(1, 2, number) for number in group.numbers]))


def test_conditions_that_too_few_meet_are_refused(world):
    generator, predictor = world()
    with pytest.raises(InputError, match=r"--b left>3.5: \d of the 4,096 first samples meet"):
        group_meeting(generator, predictor, "left>3.5", 10, option="--b")
    with pytest.raises(InputError, match="did you mean left"):
        group_meeting(generator, predictor, "lef>1", 3)


def test_what_is_expected_of_a_sum(world):
    _, predictor = world()
    a, b, c = (
        parse_conditions(t, predictor)
        for t in ("left>0.4, no right", "left<-0.2, no right", "right, left<-0.2, last>1")
    )
    found = expected_conditions(a, b, c)
    assert found == [
        Condition("left", ">", pytest.approx(0.1)),
        Condition("right", ">", 0.0),
        Condition("last", ">", 1.0),
    ]
    assert condition_text(found, predictor) == "left>0.1, right, last>1"
    assert parse_conditions(
        condition_text(parse_conditions("left>0.5, no right", predictor), predictor), predictor
    ) == parse_conditions("left>0.5, no right", predictor)


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_a_sum_has_what_it_should_where_codes_can_be_added(world, prior):
    generator, predictor = world(prior)
    groups = [group_meeting(generator, predictor, t, 8) for t in ("left>0.7", "left<-0.7", "right, left<-0.7")]
    wanted = parse_conditions("left>0, right", predictor)
    found = arithmetic(generator, *groups, predictor=predictor, wanted=wanted).finding("sum of left")
    assert found.stem == "arithmetic-sum-of-left"
    known = gaussian(found.codes, prior)
    met = (known[:, 0] > 0) & (known[:, 1] > 0.5)
    assert met[27]
    assert "has what it should (left>0, right)" in found.sentence
    assert f"{met[28:36].sum()} of 8 have it, and of sums of single exemplars {met[36:].sum()} of 8." in found.sentence
    assert "has it already" not in found.sentence
    already = arithmetic(generator, *groups, predictor=predictor, wanted=parse_conditions("right", predictor)).finding()
    assert "has what it should (right)" in already.sentence
    assert "the mean of the third group has it already" in already.sentence
    values = found.numbers["read"]
    assert values["mean of A"]["left"] == pytest.approx(gaussian(groups[0].codes, prior)[:, 0].mean(), abs=0.05)
    assert values["A − B + C"]["left"] == pytest.approx(known[27, 0], abs=0.05)
    assert len(found.codes) == 24 + 3 + 1 + 8 + 8
    assert [row[0] for row in found.rows][3] == "A − B + C"
    assert len(found.columns) == len(found.rows[0]) == 5
    assert all(np.linalg.norm(code) <= math.sqrt(12) + 1e-3 for code in known[-8:])  # singles stay on the prior, too


def test_the_share_that_comes_true_grows_with_the_exemplars(world):
    generator, predictor = world()
    seen = read_samples(generator, predictor, 600)
    asked = ("left>0.3, no right", "left<-0.3, no right", "right, left<-0.3", "left>0, right")
    one, three, many = (success_rate(generator, predictor, seen, *asked, exemplars=k, cases=200) for k in (1, 3, 12))
    assert one < three < many
    assert many > 0.95
    assert success_rate(generator, predictor, seen, *asked, exemplars=3, cases=200) == three
    with pytest.raises(InputError, match=r"left>3.5: only 0 of 600"):
        success_rate(generator, predictor, seen, "left>3.5", *asked[1:])


def test_groups_of_one_picture_are_refused_and_others_may_be_of_any_size(world):
    generator, _ = world()
    one, two, four = (numbered_group(generator, list(range(k)), 0) for k in (1, 2, 4))
    with pytest.raises(InputError, match=r"--b 0: a group of a single picture is unstable.*give two or more"):
        arithmetic(generator, two, one, four)
    refuse_single("--a", Group("two", torch.zeros(2, 12)))
    found = arithmetic(generator, two, four, two).finding()
    assert len(found.codes) == 8 + 3 + 1 + 8 + 2
    assert found.rows == ()
    height, width, _ = found.sheets[""].picture.shape
    assert height > 6 * 64 + 5 * GAP_PIXELS
    assert width > 5 * 64 + 4 * GAP_PIXELS  # the longest group and its mean
    assert found.labels is None


def test_all_is_drawn_in_one_class(world):
    generator, _ = world(classes=("cat", "dog"))
    two = numbered_group(generator, [3, 4], 0)
    found = arithmetic(generator, two, two, two, label="dog").finding()
    assert found.labels is not None
    assert (found.labels == 1).all()
    assert len(found.labels) == len(found.codes)
    assert "class dog" in found.sheets[""].caption
    assert found.numbers["class"] == "dog"
