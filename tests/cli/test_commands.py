"""What is said of commands that aren't there."""

import pytest

from figtest.command import command


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("inspect", "my-pictures"), "figment: inspect is a part of data: figment data inspect. See figment --help.\n"),
        (("directions", "runs/x"), "figment: directions is a part of explore: figment explore directions. See figment --help.\n"),
    ],
)  # fmt: skip
def test_a_part_of_another_command_is_found(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture) -> None:
    assert command(*words) == 2
    assert capsys.readouterr().err == told


def test_other_words_are_refused(capsys: pytest.CaptureFixture) -> None:
    assert command("generate", "runs/x") == 2
    assert "No such command 'generate'" in capsys.readouterr().err
