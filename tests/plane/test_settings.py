"""What can't be played is refused in a sentence that names the setting, why, and what would do."""

import pytest

from figment.errors import InputError
from figment.plane.settings import MAX_DRAWN, Settings, validated


def test_the_defaults_can_be_played() -> None:
    assert validated({}) == Settings()


def test_numbers_come_as_browsers_send_them() -> None:
    assert validated({"drawn": [[0, 0.5]], "points": "drawn"}).drawn == ((0.0, 0.5),)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"penalty_of_mine": 1}, "penalty_of_mine: the game has no such setting"),
        ({"bacth": 1}, "bacth: the game has no such setting; did you mean batch?"),
        ({"batch": 513}, "batch=513: must be less than or equal to 512."),
        ({"lr_generator": float("nan")}, "lr_generator=nan: must be a finite number."),
        ({"objective": "kl"}, "objective=kl: must be 'bce', 'ml', 'mse', 'hinge', 'wgan' or 'relativistic'."),
        ({"points": "drawn"}, "points=drawn needs points: draw some, or choose another set."),
        ({"points": "drawn", "drawn": [[0, 2]]}, "drawn: takes up to 2000 points, x and y of each between -1 and 1."),
        ({"points": "drawn", "drawn": [[0, 0]] * (MAX_DRAWN + 1)}, "drawn: takes up to 2000 points"),
        ({"points": "drawn", "drawn": "x"}, "drawn: takes up to 2000 points"),
        ({"batch": 1.5}, "batch=1.5: must be a whole number."),
        ({"r1": []}, "r1=[]: must be a number."),
        ({"x" * 500: 1}, "xxx…: the game has no such setting"),
        ({"seed": "x"}, "seed=x: must be a whole number."),
    ],
)
def test_others_are_refused(fields: dict, sentence: str) -> None:
    with pytest.raises(InputError) as refusal:
        validated(fields)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 520
