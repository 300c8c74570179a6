"""The run folder: made whole, refused where something is, read back, and cut back to a state."""

import json
from pathlib import Path

import pytest

from figment.errors import InputError
from figment.presets import make
from figment.run import Run, next_name

RECIPE = make("dcgan", images=100)


def test_create_and_read_back(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "runs" / "a", RECIPE, {"source": "x"})
    assert Run(run.folder).recipe == RECIPE
    assert run.facts == {"format": 1, "state": "new", "source": "x"}
    run.note(state="training", images=3)
    assert run.facts == {"format": 1, "state": "training", "source": "x", "images": 3}
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["a"]


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").touch()
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="isn't empty"):
        Run.create(tmp_path / "full", RECIPE, {})
    with pytest.raises(InputError, match="is a file"):
        Run.create(tmp_path / "file", RECIPE, {})
    with pytest.raises(InputError, match="can't be made"):
        Run.create(tmp_path / "file" / "below", RECIPE, {})
    Run.create(tmp_path / "empty", RECIPE, {})
    assert (tmp_path / "full" / "precious").exists()


def test_half_made_folder_of_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".a.part").mkdir()
    (tmp_path / ".a.part" / "recipe.json").touch()
    assert Run.create(tmp_path / "a", RECIPE, {}).recipe == RECIPE


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no run folder"):
        Run(tmp_path)
    with pytest.raises(InputError, match="doesn't exist"):
        Run(tmp_path / "missing")


def test_damaged_or_newer_facts(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "a", RECIPE, {})
    (run.folder / "run.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        run.facts  # noqa: B018
    (run.folder / "run.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match="newer figment"):
        run.facts  # noqa: B018


def test_forgetting_what_is_newer_than_the_state(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "a", RECIPE, {})
    for images in (0, 50, 100):
        run.log({"event": "tick", "images": images})
        run.picture_file(images).touch()
        run.snapshot_file(images).touch()
    with (run.folder / "events.jsonl").open("a") as file:
        file.write('{"event": "tick", "ima')  # cut by a power failure
    run.forget_after(50)
    assert [e["images"] for e in run.events("tick")] == [0, 50]
    assert list(run.pictures()) == list(run.snapshots()) == [0, 50]
    assert all(json.loads(line) for line in (run.folder / "events.jsonl").read_text().splitlines())


def test_names_count_up_from_the_highest(tmp_path: Path) -> None:
    assert next_name(tmp_path, "faces").name == "faces-1"
    for name in ("faces-2", "faces-10", "faces-x", "faces", "other-30"):
        (tmp_path / name).mkdir()
    assert next_name(tmp_path, "faces").name == "faces-11"
    assert next_name(tmp_path, "my pictures/é").name == "my-pictures-é-1"


def test_one_trainer_at_a_time(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "a", RECIPE, {})
    with run.locked(), pytest.raises(InputError, match="trained by another process"), Run(run.folder).locked():
        pass
    with run.locked():
        pass
