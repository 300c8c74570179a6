"""The run folder: made whole, refused where something is, read back, and cut back to a state."""

import json
import threading
from pathlib import Path

import pytest

from figment import run as run_module
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
    with pytest.raises(InputError, match="is a file: name another folder"):
        Run.create(tmp_path / "file" / "below", RECIPE, {})
    Run.create(tmp_path / "empty", RECIPE, {})
    assert (tmp_path / "full" / "precious").exists()


def test_half_made_folders_of_killed_processes_are_no_obstacle_and_go(tmp_path: Path) -> None:
    for left in (".a.4711.part", ".other-1.12.part", ".a.part"):
        (tmp_path / left / "state").mkdir(parents=True)
        (tmp_path / left / "recipe.json").touch()
    for inner in ("pictures", "snapshots", "state"):  # killed while it filled an empty folder
        (tmp_path / "a" / inner).mkdir(parents=True)
    (tmp_path / "a" / "state" / "lock").touch()
    (tmp_path / "a" / "recipe.json").touch()
    assert Run.create(tmp_path / "a", RECIPE, {}).recipe == RECIPE
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_run_that_lost_its_facts_isnt_taken_for_half_made(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "a", RECIPE, {})
    run.state_file.touch()
    (run.folder / "run.json").unlink()
    with pytest.raises(InputError, match="isn't empty"):
        Run.create(tmp_path / "a", RECIPE, {})


def test_an_empty_folder_is_filled_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a mounted disk, or where a shell stands."""
    here = tmp_path / "here"
    here.mkdir()
    number = here.stat().st_ino
    monkeypatch.chdir(here)
    assert Run.create(".", RECIPE, {}).recipe == RECIPE
    assert here.stat().st_ino == number
    assert Run(here).name == "here"
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    Run.create(tmp_path / "link", RECIPE, {})
    assert Run(tmp_path / "there").recipe == RECIPE


@pytest.mark.parametrize("empty", [True, False], ids=["into an empty folder", "where nothing is"])
def test_of_several_that_make_one_folder_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: bool) -> None:
    """All look, then all make it."""
    if empty:
        (tmp_path / "a").mkdir()
    looked, told, made = threading.Barrier(4), [], []
    refuse = run_module.refuse_taken

    def refuse_taken(folder: Path) -> None:
        refuse(folder)
        looked.wait(30)

    def make(number: int) -> None:
        try:
            made.append((number, Run.create(tmp_path / "a", RECIPE, {"made by": number})))
        except InputError as error:
            told.append(str(error))

    monkeypatch.setattr(run_module, "refuse_taken", refuse_taken)
    makers = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    ((number, run),) = made
    assert run.facts["made by"] == number
    assert len(told) == 3
    assert all("exists and isn't empty" in text for text in told)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_name_that_another_process_took_meanwhile_counts_on(tmp_path: Path, monkeypatch) -> None:
    Run.create(tmp_path / "faces-1", RECIPE, {})
    names = iter([tmp_path / "faces-1", tmp_path / "faces-2"])
    monkeypatch.setattr(run_module, "next_name", lambda *_: next(names))
    assert Run.create_numbered(tmp_path, "faces", RECIPE, {}).name == "faces-2"


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
