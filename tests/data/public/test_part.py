"""Downloads that are cut, and gone on with."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from figment.data.public import download as module
from figment.data.public.download import download
from figment.errors import Interrupted
from figtest.downloads import CONTENT, OTHER, alone, refusal, sha256, stopping_at
from figtest.servers import FaultyHandler, FaultyServer, answer, cut


def test_cuts_are_resumed(server: FaultyServer, file: Path, naps: list[float]):
    server.faults = [cut(100_000), cut(50_000), cut(0), cut(1)]
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert file.read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == [
        None, "bytes=100000-", "bytes=150000-", "bytes=150000-", "bytes=150001-"
    ]  # fmt: skip
    assert server.sent["/file.zip"] == len(CONTENT)
    assert naps == [1, 2, 4, 8]
    assert alone(file)


def test_a_server_that_always_cuts_is_given_up_and_the_part_kept(server: FaultyServer, file: Path):
    server.always = cut(10)
    sentence = refusal(server.url(), file)
    assert "127.0.0.1" in sentence
    assert "the connection was cut" in sentence
    assert len(server.requests) == module.MAX_TRIES
    server.always = None
    download([server.url()], file)
    assert server.requests[-1] == ("/file.zip", f"bytes={10 * module.MAX_TRIES}-")
    assert file.read_bytes() == CONTENT


def test_many_cuts_are_fine_where_each_brings_enough(server: FaultyServer, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "PROGRESS_BYTES", 10_000)
    server.always = cut(10_000)
    download([server.url()], file)
    assert len(server.requests) == 30
    assert server.sent["/file.zip"] == len(CONTENT)


def test_without_ranges_it_starts_over(server: FaultyServer, file: Path):
    server.ranges = False
    server.faults = [cut(100_000)]
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert file.read_bytes() == CONTENT
    assert server.sent["/file.zip"] == 100_000 + len(CONTENT)


def test_without_ranges_and_always_cut_it_ends(server: FaultyServer, file: Path, monkeypatch: pytest.MonkeyPatch):
    """Each connection brings much, and none more than the one before: that is no progress."""
    monkeypatch.setattr(module, "PROGRESS_BYTES", 10_000)
    server.ranges = False
    server.always = cut(100_000)
    refusal(server.url(), file)
    assert len(server.requests) == module.MAX_TRIES


def test_without_anything_that_tells_versions_apart_it_starts_over(server: FaultyServer, file: Path):
    server.etags = {}
    server.faults = [cut(100_000)]
    download([server.url()], file)
    assert [asked for _, asked in server.requests] == [None, None]
    assert file.read_bytes() == CONTENT


def test_a_weak_etag_does_not_tell_versions_apart(server: FaultyServer, file: Path):
    server.etags = {"/file.zip": 'W/"one"'}
    server.faults = [cut(100_000)]
    download([server.url()], file)
    assert [asked for _, asked in server.requests] == [None, None]


def test_a_file_that_changes_meanwhile_starts_over(server: FaultyServer, file: Path):
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    server.files["/file.zip"], server.etags["/file.zip"] = OTHER, '"two"'
    download([server.url()], file)
    assert server.requests[-1][1] is not None
    assert file.read_bytes() == OTHER


def test_a_change_is_noticed_where_the_server_ignores_if_range(server: FaultyServer, file: Path):
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    server.files["/file.zip"] = OTHER

    def careless(handler: FaultyHandler) -> None:
        server.etags["/file.zip"] = handler.headers["If-Range"]
        send = handler.send_header
        handler.send_header = lambda name, value: send(name, '"two"' if name == "ETag" else value)  # type: ignore
        handler.usual()
        server.etags["/file.zip"] = '"two"'

    server.faults = [careless]
    download([server.url()], file)
    assert file.read_bytes() == OTHER


def test_a_change_that_nothing_shows_is_found_by_the_checksum(server: FaultyServer, file: Path):
    """Same ETag, other bytes: the mixture fails its check, and the file is brought once more as a whole."""
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    server.files["/file.zip"] = OTHER
    download([server.url()], file, checksum=f"sha256:{sha256(OTHER)}")
    assert file.read_bytes() == OTHER
    assert server.requests[-1] == ("/file.zip", None)


def test_a_part_that_is_whole_already(server: FaultyServer, file: Path):
    """Killed between the last byte and the new name."""
    server.always = cut(len(CONTENT) - 1)
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(len(CONTENT) - 1))
    server.always = None
    part = file.with_name("file.zip.part")
    part.write_bytes(CONTENT)
    before = len(server.requests)
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert len(server.requests) == before
    assert alone(file)


@pytest.mark.parametrize(("length", "requests"), [(len(CONTENT), 1), (len(CONTENT) + 5, 2)])
def test_a_part_beyond_the_end(server: FaultyServer, file: Path, length: int, requests: int):
    """The server has no such range (416): whole if the lengths agree, else from the start."""
    file.parent.mkdir()
    file.with_name("file.zip.part").write_bytes((CONTENT + OTHER)[:length])
    notes = {"url": server.url(), "length": None, "etag": '"one"', "modified": None}
    file.with_name("file.zip.part.json").write_text(json.dumps(notes))
    download([server.url()], file)
    assert file.read_bytes() == CONTENT
    assert len(server.requests) == requests


@pytest.mark.parametrize("notes", ["", "[]", "{}", '{"url": 1}', "\0", None])
def test_notes_that_are_broken(server: FaultyServer, file: Path, notes: str | None):
    file.parent.mkdir()
    file.with_name("file.zip.part").write_bytes(OTHER[:1000])
    if notes is not None:
        file.with_name("file.zip.part.json").write_text(notes)
    download([server.url()], file)
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize("header", ["bytes 5-299999/300000", "bytes 100000-299999/7", "nonsense", ""])
def test_another_range_than_was_asked_for(server: FaultyServer, file: Path, header: str):
    server.faults = [cut(100_000), answer(206, OTHER[:200_000], Content_Range=header)]
    download([server.url()], file)
    assert file.read_bytes() == CONTENT


def test_an_interrupted_download_goes_on(server: FaultyServer, file: Path):
    with pytest.raises(Interrupted, match=r"\d+ kB of file\.zip are kept; the same command goes on"):
        download([server.url()], file, progress=stopping_at(150_000))
    assert not file.exists()
    kept = file.with_name("file.zip.part").stat().st_size
    assert 150_000 <= kept < len(CONTENT)
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert file.read_bytes() == CONTENT
    assert server.requests[1:] == [("/file.zip", f"bytes={kept}-")]
    assert alone(file)


def test_two_processes_at_once(server: FaultyServer, file: Path):
    go = threading.Event()

    def slowly(handler: FaultyHandler) -> None:
        go.wait(30)
        handler.usual()

    server.always = slowly
    program = (
        "import sys; from pathlib import Path; from figment.data.public.download import download\n"
        "print('ready', flush=True)\n"
        "print(download([sys.argv[1]], Path(sys.argv[2])).sha256)"
    )
    command = [sys.executable, "-c", program, server.url(), str(file)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.stdout and process.stdout.readline() for process in both] == ["ready\n"] * 2
    go.set()
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [sha256(CONTENT)] * 2
    assert len(server.requests) == 1
    assert alone(file)
