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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sample run --out sheet.bmp", "--out sheet.bmp: no kind of picture that figment writes: let it end in .png"),
        ("sample run --files --out run/run.json", "--out run/run.json is a file: name a folder."),
        ("sample run --paper a4 --files", "--paper a4 is for a sheet: leave out --files."),
        ("walk run --out film.avi", "--out film.avi: no kind of film that figment writes: let it end in .mp4"),
        ("timelapse run --out film.avi", "--out film.avi: no kind of film that figment writes: let it end in .mp4"),
        ("sample empty", "empty is no run folder (it has no recipe.json and run.json): name one that train made."),
        ("resume empty", "empty is no run folder"),
        ("report empty", "empty is no run folder"),
        ("compare run empty", "empty is no run folder"),
        ("explain filters empty", "empty is no run folder"),
        ("explore interpolate run/run.json --device cpu --out run/recipe.json", "--out run/recipe.json is a file"),
        ("train --from empty", "empty is no run folder"),
        ("train --from emty", "--from emty doesn't exist: did you mean empty?"),
        ("train --out run", "--out run exists and isn't empty: name another folder, or go on with figment resume run."),
        ("study run --vary widht=1,2 --images 1k", "--vary widht: "),
        ("study run --vary width=16,24 --images 1k --out run", "--out run is there already: name another folder."),
        ("study status empty", "empty is no study (it has no study.json)"),
        ("study report emty", "emty doesn't exist: did you mean empty?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_torch_is_read(words: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "run").mkdir()
    for name in ("run.json", "recipe.json"):
        (tmp_path / "run" / name).write_text("{}")
    done = in_own_process(*words.split(), folder=tmp_path)
    assert done.status == 2
    assert done.err.startswith("figment: ")
    assert said in done.err
    assert "torch" not in done.modules


def test_studies_are_listed_without_torch(tmp_path: Path) -> None:
    done = in_own_process("study", "list", folder=tmp_path)
    assert "article" in done.out
    assert "torch" not in done.modules
