"""The catalog against a real server on this machine, which FIGMENT_MIRROR puts in the place of all others."""

import gzip
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from figment.common.cache import cache_folder
from figment.data.public import sets
from figment.data.public.catalog import PUBLIC_SETS, PublicSet, RemoteFile
from figment.data.public.sets import fetch
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.downloads import sha256
from figtest.servers import mirroring

LICENCE = "to be read aloud"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """The folder that the server serves."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def requests(tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The server, an empty cache and no proxy; what the server was asked for."""
    with mirroring(mirror, tmp_path / "cache", monkeypatch) as asked:
        yield asked


def entry(*files: RemoteFile) -> PublicSet:
    return PublicSet("small", "A small set", "https://home.example", LICENCE, "https://l.example", 5, "8×8", files)


@pytest.fixture
def small(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> PublicSet:
    """A set of one zip whose checksum isn't known."""
    (mirror / "small").mkdir()
    with zipfile.ZipFile(mirror / "small" / "a.zip", "w") as archive:
        for index in range(5):
            picture = Image.fromarray(np.full((8, 8, 3), index, np.uint8))
            with archive.open(f"{index}.png", "w") as file:
                picture.save(file, "PNG")
    made = entry(RemoteFile("a.zip", ("https://never.invalid/a.zip",)))
    monkeypatch.setitem(PUBLIC_SETS, "small", made)
    return made


def yes(text: str) -> bool:
    return True


# ---- the table -------------------------------------------------------------------------------------------------------


def test_the_sets_that_were_promised():
    promised = {"celeba", "lfw", "ffhq-128", "afhq-v2", "cifar10", "fashion-mnist", "metfaces"}
    assert promised <= set(PUBLIC_SETS)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) and made.name == name for name, made in PUBLIC_SETS.items())


@pytest.mark.parametrize("made", PUBLIC_SETS.values(), ids=list(PUBLIC_SETS))
def test_every_fact_has_its_form(made: PublicSet):
    assert made.pictures >= 1000
    assert re.fullmatch(r"\d+×\d+|various", made.pixels)
    assert made.title
    assert made.licence
    assert all(url.startswith(("https://", "http://")) for url in (made.home, made.licence_url))
    assert made.files
    assert len({file.name for file in made.files}) == len(made.files)
    for file in made.files:
        assert re.fullmatch(r"[\w-][\w.-]*", file.name)
        assert file.urls
        assert all(re.match(r"https?://[\w.-]+/", url) for url in file.urls)
        assert file.size is None or file.size > 1000
        assert (file.checksum is None) == (file.source_of_checksum is None)
        if file.checksum:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", file.checksum)
            assert file.source_of_checksum
            assert file.source_of_checksum.startswith("https://")


def test_no_checksum_is_given_twice():
    """Which is what a slip in copying them would look like."""
    checksums = [file.checksum for made in PUBLIC_SETS.values() for file in made.files if file.checksum]
    assert len(set(checksums)) == len(checksums)


def test_rows(small: PublicSet):
    rows = {row[0]: row for row in sets.table()}
    assert {len(row) for row in rows.values()} == {len(sets.COLUMNS)}
    assert rows["celeba"] == (
        "celeba", "202,599", "178×218", "1.44 GB", "non-commercial research only, no redistribution", "verified", ""
    )  # fmt: skip
    assert rows["small"][3:] == ("?", LICENCE, "unverified", "")
    fetch("small", yes)
    assert {row[0]: row for row in sets.table()}["small"][-1] == "downloaded"


def test_names_that_nobody_knows(requests: list[str]):
    with pytest.raises(InputError, match=r"celebs is no set that figment knows \(did you mean celeba\?\)"):
        fetch("celebs", yes)
    for name in ("../small", "", "qqqqqqq"):
        with pytest.raises(InputError, match="figment data list"):
            fetch(name, yes)
    assert not requests


# ---- the licence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("agree", [None, lambda text: False])
def test_nothing_is_downloaded_before_the_licence_is_accepted(small: PublicSet, requests: list[str], agree: Any):
    with pytest.raises(InputError, match=f"small .*{LICENCE}.*pass --accept-licence"):
        fetch("small", agree)
    assert not requests
    assert not (cache_folder() / "sets").exists()


def test_the_licence_is_asked_for_once(small: PublicSet, requests: list[str]):
    asked: list[str] = []

    def agree(text: str) -> bool:
        asked.append(text)
        return True

    path = fetch("small", agree)
    assert len(asked) == 1
    for fact in ("A small set", "5 pictures", "8×8", "unknown size", "https://home.example", LICENCE, "no checksum"):
        assert fact in asked[0]
    assert fetch("small", agree) == path
    assert fetch("small", None) == path
    assert len(asked) == 1
    assert requests == ["/small/a.zip"]


def test_an_accepted_licence_outlives_a_failed_download(small: PublicSet, mirror: Path):
    (mirror / "small" / "a.zip").rename(mirror / "a.zip")
    with pytest.raises(InputError, match=r"404 Not Found.*https://home\.example by hand"):
        fetch("small", yes)
    (mirror / "a.zip").rename(mirror / "small" / "a.zip")
    assert fetch("small", None).exists()


def test_another_licence_is_asked_for_again(small: PublicSet, monkeypatch: pytest.MonkeyPatch):
    fetch("small", yes).unlink()
    monkeypatch.setitem(PUBLIC_SETS, "small", replace(small, licence="a new one"))
    with pytest.raises(InputError, match="a new one"):
        fetch("small", None)


# ---- what is downloaded ----------------------------------------------------------------------------------------------


def test_a_set_of_one_file_is_ready_to_open(small: PublicSet, mirror: Path):
    said: list[str] = []
    seen: list[tuple[int, int]] = []
    path = fetch("small", yes, lambda *now: seen.append(now), said.append)
    content = (mirror / "small" / "a.zip").read_bytes()
    assert path == cache_folder() / "sets" / "small" / "a.zip"
    assert path.read_bytes() == content
    assert seen[-1] == (len(content), len(content))
    assert said == [f"No checksum of a.zip is published: its sha256, {sha256(content)}, is kept to compare with."]
    assert len(open_source(path).listing.names) == 5
    assert [file.name for file in path.parent.iterdir()] == ["a.zip"]
    record = json.loads(path.parent.with_name("small.json").read_text())
    assert record["files"]["a.zip"]["sha256"] == sha256(content)
    assert record["files"]["a.zip"]["bytes"] == len(content)
    assert record["files"]["a.zip"]["url"].endswith("/small/a.zip")


def test_a_set_of_several_files_is_ready_to_open(mirror: Path, monkeypatch: pytest.MonkeyPatch, requests: list[str]):
    """As MNIST's kin: idx files of pictures and labels, packed by gzip."""
    pictures, labels = np.arange(40 * 8 * 8, dtype=np.uint8).reshape(40, 8, 8), np.arange(40, dtype=np.uint8) % 10
    contents = {
        "train-images-idx3-ubyte.gz": b"\0\0\x08\x03" + np.array(pictures.shape, ">u4").tobytes() + pictures.tobytes(),
        "train-labels-idx1-ubyte.gz": b"\0\0\x08\x01" + np.array(labels.shape, ">u4").tobytes() + labels.tobytes(),
    }
    (mirror / "small").mkdir()
    files = []
    for name, content in contents.items():
        packed = gzip.compress(content, mtime=0)
        (mirror / "small" / name).write_bytes(packed)
        files.append(
            RemoteFile(name, ("https://never.invalid",), len(packed), f"sha256:{sha256(packed)}", "https://here")
        )
    made = entry(*files)
    monkeypatch.setitem(PUBLIC_SETS, "small", made)
    seen: list[tuple[int, int]] = []
    said: list[str] = []
    folder = fetch("small", yes, lambda *now: seen.append(now), said.append)
    assert folder == cache_folder() / "sets" / "small"
    assert sorted(file.name for file in folder.iterdir()) == sorted(contents)
    assert not said
    assert made.verified
    assert {total for _, total in seen} == {made.download_bytes}
    assert seen[-1] == (made.download_bytes, made.download_bytes)
    listing = open_source(folder).listing
    assert len(listing.names) == 40
    assert listing.ignored == 0
    assert set(listing.labels) == {str(label) for label in range(10)}

    # One file of several is gone: it alone is brought again.
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    requests.clear()
    fetch("small", None)
    assert requests == ["/small/train-labels-idx1-ubyte.gz"]


def zipped(*shades: int) -> bytes:
    """A zip of a picture for each shade."""
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        for shade in shades:
            with archive.open(f"{shade}.png", "w") as file:
                Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(file, "PNG")
    return buffer.getvalue()


def test_a_file_that_has_changed_since_its_first_download_is_kept_aside(small: PublicSet, mirror: Path):
    path = fetch("small", yes)
    first, other = path.read_bytes(), zipped(7, 8, 9)
    path.unlink()
    (mirror / "small" / "a.zip").write_bytes(other)
    kept = cache_folder() / "sets" / "small-changed" / "a.zip"
    with pytest.raises(
        InputError, match=rf"{sha256(first)} then, {sha256(other)} now\) and is kept as {kept}.*small\.json"
    ):
        fetch("small", yes)
    assert not path.exists()
    assert kept.read_bytes() == other
    (mirror / "small" / "a.zip").write_bytes(first)
    assert fetch("small", yes).read_bytes() == first
    # Who trusts the new one does what the sentence says.
    path.parent.with_name("small.json").unlink()
    kept.rename(path)
    assert fetch("small", yes).read_bytes() == other


ANSWERS = [b'{"error": "rate limit exceeded"}', b"<?xml version='1.0'?><Error/>", b"", b"PK", zipped(1, 2)[:-9]]


@pytest.mark.parametrize("answered", ANSWERS)
def test_an_answer_that_is_no_set_is_neither_kept_nor_remembered(small: PublicSet, mirror: Path, answered: bytes):
    good = (mirror / "small" / "a.zip").read_bytes()
    (mirror / "small" / "a.zip").write_bytes(answered)
    with pytest.raises(InputError, match=r"a\.zip could not be downloaded") as caught:
        fetch("small", yes)
    assert "\n" not in str(caught.value)
    assert not (cache_folder() / "sets" / "small" / "a.zip").exists()
    (mirror / "small" / "a.zip").write_bytes(good)
    assert fetch("small", yes).read_bytes() == good


def test_after_an_answer_that_is_no_set_the_next_address_is_asked(small: PublicSet, mirror: Path, requests: list[str]):
    (mirror / "small" / "other").mkdir()
    (mirror / "small" / "other" / "a.zip").write_bytes(b'{"error": "moved"}')
    base = os.environ.pop("FIGMENT_MIRROR")
    urls = (f"{base}small/other/a.zip", f"{base}small/a.zip")
    PUBLIC_SETS["small"] = replace(small, files=(RemoteFile("a.zip", urls),))
    assert len(open_source(fetch("small", yes)).listing.names) == 5
    assert requests == ["/small/other/a.zip", "/small/a.zip"]


@pytest.mark.parametrize("lies_there", [True, False])
def test_an_answer_that_was_remembered_once_gives_way_to_the_good_file(
    small: PublicSet, requests: list[str], lies_there: bool
):
    """As records of the time before files were opened have it."""
    bad = b'{"error": "rate limit exceeded"}'
    path = cache_folder() / "sets" / "small" / "a.zip"
    path.parent.mkdir(parents=True)
    if lies_there:
        path.write_bytes(bad)
    known = {"url": "https://x.example", "bytes": len(bad), "sha256": sha256(bad)}
    path.parent.with_name("small.json").write_text(
        json.dumps({"format": 1, "agreed": LICENCE, "files": {"a.zip": known}})
    )
    said: list[str] = []
    assert len(open_source(fetch("small", None, say=said.append)).listing.names) == 5
    assert len(said) == 1
    assert fetch("small", None) == path
    assert requests == ["/small/a.zip"]


def test_a_good_file_put_in_the_place_of_a_remembered_one_is_never_removed(small: PublicSet, mirror: Path):
    path = fetch("small", yes)
    path.write_bytes(zipped(3, 4, 5, 6))
    with pytest.raises(InputError, match=rf"is kept as {path}: if you trust it, remove .*small\.json"):
        fetch("small", yes)
    assert path.read_bytes() == zipped(3, 4, 5, 6)


def test_a_file_whose_checksum_is_right_is_taken_whatever_was_remembered(small: PublicSet, mirror: Path, monkeypatch):
    path = fetch("small", yes)
    other = zipped(3, 4, 5, 6)
    (mirror / "small" / "a.zip").write_bytes(other)
    checked = RemoteFile("a.zip", small.files[0].urls, None, f"sha256:{sha256(other)}", "https://here")
    monkeypatch.setitem(PUBLIC_SETS, "small", replace(small, files=(checked,)))
    path.unlink()
    assert fetch("small", yes).read_bytes() == other


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            {"checksum": f"sha256:{sha256(b'other')}", "source_of_checksum": "https://here"},
            f"{sha256(b'other')} expected",
        ),
        ({"size": 7}, "7 bytes expected"),
    ],
)
def test_what_the_catalog_says_of_a_file_is_checked(
    small: PublicSet, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], reason: str
):
    monkeypatch.setitem(PUBLIC_SETS, "small", replace(small, files=(replace(small.files[0], **facts),)))
    with pytest.raises(InputError, match=f"a.zip could not be downloaded.*{reason}"):
        fetch("small", yes)
    assert not (cache_folder() / "sets" / "small" / "a.zip").exists()


def test_a_file_put_there_by_hand(small: PublicSet, mirror: Path, requests: list[str]):
    path = cache_folder() / "sets" / "small" / "a.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes((mirror / "small" / "a.zip").read_bytes())
    with pytest.raises(InputError, match="--accept-licence"):
        fetch("small", None)
    assert fetch("small", yes) == path
    assert not requests
    assert fetch("small", None) == path


def test_a_file_damaged_afterwards_is_brought_again(small: PublicSet, requests: list[str]):
    path = fetch("small", yes)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert fetch("small", None).read_bytes() == whole
    assert len(requests) == 2


@pytest.mark.parametrize(
    "record", ["", "[]", "{", '{"format": 2}', '{"format": 1, "agreed": 1, "files": {"a.zip": 1}}']
)
def test_a_broken_record_is_no_record(small: PublicSet, record: str):
    path = fetch("small", yes)
    path.parent.with_name("small.json").write_text(record)
    with pytest.raises(InputError, match="--accept-licence"):
        fetch("small", None)
    assert fetch("small", yes) == path


def test_without_a_mirror_the_sets_own_addresses_are_asked(small: PublicSet, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("FIGMENT_MIRROR")
    monkeypatch.setattr("figment.data.public.download.sleep", lambda seconds: None)
    with pytest.raises(InputError, match=r"never\.invalid: host not found"):
        fetch("small", yes)


def test_a_mirror_that_is_no_address(small: PublicSet, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FIGMENT_MIRROR", "example.org")
    with pytest.raises(InputError, match=r"FIGMENT_MIRROR is example\.org"):
        fetch("small", yes)


def test_a_cache_that_is_no_folder(small: PublicSet, tmp_path: Path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(InputError, match="FIGMENT_CACHE"):
        fetch("small", yes)
