"""Whoever calls figment from Python is told of arguments, not of a command line's options."""

import pytest

from figment.common.in_python import in_python, speaking_python
from figment.errors import InputError, MissingData


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("--set widht: no such recipe field; did you mean width?", "widht: no such recipe field; did you mean width?"),
        ("--set width=abc: must be a whole number.", 'width="abc": must be a whole number.'),
        ("--set gamma=-3: must be greater than 0.", "gamma=-3: must be greater than 0."),
        ("one_pass needs --set fresh=false, since both", "one_pass needs fresh=False, since both"),
        ("what it needs: --set objective=bce, ml or hinge", 'what it needs: objective="bce", ml or hinge'),
        ("Train anew with a smaller rate: --set lr=0.0001", "Train anew with a smaller rate: lr=0.0001"),
        ("--for 3x: no time: write it as 90s, 3m.", 'time="3x": no time: write it as 90s, 3m.'),
        ("--for 1 minute: no time: write it as 90s.", 'time="1 minute": no time: write it as 90s.'),
        ("--images a few: no number of images.", 'images="a few": no number of images.'),
        ("--images many: no number of images.", 'images="many": no number of images.'),
        (
            "--for and --images can't both be the budget: give one.",
            "time= and images= can't both be the budget: give one.",
        ),
        ("give it --for 9m or more, or --from RUN", 'give it time="9m" or more, or from_run=RUN'),
        ("--device abacus: must be auto, cuda, mps or cpu.", 'device="abacus": must be auto, cuda, mps or cpu.'),
        ("--recipe dcgan has other nets than old", 'recipe="dcgan" has other nets than old'),
        ("--from elsewhere doesn't exist", 'from_run="elsewhere" doesn\'t exist'),
        ("--group: all pictures are in one group", "group: all pictures are in one group"),
        ("--group '^(a': no regular expression", "group='^(a': no regular expression"),
        ("--out runs/x exists and isn't empty: name another.", 'out="runs/x" exists and isn\'t empty: name another.'),
        ("name a folder on another disk with --out.", "name a folder on another disk with out=."),
        ("pictures come sooner; --from none turns it off", 'pictures come sooner; from_run="none" turns it off'),
        ("or train without labels (--no-labels)", "or train without labels (labels=False)"),
        ("go on with figment resume runs/x --for 3m: there", "go on with figment resume runs/x --for 3m: there"),
        ("update with pip install --upgrade figment-gan.", "update with pip install --upgrade figment-gan."),
        ("faces has 3 pictures - too few -- really", "faces has 3 pictures - too few -- really"),
    ],
)
def test_options_are_said_as_arguments(sentence: str, says: str) -> None:
    assert in_python(sentence) == says


def test_an_error_keeps_its_kind_and_what_it_holds() -> None:
    @speaking_python
    def train(size: int) -> None:
        """Doc."""
        raise MissingData(f"--size {size}: no", "faces")

    assert (train.__name__, train.__doc__) == ("train", "Doc.")
    with pytest.raises(InputError, match=r"^size=3: no$") as raised:
        train(3)
    assert isinstance(raised.value, MissingData)
    assert raised.value.text == "faces"
