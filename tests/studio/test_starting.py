"""A training from the page to its end: started, watched, stopped, gone on with, renamed, deleted. And what can't be started."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from figment.errors import InputError
from figment.run import Run
from figment.studio import jobs, starting
from figment.studio.jobs import Job, described, forget, known, start
from figment.studio.pictures import below
from figment.studio.studio import Studio
from figtest.pictures import noise_folder
from figtest.runs import build
from figtest.studios import asking, started

PATIENCE = 120_000  # milliseconds that a training may take to begin on a busy machine


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with pictures and a place for runs, where the studio is started."""
    noise_folder(tmp_path / "my-pictures" / "<b>dark", 60, 16)
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def client(desk):
    with asking(desk / "runs") as client:
        yield client


@pytest.mark.slow
def test_a_training_from_its_first_to_its_last_day(desk, open_page):
    with started("runs", cwd=desk) as studio:
        page = open_page(studio.address)
        page.get_by_role("link", name="Begin the first one").click()
        page.get_by_role("radio", name=re.compile("my-pictures")).first.check()
        page.get_by_text("60 pictures, 18×16").wait_for()
        page.get_by_role("radio", name="images seen").check()
        page.get_by_label("How many").fill("2M")
        hub = page.get_by_label("Or a set of the Hugging Face hub")
        hub.fill("hf:uoft-cs")
        page.get_by_text("The set's own name is missing").wait_for()
        hub.fill("hf:")
        page.get_by_text("More:").click()
        page.get_by_role("combobox", name="Pictures of other shapes").select_option("pad")
        page.get_by_role("combobox", name="Size in pixels").select_option("16")
        page.get_by_role("combobox", name="Begin with").select_option("none")
        page.get_by_role("textbox", name="Name of the run").fill("first")
        plan = page.get_by_role("button", name="Show the plan")
        plan.press("Enter")
        assert plan.evaluate("it => it === document.activeElement")
        page.get_by_role("button", name="Cancel the plan").press("Enter")
        page.get_by_role("button", name="Cancel the plan").wait_for(state="detached")
        assert plan.evaluate("it => it === document.activeElement")
        assert plan.is_enabled()
        page.complaints.clear()  # where it was just asked for again
        page.get_by_role("button", name="Start").click()
        page.wait_for_url("**/watch/*", timeout=PATIENCE)
        page.goto(studio.home)
        page.get_by_text("training", exact=False).first.wait_for()
        run = Run(desk / "runs" / "first")
        sheet = page.get_by_role("img", name="Newest samples of first")
        sheet.wait_for()
        before = sheet.get_attribute("src")
        page.wait_for_function(
            "before => document.querySelector('.cover img').getAttribute('src') !== before",
            arg=before,
            timeout=PATIENCE,
        )
        page.get_by_role("button", name="Stop first").click()
        page.get_by_text("stopped, with everything saved").wait_for(timeout=PATIENCE)
        seen = run.facts["images"]
        assert run.state == "interrupted"
        assert run.recipe.fit == "pad:#ffffff"
        page.get_by_role("button", name="Go on with first").click()
        page.get_by_role("checkbox", name="with a further budget").check()
        page.get_by_role("radio", name="images seen").check()
        page.get_by_label("How many").fill("64")
        page.get_by_role("button", name="Go on", exact=True).click()
        page.locator("[data-standing=done]").wait_for(timeout=PATIENCE)
        assert run.facts["images"] > seen
        page.get_by_role("button", name="Rename first").click()
        page.get_by_role("textbox", name="New name").fill("the first of all")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="the first of all", exact=True).wait_for()
        page.get_by_role("button", name="Delete the first of all").click()
        assert page.get_by_role("button", name="Delete it for good").is_disabled()
        page.get_by_role("textbox", name="To go on").fill("the first of all")
        page.get_by_role("button", name="Delete it for good").click()
        page.get_by_role("link", name="Begin the first one").wait_for()
        page.close()  # it would go on asking a studio that is gone
    assert os.listdir(desk / "runs") == []


@pytest.mark.slow
def test_the_plan_is_what_figment_tells(desk, client):
    data = below(Studio((desk / "runs",), home=desk))[0].id
    id = client.post("/api/plan", json={"data": data, "images": "64", "size": "16", "start": "none"}).json()["id"]
    plan = when(lambda: client.get(f"/api/plan/{id}").json(), lambda it: it["state"] != "working")
    assert any(line.startswith("generator ") for line in plan["lines"]), plan
    assert client.delete(f"/api/plan/{id}").status_code == 200
    assert os.listdir(desk / "runs") == []


@pytest.mark.parametrize(
    ("program", "state", "lines", "error"),
    [
        ("print('generator  small')", "done", ["generator  small"], None),
        ("import sys; sys.exit('figment: --size 17: no.')", "refused", [], "“Size in pixels: 17”: no."),
        (
            "print('start     known; --from none turns it off')",
            "done",
            ["start     known; “Begin with: nets that have learnt nothing” turns it off"],
            None,
        ),
        ("import os; os.kill(os.getpid(), 9)", "refused", [], "The plan was given up."),
    ],
)
def test_a_plan_is_waited_for_and_given_up(client, monkeypatch, program, state, lines, error):
    spawn = jobs.spawn
    monkeypatch.setattr(jobs, "spawn", lambda command, *files: spawn([sys.executable, "-c", program], *files))
    first, id = (client.post("/api/plan", json={}).json()["id"] for _ in range(2))
    assert client.get(f"/api/plan/{first}").status_code == 404  # one at a time
    plan = when(lambda: client.get(f"/api/plan/{id}").json(), lambda it: it["state"] != "working")
    assert (plan["state"], plan["lines"], plan["error"]) == (state, lines, error)
    assert client.delete(f"/api/plan/{id}").status_code == 200
    assert client.get(f"/api/plan/{id}").status_code == 404


def when(ask, is_so, seconds=120):
    """What is asked for, as soon as it is so."""
    for _ in range(seconds * 10):
        if is_so(found := ask()):
            return found
        time.sleep(0.1)
    pytest.fail(f"it never was: {found}")


def test_what_figment_refuses_comes_to_the_page_in_its_words(desk, client):
    data = below(Studio((desk / "runs",), home=desk))[0].id
    job = client.post("/api/jobs", json={"data": data, "images": "64", "size": "17"}).json()
    assert (job["state"], job["name"]) == ("preparing", "b-dark-1")
    ended = when(lambda: client.get(f"/api/jobs/{job['id']}").json(), lambda it: it["state"] != "preparing")
    assert ended["state"] == "failed"
    assert "17" in ended["error"]
    assert not ended["error"].startswith("figment:")
    assert "--" not in ended["error"]
    with asking(desk / "runs") as anew:  # another studio knows it, too, and puts it away
        assert [it["id"] for it in anew.get("/api/jobs").json()["jobs"]] == [job["id"]]
        assert anew.delete(f"/api/jobs/{job['id']}").status_code == 200
        assert anew.get("/api/jobs").json()["jobs"] == []


def test_a_name_in_use_is_told_with_what_the_page_has(desk, client):
    build(desk).folder.rename(desk / "runs" / "mine")
    data = below(Studio((desk / "runs",), home=desk))[0].id
    answer = client.post("/api/jobs", json={"data": data, "images": "64", "name": "mine"})
    said = "There is something called mine already: choose another “Name of the run”, or go on with that one: “Go on …” stands on"
    assert answer.json()["error"] == f"{said} its card on Runs."


def job_of(process, run, **changes):
    import psutil

    fields = {
        "id": "0123456789ab", "kind": "train", "run": str(run), "command": process.args, "pid": process.pid, "asked": 1.0,
        "started": psutil.Process(process.pid).create_time(),
    }  # fmt: skip
    return Job(**fields | changes)


def test_a_strangers_process_is_never_taken_for_a_jobs(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert job_of(process, tmp_path).process().pid == process.pid
        assert job_of(process, tmp_path, started=5.0).process() is None
        assert job_of(process, tmp_path, command=[*command, "more"]).process() is None
        assert job_of(process, tmp_path, pid=2**22 + 1).process() is None
        process.stdin.close()


def test_a_training_that_was_killed_is_told_so(make_run, tmp_path, own_cache):
    job = Job(id="0123456789ab", kind="train", run=str(make_run(state="training").folder), command=["x"], pid=2**22 + 1,
              started=1.0, asked=1.0)  # fmt: skip
    assert described(job)["state"] == "killed"
    job.log_file.parent.mkdir(parents=True, exist_ok=True)
    job.log_file.write_text("Traceback (most recent call last)\n  File\nValueError: \x1b[31mno\n")
    assert (found := described(job))["state"] == "failed"
    assert "fault of figment's (ValueError: \\x1b[31mno)" in found["error"]
    job.log_file.unlink()


def test_damaged_records_are_passed_over(own_cache):
    folder = own_cache / "studio" / "jobs"
    shutil.rmtree(folder, ignore_errors=True)  # those of the tests before, which share the cache
    folder.mkdir(parents=True)
    for i, content in enumerate((b"", b"{", b"[]", b'{"id": "../../x"}', b"\xff")):
        (folder / f"{i}.json").write_bytes(content)
    assert known() == []
    shutil.rmtree(folder)


def test_no_more_than_so_many_are_started_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "MAX_AT_ONCE", 0)
    with pytest.raises(InputError, match="under way already"):
        start("train", tmp_path / "x", ["train"])


def test_a_training_that_cant_be_noted_is_ended_again(tmp_path, monkeypatch):
    spawn, begun = jobs.spawn, []

    def sleeping(command, log):
        begun.append(spawn([sys.executable, "-c", "import time; time.sleep(60)"], log))
        return begun[0]

    def full(*more):
        raise OSError(errno.ENOSPC, "No space left")

    monkeypatch.setattr(jobs, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(jobs, "write_atomically", full)
    monkeypatch.setattr(jobs, "spawn", sleeping)
    with pytest.raises(InputError, match="No space left"):
        start("train", tmp_path / "x", ["train"])
    assert begun[0].wait() == -signal.SIGTERM


NO_TRAININGS = (
    b"", b"{}x", b'{"data": 5}', b'{"recipe": "sgd"}', b'{"time": "soon"}', b'{"time": "1m", "images": "5"}', b'{"images": "-1"}',
    b'{"size": "large"}', b'{"size": "64; rm"}', b'{"seed": -1}', b'{"seed": 1e99}', b'{"start": "../x"}', b'{"name": "../x"}',
    b'{"name": "-x"}', b'{"fit": "--out"}', b'{"fit": "squeeze"}',
    b'{"folder": 9}', b'{"folder": -1}', b'{"data": "/etc"}', b'{"data": "--help"}', b'{"data": "hf:../x"}',
    b'{"data": "hf:a/b --out x"}', b'{"data": "000000000000"}', b'{"data": "../runs"}', b'{"out": "x"}',
)  # fmt: skip


@pytest.mark.parametrize("content", NO_TRAININGS)
def test_what_cant_be_trained_is_refused_and_nothing_starts(client, monkeypatch, content):
    monkeypatch.setattr(jobs, "spawn", lambda *more: pytest.fail("something was started"))
    answer = client.post("/api/jobs", content=content)
    assert answer.status_code in (400, 404)
    assert len(answer.json()["error"]) > 10
    assert client.post("/api/plan", content=content.replace(b"name", b"nom")).status_code in (400, 404)
    assert client.get("/api/jobs/nothing").status_code == client.get("/api/plan/nothing").status_code == 404


def test_single_runs_are_no_place_for_new_ones(tmp_path, monkeypatch):
    run = build(tmp_path, ticks=1, snapshots=())
    monkeypatch.chdir(tmp_path)
    with asking(run.folder) as client:
        assert client.get("/api/recipes").json()["homes"] == []
        assert "no folder here" in client.post("/api/jobs", json={}).json()["error"]


def test_two_that_are_asked_for_at_once_get_two_names(tmp_path, monkeypatch):
    taken = [Job(id=f"{i:012d}", kind="train", run=str(tmp_path / f"faces-{i}"), command=["x"], pid=1, started=1.0, asked=1.0)
             for i in (1, 2)]  # fmt: skip
    monkeypatch.setattr(jobs, "known", lambda: taken)
    monkeypatch.setattr(Job, "process", lambda self: self)
    assert starting._free(tmp_path, "faces").name == "faces-3"


def test_what_is_offered_lies_below_and_is_none_of_figments_own(tmp_path, monkeypatch):
    noise_folder(tmp_path / "desk" / "cats" / "a", 12, 16)
    noise_folder(tmp_path / "desk" / "cats" / "b", 12, 16)
    noise_folder(tmp_path / "desk" / ".hidden", 12, 16)
    noise_folder(tmp_path / "desk" / "few", 3, 16)
    noise_folder(tmp_path / "outside", 12, 16)
    (tmp_path / "desk" / "linked").symlink_to(tmp_path / "outside")
    (tmp_path / "desk" / "all.zip").touch()
    build(tmp_path / "desk", ticks=1, snapshots=range(12))
    found = {it.where: it.count for it in below(Studio((tmp_path / "desk" / "runs",), home=tmp_path / "desk"))}
    assert found == {"desk": 27, "cats": 24, "cats/a": 12, "cats/b": 12, "all.zip": None}


def test_a_look_shows_pictures_and_what_is_wrong_with_them(desk, client):
    folder = next(Path("my-pictures").iterdir())
    (folder / "<i>bad.png").write_bytes(b"no picture")
    data = next(it["id"] for it in client.get("/api/data").json()["found"])
    look = client.get("/api/look", params={"data": data}).json()
    assert (look["count"], look["sizes"], len(look["pictures"])) == (61, "18×16", 23)
    assert [line.partition(":")[0] for line in look["problems"]] == ["<i>bad.png"]
    assert any("few" in line for line in look["notes"])
    assert client.get("/api/look", params={"data": "portraits"}).json()["sizes"] == "drawn at any size"
    assert client.get("/api/look", params={"data": "hf:a/b"}).json()["count"] is None
    for data in ("/etc", "..", "000000000000", "hf:", "nothing at all"):
        assert client.get("/api/look", params={"data": data}).status_code in (400, 404)


def test_a_killed_trainer_is_told_and_two_studios_agree(desk):
    """Killed as by the system, and gone on with from another studio's page."""
    data = below(Studio((desk / "runs",), home=desk))[0].id
    with asking(desk / "runs") as one, asking(desk / "runs") as other:
        asked = {
            "data": data,
            "images": "2M",
            "size": "16",
            "start": "none",
            "recipe": "dcgan-r1-small",
            "name": "killed",
        }
        job = one.post("/api/jobs", json=asked).json()
        address = f"/api/runs/{job['run']}"
        when(lambda: one.get("/api/runs").json()["runs"], bool)
        when(lambda: one.get(address).json(), lambda it: it["standing"] == "training")
        assert other.delete(address, params={"name": "killed"}).status_code == 409
        assert other.delete(f"/api/jobs/{job['id']}").status_code == 400
        known()[0].process().kill()
        found = when(lambda: other.get(address).json(), lambda it: it["standing"] != "training")
        assert (found["standing"], found["state"]) == ("killed", "training")
        assert other.get(f"/api/jobs/{job['id']}").json()["state"] == "killed"
        assert other.delete(address, params={"name": "killed"}).status_code == 200
        assert one.get(address).status_code == 404
        assert one.get("/api/jobs").json()["jobs"] == []


def test_a_command_that_isnt_told_at_once_is_waited_for(tmp_path, monkeypatch):
    """As in the instant after a process was started."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        told = [[], [], process.args]
        monkeypatch.setattr(jobs.psutil.Process, "cmdline", lambda self: told.pop(0))
        assert job_of(process, tmp_path).process() is not None
        process.stdin.close()


DISK = "figment: /runs/x-1/state can't be written (No space left on device): free some space.\n"


@pytest.mark.parametrize(
    ("state", "log", "standing", "why"),
    [
        ("interrupted", DISK, "failed", "No space left on device"),
        ("training", DISK, "failed", "No space left on device"),
        ("training", "", "killed", "It ended before it could save or say why"),
        ("finished", "done\n", "done", None),
    ],
)
def test_every_page_tells_the_same_of_a_training_that_ended_badly(tmp_path, own_cache, state, log, standing, why):
    run = build(tmp_path, state=state)
    run.log({"event": "snapshot", "images": 11_000, "seconds": 70.0})
    job = Job(id="0123456789ac", kind="resume", run=str(run.folder), command=["x"], pid=2**22 + 1,
              started=1.0, asked=1.0)  # fmt: skip
    job.log_file.parent.mkdir(parents=True, exist_ok=True)
    job.record_file.write_text(json.dumps(job.model_dump()))
    job.log_file.write_text(log)
    save_file({"a": np.zeros(1, np.float32)}, run.state_file, {"figment": json.dumps(STATE)})
    try:
        with asking(run.folder.parent) as client:
            (row,) = client.get("/api/runs").json()["runs"]
            page = client.get(f"/api/runs/{row['id']}/state").json()
    finally:
        forget(job)
    told = ("standing", "why", "saved", "images", "seconds")
    assert [row[name] for name in told] == [page[name] for name in told]
    assert row["standing"] == standing
    if state == "training":  # until when it was seen, with the time that belongs to it
        assert (row["images"], row["seconds"]) == (11_000, 70.0)
    if why is None:
        assert (row["why"], row["saved"]) == (None, None)
    else:
        assert why in row["why"]
        assert "“Go on …” takes it up from what was saved after 9,600 images (56 s)." in row["why"]
        assert row["saved"] == {"images": 9600, "seconds": 56.0}


STATE = {"kind": "state", "format": 1, "counters": {"images": 9600, "seconds": 56.0, "setbacks": 0}}
