"""The command itself: what it refuses, what it prints, how it ends."""

import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import connect

from figment.cli import main
from figment.studio.studio import found_in
from figtest.runs import played
from figtest.studios import started


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["studio", *map(str, arguments)])
    assert end.value.code == 2
    return capsys.readouterr().err


def test_what_is_no_folder_is_refused(tmp_path, capsys):
    assert "is no folder" in refused(capsys, tmp_path / "nothing")


def test_other_machines_are_let_in_only_when_that_is_said(tmp_path, capsys):
    assert "--share" in refused(capsys, tmp_path, "--host", "0.0.0.0")


def test_a_port_that_is_taken_is_told(tmp_path, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert "is taken" in refused(capsys, tmp_path, "--no-open", "--port", other.getsockname()[1])


def test_two_studios_take_two_ports_and_end_when_told(tmp_path):
    with started(tmp_path) as one, started(tmp_path) as other:
        assert one.home != other.home
        one.process.terminate()
        _, err = one.process.communicate(timeout=60)
        assert (one.process.returncode, err.strip()) == (130, "The studio has ended; trainings started from it go on.")


STUCK = """
import sys, time
from figment.cli import main
from figment.forensics import check
from figment.studio.play import channel, films

def stuck(*more):
    print("stuck", flush=True)
    time.sleep(3600)

check.check = channel.project = films.write_film = stuck
main(["studio", sys.argv[1], "--no-open"])
"""


def test_it_ends_when_told_whatever_works_in_its_threads(tmp_path):
    """A search, a film and a check that would go on for an hour are left behind, and nothing half made with them."""
    run = played(tmp_path)
    (scratch := tmp_path / "scratch").mkdir()
    command = [sys.executable, "-c", STUCK, str(run.folder)]
    where = {"TMPDIR": str(scratch), "FIGMENT_CACHE": str(scratch)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | where
    ) as process:
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        home, token = address.split("/?token=")
        headers = {"authorization": f"Bearer {token}"}
        place = f"/api/play/{found_in(run.folder)[0].id}"

        def ask(path, content):
            with suppress(OSError):  # it is cut off
                urlopen(Request(home + path, content, headers), timeout=600).close()

        asking = threading.Thread(target=ask, args=("/api/check?name=x.png", b"x"))
        asking.start()
        ask(f"{place}/films", b'{"keyframes": [{"number": 0}, {"number": 1}]}')
        with connect(home.replace("http", "ws") + place, additional_headers=headers) as socket:
            socket.send('{"do": "project", "seq": 1, "picture": "AAAA"}')
            assert [process.stdout.readline() for _ in range(3)] == ["stuck\n"] * 3
            assert len(list(scratch.glob("f*-*"))) == 2  # a check's and a film's
            process.terminate()
            _, err = process.communicate(timeout=600)
        asking.join()
    assert (process.returncode, err.strip()) == (130, "The studio has ended; trainings started from it go on.")
    assert not list(scratch.glob("f*-*"))


def test_nothing_heavy_is_imported_before_it_serves():
    code = "import sys, figment.studio.serve; print([m for m in ('torch', 'matplotlib', 'scipy', 'sklearn') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
