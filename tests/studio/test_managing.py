"""Runs stopped, renamed and deleted: only run folders, only those that nobody trains, only by figment's own processes."""

import json
import subprocess
import sys

import psutil
import pytest

from figment.studio import trainers
from figtest.runs import build
from figtest.studios import asking


@pytest.fixture
def run(tmp_path):
    return build(tmp_path, ticks=1, snapshots=(0,))


@pytest.fixture
def client(tmp_path, run):
    with asking(tmp_path / "runs") as client:
        yield client


def id_of(client, name="x-1"):
    return next(row["id"] for row in client.get("/api/runs").json()["runs"] if row["name"] == name)


def test_a_run_gets_another_name_and_is_deleted(client, run):
    (run.folder.parent / "beside").mkdir()
    found = client.patch(f"/api/runs/{id_of(client)}", json={"name": "faces at night"}).json()
    assert found == {"id": id_of(client, "faces at night"), "name": "faces at night"}
    assert client.get(f"/api/runs/{found['id']}").json()["standing"] == "done"
    assert client.delete(f"/api/runs/{found['id']}", params={"name": "faces at night"}).status_code == 200
    assert [path.name for path in run.folder.parent.iterdir()] == ["beside"]
    assert client.delete(f"/api/runs/{found['id']}", params={"name": "faces at night"}).status_code == 404


BAD_NAMES = (
    "",
    ".",
    "..",
    "a/b",
    "../x",
    "a\\b",
    "-x",
    ".x",
    "x.",
    "x ",
    "<script>",
    "a\0b",
    "a" * 101,
    "con",
    "LPT1.txt",
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_what_is_no_name_is_refused(client, run, name):
    answer = client.patch(f"/api/runs/{id_of(client)}", json={"name": name})
    assert (answer.status_code, "A name has letters" in answer.json()["error"]) == (400, True)


def test_a_name_that_is_taken_is_refused(client, run):
    (run.folder.parent / "y").touch()
    assert "already" in client.patch(f"/api/runs/{id_of(client)}", json={"name": "y"}).json()["error"]


def test_while_it_trains_nothing_of_it_is_changed(client, run):
    id = id_of(client)
    with run.locked():
        for answer in (
            client.patch(f"/api/runs/{id}", json={"name": "y"}),
            client.delete(f"/api/runs/{id}", params={"name": "x-1"}),
            client.post(f"/api/runs/{id}/resume", json={"images": "10"}),
        ):
            assert (answer.status_code, "is being trained" in answer.json()["error"]) == (409, True)
    assert client.get(f"/api/runs/{id}").json()["standing"] == "done"


def test_to_be_deleted_its_name_has_to_be_given(client, run):
    for params in ({}, {"name": "x"}, {"name": "x-1", "force": "yes"}):
        assert client.delete(f"/api/runs/{id_of(client)}", params=params).status_code == 400
    assert run.folder.is_dir()


def test_what_a_run_links_to_stays(client, run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "picture.png").touch()
    (run.folder / "linked").symlink_to(tmp_path / "mine")
    assert client.delete(f"/api/runs/{id_of(client)}", params={"name": "x-1"}).status_code == 200
    assert (tmp_path / "mine" / "picture.png").exists()


def test_the_studios_own_folder_and_a_studys_run_stay(run, tmp_path):
    with asking(run.folder) as client:
        answer = client.delete(f"/api/runs/{id_of(client)}", params={"name": "x-1"})
        assert (answer.status_code, "on this run alone" in answer.json()["error"]) == (400, True)
    (tmp_path / "study.json").write_text("{}")
    with asking(tmp_path) as client:
        answer = client.patch(f"/api/runs/{id_of(client)}", json={"name": "y"})
        assert (answer.status_code, "belongs to a study" in answer.json()["error"]) == (400, True)


def test_nobody_but_figments_own_trainings_is_ever_stopped(client, run):
    """Not even who holds the run's lock."""
    id = id_of(client)
    assert "isn't being trained" in client.post(f"/api/runs/{id}/stop").json()["error"]
    holder = (
        "import sys; from figment.run import Run\nwith Run(sys.argv[1]).locked(): print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, run.folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert "stop it where it was started" in client.post(f"/api/runs/{id}/stop").json()["error"]
        assert process.poll() is None
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        (["python", "-m", "figment", "train", "faces"], True),
        (["python", "/venv/bin/figment", "resume", "runs/x-1"], True),
        (["python", "-m", "figment", "study", "run"], False),
        (["python", "train.py", "figment"], False),
        (["vim", "figment", "trainers.py"], False),
        ([], False),
    ],
)
def test_figments_trainings_are_known_by_their_command(command, is_one):
    assert trainers.trains(command) == is_one


def test_a_process_that_may_not_be_looked_at_is_passed_over(run, monkeypatch):
    def refuse(self):
        raise psutil.AccessDenied(1)

    monkeypatch.setattr(psutil.Process, "cmdline", refuse)
    assert trainers.trainer(run) is None


def test_a_report_is_shown_with_an_origin_of_its_own(client, run):
    id = id_of(client)
    assert client.get(f"/api/runs/{id}/page").status_code == 404
    run.report_file.write_text("<script>fetch('/api/runs')</script>")
    answer = client.get(f"/api/runs/{id}/page")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "default-src 'none'" in policy
    run.report_file.unlink()
    run.report_file.symlink_to(run.facts_file)
    assert client.get(f"/api/runs/{id}/page").status_code == 404


BAD_REQUESTS = (
    ("PATCH", "", b""), ("PATCH", "", b"[]"), ("PATCH", "", b'{"name": 1}'), ("PATCH", "", b'{"name": "a", "folder": "b"}'),
    ("POST", "/resume", b'{"time": "soon"}'), ("POST", "/resume", b'{"time": "1m", "images": "5"}'), ("POST", "/resume", b"{}"),
    ("DELETE", "", b""),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "content"), BAD_REQUESTS)
def test_bad_requests_are_refused_in_a_sentence(client, run, method, path, content):
    answer = client.request(method, f"/api/runs/{id_of(client)}{path}", content=content)
    assert (answer.status_code, len(answer.json()["error"]) > 10) == (400, True)
    assert client.request(method, f"/api/runs/nothing{path}", content=content or b"{}").status_code in (400, 404)
    assert json.loads(run.facts_file.read_text())["state"] == "finished"
