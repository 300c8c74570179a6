"""What is offered for words of a command, asked as the shells' scripts ask it."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.shell_completion import ShellComplete
from safetensors.numpy import save_file

from figment.cli.app import cli
from figment.cli.bash_words import joined


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """runs/p-1 here, which learnt from the built-in portraits, with two directions."""
    monkeypatch.chdir(tmp_path)
    run = Path("runs/p-1")
    run.mkdir(parents=True)
    (run / "run.json").write_text('{"data": null}')
    (run / "recipe.json").write_text('{"classes": []}')
    header = json.dumps({"directions": [{"name": "age"}, {"name": "smile"}]})
    save_file({"vectors": np.eye(2, 8)}, run / "directions.safetensors", {"figment": header})
    return run


def offered(line: str, incomplete: str) -> list[str]:
    shell = ShellComplete(cli, {}, "figment", "_FIGMENT_COMPLETE")
    return [item.value for item in shell.get_completions(line.split(), incomplete) if item.type == "plain"]


@pytest.mark.parametrize(
    ("line", "incomplete", "words"),
    [
        ("walk", "", ["runs/p-1"]),
        ("walk", "run", ["runs/p-1"]),
        ("compare runs/p-1", "runs/", []),
        ("measure", "runs/p", ["runs/p-1"]),
        ("train --from", "r", ["runs/p-1"]),
        ("sample runs/p-1 --direction", "smi", ["smile="]),
        ("walk runs/p-1 --direction", "", ["age", "smile"]),
        ("walk runs/p-1/generator.safetensors --direction", "", ["age", "smile"]),
        ("walk --direction", "", []),
        ("explain forget runs/p-1 --attribute", "gl", ["glasses", "glasses=round", "glasses=square"]),
        ("explore directions runs/p-1 --attributes", "age,smi", ["age,smile"]),
        ("recipes", "dcgan-pl", ["dcgan-plain"]),
        ("train --set", "objective=hin", ["objective=hinge"]),
    ],
)
def test_words(line: str, incomplete: str, words: list[str], run: Path) -> None:
    assert offered(line, incomplete) == words


def test_classes_of_a_run_are_its_attributes(run: Path) -> None:
    (run / "run.json").write_text('{"data": ["pets"]}')
    (run / "recipe.json").write_text('{"classes": ["cat", "dog"]}')
    assert offered("explain forget runs/p-1 --attribute", "") == ["cat", "dog"]


@pytest.mark.parametrize(
    ("words", "place", "before", "current"),
    [
        ("figment train --set objective = hi", 5, "figment train --set", "objective=hi"),
        ("figment train --set objective =", 4, "figment train --set", "objective="),
        ("figment train --set objective = hinge", 6, "figment train --set objective=hinge", ""),
        ("figment sample x --direction smile = 2 --dir", 7, "figment sample x --direction smile=2", "--dir"),
        ("figment train", 2, "figment train", ""),
    ],
)
def test_words_that_bash_parts_are_put_together(words: str, place: int, before: str, current: str) -> None:
    assert joined(words.split(), place) == (before.split(), current)


def test_spoilt_files_offer_nothing(run: Path) -> None:
    (run / "directions.safetensors").write_bytes(b"no header")
    (run / "run.json").write_text("{")
    assert offered("walk runs/p-1 --direction", "") == []
    assert offered("explain forget runs/p-1 --attribute", "") == []
