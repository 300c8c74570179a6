"""What a command imports before it answers, which is what its answer waits for: benchmarks/startup.py times it."""

from pathlib import Path

import pytest

from figment.cli.app import cli, whole_commands
from figtest.command import in_own_process

OURS = {"figment.cli." + name for name in ("app", "bash_words", "commands", "repeats", "streams")}


@pytest.mark.parametrize("name", cli.commands)
def test_the_table_says_what_the_command_says(name: str) -> None:
    row, command = cli.commands[name], whole_commands()[name]
    assert command.name == name
    assert not command.hidden
    assert not command.deprecated
    for columns in range(10, 200):
        assert row.get_short_help_str(columns) == command.get_short_help_str(columns)


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (["--help"], {}, "  walk        A smooth closed loop"),
        (["--version"], {}, "figment, version "),
        ([], {"_FIGMENT_COMPLETE": "bash_complete", "COMP_WORDS": "figment tr", "COMP_CWORD": "1"}, "plain,train\n"),
    ],
    ids=["help", "version", "completion"],
)
def test_the_list_of_commands_imports_none_of_them(words, environment, said, tmp_path: Path) -> None:
    done = in_own_process(*words, folder=tmp_path, **environment)
    assert done.status == 0
    assert said in done.out
    assert not done.heavy()
    assert {name for name in done.modules if name.startswith("figment.cli.")} <= OURS


@pytest.mark.parametrize("words", [["train", "faecs"], ["data", "inspect", "faecs"], ["measure", "faces", "--against", "faecs"],
                                   ["sample", "faecs"], ["resume", "faecs"]])  # fmt: skip
def test_a_mistyped_path_is_refused_before_anything_heavy_is_read(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    done = in_own_process(*words, folder=tmp_path)
    assert (done.status, done.err) == (2, "figment: faecs doesn't exist: did you mean faces?\n")
    assert not done.heavy()
