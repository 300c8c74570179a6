"""Downloads from a server on this machine: what comes whole, what is the wrong thing, and what the disk forbids."""

import hashlib
import os
import resource
from itertools import count
from pathlib import Path
from time import sleep

import pytest

from figment.data.public import download as module
from figment.data.public.download import Download, download
from figment.errors import InputError
from figtest.downloads import CONTENT, OTHER, alone, refusal, sha256, stopping_at
from figtest.servers import Fault, FaultyHandler, FaultyServer, answer


@pytest.mark.parametrize("checksum", [f"sha256:{sha256(CONTENT)}", f"md5:{hashlib.md5(CONTENT).hexdigest()}", None])
def test_whole(server: FaultyServer, file: Path, checksum: str | None):
    seen: list[tuple[int, int]] = []
    record = download(
        [server.url()], file, size=len(CONTENT), checksum=checksum, progress=lambda *now: seen.append(now)
    )
    assert record == Download(server.url(), len(CONTENT), sha256(CONTENT))
    assert file.read_bytes() == CONTENT
    assert alone(file)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_a_length_that_nobody_tells(server: FaultyServer, file: Path):
    server.faults = [lambda handler: handler.usual(declared=False)]
    seen: list[tuple[int, int]] = []
    download([server.url()], file, progress=lambda *now: seen.append(now))
    assert file.read_bytes() == CONTENT
    assert {total for _, total in seen} == {0}


def test_a_file_that_is_there_is_checked_and_not_downloaded(server: FaultyServer, file: Path):
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    assert download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}").sha256 == sha256(CONTENT)
    with pytest.raises(InputError, match=rf"{sha256(OTHER)} expected, {sha256(CONTENT)} found\): remove it"):
        download([server.url()], file, checksum=f"sha256:{sha256(OTHER)}")
    assert file.read_bytes() == CONTENT  # whoever put it there may want it back
    assert not server.requests


def test_a_server_that_compresses_changes_nothing(server: FaultyServer, file: Path):
    """Some send .tar.gz as a tar that is gzipped on the way; the bytes wanted are the stored ones."""
    import gzip

    packed = gzip.compress(CONTENT)
    server.faults = [answer(200, packed, Content_Encoding="gzip")]
    download([server.url()], file)
    assert file.read_bytes() == packed


# ---- wrong bytes -----------------------------------------------------------------------------------------------------


def test_wrong_bytes_are_removed(server: FaultyServer, file: Path):
    with pytest.raises(InputError, match=f"sha256 {sha256(OTHER)} expected, {sha256(CONTENT)} found"):
        download([server.url()], file, checksum=f"sha256:{sha256(OTHER)}")
    assert not any(path.name.startswith("file.zip") for path in file.parent.iterdir())
    assert len(server.requests) == 1


def test_wrong_bytes_of_one_copy_and_right_ones_of_the_next(server: FaultyServer, file: Path):
    server.files["/right.zip"] = OTHER
    record = download([server.url(), server.url("/right.zip")], file, checksum=f"sha256:{sha256(OTHER)}")
    assert record.url == server.url("/right.zip")
    assert file.read_bytes() == OTHER


def test_the_part_of_one_copy_is_not_gone_on_with_at_another(server: FaultyServer, file: Path):
    """Two copies may differ, and agree in what their servers say of them."""
    server.files["/copy.zip"], server.etags["/copy.zip"] = OTHER, '"one"'
    with pytest.raises(KeyboardInterrupt):
        download([server.url()], file, progress=stopping_at(100_000))
    download([server.url("/copy.zip")], file)
    assert server.requests[1:] == [("/copy.zip", None)]
    assert file.read_bytes() == OTHER


def test_a_wrong_length_shows_before_the_download(server: FaultyServer, file: Path):
    with pytest.raises(InputError, match="7 bytes expected, 300,000 announced"):
        download([server.url()], file, size=7)
    assert not any(path.name.startswith("file.zip") for path in file.parent.iterdir())


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_wrong_length_that_nobody_announced(server: FaultyServer, file: Path, wrong: int):
    server.always = lambda handler: handler.usual(declared=False)
    with pytest.raises(InputError, match="could not be downloaded"):
        download([server.url()], file, size=len(CONTENT) - wrong)
    assert not file.exists()


def test_bytes_without_end(server: FaultyServer, file: Path):
    def endless(handler: FaultyHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(bytes(2**16))
            server.sent["endless"] += 2**16

    server.always = endless
    with pytest.raises(InputError, match="wrong bytes"):
        download([server.url()], file, size=len(CONTENT))
    assert server.sent["endless"] < 500 * 2**16  # what fits in the buffers between
    assert not file.with_name("file.zip.part").exists()


def test_bytes_without_end_of_a_size_that_nobody_tells(server: FaultyServer, file: Path):
    def endless(handler: FaultyHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(bytes(2**16))

    server.always = endless
    with pytest.raises(InputError, match="bytes without end, more than 1 MB"):
        download([server.url()], file, most=10**6)
    assert not any(path.name.startswith("file.zip") for path in file.parent.iterdir())
    assert len(server.requests) == 1


def test_a_length_that_the_file_cant_have(server: FaultyServer, file: Path):
    with pytest.raises(InputError, match=r"300,000 bytes, more than it can have \(200 kB\)"):
        download([server.url()], file, most=200_000)
    assert not any(path.name.startswith("file.zip") for path in file.parent.iterdir())


def dripping(pieces: int, piece: bytes = b"xx") -> Fault:
    """So many pieces of two bytes, each on its way before the next, and then nothing more."""

    def drip(handler: FaultyHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.send_header("ETag", '"one"')
        handler.end_headers()
        for _ in range(pieces):
            handler.wfile.write(piece)
            handler.wfile.flush()
            sleep(0.01)

    return drip


def test_a_drip_is_given_up_and_what_came_is_kept(server: FaultyServer, file: Path, monkeypatch: pytest.MonkeyPatch):
    times = count(step=module.SLOW_SECONDS)
    monkeypatch.setattr(module, "monotonic", lambda: float(next(times)))
    server.always = dripping(1000)
    server.ranges = False
    sentence = refusal(server.url(), file)
    assert "fewer than 1,000 bytes a second came" in sentence
    assert len(server.requests) == module.MAX_TRIES
    assert file.with_name("file.zip.part").exists()


def test_a_slow_line_is_no_drip(server: FaultyServer, file: Path, monkeypatch: pytest.MonkeyPatch):
    """A piece of 64 kB in half a minute."""
    times = count(step=module.SLOW_SECONDS)
    monkeypatch.setattr(module, "monotonic", lambda: float(next(times)))
    monkeypatch.setattr(module, "MIN_BYTES_A_SECOND", 0.01)
    assert download([server.url()], file).bytes == len(CONTENT)
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["application/json", "application/xml", "text/html"])
def test_an_answer_in_place_of_the_file_shows_by_its_type(server: FaultyServer, file: Path, kind: str):
    server.always = answer(200, b'{"error": "gone"}', Content_Type=f"{kind}; charset=utf-8")
    assert "in place of the file" in refusal(server.url(), file)
    assert not file.exists()


def test_a_web_page_is_no_file(server: FaultyServer, file: Path):
    server.always = answer(200, b"<html>please log in</html>", Content_Type="text/html; charset=utf-8")
    assert "a web page in place of the file" in refusal(server.url(), file)


@pytest.mark.parametrize("declared", [True, False])
def test_nothing_is_no_file(server: FaultyServer, file: Path, declared: bool):
    server.files["/file.zip"] = b""
    server.faults = [lambda handler: handler.usual(declared=declared)] * module.MAX_TRIES
    refusal(server.url(), file)
    assert not file.exists()


# ---- the disk --------------------------------------------------------------------------------------------------------


def test_too_little_room_shows_before_the_download(server: FaultyServer, file: Path, monkeypatch: pytest.MonkeyPatch):
    usage = module.shutil.disk_usage(".")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage._replace(free=len(CONTENT) - 1))
    assert "file.zip in the cache folder" in (sentence := refusal(server.url(), file))
    assert "set FIGMENT_CACHE" in sentence
    assert not file.with_name("file.zip.part").exists()


def test_a_disk_that_fills_up(server: FaultyServer, file: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        sentence = refusal(server.url(), file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "file.zip in the cache folder" in sentence
    assert "set FIGMENT_CACHE" in sentence
    download([server.url()], file, checksum=f"sha256:{sha256(CONTENT)}")
    assert server.requests[-1][1] is not None  # what was written is gone on with
    assert file.read_bytes() == CONTENT


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(server: FaultyServer, file: Path):
    file.parent.mkdir(mode=0o500)
    assert "FIGMENT_CACHE" in refusal(server.url(), file)


def test_a_file_where_the_folder_should_be(server: FaultyServer, file: Path):
    file.parent.write_text("")
    assert f"cache folder {file.parent} can't be written (File exists)" in refusal(server.url(), file)
