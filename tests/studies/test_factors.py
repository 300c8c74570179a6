"""Factors and levels: what is read, what is refused and in which words, which combinations are left."""

from collections import Counter

import pytest

from figment.errors import InputError
from figment.studies.factors import (
    Range,
    balanced,
    check_factors,
    combinations,
    level_text,
    levels_of,
    levels_text,
    parse_vary,
    possible,
)


def test_levels_are_read_as_a_recipe_takes_them() -> None:
    given = [
        "objective=bce,mse",
        "dropout=0, 0.3",
        "flips=true,false",
        "discriminator_width=none,8",
        "lr=1e-4..1e-2:log",
    ]
    assert parse_vary(given) == {
        "objective": ("bce", "mse"), "dropout": (0, 0.3), "flips": (True, False), "discriminator_width": (None, 8),
        "lr": Range(1e-4, 1e-2, True),
    }  # fmt: skip
    assert levels_of("augment", "none,full") == ("none", "full")  # a value of its own, not nothing
    assert levels_of("widths", [[64, 32], [32, 16]]) == ("64,32", "32,16")
    assert levels_of("width", "8..64") == Range(8, 64)
    assert Range(8, 64).whole
    assert not Range(8, 64.0).whole


def test_levels_are_written_as_they_are_read() -> None:
    vary = parse_vary(["dropout=0,0.3", "flips=true,false", "discriminator_width=none,8", "lr=0.0001..0.01:log"])
    assert parse_vary([f"{name}={levels_text(levels)}" for name, levels in vary.items()]) == vary
    assert [level_text(level) for level in (None, True, 0.5, 3, "bce")] == ["none", "true", "0.5", "3", "bce"]


@pytest.mark.parametrize(
    ("vary", "settings", "told"),
    [
        ("dropuot=0,0.3", {}, "--vary dropuot: no such factor; did you mean dropout?"),
        ("dropout=0,1.5", {}, "--vary dropout=1.5: must be less than 1."),
        ("objective=bce,wasserstein", {}, "--vary objective=wasserstein: must be 'bce'"),
        ("dropout=0.3", {}, "--vary dropout=0.3 has one level, and nothing to weigh it against: name two or more, or"),
        ("dropout=0,0.3,0", {}, "--vary dropout: 0 is named twice: name each level once."),
        ("dropout=0,0.0", {}, "named twice"),
        ("size=16,32", {}, "--vary size: it changes the pictures"),
        ("seed=0,1", {}, "--vary seed: it is repeated over seeds anyway: --seeds says how many."),
        ("scores=none,lite0", {}, "--vary scores: the study sets it itself."),
        ("width=8,16", {"width": 8}, "--set width and --vary width say it twice"),
        ("recipe=dcgan,dcgam", {}, "--vary recipe=dcgam: unknown recipe; did you mean dcgan?"),
        ("width=8..x", {}, "a range goes from a number to a number"),
        ("lr=0..1:log", {}, "a range goes from above 0 upwards"),
        ("lr=0.1..0.01", {}, "a range goes upwards"),
        ("lr=0.1..2", {}, "--vary lr=2: must be less than or equal to 1."),
        ("dropout", {}, "--vary dropout: write it as FIELD=LEVEL,LEVEL"),
        ("dropout=", {}, "write it as FIELD=LEVEL,LEVEL"),
    ],
)
def test_what_cant_be_varied_is_refused(vary: str, settings: dict[str, int], told: str) -> None:
    with pytest.raises(InputError) as error:
        check_factors(parse_vary([vary]), settings)
    assert told in str(error.value)


def test_a_factor_is_named_once_and_one_is_needed() -> None:
    with pytest.raises(InputError, match="--vary dropout is given twice: name all of its levels at once"):
        parse_vary(["dropout=0,0.3", "dropout=0.5"])
    with pytest.raises(InputError, match="nothing is varied"):
        check_factors({}, {})


def test_combinations_that_a_recipe_refuses_are_named_and_left_out() -> None:
    vary = {"discriminator_norm": ("batch", "none"), "gamma": (0, 0.5)}
    allowed, refused = possible(vary, "dcgan", {})
    assert allowed == [
        {"discriminator_norm": "batch", "gamma": 0},
        {"discriminator_norm": "none", "gamma": 0},
        {"discriminator_norm": "none", "gamma": 0.5},
    ]
    assert [text.partition(" is left out: ")[0] for text in refused] == ["discriminator_norm=batch, gamma=0.5"]
    with pytest.raises(InputError, match="leave --strict out, or vary other levels"):
        possible(vary, "dcgan", {}, strict=True)


def test_a_level_without_any_combination_is_refused() -> None:
    with pytest.raises(InputError, match=r"--vary gamma: no combination with 0\.5 is possible: gamma=0\.5 is left out"):
        possible({"gamma": (0, 0.5)}, "dcgan", {})
    with pytest.raises(InputError, match="vary other levels, or set what they need"):
        possible({"gamma": (0.1, 0.5)}, "dcgan", {})


def test_a_part_of_the_grid_has_levels_and_pairs_evenly_often() -> None:
    settings = combinations({"a": (1, 2, 3), "b": (1, 2, 3), "c": (1, 2)})
    part = balanced(settings, 9)
    assert len(part) == 9
    assert part == [one for one in settings if one in part]  # in their order
    for name in ("a", "b"):
        assert set(Counter(one[name] for one in part).values()) == {3}
    assert sorted(Counter(one["c"] for one in part).values()) == [4, 5]
    assert len({(one["a"], one["b"]) for one in part}) >= 7
    assert balanced(settings, 18) == settings
    assert {one["a"] for one in balanced(settings, 3)} == {1, 2, 3}
