"""The table of experiments, and what is made from it."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from figment.cli.app import cli, whole_commands
from figment.experiments import EXPERIMENTS, Experiment

ROOMS = ("explore", "explain")
PAGE = (Path(__file__).parents[1] / "docs" / "understand.md").read_text()


@pytest.mark.parametrize("row", EXPERIMENTS.values(), ids=list(EXPERIMENTS))
def test_docs_and_help_name_the_command(row: Experiment) -> None:
    page = CliRunner().invoke(cli, [row.room, "--help"], terminal_width=200, max_content_width=200).output
    assert f"figment {row.room} {row.kind} RUN".ljust(37) + row.summary in page
    assert f"figment {row.room} {row.kind} " in PAGE


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_s_commands_are_its_rows(room: str) -> None:
    group = whole_commands()[room]
    assert isinstance(group, click.Group)
    assert set(group.commands) == {row.kind for row in EXPERIMENTS.values() if row.room == room}


@pytest.mark.parametrize("row", EXPERIMENTS.values(), ids=list(EXPERIMENTS))
def test_the_function_lives_in_its_room(row: Experiment) -> None:
    module, function = row.function.split(":")
    assert module.startswith(f"figment.{row.room}.")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_are_the_rows_and_a_few_beside(room: str) -> None:
    package = import_module(f"figment.{room}")
    assert {row.kind for row in EXPERIMENTS.values() if row.room == room} <= set(package.__all__)
    assert dir(package) == sorted(package.__all__)
    assert all(callable(getattr(package, name)) for name in dir(package))
    with pytest.raises(AttributeError, match="nonsense"):
        package.nonsense  # noqa: B018


def test_the_table_costs_nothing() -> None:
    code = "import sys, figment.experiments, figment.explore, figment.explain; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
