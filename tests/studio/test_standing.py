"""How runs stand, each sort of damage as what it is, and a long list in no time."""

import json
import os
import shutil
from pathlib import Path

import pytest

from figment.run import Run
from figment.studies.study import StudyFolder
from figment.studio import jobs
from figment.studio.runs import listed
from figment.studio.standing import last_events, standing
from figment.studio.studio import Studio
from figtest.runs import build, tick
from figtest.studies import study_of
from figtest.studios import asking


def score(images, fd, lowest, difference):
    return {
        "event": "score", "images": images, "seconds": 1.0, "title": "FD-lite0", "features": "lite0", "fd": fd, "error": 2.0,
        "floor": 50.0, "took": 0.1, "samples": 300, "reals": 300, "lowest": lowest, "difference": difference,
        "difference_error": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "word"), [("finished", "done"), ("interrupted", "stopped"), ("training", "killed"), ("new", "begun")]
)
def test_of_a_run_that_nobody_holds(make_run, state, word):
    assert standing(make_run(state=state))["standing"] == word


def test_a_run_that_is_held_is_being_trained(make_run):
    run = make_run(state="training", images=0, seconds=0.0)
    with run.locked():
        row = standing(run)
    assert (row["standing"], row["images"], row["share"]) == ("training", 10240, 1.0)
    assert 160 < row["speed"] < 180
    assert standing(run)["standing"] == "killed"
    run.note(state="finished")
    with run.locked():
        assert standing(run)["standing"] == "finishing"
        run.report_file.touch()
        assert standing(run)["standing"] == "preparing"


def test_the_best_score_is_told_with_its_error(make_run):
    run = make_run()
    for look in (score(100, 90.0, None, None), score(200, 70.0, 100, -20.0), score(300, 80.0, 200, 10.0)):
        run.log(look)
    found = standing(run)["score"]
    assert (found["value"], found["error"], found["floor"], found["images"]) == (70.0, 2.0, 50.0, 200)
    assert not found["is_last"]


def test_a_best_that_lies_far_back_is_known_by_how_far_the_last_is_behind(make_run):
    run = make_run()
    run.log(score(100, 70.0, None, None))
    for i in range(300):
        run.log(tick(200 + i, 1.0))
    run.log(score(900, 82.0, 100, 12.0))
    found = standing(run)["score"]
    assert (found["value"], found["error"], found["images"]) == (70.0, None, 100)


def test_only_the_end_of_a_log_is_read(make_run):
    run = make_run()
    with run.events_file.open("ab") as file:
        file.write(b'{"event": "tick", "images": 5, "cut o')  # as it was killed
    events = last_events(run.events_file)
    assert events[-1]["images"] == 10240
    run.events_file.unlink()
    assert last_events(run.events_file) == []


def broken(folder: Path) -> dict[str, str]:
    """Rows of what can't be read, by names."""
    rows = listed(Studio((folder,)))["runs"]
    return {row["name"]: row["problem"] for row in rows if row["standing"] == "unreadable"}


def test_each_sort_of_damage_is_called_what_it_is(tmp_path):
    run = build(tmp_path)
    runs = run.folder.parent
    for name in ("half-written", "newer", "newer-recipe", "nothing"):
        shutil.copytree(run.folder, runs / name)
    (runs / "half-written" / "run.json").write_bytes(run.facts_file.read_bytes()[:40])
    (runs / "newer" / "run.json").write_text(json.dumps(run.facts | {"format": 2}))
    recipe = json.loads(run.recipe_file.read_text())
    (runs / "newer-recipe" / "recipe.json").write_text(json.dumps(recipe | {"format": 2}))
    (runs / "nothing" / "events.jsonl").write_bytes(b"\0" * 100_000)
    problems = broken(runs)
    assert problems.keys() == {"half-written", "newer", "newer-recipe"}
    assert "is damaged" in problems["half-written"]
    assert "newer figment" in problems["newer"]
    assert "newer figment" in problems["newer-recipe"]


def test_names_of_any_bytes_come_through(tmp_path):
    run = build(tmp_path)
    run.folder.rename(run.folder.with_name("<script>alert(1)<\udcff>"))
    with asking(tmp_path) as client:
        (row,) = client.get("/api/runs").json()["runs"]
        assert row["name"].startswith("<script>")
        assert client.get(f"/api/runs/{row['id']}").json()["standing"] == "done"


def test_of_many_runs_only_those_that_changed_are_read_again(tmp_path, monkeypatch):
    """200 runs take .17 s of a core at first, and .04 s from then on; here it is counted what is read."""
    run = build(tmp_path, ticks=1, snapshots=())
    for i in range(20):
        shutil.copytree(run.folder, run.folder.with_name(f"y-{i}"))
    studio, read, facts = Studio((tmp_path,)), [], Run.facts.fget
    monkeypatch.setattr(Run, "facts", property(lambda self: read.append(self.folder) or facts(self)))
    assert len(listed(studio)["runs"]) == len(read) == 21
    Run(tmp_path / "runs" / "y-7").note(images=7)
    read.clear()
    rows = listed(studio)["runs"]
    assert next(row for row in rows if row["name"] == "y-7")["images"] == 7
    assert {folder.name for folder in read} == {"y-7"}


def test_a_study_is_told_by_its_cells_and_has_its_runs(tmp_path):
    place = StudyFolder.create(tmp_path / "weighed", study_of("weighed"))
    shutil.copytree(build(tmp_path / "other", ticks=1, snapshots=(0,)).folder, place.folder / "runs" / "000-x")
    studio = Studio((tmp_path / "weighed",))

    def rows():
        return {row["kind"]: row for row in listed(studio)["runs"]}

    study = rows()["study"]
    assert (study["done"], study["cells"], study["share"], study["standing"]) == (0, 6, 0.0, "open")
    assert (study["factors"], study["has_page"]) == (["objective", "dropout"], False)
    assert rows()["run"]["study"] == study["id"]
    (place.folder / "cells" / "000.json").touch()
    (place.folder / "cells" / "000-1.json").touch()  # up to a rung
    with place.held(place.study.cells[1]):
        assert (rows()["study"]["done"], rows()["study"]["standing"]) == (1, "training")
    place.page.touch()
    for i in range(6):
        (place.folder / "cells" / f"{i:03d}.json").touch()
    assert (rows()["study"]["standing"], rows()["study"]["has_page"]) == ("done", True)
    place.study_file.write_text('{"format": 2}')
    assert "newer figment" in rows()["study"]["problem"]


def test_a_failure_that_was_overcome_is_no_longer_told(make_run):
    run = make_run(state="interrupted")
    job = jobs.Job(
        id="0123456789ac", kind="resume", run=str(run.folder), command=["x"], pid=2**22 + 1, started=1.0, asked=1.0
    )
    job.log_file.parent.mkdir(parents=True, exist_ok=True)
    job.log_file.write_text("figment: faces doesn't exist.\n")
    os.utime(run.facts_file, (1, 1))
    assert jobs.described(job)["error"] == "faces doesn't exist."
    os.utime(job.log_file, (0, 0))
    assert (jobs.described(job)["state"], jobs.described(job)["error"]) == ("ended", None)
    job.log_file.unlink()
