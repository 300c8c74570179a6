"""Recipes: defaults, what an objective brings along, and one sentence for each bad choice."""

import json

import pytest

from figment.errors import InputError
from figment.presets import make
from figment.recipe import changed, from_json, to_json

SINGLE = dict(discriminator_norm="none", one_pass=True)


def test_defaults_are_the_paper_s() -> None:
    r = make("dcgan")
    assert (r.width, r.code_size, r.prior, r.batch, r.lr, r.beta1, r.beta2) == (
        64,
        100,
        "uniform",
        128,
        2e-4,
        0.5,
        0.999,
    )
    assert (r.objective, r.real_target, r.activation, r.discriminator_norm) == ("bce", 1.0, "relu", "batch")


def test_wgan_brings_what_it_needs_and_gives_way_to_choices() -> None:
    r = make("dcgan", objective="wgan", discriminator_steps=3)
    assert (r.discriminator_norm, r.gradient_penalty, r.lr, r.beta1, r.beta2) == ("none", 10, 1e-4, 0, 0.9)
    assert r.discriminator_steps == 3
    assert r.images_a_step == 3 * 128


def test_json_and_back() -> None:
    r = make("dcgan-small", images=1000, seed=7)
    assert from_json(to_json(r), "here") == r


def test_a_run_from_before_changes_colours_as_often_as_all_else() -> None:
    before = json.loads(to_json(make("r3gan-cifar10")))
    del before["augment_colours"]
    assert from_json(json.dumps(before), "here") == make("r3gan-cifar10", augment_colours=1.0)


def test_recipe_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        make("dcgan").width = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (dict(size=63), "--size 63: both sides must be multiples of 8, to be halved 3 times; near is 64"),
        (dict(width=0), "--set width=0: must be greater than or equal to 1"),
        (dict(widht=3), "--set widht: no such recipe field; did you mean width?"),
        (dict(xyz=3), "--set xyz: no such recipe field; there are name, size"),
        (dict(objective="wgn"), "--set objective=wgn: must be 'bce', 'mse', 'ml', 'hinge', 'wgan' or 'relativistic'"),
        (dict(gradient_penalty=1), "gradient_penalty needs --set discriminator_norm=none"),
        (dict(one_pass=True), "one_pass needs --set discriminator_norm=none, since batch norm mixes samples"),
        (SINGLE | dict(dropout=0.1), "one_pass needs --set dropout=0, since"),
        (SINGLE | dict(fresh=True), "one_pass needs --set fresh=false, since"),
        (SINGLE | dict(discriminator_steps=2), "one_pass needs --set discriminator_steps=1, since"),
        (SINGLE | dict(gamma=1, penalty="finite"), "one_pass needs --set penalty=exact or penalised=reals, since"),
        (dict(images=5, seconds=5), "a budget is in images or in time, not both"),
        (dict(objective="relativistic", augment_mode="adaptive"), "augment_mode=adaptive goes by D's signs"),
        (dict(seed=-1), "--seed -1: must be greater than or equal to 0"),
        (dict(lr=float("nan")), "--set lr=nan: must be"),
    ],
)
def test_bad_choices(choices: dict, said: str) -> None:
    with pytest.raises(InputError) as error:
        make("dcgan", **choices)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_recipe_is_met_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"did you mean dcgan\?"):
        make("dgan")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "width": 0}'])
def test_json_that_is_no_recipe(text: str) -> None:
    with pytest.raises(InputError, match=r"^here holds no figment recipe"):
        from_json(text, "here")


def test_json_with_fields_of_another_version() -> None:
    with pytest.raises(
        InputError, match=r"^here was written by another version of figment: it has the field new_field"
    ):
        from_json('{"format": 1, "new_field": 0}', "here")


def test_augmentation_that_would_change_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"augment=full changes nothing with augment_p=0: add --set augment_p=0.3"):
        make("dcgan", augment="full")
    assert make("dcgan", augment="full", augment_mode="adaptive").augment_p == 0


def test_json_of_a_newer_format() -> None:
    with pytest.raises(InputError, match="newer figment"):
        from_json('{"format": 2}', "here")


def test_changed_is_validated() -> None:
    with pytest.raises(InputError):
        changed(make("dcgan"), width=-1)
