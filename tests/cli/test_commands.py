"""What is said of commands that aren't there."""

import re

import pytest

from figment.cli.app import cli, whole_commands
from figment.cli.hints import COMMANDS, FIELDS, OPTIONS
from figment.recipe import Recipe
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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("generate", "runs/x"), "No such command 'generate': figment sample RUN draws new pictures. See"),
        (("eval",), "No such command 'eval': figment measure RUN says"),
        (("interpolate",), "figment walk RUN"),
        (("verify", "a.png"), "No such command 'verify': figment check FILE says what a picture says of itself, figment detect"),
        (("doctor", "x"), "figment: Got unexpected extra argument (x). See figment doctor --help.\n"),
        (("completion",), "Choose from: bash, zsh, fish. See figment completion --help.\n"),
        (("frobnicate",), "No such command 'frobnicate'."),
        (("train", "faces", "--epochs", "3"), "No such option '--epochs': figment counts images seen: --images 500k, or"),
        (("train", "--batch-size=3"), "No such option '--batch-size': --set batch=128 sets"),
        (("train", "--lr", "1e-3"), "No such option '--lr': --set lr="),
        (("train", "--gpus", "2"), "No such option '--gpus': a GPU is taken where there is one; several: torchrun"),
        (("train", "--resume", "runs/x"), "No such option '--resume': figment resume RUN goes on"),
        (("train", "--data", "faces"), "No such option '--data': the pictures stand there without an option: figment train"),
        (("train", "--sise", "3"), "No such option '--sise'. (Did you mean"),
        (("sample", "--epochs", "3"), "No such option '--epochs'."),
    ],
)  # fmt: skip
def test_other_programs_words_are_answered_in_figment_s(words: tuple[str, ...], told: str, capsys) -> None:
    assert command(*words) == 2
    assert told in capsys.readouterr().err


def test_hints_name_what_there_is() -> None:
    options = {text for parameter in whole_commands()["train"].params for text in parameter.opts}
    for hint in (*COMMANDS.values(), *OPTIONS.values()):
        assert all(name in cli.commands for name in re.findall(r"figment ([a-z]+) (?=[A-Z]|[a-z]+ RUN|list)", hint)), (
            hint
        )
        assert set(re.findall(r"--[a-z-]+(?= [A-Z0-9]|$)", hint)) <= options, hint
    assert not COMMANDS.keys() & cli.commands.keys()
    assert not OPTIONS.keys() & options
    assert set(FIELDS.values()) <= Recipe.model_fields.keys()
